"""How many processors this process may really use."""

from __future__ import annotations

import math
import os
from pathlib import Path

_CGROUP = Path("/sys/fs/cgroup")
_NONE = 1 << 20


def usable_processors(cgroup: Path = _CGROUP) -> int:
    """Count the processors that the scheduler and a container's limit allow, at least 1.

    ``cgroup`` is the folder of the control group's files (version 2: ``cpu.max``, version 1:
    ``cpu/cpu.cfs_quota_us``).
    """
    return max(1, math.floor(processor_limit(cgroup)))


def processor_limit(cgroup: Path = _CGROUP) -> float:
    """Tell how many processors this process may use; a container's limit may be a part of one, for example 0.5."""
    affinity = getattr(os, "sched_getaffinity", None)
    count = len(affinity(0)) if affinity else os.cpu_count() or 1
    return min(float(count), _limit(cgroup))


def _limit(cgroup: Path) -> float:
    try:
        quota, period = (cgroup / "cpu.max").read_text().split()
    except (OSError, ValueError):
        try:
            quota = (cgroup / "cpu" / "cpu.cfs_quota_us").read_text().strip()
            period = (cgroup / "cpu" / "cpu.cfs_period_us").read_text().strip()
        except OSError:
            return _NONE
    try:
        return int(quota) / int(period) if int(quota) > 0 else _NONE
    except ValueError:
        return _NONE
