"""Any object that joblib or cloudpickle can write: arrays, dictionaries, own classes."""

from __future__ import annotations

from .sklearn import load, save

__all__ = ["NAME", "load", "matches", "save", "version"]

NAME = "Custom"


def matches(obj: object) -> bool:
    """Accept everything."""
    return True


def version() -> str:
    """Return an empty text: there is no framework."""
    return ""
