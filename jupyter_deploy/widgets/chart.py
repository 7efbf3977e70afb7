"""A chart of a service's traffic: requests per second, and how long they take."""

from __future__ import annotations

import math
import time
from collections import deque
from typing import Any

import traitlets

from ..display import milliseconds, summary_html, summary_text, window
from ..errors import NotFound
from ..workspace import Service
from .base import LiveWidget, script

MINUTES = 5
_POINTS = MINUTES * 60
# How often the whole list is sent, for views that come late; in between, only the newest point.
_WHOLE_SECONDS = 15.0


class MetricsChart(LiveWidget):
    """Requests per second, p50 and p95 over the last minutes.

    Parameters
    ----------
    service : Service
        Its handle.
    """

    _esm = script("chart.js")
    points: traitlets.List[Any] = traitlets.List().tag(sync=True)
    latest: traitlets.List[Any] = traitlets.List().tag(sync=True)
    recent = traitlets.Dict().tag(sync=True)
    minutes = traitlets.Int(MINUTES).tag(sync=True)

    def __init__(self, service: Service) -> None:
        self._service = service
        self._kept: deque[list[float | None]] = deque(maxlen=_POINTS)
        self._count: tuple[float, int] | None = None
        self._next_whole = 0.0
        super().__init__(service.name, slow=2.0)

    def look(self) -> bool:
        """Add a point; ends if the service was deleted. Returns whether there is traffic."""
        try:
            health = self._service.health
        except NotFound:
            self.close()
            return True
        now, recent = time.time(), health.recent.as_dict() if health.recent else {}
        if self._count is None:
            rate = recent.get("requests_per_second", 0.0)
        else:
            before, count = self._count
            # A restarted server counts from 0.
            done = health.requests - count if health.requests >= count else health.requests
            rate = done / max(now - before, 1e-3)
        self._count = (now, health.requests)
        point = [round(now, 2), round(rate, 2), recent.get("p50_ms"), recent.get("p95_ms")]
        self.tell(recent={"rate": recent.get("requests_per_second"), "window": window(recent)})
        idle = bool(self._kept) and self._kept[-1][1:] == point[1:]
        self._kept.append(point)
        if time.monotonic() >= self._next_whole:
            self._next_whole = time.monotonic() + _WHOLE_SECONDS
            self.tell(points=list(self._kept), latest=point)
        else:
            self.tell(latest=point)
        return not idle

    def face(self) -> tuple[str, dict[str, Any]]:
        """Return the service's, which shows its traffic of now."""
        return "service", {"name": self.name, "state": ""}

    def _rows(self) -> list[tuple[str, str]]:
        kept = list(self._kept)
        if not kept:
            return []
        rates = [float(point[1] or 0) for point in kept]
        _, _, p50, p95 = kept[-1]
        rate, over = self.recent.get("rate"), self.recent.get("window", "")
        spread = f"{math.fsum(rates) / len(rates):.3g} on average, {max(rates):.3g} at most in one second"
        told = [(f"requests/s, {over}", f"{rate:.3g}")] if rate is not None else []
        shown = f"since {time.strftime('%H:%M:%S', time.localtime(kept[0][0]))}"
        return [
            *told,
            (f"p50, {over}".rstrip(", "), milliseconds(p50)),
            (f"p95, {over}".rstrip(", "), milliseconds(p95)),
            (f"requests/s, {shown}", spread),
        ]

    def summary(self) -> str:
        """Return the chart's numbers."""
        seconds = round((self._kept[-1][0] or 0) - (self._kept[0][0] or 0)) if self._kept else 0
        after = f"Over {seconds // 60} min {seconds % 60} s." if seconds else ""
        return summary_html(self.name, "traffic", self._rows(), after=after)

    def text(self) -> str:
        """Return the chart's numbers as text."""
        return summary_text(f"Traffic of {self.name}", self._rows())

    def hear(self, what: str, content: dict[str, Any]) -> None:
        """Look at once when a view appears (``"hello"``)."""
        self._next_whole = 0.0
