"""Tell the hooks of what happens to the service by itself; who changes it tells of that change."""

from __future__ import annotations

import asyncio
from pathlib import Path

from ..hooks import Hooks, change_document
from ..watcher import Life
from .runtime import Runtime
from .threadlog import warn_from_threads

_CLOSE_SECONDS = 3.0


class Changes:
    """Compares the state with what it was, whenever it may have changed.

    ``url`` is where the service's clients reach it. ``life`` says whether the front was started again.
    """

    def __init__(self, runtime: Runtime, url: str, life: Life) -> None:
        self._runtime = runtime
        self._url = url
        self._life = life
        self._hooks = Hooks(daemon=True)
        self._warn = warn_from_threads(asyncio.get_running_loop())
        self._state = ""

    def look(self, reloaded: bool) -> None:
        """Tell of another state, unless a reload made it; of the first one only if no process waits for it."""
        if self._runtime.ending:
            return
        state, reason = self._runtime.condition()
        before, self._state = self._state or self._first(), state
        if before and before != state and not reloaded:
            usual = "it serves" if before == "Transitioning" else "a worker serves again"
            self._tell(before, state, reason or usual)

    def failed(self, reason: str) -> None:
        """Tell that the first generation failed, if no process waits for that."""
        if before := self._first():
            self._tell(before, "Failed", reason)

    def _first(self) -> str:
        """Return the state before the first one; empty where who has started the server tells of it."""
        if self._life.why:
            return "Failed"
        return "Transitioning" if self._runtime.config.tells_start else ""

    def _tell(self, before: str, state: str, reason: str) -> None:
        runtime = self._runtime
        if not runtime.config.hooks:
            return
        current = runtime.current
        bundle = Path(current.layout.bundle).name if current else ""
        generation = current.number if current else 0
        name = runtime.config.name
        document = change_document(name, before, state, reason, url=self._url, generation=generation, bundle=bundle)
        self._hooks.tell(runtime.config.hooks, document, self._warn)

    def close(self) -> None:
        """Give what is on its way a moment, in another thread than the loop's."""
        self._hooks.wait(_CLOSE_SECONDS)
