"""The threads of a process that ``fork`` does not copy."""

from __future__ import annotations

import os
import threading
import time
import warnings
from pathlib import Path

_TASKS = Path("/proc/self/task")
_LOOKS = 20
_PAUSE_SECONDS = 0.005


def left_behind() -> str:
    """Say which threads a copy of this process would lack, for example ``"2 native threads"``; empty if none.

    A copy has only the thread that makes it. Code that waits for another one, such as OpenMP's, then waits forever.
    Some libraries know this and end their threads before a copy (OpenBLAS does), so one copy is made first.
    """
    _copy_once()
    names = [thread.name for thread in threading.enumerate() if thread is not threading.main_thread()]
    native = _native(len(names))
    if native is None:
        return "threads that cannot be counted on this system"
    found = [f"the Python thread {name!r}" for name in names]
    if native > 0:
        found.append(f"{native} native thread{'s' * (native != 1)}")
    return ", ".join(found)


def _copy_once() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # there may be threads: that is what is asked
        pid = os.fork()
    if not pid:
        os._exit(0)
    os.waitpid(pid, 0)


def _native(known: int) -> int | None:
    """Count the threads that Python does not know of; None if the system does not tell."""
    found = None
    for _ in range(_LOOKS):
        try:
            found = len(list(_TASKS.iterdir())) - 1 - known
        except OSError:
            return None
        if found <= 0:
            break
        # A thread that has ended is listed for a moment longer.
        time.sleep(_PAUSE_SECONDS)
    return found
