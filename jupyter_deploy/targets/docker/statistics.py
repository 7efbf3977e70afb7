"""What a container uses, measured without the engine's own wait of seconds."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from ...files import write_atomic
from ...services import Stats, Usage
from ..admin import Admin

_BETWEEN_SECONDS = 0.1
_LAST = "stats.json"


def of_server(admin: Admin) -> Stats:
    """Ask our server, which reads its container's own counters; the processor's part is over a tenth of a second."""
    before = admin.usage()
    time.sleep(_BETWEEN_SECONDS)
    after = admin.usage()
    spent = (after["processor"] - before["processor"]) / (after["at"] - before["at"])
    counts: dict[str, Any] = {
        key: int(after[key]) for key in ("memory", "memory_limit", "processes", "received", "sent")
    }
    return Stats(cpu_percent=round(spent * 100, 1), **counts)


def usage_of_server(admin: Admin) -> Usage:
    """Ask a server of ours for its container's counters; an older server does not tell its processors."""
    told = admin.usage()
    memory, limit = int(told["memory"]), int(told["memory_limit"])
    return Usage(told["at"], told["processor"], memory, limit, told.get("processors", 0.0))


def usage_of_container(client: Any, container: str) -> Usage:
    """Ask the engine for the counters of any container."""
    stats: dict[str, Any] = client.api.stats(container, stream=False, one_shot=True)
    config = client.api.inspect_container(container)["HostConfig"]
    limit = int((stats.get("memory_stats") or {}).get("limit", 0))
    cpus = (config.get("NanoCpus") or 0) / 1e9
    return Usage(time.monotonic(), _processor(stats) / 1e9, _memory(stats), limit, cpus)


def of_container(client: Any, container: str, folder: Path) -> Stats:
    """Ask the engine once, since a second sample takes a second; ``folder`` keeps this one.

    The processor's part is that since the last sample; 0 in the first.
    """
    stats: dict[str, Any] = client.api.stats(container, stream=False, one_shot=True)
    spent, now = _processor(stats), time.time()
    before = _last(folder, container)
    elapsed = max(now - before["at"], 1e-3) if before else 0.0
    percent = round((spent - before["processor"]) / 1e9 / elapsed * 100, 1) if before else 0.0
    write_atomic(folder / _LAST, json.dumps({"container": container, "at": now, "processor": spent}))
    networks: dict[str, dict[str, int]] = stats.get("networks") or {}
    return Stats(
        cpu_percent=max(0.0, percent),
        memory=_memory(stats),
        memory_limit=(stats.get("memory_stats") or {}).get("limit", 0),
        processes=(stats.get("pids_stats") or {}).get("current", 0),
        received=sum(network["rx_bytes"] for network in networks.values()),
        sent=sum(network["tx_bytes"] for network in networks.values()),
    )


def _last(folder: Path, container: str) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = json.loads((folder / _LAST).read_text())
    except (OSError, ValueError):
        return None
    return found if found.get("container") == container else None


def _processor(stats: dict[str, Any]) -> int:
    return int(((stats.get("cpu_stats") or {}).get("cpu_usage") or {}).get("total_usage", 0))


def _memory(stats: dict[str, Any]) -> int:
    memory: dict[str, Any] = stats.get("memory_stats") or {}
    details: dict[str, int] = memory.get("stats") or {}
    # docker stats subtracts it too: reclaimable file cache (cgroup version 1, version 2).
    cache = details.get("total_inactive_file", details.get("inactive_file", 0))
    return max(0, int(memory.get("usage", 0)) - cache)
