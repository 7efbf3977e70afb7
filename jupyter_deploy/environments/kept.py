"""Whose interpreter the environment ``kernel`` is, where the process that acts is no kernel of the user's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_KEEPS: ContextVar[bool] = ContextVar("jupyter_deploy_keeps_interpreters", default=False)


@contextmanager
def keeping_interpreters(keeps: bool = True) -> Iterator[None]:
    """Let services go on on the interpreter that they were deployed with, while this is open, in this thread.

    For Jupyter's server and the command line: their own interpreter may have nothing of what a notebook's has.
    """
    before = _KEEPS.set(keeps)
    try:
        yield
    finally:
        _KEEPS.reset(before)


def keeps_interpreters() -> bool:
    """Whether a service with the environment ``kernel`` goes on on its own interpreter, not on this process's."""
    return _KEEPS.get()
