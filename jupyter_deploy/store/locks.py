"""Locks between processes that also hold where nothing can be written."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import filelock

from .room import NO_RIGHTS

_POLL_SECONDS = 0.05


@contextmanager
def lock(path: Path, seconds: float) -> Iterator[None]:
    """Hold a lock.

    Parameters
    ----------
    path : pathlib.Path
        Its file; made where it is missing. On a file system that is read-only it is locked as it is, and where there is
        none, nobody else can change anything either.
    seconds : float
        How long to wait for others.

    Yields
    ------
    None
        Nothing.

    Raises
    ------
    filelock.Timeout
        If somebody else holds it all the time.
    """
    own = filelock.FileLock(path)
    try:
        own.acquire(timeout=seconds)
    except OSError as error:
        if isinstance(error, filelock.Timeout) or error.errno not in NO_RIGHTS:
            raise
        with _as_it_is(path, seconds):
            yield
        return
    try:
        yield
    finally:
        own.release()


@contextmanager
def _as_it_is(path: Path, seconds: float) -> Iterator[None]:
    if sys.platform == "win32" or not path.exists():
        yield
        return
    import fcntl

    handle = os.open(path, os.O_RDONLY)
    try:
        end = time.monotonic() + seconds
        while True:
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            if time.monotonic() > end:
                raise filelock.Timeout(str(path))
            time.sleep(_POLL_SECONDS)
        yield
    finally:
        os.close(handle)
