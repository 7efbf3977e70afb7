"""How connections are accepted, even when descriptors run out."""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
from collections.abc import Callable

from .limits import Limits
from .tls import speaks_tls

_AT_ONCE = 64
_AGAIN_SECONDS = 0.5
_HANDSHAKES = 512
_EXHAUSTED = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class Acceptor:
    """Accepts the connections of one bound and listening socket.

    uvloop's own server stops for good when the process runs out of descriptors, and asyncio's fills the log.
    ``intake`` says why connections are not accepted. With ``tls``, a connection begins with a handshake.
    """

    def __init__(
        self,
        listener: socket.socket,
        protocol: Callable[[], asyncio.Protocol],
        intake: Limits,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._tls = tls
        self._listener = listener
        self._protocol = protocol
        self._intake = intake
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False
        listener.setblocking(False)
        self._listen()

    def _listen(self) -> None:
        if not self._closed:
            self._loop.add_reader(self._listener.fileno(), self._accept)

    def _accept(self) -> None:
        for _ in range(_AT_ONCE):
            try:
                connection, _ = self._listener.accept()
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:
                if error.errno in _EXHAUSTED:
                    # New clients wait in the system's queue.
                    self._intake.say("accept", f"no connection can be accepted for a moment: {error.strerror}")
                    self._loop.remove_reader(self._listener.fileno())
                    self._loop.call_later(_AGAIN_SECONDS, self._listen)
                    return
                # The client left before it was accepted.
                continue
            self.adopt(connection)

    def adopt(self, connection: socket.socket) -> None:
        """Go on with a connection as if it had just been accepted."""
        task = self._loop.create_task(self._connect(connection))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _connect(self, connection: socket.socket) -> None:
        try:
            connection.setblocking(False)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls is None:
                await self._loop.connect_accepted_socket(self._protocol, connection)
                return
            seconds = self._intake.head_seconds
            # Connections without a handshake are none of the protocol's, which counts those that it has.
            if len(self._tasks) > _HANDSHAKES or not await speaks_tls(connection, seconds):
                connection.close()
                return
            await self._loop.connect_accepted_socket(
                self._protocol, connection, ssl=self._tls, ssl_handshake_timeout=seconds
            )
        except OSError:
            connection.close()

    def close(self) -> None:
        """Stop accepting."""
        if not self._closed:
            self._closed = True
            self._loop.remove_reader(self._listener.fileno())

    async def wait_closed(self) -> None:
        """Wait until every accepted socket is a connection."""
        if self._tasks:
            await asyncio.wait(self._tasks)
