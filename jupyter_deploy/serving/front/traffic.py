"""Recent traffic: rates and percentiles for people who look at them now.

Prometheus's histograms have fixed bounds and count from the start; a card shows the last minute.
"""

from __future__ import annotations

import collections
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
        percentiles, None without requests.
        """
        begin = max(now - WINDOW_SECONDS, self._started)
        if len(self._latest) == _KEPT:
            begin = max(begin, self._latest[0][0])
        seen = [(seconds, status) for when, seconds, status in self._latest if when >= begin]
        times = sorted(seconds for seconds, _ in seen)
        window = max(now - begin, 1e-3)
        return {
            "seconds": round(window, 3),
            "requests": len(seen),
            "errors": sum(status >= 400 for _, status in seen),
            "requests_per_second": round(len(seen) / window, 3),
            "p50_ms": _percentile(times, 50),
            "p95_ms": _percentile(times, 95),
        }


def _percentile(times: list[float], percent: int) -> float | None:
    """Return the nearest-rank percentile."""
    return round(times[-(-len(times) * percent // 100) - 1] * 1000, 3) if times else None
