"""Captured requests, sent to the other version from a thread: for a rollout whose traffic is thin."""

from __future__ import annotations

import http.client
import queue
import threading
import time
from collections.abc import Callable, Sequence
from urllib.parse import quote

from ..endpoints import MIRRORED
from ..serving.collection import body_of
from .pairs import Record

# A server that does not answer at all must not hold the thread for ever.
_SECONDS = 30.0
_SCORE = "/score"
_REQUEST_ID = "x-ms-request-id"


class Replayer:
    """Sends one request after the other; each carries the mark of a copy and the id that it had.

    Parameters
    ----------
    key : callable
        Returns what the instances want to be shown.
    """

    def __init__(self, key: Callable[[], str]) -> None:
        self._key = key
        self._queue: queue.SimpleQueue[tuple[Sequence[tuple[str, int]], Record] | None] = queue.SimpleQueue()
        self._busy = threading.Event()
        self._turn = 0
        self.unreachable = 0
        self.since = 0.0
        self._thread = threading.Thread(target=self._run, name="replay", daemon=True)
        self._thread.start()

    @property
    def idle(self) -> bool:
        """Whether it takes another request."""
        return not self._busy.is_set()

    def send(self, addresses: Sequence[tuple[str, int]], record: Record) -> None:
        """Send a request to one of these instances; returns at once."""
        self._busy.set()
        self._queue.put((addresses, record))

    def close(self) -> None:
        """End the thread when its request is answered."""
        self._queue.put(None)

    def _run(self) -> None:
        while (item := self._queue.get()) is not None:
            self.since = time.time()
            try:
                self._send(*item)
            except (OSError, http.client.HTTPException):
                self.unreachable += 1
            finally:
                self.since = 0.0
                self._busy.clear()

    def _send(self, addresses: Sequence[tuple[str, int]], record: Record) -> None:
        body = body_of(record, "input")
        if not addresses or body is None:
            return
        self._turn += 1
        host, port = addresses[self._turn % len(addresses)]
        headers = {
            "Content-Type": str(record.get("type", "application/json")),
            "Authorization": f"Bearer {self._key()}",
            _REQUEST_ID: quote(str(record["id"]), safe="!#$&'()*+,-./:;<=>?@[]^_`{|}~"),
            MIRRORED: "true",
        }
        query = f"?{record['query']}" if record.get("query") else ""
        connection = http.client.HTTPConnection(host, port, timeout=_SECONDS)
        try:
            connection.request("POST", f"{quote(str(record.get('path', _SCORE)))}{query}", body, headers)
            connection.getresponse().read()
        finally:
            connection.close()
