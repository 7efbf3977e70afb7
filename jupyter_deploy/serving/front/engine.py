"""uvicorn, embedded: signals are left to the server, connections are accepted and read within limits."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import socket
import ssl
import sys
from collections.abc import Iterator
from typing import Any

import uvicorn

from .acceptor import Acceptor
from .connection import Connection
from .handover import HandOver
from .http import HttpApplication
from .limits import Limits
from .requestids import RequestIds


class Engine(uvicorn.Server):
    """uvicorn without signal handlers, and with its own way to accept connections."""

    def __init__(self, config: uvicorn.Config, intake: Limits, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(config)
        self._intake = intake
        self._tls = tls

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept connections on bound and listening sockets (uvicorn's hook)."""
        if sys.platform == "win32":
            self.config.ssl = self._tls
            await super().startup(sockets)
            return
        await self.lifespan.startup()

        def protocol() -> Any:
            make: Any = self.config.http_protocol_class
            return make(config=self.config, server_state=self.server_state, app_state=self.lifespan.state)

        self._protocol = protocol
        self.servers: list[Any] = []
        for sock in sockets or ():
            self.accept(sock)
        self.started = True

    def accept(self, listener: socket.socket) -> Acceptor:
        """Accept connections on one more socket."""
        acceptor = Acceptor(listener, self._protocol, self._intake, self._tls)
        self.servers.append(acceptor)
        return acceptor

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End, and give up what takes longer than it may (uvicorn's hook)."""
        await super().shutdown(sockets)
        for connection in list(self.server_state.connections):
            if isinstance(connection, Connection):
                connection.give_up()
        await asyncio.sleep(0)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none (uvicorn's hook)."""
        yield


def configuration(
    application: HttpApplication,
    intake: Limits,
    hand_over: HandOver,
    *,
    headers: list[tuple[str, str]],
    backlog: int,
    drain: float,
) -> uvicorn.Config:
    """Configure the engine without logs, WebSockets and lifespan.

    ``headers`` are those of every answer; ``backlog`` counts connections that may wait to be accepted; ``drain`` is
    the seconds that requests in flight get when the server ends.
    """
    return uvicorn.Config(
        application,
        http=functools.partial(Connection, intake, RequestIds(), hand_over, application.short),  # type: ignore[arg-type]
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        headers=headers,
        backlog=backlog,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=int(drain),
    )
