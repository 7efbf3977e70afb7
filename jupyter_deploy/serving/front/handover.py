"""What a server gives the one that takes its place: its listening socket, and at its end its connections.

The next server accepts on the socket when this one begins to end, or is gone: until then, this one alone answers
there, whatever becomes of who deploys. The socket stays open meanwhile, so no client is refused. A connection moves
between two requests: what its client has sent meanwhile moves with it, unread, and the client notices nothing. A
connection with TLS cannot move, because its keys are in this process: it gets one more answer, which says that it is
the last.
"""

from __future__ import annotations

import asyncio
import collections
import errno
import os
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..logs import log

# Of one message: the system's limit is 253.
_AT_ONCE = 64
_LOOK_SECONDS = 0.005
_CONNECT_SECONDS = 2.0
_FINISH_SECONDS = 5.0
# How long a connection that cannot move may wait for its last request.
LAST_SECONDS = 2.0
# No process that is started meanwhile gets what is received.
_PRIVATE = getattr(socket, "MSG_CMSG_CLOEXEC", 0)


@dataclass(frozen=True)
class Inherited:
    """What a server gets of the one before it: the listening socket; the line on which connections come, if any."""

    listener: socket.socket
    channel: socket.socket | None = None


class HandOver:
    """The giving side. ``listeners`` are the server's sockets; ``secured`` says whether connections have TLS."""

    def __init__(self, listeners: Sequence[socket.socket], *, secured: bool) -> None:
        self._listeners = listeners
        self._secured = secured
        self._channel: socket.socket | None = None
        self._waiting: collections.deque[int] = collections.deque()
        self._moves = self._begun = False
        # What ends this server and leaves its container to the next one; set where it can do that.
        self.leave: Callable[[], None] | None = None

    @property
    def leaving(self) -> bool:
        """Whether connections go to the next server now."""
        return self._begun and self._channel is not None

    @property
    def moves(self) -> bool:
        """Whether a connection can go there as it is."""
        return self._moves

    def offer(self, path: str, port: int, *, moves: bool) -> bool:
        """Send the socket that listens on ``port`` to who listens at ``path``; false if there is none.

        A path that begins with ``@`` is a name in the network's own space, without a file (Linux).
        ``moves`` says whether the next server can go on with connections. Raises OSError if nobody takes it.
        """
        found = next((one for one in self._listeners if one.getsockname()[1] == port), None)
        if found is None or self._begun or not hasattr(socket, "send_fds"):
            return False
        channel = socket.socket(socket.AF_UNIX)
        try:
            channel.settimeout(_CONNECT_SECONDS)
            channel.connect(f"\0{path[1:]}" if path.startswith("@") else path)
            socket.send_fds(channel, [b"L"], [found.fileno()])
            channel.setblocking(False)
        except BaseException:
            channel.close()
            raise
        self._close()
        self._channel, self._moves = channel, moves and not self._secured
        # The other side sends nothing: what is to be read is its end.
        asyncio.get_running_loop().add_reader(channel.fileno(), self._close)
        return True

    def begin(self) -> None:
        """Let connections go, if there is a next server, which may accept new ones from now on."""
        self._begun = True
        if self._channel is not None:
            try:
                self._channel.send(b"G")
            except OSError:
                self._close()

    def give(self, connection: int) -> None:
        """Send a connection's descriptor, which is closed here."""
        self._waiting.append(connection)
        self._send()

    def _send(self) -> None:
        channel = self._channel
        while self._waiting and channel is not None:
            some = [self._waiting[at] for at in range(min(_AT_ONCE, len(self._waiting)))]
            try:
                socket.send_fds(channel, [b"C"], some)
            except BlockingIOError:
                asyncio.get_running_loop().add_writer(channel.fileno(), self._go_on)
                return
            except OSError as error:
                if error.errno == errno.ETOOMANYREFS:
                    # The other side has not taken those that are under way.
                    asyncio.get_running_loop().call_later(_LOOK_SECONDS, self._send)
                    return
                log.warning("connections could not be handed over: %s", error)
                self._close()
                return
            for _ in some:
                os.close(self._waiting.popleft())

    def _go_on(self) -> None:
        if self._channel is not None:
            asyncio.get_running_loop().remove_writer(self._channel.fileno())
        self._send()

    def _close(self) -> None:
        channel, self._channel = self._channel, None
        if channel is not None:
            loop = asyncio.get_running_loop()
            loop.remove_reader(channel.fileno())
            loop.remove_writer(channel.fileno())
            channel.close()
        while self._waiting:
            os.close(self._waiting.popleft())

    async def finish(self) -> None:
        """Wait until everything is sent, or the other side is gone."""
        until = time.monotonic() + _FINISH_SECONDS
        while self._waiting and self._channel is not None and time.monotonic() < until:
            await asyncio.sleep(_LOOK_SECONDS)
        self._close()


class Arrivals:
    """The taking side of ``channel``.

    ``take_over`` is called when the server before begins to end, or is gone; what it returns gets each connection.
    """

    def __init__(self, channel: socket.socket, take_over: Callable[[], Callable[[socket.socket], None]]) -> None:
        self._channel, self._take_over = channel, take_over
        self._adopt: Callable[[socket.socket], None] | None = None
        channel.setblocking(False)
        asyncio.get_running_loop().add_reader(channel.fileno(), self._read)

    def _read(self) -> None:
        try:
            data, descriptors, _, _ = socket.recv_fds(self._channel, _AT_ONCE, _AT_ONCE, _PRIVATE)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            log.warning("connections of the server before do not come: %s", error)
            data, descriptors = b"", []
        self._adopt = adopt = self._adopt or self._take_over()
        for descriptor in descriptors:
            os.set_inheritable(descriptor, False)
            adopt(socket.socket(fileno=descriptor))
        if not data:
            self.close()

    def close(self) -> None:
        """Take no more."""
        if self._channel.fileno() >= 0:
            asyncio.get_running_loop().remove_reader(self._channel.fileno())
            self._channel.close()
