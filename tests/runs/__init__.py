"""Runs: metrics, tags, files."""
