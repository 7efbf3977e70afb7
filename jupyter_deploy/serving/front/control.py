"""The line to a process that forks workers: the fork-server, or a generation's template."""

from __future__ import annotations

import asyncio
import collections
import contextlib
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from ..logs import log
from ..messages import FrameBuffer, Kind, note

_BUFFER = 4 << 20


@dataclass(frozen=True)
class Ends:
    """The front's ends of the lines to a process that starts."""

    sock: socket.socket  # of the socket pair
    output: int  # of the pipe for descriptors 1 and 2 of the process

    def close(self) -> None:
        """Close both ends."""
        self.sock.close()
        os.close(self.output)


@contextlib.contextmanager
def lines() -> Iterator[tuple[Ends, socket.socket, int]]:
    """Open the lines to a process; the front's ends are closed if it does not start, the other ends always.

    Yields the front's ends, and the process's ends of its socket pair and its output.
    """
    (ours, theirs), (output, writes) = socket.socketpair(), os.pipe()
    for end in (ours, theirs):
        # Room for a large body, so that it is written at once; the system may allow less.
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER)
    ends = Ends(ours, output)
    try:
        ours.setblocking(False)
        if sys.platform != "win32":
            os.set_blocking(output, False)
        yield ends, theirs, writes
    except BaseException:
        ends.close()
        raise
    finally:
        theirs.close()
        os.close(writes)


class Control:
    """Asks for workers and reports how they ended.

    ``on_exit`` gets a worker's pid and a text that says how it ended; ``on_note`` gets the kind and values of every
    other message. ``name`` names the process at the other end.
    """

    def __init__(
        self,
        sock: socket.socket,
        on_exit: Callable[[int, str], None],
        on_note: Callable[[Kind, dict[str, Any]], None] = lambda *_: None,
        name: str = "the fork-server",
    ) -> None:
        sock.setblocking(False)
        self._socket = sock
        self._on_exit = on_exit
        self._on_note = on_note
        self._name = name
        self._waiting: collections.deque[asyncio.Future[int]] = collections.deque()
        self._waiting_spares: collections.deque[asyncio.Future[int]] = collections.deque()
        self._lock = asyncio.Lock()
        self.lost = False
        self.ended = asyncio.get_running_loop().create_task(self._read())

    async def fork(self, modules: Iterable[str] = (), *, spare: bool = False) -> tuple[int, Ends]:
        """Fork a worker; returns its pid, and the lines to it.

        ``modules`` are imported before; a ``spare`` worker may wait until there is nothing else to do. Raises
        ConnectionError if the process at the other end has died.
        """
        forked: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        waiting = self._waiting_spares if spare else self._waiting
        with lines() as (ends, theirs, writes):
            async with self._lock:
                message = note(Kind.FORK, modules=list(modules), spare=spare)
                await self._send_with(message, [theirs.fileno(), writes])
                # One answer per request, and this one cannot arrive before the loop's next turn.
                waiting.append(forked)
            return await forked, ends

    async def send(self, message: bytes) -> None:
        """Send a whole frame without a descriptor."""
        async with self._lock:
            await asyncio.get_running_loop().sock_sendall(self._socket, message)

    async def close(self) -> None:
        """Hang up."""
        self.hang_up()
        await asyncio.gather(self.ended, return_exceptions=True)

    def hang_up(self) -> None:
        """Close this end at once."""
        self.lost = True
        self.ended.cancel()
        self.ended.add_done_callback(lambda _: self._socket.close())

    async def _send_with(self, message: bytes, descriptors: list[int]) -> None:
        while not self.lost:
            try:
                # A descriptor must travel with a whole message, which asyncio's own sending does not promise.
                socket.send_fds(self._socket, [message], descriptors)
            except BlockingIOError:
                await asyncio.sleep(0.01)
            except ConnectionError:
                break
            else:
                return
        raise ConnectionError("the process that forks workers ended")

    async def _read(self) -> None:
        buffer = FrameBuffer()
        loop = asyncio.get_running_loop()
        try:
            while data := await self._receive(loop):
                for kind, payload in buffer.feed(data):
                    self._heard(kind, orjson.loads(payload))
        finally:
            if not self.lost:
                log.error("%s ended; the next worker starts a new one", self._name)
            self.lost = True
            for forked in (*self._waiting, *self._waiting_spares):
                if not forked.done():
                    forked.set_exception(ConnectionError("the process that forks workers ended"))

    def _heard(self, kind: Kind, values: dict[str, Any]) -> None:
        if kind is Kind.EXITED:
            self._on_exit(values["pid"], how_it_ended(values["status"]))
        elif kind is Kind.FORKED:
            forked = (self._waiting_spares if values["spare"] else self._waiting).popleft()
            # The caller may have given up; its end of the pair is closed, which ends the worker.
            if not forked.done():
                forked.set_result(values["pid"])
        else:
            self._on_note(kind, values)

    async def _receive(self, loop: asyncio.AbstractEventLoop) -> bytes:
        try:
            return await loop.sock_recv(self._socket, 1 << 16)
        except ConnectionError:
            return b""


def how_it_ended(status: int) -> str:
    """Describe a status of ``os.waitpid``: ``"was killed by SIGKILL"`` or ``"exited with code 3"``."""
    return in_words(os.waitstatus_to_exitcode(status))


def in_words(code: int) -> str:
    """Describe an exit code, negative for a signal, as :func:`how_it_ended` does."""
    if code >= 0:
        return f"exited with code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        return f"was killed by signal {-code}"
    if name == "SIGKILL":
        # The kernel's out-of-memory killer sends SIGKILL.
        return "was killed by SIGKILL (perhaps because memory ran out)"
    return f"was killed by {name}"
