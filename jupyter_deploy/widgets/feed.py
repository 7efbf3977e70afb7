"""A thread that looks at something repeatedly: often while it changes, seldom while it does not."""

from __future__ import annotations

import threading
from collections.abc import Callable

_SLOWER = 1.5


class Feed:
    """One daemon thread, one look at a time: slow looks do not pile up.

    ``look`` returns whether anything changed, and must not raise. ``fast`` and ``slow`` are the seconds between two
    looks while things change, and at most.
    """

    def __init__(self, look: Callable[[], bool], fast: float = 1.0, slow: float = 4.0) -> None:
        self._look = look
        self._fast, self._slow = fast, slow
        self._begun = False
        self._least = 0.0
        self._woken = threading.Event()
        self._ended = threading.Event()
        self._looked = threading.Event()

    def start(self) -> None:
        """Start the thread, once."""
        if not self._begun:
            self._begun = True
            threading.Thread(target=self._run, name="jupyter-deploy-feed", daemon=True).start()

    def wait(self, seconds: float) -> None:
        """Wait until it has looked once, for at most so many seconds."""
        self._looked.wait(seconds)

    def wake(self) -> None:
        """Look now, and often for a while."""
        self._woken.set()

    def at_least(self, seconds: float) -> None:
        """From now on wait at least so many seconds between two looks, except when woken."""
        self._least = seconds

    def end(self) -> None:
        """End after the current look; returns at once."""
        self._ended.set()
        self._woken.set()

    @property
    def looked(self) -> bool:
        """Whether it has looked at least once."""
        return self._looked.is_set()

    @property
    def ended(self) -> bool:
        """Whether it was told to end."""
        return self._ended.is_set()

    def _run(self) -> None:
        pause = self._fast
        while not self.ended:
            changed = self._look()
            self._looked.set()
            pause = self._fast if changed else min(self._slow, pause * _SLOWER)
            if self._woken.wait(max(pause, self._least)) and not self.ended:
                self._woken.clear()
                pause = self._fast
