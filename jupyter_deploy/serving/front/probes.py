"""Look at the workers at intervals, as a cluster's liveness probe does, and say when none of them gets on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from ..config import ServingConfig
from .links import WorkerLink


class Probes:
    """Counts the looks at which no worker was free or had begun its request a moment ago.

    ``links`` returns the workers that serve; ``on_change`` is called when :attr:`reason` is another one.
    """

    def __init__(self, links: Callable[[], Iterable[WorkerLink]], on_change: Callable[[], None]) -> None:
        self._links, self._on_change = links, on_change
        self._timer: asyncio.TimerHandle | None = None
        self._config = ServingConfig()
        self._failures = self._successes = 0
        self.reason = ""  # why the service counts as unhealthy; empty while it does not

    def use(self, config: ServingConfig) -> None:
        """Begin again with a generation's own numbers."""
        self.stop()
        self._config = config
        self._failures = self._successes = 0
        self.reason = ""
        if config.probe_seconds:
            self._arm(config.probe_delay_seconds or config.probe_seconds)

    def stop(self) -> None:
        """Stop looking."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self, seconds: float) -> None:
        self._timer = asyncio.get_running_loop().call_later(seconds, self._look)

    def _look(self) -> None:
        config, now = self._config, asyncio.get_running_loop().time()
        self._arm(config.probe_seconds)
        if any(
            not link.jobs or link.held or now - link.head_since <= config.probe_timeout_seconds
            for link in self._links()
        ):
            self._successes, self._failures = self._successes + 1, 0
            if self._successes >= config.probe_successes:
                self._say("")
            return
        self._failures, self._successes = self._failures + 1, 0
        if self._failures >= config.probe_failures:
            self._say(
                f"no worker got on for {config.probe_timeout_seconds:g} s at {config.probe_failures} probes in a row"
            )

    def _say(self, reason: str) -> None:
        if reason != self.reason:
            self.reason = reason
            self._on_change()
