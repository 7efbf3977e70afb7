"""What this container uses, by its control group's own account: at once, and the same on every engine."""

from __future__ import annotations

import contextlib
import re
import time
from pathlib import Path

from ..memory import limit
from .processors import processor_limit

_CGROUP = Path("/sys/fs/cgroup")
_NETWORK = Path("/proc/net/dev")


def usage(cgroup: Path = _CGROUP, network: Path = _NETWORK) -> dict[str, float]:
    """Read the counters of a control group of version 1 or 2; what the system does not tell is 0.

    ``at`` are seconds of a monotonic clock, ``processor`` seconds used; ``memory`` and ``memory_limit`` are bytes,
    without reclaimable file cache; ``processors`` may be used; ``received`` and ``sent`` are bytes. ``network`` is the
    kernel's table of interfaces (proc(5)).
    """
    received, sent = _traffic(network)
    return {
        "at": time.monotonic(),
        "processor": _processor(cgroup),
        "memory": max(0, _memory(cgroup) - _forgettable(cgroup)),
        "memory_limit": limit(cgroup),
        "processors": processor_limit(cgroup),
        "processes": _number(cgroup / "pids.current", cgroup / "pids" / "pids.current"),
        "received": received,
        "sent": sent,
    }


def _text(*paths: Path) -> str:
    for path in paths:
        with contextlib.suppress(OSError):
            return path.read_text()
    return ""


def _number(*paths: Path) -> int:
    text = _text(*paths).strip()
    return int(text) if text.isdecimal() else 0


def _processor(cgroup: Path) -> float:
    found = re.search(r"^usage_usec (\d+)$", _text(cgroup / "cpu.stat"), re.MULTILINE)
    return int(found[1]) / 1e6 if found else _number(cgroup / "cpuacct" / "cpuacct.usage") / 1e9


def _memory(cgroup: Path) -> int:
    return _number(cgroup / "memory.current", cgroup / "memory" / "memory.usage_in_bytes")


def _forgettable(cgroup: Path) -> int:
    text = _text(cgroup / "memory.stat", cgroup / "memory" / "memory.stat")
    found = re.search(r"^total_inactive_file (\d+)$", text, re.MULTILINE) or re.search(
        r"^inactive_file (\d+)$", text, re.MULTILINE
    )
    return int(found[1]) if found else 0


def _traffic(network: Path) -> tuple[int, int]:
    rows = (line.partition(":") for line in _text(network).splitlines() if ":" in line)
    counts = [fields.split() for name, _, fields in rows if name.strip() != "lo"]
    return sum(int(fields[0]) for fields in counts), sum(int(fields[8]) for fields in counts)
