"""Recent traffic: rates and percentiles for people who look at them now.

Prometheus's histograms have fixed bounds and count from the start; a card shows the last minute.
"""

from __future__ import annotations

import collections
import math
from typing import Any

WINDOW_SECONDS = 60.0
_KEPT = 2048


class Traffic:
    """The latest requests, and how many there were of each kind.

    ``started`` is the server's start on the clock that requests are noted with.
    """

    __slots__ = ("_latest", "_started")

    def __init__(self, started: float) -> None:
        self._started = started
        self._latest: collections.deque[tuple[float, float, int]] = collections.deque(maxlen=_KEPT)

    def note(self, now: float, seconds: float, status: int) -> None:
        """Note a request; called for each one, so it does nothing else.

        ``seconds`` are from its head to its answer.
        """
        self._latest.append((now, seconds, status))

    def facts(self, now: float) -> dict[str, Any]:
        """Sum the last minute up; ``now`` is on the clock of :meth:`note`.

        ``seconds`` is a minute, or less if the server is younger or so busy that the kept requests cover less.
        ``requests`` and ``errors`` (status 400 and above) are those in it. ``p50_ms`` and ``p95_ms`` are nearest-rank
        percentiles, None without requests. ``counts`` are the requests of each second, oldest first; empty without.
        """
        begin = max(now - WINDOW_SECONDS, self._started)
        if len(self._latest) == _KEPT:
            begin = max(begin, self._latest[0][0])
        seen = [one for one in self._latest if one[0] >= begin]
        times = sorted(seconds for _, seconds, _ in seen)
        window = max(now - begin, 1e-3)
        return {
            "seconds": round(window, 3),
            "requests": len(seen),
            "errors": sum(status >= 400 for _, _, status in seen),
            "requests_per_second": round(len(seen) / window, 3),
            "p50_ms": _percentile(times, 50),
            "p95_ms": _percentile(times, 95),
            "counts": _by_second([when for when, _, _ in seen], begin, now),
        }


def _percentile(times: list[float], percent: int) -> float | None:
    """Return the nearest-rank percentile."""
    return round(times[-(-len(times) * percent // 100) - 1] * 1000, 3) if times else None


def _by_second(moments: list[float], begin: float, now: float) -> list[int]:
    """Count moments second by second, ending now."""
    counts = [0] * (math.ceil(now - begin) or 1) if moments else []
    for when in moments:
        counts[max(0, len(counts) - 1 - int(now - when))] += 1
    return counts
