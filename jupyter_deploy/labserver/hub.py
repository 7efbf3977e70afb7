"""The feed of changes: while a page listens, a thread looks and Jupyter's event bus tells the pages."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any

from ..errors import DeployError
from ..services import Health, ServiceRecord
from ..workspace import EndpointRows, Moved, Watch
from .opened import Opened

SCHEMA_ID = "https://jupyter-model-deploy.org/events/changed/v1"
_NAMES = {"type": "array", "items": {"type": "string"}}
SCHEMA: dict[str, Any] = {
    "$id": SCHEMA_ID,
    "version": "1",
    "title": "Models or services have changed",
    "description": "What a page that shows models and services of jupyter-model-deploy should fetch again.",
    "type": "object",
    "properties": {
        "revision": {"title": "Revision", "description": "It grows with each change.", "type": "integer"},
        "changed": {
            "title": "Changed",
            "description": "The names of what has changed.",
            "type": "object",
            "properties": {"services": _NAMES, "models": _NAMES, "scripts": _NAMES, "endpoints": _NAMES},
        },
        "recent": {
            "title": "Recent",
            "description": "The recent traffic of services that have some.",
            "type": "object",
        },
        "numbers": {
            "title": "Numbers",
            "description": "What the routers of endpoints have counted of each deployment, where that has changed.",
            "type": "object",
        },
        "jobs": {"title": "Jobs", "description": "The ids of jobs that went on.", **_NAMES},
    },
    "required": ["revision", "changed"],
}
# After the last word of a page it looks for so long: a page says each 20 s that it is visible.
LISTENING_SECONDS = 60.0
POLL_SECONDS = 0.1
_FAILED_SECONDS = 1.0
_FIRST_SECONDS = 1.5


class Hub:
    """Looks while a page listens. ``emit`` is called with an event's data, in the loop."""

    def __init__(self, opened: Opened, emit: Callable[[dict[str, Any]], None]) -> None:
        self._opened = opened
        self._emit = emit
        self._loop: asyncio.AbstractEventLoop | None = None
        self._until = 0.0
        self._ended = threading.Event()
        self._looked = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._watch: Watch | None = None
        # It goes on where an earlier server has stopped: pages outlive servers.
        self.revision = int(time.time() * 1000)
        self._jobs: set[str] = set()

    def listen(self, *, quietly: bool = False) -> int:
        """Look from now on, at least for a minute; called in the loop. Returns the revision.

        ``quietly`` is for a page that reads everything after the first look: that is no news for it.
        """
        self._loop = asyncio.get_running_loop()
        with self._lock:
            self._until = time.monotonic() + LISTENING_SECONDS
            if self._thread is None and not self._ended.is_set():
                self._looked.clear()
                self._thread = threading.Thread(
                    target=self._run, args=(quietly,), name="jupyter-deploy-hub", daemon=True
                )
                self._thread.start()
        return self.revision

    @property
    def is_looking(self) -> bool:
        """Whether the thread runs."""
        return self._thread is not None

    def wait(self) -> None:
        """Wait in a thread until it has looked once, if it looks at all."""
        if self.is_looking:
            self._looked.wait(_FIRST_SECONDS)

    def tell_job(self, job_id: str) -> None:
        """Tell the pages that a job went on, at most ten times a second; called in the loop."""
        if not self._jobs:
            asyncio.get_running_loop().call_later(POLL_SECONDS, self._tell_jobs)
        self._jobs.add(job_id)

    def _tell_jobs(self) -> None:
        jobs, self._jobs = sorted(self._jobs), set()
        self._tell(Moved(), jobs)

    def end(self) -> None:
        """End the thread and wait for it; blocks for a look at most."""
        self._ended.set()
        thread = self._thread
        if thread is not None:
            thread.join(5.0)

    def known(self, record: ServiceRecord) -> Health | None:
        """Return what the last look has found out about a service; None if that is not known, or not looked for."""
        watch = self._watch
        return watch.known(record) if watch else None

    def known_endpoint(self, rows: EndpointRows) -> dict[str, Any] | None:
        """Return the facts of an endpoint that the last look has found out; None if they are not known."""
        watch = self._watch
        return watch.known_endpoint(rows) if watch else None

    def _run(self, quietly: bool) -> None:
        watch: Watch | None = None
        try:
            while not self._is_over():
                try:
                    if watch is None or watch.workspace is not self._opened.get():
                        watch = self._watch_of(watch)
                    moved = watch.look()
                    self._watch = watch
                except DeployError:
                    # The next request of a page says what is wrong; it may be mended meanwhile.
                    _closed(watch)
                    watch = self._watch = None
                    pause = _FAILED_SECONDS
                else:
                    pause = POLL_SECONDS
                    if moved and not quietly:
                        self._tell_soon(moved)
                    quietly = False
                self._looked.set()
                self._ended.wait(pause)
        finally:
            self._watch = None
            _closed(watch)
            with self._lock:
                if self._thread is threading.current_thread():
                    self._thread = None

    def _watch_of(self, before: Watch | None) -> Watch:
        _closed(before)
        return Watch(self._opened.get())

    def _is_over(self) -> bool:
        with self._lock:
            if self._ended.is_set() or time.monotonic() > self._until:
                # Under the lock: a page that speaks now finds no thread and starts another.
                self._thread = None
                return True
            return False

    def _tell_soon(self, moved: Moved) -> None:
        self.revision += 1
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._tell, moved, [])

    def _tell(self, moved: Moved, jobs: list[str]) -> None:
        names = {"services": moved.services, "models": moved.models, "scripts": moved.scripts}
        names |= {"endpoints": moved.endpoints}
        changed = {kind: list(found) for kind, found in names.items()}
        self._emit(
            {
                "revision": self.revision,
                "changed": changed,
                "recent": {name: recent.as_dict() for name, recent in moved.recent.items()},
                "numbers": moved.numbers,
                "jobs": jobs,
            }
        )


def _closed(watch: Watch | None) -> None:
    if watch is not None:
        watch.close()
