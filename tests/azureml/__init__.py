"""Azure ML's documents, row by row: what their code does here."""
