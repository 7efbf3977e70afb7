"""What widgets with buttons share: one thing is done at a time, and what comes of it is shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import traitlets

from .base import LiveWidget, error_facts


class ActingWidget(LiveWidget):
    """A widget whose buttons do things in a thread."""

    busy = traitlets.Unicode("").tag(sync=True)
    said = traitlets.Dict().tag(sync=True)
    _count = 0

    def do(self, what: str, work: Callable[[], dict[str, Any]]) -> None:
        """Do something, unless something is being done already; ``work`` returns what is said of it."""
        with self._telling:
            if self.busy:
                return
            self.tell(busy=what)

        def run() -> None:
            try:
                told = {"ok": True, **work()}
            except Exception as error:  # noqa: BLE001 - the widget is the edge: it shows whatever went wrong
                told = {"ok": False, **error_facts(error)}
            self._count += 1
            self.tell(said={"what": what, "number": self._count, **told}, busy="")
            self._feed.wake()

        self.in_thread(run)
