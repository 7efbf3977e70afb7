"""What a service's interpreter holds: described, inferred, resolved with uv."""
