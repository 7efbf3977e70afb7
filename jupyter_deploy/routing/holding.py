"""Requests of deployments that sleep: they are held until an instance runs, and then passed on to it unchanged."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import threading
from collections.abc import Callable
from pathlib import Path

from ..errors import DeployError
from ..files import owner_of

_LONGEST_HEAD = 1 << 20
_PIECE = 1 << 16
_HEALTHY = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 6\r\n\r\nasleep"
# Questions for health, of the router or of clients, start no instance.
_HEALTH = (b"GET / ", b"GET /-/ready ", b"GET /v2/health/")
_HEALTH_CHECKER = b"\r\nuser-agent: envoy/hc"

Address = tuple[str, int]


class Holding:
    """Listens on a Unix socket for each deployment that may sleep, in a thread of its own.

    Parameters
    ----------
    wake : callable
        Starts a deployment, and returns the address of an instance; it may block, and raises DeployError.
    """

    def __init__(self, wake: Callable[[str], Address]) -> None:
        self._wake = wake
        self._loop = asyncio.new_event_loop()
        self._servers: dict[str, asyncio.AbstractServer] = {}
        self._waking: dict[str, asyncio.Future[Address]] = {}
        threading.Thread(target=self._loop.run_forever, daemon=True).start()

    def listen(self, name: str, path: Path) -> None:
        """Hold what comes for a deployment, from now on."""
        if name not in self._servers:
            asyncio.run_coroutine_threadsafe(self._listen(name, path), self._loop).result()

    async def _listen(self, name: str, path: Path) -> None:
        # That of a process before would keep this one from binding.
        path.unlink(missing_ok=True)

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                await self._serve(name, reader, writer)
            writer.close()

        server = await asyncio.start_unix_server(serve, path, limit=_LONGEST_HEAD, backlog=1024)
        path.chmod(0o600)
        if owner := owner_of(path.parent):
            # A router in a container is not the user that this process is.
            os.lchown(path, *owner)
        self._servers[name] = server

    async def _serve(self, name: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            if not (head.startswith(_HEALTH) or _HEALTH_CHECKER in head.lower()):
                break
            writer.write(_HEALTHY)
            await writer.drain()
        try:
            host, port = await self._address(name)
        except DeployError as error:
            body = json.dumps({"message": f"The deployment could not be started: {error.message}"}).encode()
            start = "HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\ncontent-type: application/json\r\n"
            writer.write(f"{start}content-length: {len(body)}\r\n\r\n".encode() + body)
            await writer.drain()
            return
        answers, requests = await asyncio.open_connection(host, port, limit=_LONGEST_HEAD)
        try:
            requests.write(head)
            there = asyncio.create_task(_pass_on(reader, requests))
            back = asyncio.create_task(_pass_on(answers, writer))
            await asyncio.wait({there, back}, return_when=asyncio.FIRST_COMPLETED)
            # If the router has closed, no client waits for the rest; if the instance has, there is none.
            for one in (there, back):
                one.cancel()
        finally:
            requests.close()

    async def _address(self, name: str) -> Address:
        """Wake a deployment once for all the requests that wait for it."""
        waking = self._waking.get(name)
        if waking is None:
            waking = self._waking[name] = self._loop.run_in_executor(None, self._wake, name)
            waking.add_done_callback(lambda _: self._waking.pop(name, None))
        return await asyncio.shield(waking)


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while piece := await reader.read(_PIECE):
            writer.write(piece)
            await writer.drain()
