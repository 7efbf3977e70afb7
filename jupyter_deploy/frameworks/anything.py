"""Any object that joblib or cloudpickle can write: arrays, dictionaries, own classes."""

from __future__ import annotations

from .sklearn import load, save

__all__ = ["NAME", "load", "matches", "save", "version"]

NAME = "Custom"


def matches(obj: object) -> bool:
    """Accept everything.

    Parameters
    ----------
    obj : object
        Any object.

    Returns
    -------
    bool
        Always True.
    """
    return True


def version() -> str:
    """Return nothing: there is no framework.

    Returns
    -------
    str
        Empty.
    """
    return ""
