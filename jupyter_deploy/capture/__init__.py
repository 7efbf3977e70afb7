"""What a script cell uses of its notebook becomes part of the script: variables as models, functions as source."""
