"""What needs a Docker engine: skipped, with the reason, where there is none."""
