"""What every target must do, run against each: process, docker, and one that only pretends to be far away."""
