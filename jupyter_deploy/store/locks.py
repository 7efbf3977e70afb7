"""Locks between processes that also work where nothing can be written."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .room import NO_RIGHTS

_POLL_SECONDS = 0.05


class Held(Exception):
    """Another process, or another thread, holds the lock."""


@contextmanager
def built_once(folder: Path, name: str) -> Iterator[None]:
    """Let one process of this machine at a time build something; the next one finds the result.

    ``folder`` exists and holds such results; ``name`` is the result's.
    """
    import filelock

    with filelock.FileLock(folder / f"{name}.lock"):
        yield


@contextmanager
def lock(path: Path, seconds: float) -> Iterator[None]:
    """Hold a lock on a file, which is made if it is missing.

    On a read-only file system an existing file is locked as it is; without one, no other process can change anything
    either. ``seconds`` is the wait for others.

    Raises
    ------
    Held
        If another process holds it all the time.
    """
    import filelock

    own = filelock.FileLock(path)
    try:
        own.acquire(timeout=seconds)
    except filelock.Timeout as error:
        raise Held(str(path)) from error
    except OSError as error:
        if error.errno not in NO_RIGHTS:
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
                raise Held(str(path))
            time.sleep(_POLL_SECONDS)
        yield
    finally:
        os.close(handle)
