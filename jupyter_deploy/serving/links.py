"""The front's end of one worker."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable
from typing import Any, cast

import orjson

from .failures import Failure
from .messages import Answer, FrameBuffer, Kind, Request, note, pack_requests, unpack_answers


class ScriptFailed(Exception):
    """The script of a new worker could not be loaded or initialised."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.summary)
        self.failure = failure


class WorkerLink(asyncio.Protocol):
    """One worker, from its fork to its end.

    Parameters
    ----------
    pid : int
        The worker's process.
    generation : int
        Which code it runs.
    app_root : str
        The folder that it runs in.
    on_answer : callable
        Called with this link and each answer.
    on_lost : callable
        Called with this link when the worker's end is closed.
    """

    def __init__(
        self,
        pid: int,
        generation: int,
        app_root: str,
        on_answer: Callable[[WorkerLink, Answer], None],
        on_lost: Callable[[WorkerLink], None],
    ) -> None:
        self.pid = pid
        self.generation = generation
        self.app_root = app_root
        self.busy: Request | None = None
        self.stopping = False
        self.lost = False
        self.modules: list[str] = []
        self.init_seconds = 0.0
        self.since = time.time()
        self._on_answer = on_answer
        self._on_lost = on_lost
        self._buffer = FrameBuffer()
        self._transport: asyncio.Transport | None = None
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def open(self, sock: socket.socket) -> None:
        """Start to listen to the worker.

        Parameters
        ----------
        sock : socket.socket
            The front's end of the pair, non-blocking.
        """
        await asyncio.get_running_loop().create_connection(lambda: self, sock=sock)

    def send(self, request: Request) -> None:
        """Hand the worker a request; it must be idle.

        Parameters
        ----------
        request : Request
            What it computes next.
        """
        assert self._transport is not None
        self.busy = request
        self._transport.write(pack_requests([request]))

    def stop(self) -> None:
        """Ask the worker to end once it has answered what it holds."""
        if not self.stopping and not self.lost and self._transport is not None:
            self.stopping = True
            self._transport.write(note(Kind.STOP))

    def abort(self) -> None:
        """Take the worker as lost, whoever still holds its end of the pair."""
        if not self.lost and self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note the transport (asyncio's hook).

        Parameters
        ----------
        transport : asyncio.BaseTransport
            The socket's.
        """
        # uvloop's transports are asyncio's by behaviour, not by class.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Take frames from the worker (asyncio's hook).

        Parameters
        ----------
        data : bytes
            Any part of the stream.
        """
        for kind, payload in self._buffer.feed(data):
            if kind is Kind.ANSWERS:
                for answer in unpack_answers(payload):
                    self.busy = None
                    self._on_answer(self, answer)
            elif kind is Kind.READY:
                values: dict[str, Any] = orjson.loads(payload)
                self.modules, self.init_seconds = values["modules"], values["seconds"]
                if not self.ready.done():
                    self.ready.set_result(None)
            elif kind is Kind.FAILED and not self.ready.done():
                self.ready.set_exception(ScriptFailed(Failure(**orjson.loads(payload))))

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the front that the worker is gone (asyncio's hook).

        Parameters
        ----------
        exc : Exception or None
            Why, where the socket says.
        """
        self.lost = True
        if not self.ready.done():
            self.ready.set_exception(ConnectionError("the worker ended before it was ready"))
        self.closed.set_result(None)
        self._on_lost(self)
