"""The worker's end of its socket pair: what to run next, which requests were cancelled, when to end."""

from __future__ import annotations

import collections
import select
import signal
import socket
import time
from typing import Any

import orjson

from ..messages import FrameBuffer, Kind, Request, note, unpack_requests

_PIECE = 1 << 16
# A read so recent is still valid; another one costs as much as a small prediction.
_FRESH_SECONDS = 0.002


class _Terminated(BaseException):
    """SIGTERM came while the worker was idle."""


class Inbox:
    """Reads the front's frames on the main thread; blocks only if there is nothing to do.

    A worker passes SIGTERM on to the front, which replaces it first, so no request is lost. A second SIGTERM ends it
    between two requests.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._buffer = FrameBuffer()
        self._groups: collections.deque[list[Request]] = collections.deque()
        self._cancelled: set[int] = set()
        # One buffer for all reads: allocating it each time costs the kernel more than reading.
        self._space = memoryview(bytearray(_PIECE))
        self._looked = 0.0
        self._started: dict[str, Any] | None = None
        self._over = self._asked = self._idle = self._told = False

    def started(self) -> dict[str, Any] | None:
        """Wait for the front's START, with layout and options; None if the front is gone."""
        while self._started is None and not self._over:
            self._read()
        return self._started

    def watch_signals(self) -> None:
        """Take SIGTERM over from the script's ``init()``."""
        signal.signal(signal.SIGTERM, self._on_signal)

    def _on_signal(self, number: int, frame: object) -> None:
        self._asked = True
        if self._idle:
            raise _Terminated

    def take(self) -> list[Request] | None:
        """Wait for the next frame of requests; None if the worker must end."""
        while not self._groups:
            if self._over or not self._wait():
                return None
            self._read()
        return self._groups.popleft()

    def is_cancelled(self, number: int) -> bool:
        """Whether the client of a request is gone; reads the frames that have arrived meanwhile."""
        if time.monotonic() - self._looked > _FRESH_SECONDS and select.select([self._sock], [], [], 0)[0]:
            self._read()
        return number in self._cancelled

    def forget(self, number: int) -> None:
        """Note that a request was answered."""
        self._cancelled.discard(number)

    def _wait(self) -> bool:
        """Wait for a byte; false if the front is gone or SIGTERM came twice."""
        while True:
            try:
                self._idle = True
                if not self._asked:
                    # Peek only: if a signal interrupts here, no byte of a request is lost.
                    return bool(self._sock.recv(1, socket.MSG_PEEK))
            except _Terminated:
                pass
            except ConnectionError:
                return False
            finally:
                self._idle = False
            if self._told:
                return False
            self._asked, self._told = False, True
            # The signal's handler cannot send: it may run in the middle of another frame.
            self._sock.sendall(note(Kind.LEAVING))

    def _read(self) -> None:
        self._looked = time.monotonic()
        room = self._buffer.room()
        try:
            count = self._sock.recv_into(self._space if room is None else room)
        except ConnectionError:
            count = 0
        if not count:
            self._over = True
        frames = self._buffer.feed(self._space[:count]) if room is None else self._buffer.filled(count)
        for kind, payload in frames:
            if kind is Kind.REQUESTS:
                self._groups.append(unpack_requests(payload))
            elif kind is Kind.CANCEL:
                self._cancelled.update(orjson.loads(payload)["numbers"])
            elif kind is Kind.START:
                self._started = orjson.loads(payload)
            elif kind is Kind.STOP:
                self._over = True
