"""A connection's transport: writes joined, reading held for several reasons, closed so that the answer arrives."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from ..messages import LARGE

# The first bytes of every answer.
_BEGINNING = b"HTTP/1.1 "
_FIRST_AHEAD = 4
# Seconds before each look; there are fewer looks than bytes to send.
_LOOKS = (0.1, 0.1, 0.5, 1.0, 5.0)
_LINGER_SECONDS = 2.0
_LEAST = 1024
# How long a close waits for the client's last word of TLS, which an idle client never says; asyncio waits for 30 s.
# After a large answer it does: what the client has still to read is not known.
_GOODBYE_SECONDS = 1.0
_SMALL = 1 << 14


class Wire:
    """A transport that sends an answer's head and body in one system call.

    Measured: of 55 µs that the front needs for a request under load, each write takes 10 to 15. After a close, a
    client may read nothing of the rest for ``stall_seconds``.
    """

    def __init__(self, transport: asyncio.Transport, stall_seconds: float) -> None:
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._soon = self._loop.call_soon
        self._parts: list[bytes] = []
        self._stall_seconds = stall_seconds
        self._ahead = 0
        self._paused = False
        self.held = False
        # Whether the client is still sending: closing at once would cost it the answer.
        self.lingers = False
        self.left = False
        # Of the last write: uvloop keeps all of its bytes until the last one is sent.
        self.last_size = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Send bytes at the end of this turn of the loop."""
        if not self._parts:
            self._soon(self._flush)
        self._parts.append(data)

    def send(self, data: bytes) -> None:
        """Send a whole answer now."""
        if self._parts or self._ahead:
            self.write(data)
        elif not self._transport.is_closing():
            self.last_size = len(data)
            self._transport.write(data)

    def close(self) -> None:
        """Send the rest and close the connection."""
        self._flush()
        if self.lingers and not self.left and not self._transport.is_closing():
            # Closing a socket with unread bytes resets the connection, and the answer is lost.
            self.left = True
            self.hold(False)
            self.resume_reading()
            if self._transport.can_write_eof():
                self._transport.write_eof()
            self._loop.call_later(_LINGER_SECONDS, self._transport.abort)
            return
        if self._transport.is_closing():
            return
        unread = self._transport.get_write_buffer_size()
        self._transport.close()
        if unread:
            self._loop.call_later(self._stall_seconds, self._give_up, unread)
        elif self.last_size <= _SMALL and self._transport.get_extra_info("ssl_object"):
            self._loop.call_later(_GOODBYE_SECONDS, self._transport.abort)

    def _give_up(self, before: int) -> None:
        """Drop what the client does not read."""
        unread = self._transport.get_write_buffer_size()
        if unread and before - unread < _LEAST:
            self._transport.abort()
        elif unread:
            self._loop.call_later(self._stall_seconds, self._give_up, unread)

    @property
    def sent(self) -> bool:
        """Whether the system has every byte that was written."""
        return not self._parts and not self._transport.get_write_buffer_size()

    def is_closing(self) -> bool:
        """Whether nothing more is sent, also while the client's last bytes are thrown away."""
        return self.left or self._transport.is_closing()

    def look_for_the_reader(self, waits: Callable[[], bool]) -> None:
        """Find out whether a client that has ended its side still waits: the system of one that is gone says so.

        It says so only when something is sent, so the client gets the first bytes that every answer has. ``waits``
        says that nothing of the answer was sent yet.
        """

        def look() -> None:
            if waits() and not self._parts and not self._transport.is_closing():
                until = self._ahead + (1 if self._ahead else _FIRST_AHEAD)
                self._transport.write(_BEGINNING[self._ahead : until])
                self._ahead = until
                later()

        def later() -> None:
            seconds = next(times, None)
            if seconds is not None:
                self._loop.call_later(seconds, look)

        times = iter(_LOOKS)
        later()

    def pause_reading(self) -> None:
        """Read nothing more, for the sake of the request that is being answered."""
        self._paused = True
        self._read()

    def resume_reading(self) -> None:
        """Read on, unless reading is held."""
        self._paused = False
        self._read()

    def hold(self, held: bool) -> None:
        """Hold reading, whatever the request that is being answered needs, or release it."""
        if held is not self.held:
            self.held = held
            self._read()

    def _read(self) -> None:
        if self._transport.is_closing():
            return
        wanted = not (self._paused or self.held)
        if wanted is not self._transport.is_reading():
            (self._transport.resume_reading if wanted else self._transport.pause_reading)()

    def _flush(self) -> None:
        if self._parts:
            parts, self._parts = self._parts, []
            if not self._transport.is_closing():
                size = sum(map(len, parts))
                if size > LARGE and not self._ahead:
                    # The system gathers them: a large body is not copied to stand behind its head.
                    self.last_size = size
                    self._transport.writelines(parts)
                    return
                data = parts[0] if len(parts) == 1 else b"".join(parts)
                if self._ahead:
                    data, self._ahead = data[self._ahead :], 0
                self.last_size = len(data)
                self._transport.write(data)
