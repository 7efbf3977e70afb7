"""Data sets and datastores."""
