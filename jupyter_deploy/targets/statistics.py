"""What a container uses, measured at once: two samples of our own instead of the engine's wait of a second and more."""

from __future__ import annotations

import time
from typing import Any

from ..services import Stats

_BETWEEN_SECONDS = 0.1


def sample(client: Any, container: str) -> Stats:
    """Measure a container.

    Parameters
    ----------
    client : docker.DockerClient
        The engine.
    container : str
        Its id.

    Returns
    -------
    Stats
        The processor's part is that of the last tenth of a second.
    """
    before, since = _ask(client, container), time.monotonic()
    time.sleep(_BETWEEN_SECONDS)
    after, elapsed = _ask(client, container), time.monotonic() - since
    spent = _processor(after) - _processor(before)
    memory: dict[str, Any] = after.get("memory_stats") or {}
    details: dict[str, int] = memory.get("stats") or {}
    # What docker stats subtracts too: files that could be forgotten at any time (cgroup version 1, version 2).
    cache = details.get("total_inactive_file", details.get("inactive_file", 0))
    networks: dict[str, dict[str, int]] = after.get("networks") or {}
    return Stats(
        cpu_percent=round(spent / 1e9 / elapsed * 100, 1),
        memory=max(0, memory.get("usage", 0) - cache),
        memory_limit=memory.get("limit", 0),
        processes=(after.get("pids_stats") or {}).get("current", 0),
        received=sum(network["rx_bytes"] for network in networks.values()),
        sent=sum(network["tx_bytes"] for network in networks.values()),
    )


def _ask(client: Any, container: str) -> dict[str, Any]:
    found: dict[str, Any] = client.api.stats(container, stream=False, one_shot=True)
    return found


def _processor(stats: dict[str, Any]) -> int:
    return int(((stats.get("cpu_stats") or {}).get("cpu_usage") or {}).get("total_usage", 0))
