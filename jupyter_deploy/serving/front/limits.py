"""What clients may make the front hold: bytes of requests and unread answers, connections, and time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from ..config import ServingConfig
from ..logs import log

# The most that one read of a connection brings.
READ = 256 << 10
# A read of at most this size is not counted if it is a whole request.
SHORT = 16 << 10
_SAID_SECONDS = 10.0
# Descriptors that connections leave to workers, logs and files.
_OWN_DESCRIPTORS = 128
_LEAST_CONNECTIONS = 16


class Upload(Protocol):
    """A connection whose request is not whole yet."""

    def hold(self, held: bool) -> None:
        """Stop reading, or go on."""


class Seat(Protocol):
    """A connection, counted against the maximum."""

    transport: Any

    @property
    def idle_since(self) -> float | None:
        """When it began to wait for a request or the rest of its head; None if it has one."""


class TooMuch(Exception):
    """The bytes do not fit into what the front may hold."""


class Limits:
    """The account of one server.

    Bodies that are being read wait while ``buffer_limit`` is used up; only the oldest goes on, so one always comes to
    its end. The front never holds more than ``buffer_limit`` and one body of ``body_limit``.
    """

    def __init__(self, config: ServingConfig) -> None:
        self.used = self._unread = 0
        self._uploads: dict[Upload, None] = {}
        self._waiting: dict[Upload, None] = {}
        self._said: dict[str, float] = {}
        self.use(config)

    def use(self, config: ServingConfig) -> None:
        """Apply other limits from now on."""
        self.head_limit = config.head_limit
        self.short = min(SHORT, config.head_limit)
        self.head_seconds, self.stall_seconds = config.head_seconds, config.stall_seconds
        self._limit, self._most = config.buffer_limit, config.buffer_limit + config.body_limit
        self.connections = min(config.max_connections, max(_LEAST_CONNECTIONS, _descriptors() - _OWN_DESCRIPTORS))

    def take(self, size: int) -> None:
        """Count bytes that the front holds now.

        Raises
        ------
        TooMuch
            If that is more than ever; they are not counted then.
        """
        if self.used + size > self._most:
            raise TooMuch
        self.used += size

    def give(self, size: int) -> None:
        """Count bytes that are gone."""
        self.used -= size
        if self._waiting:
            self._go_on()

    def take_unread(self, size: int) -> None:
        """Count bytes of an answer that its client has not read.

        Raises
        ------
        TooMuch
            If others hold too many already; the only one may be of any size.
        """
        if self._unread and self._unread + size > self._limit:
            raise TooMuch
        self._unread += size

    def give_unread(self, size: int) -> None:
        """Count bytes of an answer that are read, or thrown away."""
        self._unread -= size

    @contextmanager
    def holding(self, size: int) -> Iterator[None]:
        """Count bytes while the block runs."""
        self.take(size)
        try:
            yield
        finally:
            self.give(size)

    def began(self, upload: Upload) -> None:
        """Note that a part of a request has arrived, any number of times; it waits for its turn if there is no room."""
        self._uploads[upload] = None
        if self.used > self._room() and not self._goes_first(upload):
            self._waiting[upload] = None
            upload.hold(True)

    def ended(self, upload: Upload) -> None:
        """Note that a request is whole, or given up."""
        if upload in self._uploads:
            del self._uploads[upload]
            self._waiting.pop(upload, None)
            self._go_on()

    def make_room(self, newcomer: Seat, connections: set[Any]) -> bool:
        """Close the connections that have waited longest without a whole request, if there are too many.

        Closed ones are removed from ``connections``, which include the newcomer. Returns whether there is room for
        it.
        """
        if len(connections) <= self.connections:
            return True
        self.say("connections", f"all {self.connections} connections are in use: those that wait longest are closed")
        found = [(other.idle_since, other) for other in connections if other is not newcomer]
        idle = [(since, other) for since, other in found if since is not None]
        idle.sort(key=lambda pair: pair[0])
        for _, other in idle[: max(1, self.connections // 16)]:
            connections.discard(other)
            other.transport.abort()
        return bool(idle)

    def _goes_first(self, upload: Upload) -> bool:
        # A whole request may use the last of the room: its answer frees it.
        return next(iter(self._uploads)) is upload and self.used <= self._most - 2 * READ

    def _room(self) -> int:
        # Each reading connection may bring one more read before it is held, and small requests need room too.
        return max(self._limit // 2, self._limit * 7 // 8 - READ * len(self._uploads))

    def _go_on(self) -> None:
        room = (self._room() - self.used) // READ
        for upload in list(self._waiting):
            if room > 0 or self._goes_first(upload):
                room -= 1
                del self._waiting[upload]
                upload.hold(False)

    def say(self, about: str, text: str) -> None:
        """Log a warning, at most once in ten seconds per topic."""
        now = time.monotonic()
        if now - self._said.get(about, -_SAID_SECONDS) >= _SAID_SECONDS:
            self._said[about] = now
            log.warning("%s", text)


def _descriptors() -> int:
    try:
        import resource
    except ImportError:
        # Windows has no such limit.
        return 1 << 16
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return 1 << 16 if limit == resource.RLIM_INFINITY else limit
