"""What the system tells of memory that ran out: in a container, of that container alone."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

_CGROUP = Path("/sys/fs/cgroup")
# Version 2 and version 1 of control groups.
_KILLS = ("memory.events", "memory/memory.oom_control")
_LIMITS = ("memory.max", "memory/memory.limit_in_bytes")
_UNLIMITED = 1 << 60


def kills(cgroup: Path = _CGROUP) -> int:
    """Count the processes that the system has killed for want of memory.

    Parameters
    ----------
    cgroup : pathlib.Path, optional
        Where the control group's files are.

    Returns
    -------
    int
        0 where the system does not tell.
    """
    for name in _KILLS:
        with contextlib.suppress(OSError):
            found = re.search(r"^oom_kill (\d+)$", (cgroup / name).read_text(), re.MULTILINE)
            if found:
                return int(found[1])
    return 0


def limit(cgroup: Path = _CGROUP) -> int:
    """Tell how much memory there may be.

    Parameters
    ----------
    cgroup : pathlib.Path, optional
        Where the control group's files are.

    Returns
    -------
    int
        Bytes; 0 where there is no limit.
    """
    for name in _LIMITS:
        with contextlib.suppress(OSError, ValueError):
            found = int((cgroup / name).read_text())
            return found if found < _UNLIMITED else 0
    return 0


def explained(how: str, before: int, cgroup: Path = _CGROUP) -> str:
    """Tell whether a process was killed because memory ran out.

    Parameters
    ----------
    how : str
        How it ended.
    before : int
        What :func:`kills` said while it lived.
    cgroup : pathlib.Path, optional
        Where the control group's files are.

    Returns
    -------
    str
        The same, or with the reason.
    """
    if "SIGKILL" not in how or kills(cgroup) <= before:
        return how
    most = limit(cgroup)
    return f"was OOMKilled: it needed more memory than {f'the limit of {most >> 20:,} MB' if most else 'there is'}"
