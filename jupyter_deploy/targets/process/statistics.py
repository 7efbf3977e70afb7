"""What a server's processes have used, by the kernel's own account."""

from __future__ import annotations

import contextlib
import os
import time

import psutil

from ...services import Usage


def usage_of_processes(pid: int) -> Usage:
    """Add up a process and all below it.

    Processor time has the resolution of the kernel's ticks, a hundredth of a second. That of workers which have ended
    is counted with the process that waited for them.
    """
    processor, memory = 0.0, 0
    with contextlib.suppress(psutil.NoSuchProcess):
        front = psutil.Process(pid)
        for process in (front, *front.children(recursive=True)):
            with contextlib.suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
                times = process.cpu_times()
                # Only Linux tells of the children that have ended.
                ended = getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0)
                processor += times.user + times.system + ended
                memory += _memory(process)
    affinity = getattr(os, "sched_getaffinity", None)
    processors = float(len(affinity(0)) if affinity else os.cpu_count() or 1)
    return Usage(time.monotonic(), processor, memory, 0, processors)


def _memory(process: psutil.Process) -> int:
    """Measure memory so that pages which several processes share count once in their sum."""
    try:
        whole = process.memory_full_info()
    except psutil.AccessDenied:
        return int(process.memory_info().rss)
    return int(getattr(whole, "pss", 0) or whole.rss)
