"""A process is known by its pid and its start, because pids are given again."""

from __future__ import annotations

import contextlib
from pathlib import Path

import psutil

_BOOT = Path("/proc/sys/kernel/random/boot_id")


def birth(pid: int) -> str:
    """Tell when a process started, in a form that never changes while it lives.

    Parameters
    ----------
    pid : int
        The process.

    Returns
    -------
    str
        Empty where it does not live. On Linux the boot and the ticks since then, which a corrected clock
        does not move; elsewhere the time in seconds since the epoch.
    """
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return ""
        with contextlib.suppress(OSError):
            # Behind the name, which may hold spaces and brackets, starttime is the 20th field (proc(5): field 22).
            ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
            return f"{boot()}:{ticks}"
        return f"{process.create_time():.2f}"
    except psutil.Error:
        return ""


def boot() -> str:
    """Return what tells this boot of the machine from others; empty where the system does not say."""
    try:
        return _BOOT.read_text().strip()
    except OSError:
        return ""


def lives(pid: int, born: str) -> bool:
    """Tell whether the process that was seen before still lives.

    Parameters
    ----------
    pid : int
        Its pid.
    born : str
        What :func:`birth` said then.

    Returns
    -------
    bool
        False where it ended, also if another process has its pid now.
    """
    return bool(born) and birth(pid) == born


def owner_of_port(port: int) -> str:
    """Name the program that listens on a port.

    Parameters
    ----------
    port : int
        A TCP port of this machine.

    Returns
    -------
    str
        For example ``"python (pid 4711)"``; empty where the system does not tell.
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
