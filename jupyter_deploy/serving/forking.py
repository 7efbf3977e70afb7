"""Forks of a process that has imported libraries already: servers, and a front's fork-server."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Iterable
from functools import partial

from .forked import ForkServer

Child = Callable[[], int]


def fork_server(installed: tuple[int, ...], closing: Iterable[int]) -> ForkServer | Child:
    """Fork the process that workers are forked from, before this one opens anything.

    Returns what the front knows of it; in the process itself what it runs. ``closing`` are descriptors of the front's
    alone.
    """
    from .front import lines
    from .worker import fork_workers

    with lines() as (ends, theirs, writes):
        pid = fork()
        if pid:
            return ForkServer(pid, ends.sock, ends.output, installed)
        control = os.dup(theirs.fileno())
        for number in (1, 2):
            os.dup2(writes, number)
        ends.close()
        for one in closing:
            os.close(one)
        return partial(fork_workers, control)


def fork() -> int:
    """Fork, where libraries may have been imported; returns 0 in the child."""
    with warnings.catch_warnings():
        # Libraries such as OpenBLAS start threads on import and know how to fork; this process starts none.
        warnings.simplefilter("ignore", DeprecationWarning)
        pid = os.fork()
    random = sys.modules.get("numpy.random")
    if not pid and random is not None:
        # Python reseeds its own generator after a fork; numpy's global one would repeat in every server.
        random.seed()
    return pid
