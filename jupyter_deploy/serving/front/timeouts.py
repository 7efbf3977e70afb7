"""Timeouts that the front keeps, so that no script can swallow or delay them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from .links import WorkerLink

_LEAST_SECONDS = 0.005
_MOST_SECONDS = 0.25
# A worker that was told to end has answered all requests: its own grace period is enough.
_END_SECONDS = 10.0


class Timeouts:
    """Looks, again and again, for a worker whose ``run()`` takes too long.

    ``limit`` returns the allowed seconds. ``on_expired`` is called once with each worker that takes longer,
    ``on_overdue`` with a worker that holds nothing, was told to end and has not.
    """

    def __init__(
        self,
        limit: Callable[[], float],
        links: Callable[[], Iterable[WorkerLink]],
        on_expired: Callable[[WorkerLink], None],
        on_overdue: Callable[[WorkerLink], None],
    ) -> None:
        self._limit, self._links, self._on_expired, self._on_overdue = limit, links, on_expired, on_overdue
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Start looking."""
        if self._timer is None:
            self._arm()

    def stop(self) -> None:
        """Stop looking."""
        if self._timer is not None:
            self._timer.cancel()

    def _arm(self) -> None:
        pause = min(max(self._limit() / 10, _LEAST_SECONDS), _MOST_SECONDS)
        self._timer = asyncio.get_running_loop().call_later(pause, self._look)

    def _look(self) -> None:
        now, limit = asyncio.get_running_loop().time(), self._limit()
        for link in list(self._links()):
            if link.held:
                continue
            if link.jobs and not link.expired and not link.on_trial and now - link.head_since > limit:
                link.expired = True
                self._on_expired(link)
            elif link.stopping and not link.jobs and now - max(link.stopped_at, link.head_since) > _END_SECONDS:
                self._on_overdue(link)
        self._arm()
