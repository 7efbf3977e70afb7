"""Connections without a request."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Idleness:
    """Closes a connection that has waited too many seconds for a request.

    It has one timer for all of a connection's requests: to set and cancel one each time costs 2 of the 40 µs that the
    protocol takes for a request.
    """

    def __init__(self, seconds: float, close: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._seconds = seconds
        self._close = close
        # The loop's time; None while there is a request.
        self.since: float | None = self._loop.time()
        self._timer = self._loop.call_later(seconds, self._look)

    def _look(self) -> None:
        left = self._seconds - (self._loop.time() - self.since if self.since is not None else 0.0)
        if left > 0:
            self._timer = self._loop.call_later(left, self._look)
        else:
            self._close()

    def within(self, seconds: float) -> None:
        """Allow fewer seconds from now on."""
        self._seconds = seconds
        self._timer.cancel()
        self._timer = self._loop.call_later(seconds, self._look)

    def stop(self) -> None:
        """Stop looking."""
        self._timer.cancel()
