"""A service's log as it grows: appended, not replaced, however fast it grows.

The feed reads it into a ring and sends new lines from it: one message per 100 ms, with at most 200 lines. The
browser appends them, and counts the lines that it was not sent.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import traitlets

from ..display import summary_html, summary_text, with_levels
from ..errors import DeployError, NotFound
from ..workspace import Service
from .base import LiveWidget, script
from .ring import CAPACITY, Ring

FLUSH_SECONDS = 0.1
FLUSH_LINES = 200
_IDLE_SECONDS = 0.4
_TAIL_LINES = 60
_SUMMARY_LINES = 20
# How often the tail is sent: for views that come late, and while no view has said that it hears, because the kernel
# is busy with a cell or no page is open.
_TAIL_SECONDS = 5.0
_UNHEARD_SECONDS = 0.3
_WAITING_SECONDS = 0.5
_CHECK_SECONDS = 2.0


class LogView(LiveWidget):
    """A service's log, followed.

    Parameters
    ----------
    service : Service
        Its handle.
    """

    _esm = script("logview.js")
    tail = traitlets.Dict().tag(sync=True)

    def __init__(self, service: Service) -> None:
        self._service = service
        self._ring = Ring()
        self._pieces: Iterator[str] | None = None
        self._sent = 0
        self._level = "I"
        self._waiting = 0
        self._views: dict[str, bool] = {}
        self._next = {"check": 0.0, "tail": 0.0, "waiting": 0.0, "follow": 0.0}
        super().__init__(service.name, fast=FLUSH_SECONDS, slow=_IDLE_SECONDS, tail={"first": 1, "lines": []})

    def look(self) -> bool:
        """Read and send new lines, and return whether there were any; ends if the service was deleted."""
        before = self._ring.last
        if self._due("check", _CHECK_SECONDS) and not self._is_there():
            self.close()
            return True
        self._read()
        with self._telling:
            views = list(self._views.values())
            if self._due("tail", _TAIL_SECONDS if views else _UNHEARD_SECONDS):
                first, lines = self._ring.newest(_TAIL_LINES if views else FLUSH_LINES)
                self.tell(tail={"first": first, "lines": with_levels(lines)})
            if views and all(views):
                self._tell_waiting()
            elif views:
                self._flush()
        return self._ring.last != before or bool(views and self._sent < self._ring.last)

    def _due(self, what: str, seconds: float) -> bool:
        now = time.monotonic()
        if now < self._next[what]:
            return False
        self._next[what] = now + seconds
        return True

    def _is_there(self) -> bool:
        try:
            return bool(self._service.record)
        except NotFound:
            return False

    def _read(self) -> None:
        """Read up to where there is nothing more; where a server's log has ended, another server's is next."""
        if self._pieces is None:
            if not self._due("follow", _CHECK_SECONDS):
                return
            # Of a log that goes on, its end was read already.
            self._pieces = self._service.follow(0 if self._ring.last else CAPACITY, pauses=True)
        try:
            piece = next(self._pieces)
            while piece:
                self._ring.add(piece)
                piece = next(self._pieces)
        except StopIteration:
            self._pieces = None
        except DeployError as error:
            self._pieces = None
            self._ring.add(f"{error.message}\n")

    def _flush(self) -> None:
        first, lines = self._ring.after(self._sent, FLUSH_LINES)
        if lines:
            shown = with_levels(lines, self._level)
            self._level = shown[-1][0]
            self._sent = first + len(lines) - 1
            self.send({"do": "lines", "first": first, "lines": shown})

    def _tell_waiting(self) -> None:
        if self._ring.last != self._waiting and self._due("waiting", _WAITING_SECONDS):
            self._waiting = self._ring.last
            self.send({"do": "waiting", "last": self._waiting})

    def hear(self, what: str, content: dict[str, Any]) -> None:
        """Note that a view appeared (``"hello"``, with its last line), paused (``"pause"``) or left (``"bye"``)."""
        view, last = str(content.get("view", "")), content.get("last")
        with self._telling:
            if what == "hello" and isinstance(last, int):
                self._sent = min(last, self._sent if self._views else self._ring.last)
                self._views[view] = False
            elif what == "pause" and view in self._views:
                self._views[view] = bool(content.get("on"))
            elif what == "bye":
                self._views.pop(view, None)
        self._feed.wake()

    def summary(self) -> str:
        """Return the log's last lines."""
        lines = [text for _, text in with_levels(self._ring.newest(_SUMMARY_LINES)[1])]
        return summary_html(self.name, "log", [], lines or ["The log is empty."])

    def text(self) -> str:
        """Return the log's last lines as text, oldest first."""
        return summary_text(f"Log of {self.name}", [], self._ring.newest(_SUMMARY_LINES)[1] or ["The log is empty."])
