"""A process's memory: whether it ran out, as the system (or a container's own count) says, and how it is kept."""

from __future__ import annotations

import contextlib
import gc
import os
import re
import sys
from pathlib import Path

_CGROUP = Path("/sys/fs/cgroup")
# Version 2 and version 1 of control groups.
_KILLS = ("memory.events", "memory/memory.oom_control")
_LIMITS = ("memory.max", "memory/memory.limit_in_bytes")
_UNLIMITED = 1 << 60
# glibc's numbers of these parameters (malloc.h), and what they are set to.
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD = -1, -2, -3
_KEPT = {_TRIM_THRESHOLD: 16 << 20, _TOP_PAD: 1 << 20, _MMAP_THRESHOLD: 8 << 20}


def kills(cgroup: Path = _CGROUP) -> int:
    """Count the processes that the system killed because memory ran out; 0 if it does not tell."""
    for name in _KILLS:
        with contextlib.suppress(OSError):
            found = re.search(r"^oom_kill (\d+)$", (cgroup / name).read_text(), re.MULTILINE)
            if found:
                return int(found[1])
    return 0


def limit(cgroup: Path = _CGROUP) -> int:
    """Return the memory limit in bytes; 0 if there is none."""
    for name in _LIMITS:
        with contextlib.suppress(OSError, ValueError):
            found = int((cgroup / name).read_text())
            return found if found < _UNLIMITED else 0
    return 0


def explained(how: str, before: int, cgroup: Path = _CGROUP) -> str:
    """Add the reason to how a process ended, if memory ran out since :func:`kills` returned ``before``."""
    if "SIGKILL" not in how or kills(cgroup) <= before:
        return how
    most = limit(cgroup)
    return f"was OOMKilled: it needed more memory than {f'the limit of {most >> 20:,} MB' if most else 'there is'}"


def keep_freed() -> None:
    """Keep up to 16 MB of freed memory for the next large body, where glibc manages it and nothing else was asked.

    By default it goes back to the system at once, and each page of the next body is a fault: measured with answers of
    1 MB in 16 parts, 1.4 ms of 2 ms.
    """
    if sys.platform == "linux" and not any(name.startswith("MALLOC_") for name in os.environ):
        import ctypes

        # Another C library has no such function.
        with contextlib.suppress(AttributeError, OSError):
            mallopt = ctypes.CDLL(None).mallopt
            for parameter, value in _KEPT.items():
                mallopt(parameter, value)


def settle(*, quickly: bool = False) -> None:
    """Take what there is now out of garbage collections, because it stays for as long as the process.

    A full collection walks it otherwise, for scikit-learn some 60 ms, in the middle of a request; and in a forked
    process it copies every page. What is garbage now is collected before; ``quickly``, only the newest of it.
    """
    gc.collect(0 if quickly else 2)
    gc.freeze()
