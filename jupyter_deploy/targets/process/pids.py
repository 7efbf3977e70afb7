"""A process is identified by its pid and its start, because pids are reused."""

from __future__ import annotations

import contextlib
from functools import cache
from pathlib import Path

import psutil

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_ENDED = {"Z", "X"}


def birth(pid: int) -> str:
    """Return when a process started, in a form that never changes while it lives; empty if it does not.

    On Linux this is the boot and the ticks since then, which a corrected clock does not move; elsewhere the time in
    seconds since the epoch.
    """
    # One read, as the panel asks this of all its services all the time.
    with contextlib.suppress(OSError):
        # After the name, which may hold spaces and brackets: proc(5)'s field 3 is the state, field 22 the start.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return "" if fields[0] in _ENDED else f"{boot()}:{fields[19]}"
    try:
        process = psutil.Process(pid)
        return "" if process.status() == psutil.STATUS_ZOMBIE else f"{process.create_time():.2f}"
    except psutil.Error:
        return ""


@cache
def boot() -> str:
    """Return an id of this boot of the machine; empty if the system has none."""
    try:
        return _BOOT.read_text().strip()
    except OSError:
        return ""


def lives(pid: int, born: str) -> bool:
    """Whether a process still lives; false if another one has its pid now. ``born`` is its :func:`birth`."""
    return bool(born) and birth(pid) == born


def owner_of_port(port: int) -> str:
    """Name the program that listens on a port of this machine, for example ``"python (pid 4711)"``.

    Empty if unknown.
    """
    try:
        connections = psutil.net_connections(kind="tcp")
    except (psutil.Error, OSError):
        return ""
    for connection in connections:
        address = connection.laddr
        if connection.status == psutil.CONN_LISTEN and address and address.port == port and connection.pid:
            with contextlib.suppress(psutil.Error):
                return f"{psutil.Process(connection.pid).name()} (pid {connection.pid})"
    return ""
