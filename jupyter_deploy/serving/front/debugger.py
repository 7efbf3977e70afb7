"""Where a debugger attaches: one address that leads to the worker that listens, also after a reload."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

from ..config import ServingConfig
from ..failures import Failure
from ..logs import log
from ..relay import DEBUGGER_SOCKET
from .links import ScriptFailed, WorkerLink

_HOST = "127.0.0.1"
_AGAIN_SECONDS = 0.2
_CHUNK = 1 << 16


def place_for(config: ServingConfig) -> str:
    """Return the socket where a debugger attaches to a server in a container; empty outside of one."""
    return str(Path(config.state_folder) / DEBUGGER_SOCKET) if config.debug_local else ""


class Debugger:
    """Passes a debugger's connection on to the newest worker that listens."""

    def __init__(self) -> None:
        self.port, self._place = 0, ""
        self._server: asyncio.Server | None = None
        self._opening: asyncio.Task[None] | None = None
        self._links: list[WorkerLink] = []
        self._offered = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    async def use(self, port: int, *, now: bool = False, place: str = "") -> None:
        """Listen on a port, and no longer on another; 0 for none.

        Where the port is in use, it is tried again and again: the server before may have it still. With ``place``, that
        Unix socket stands for the port, which is another's.

        Raises
        ------
        ScriptFailed
            If it must be free ``now`` and is not.
        """
        if (port, place) == (self.port, self._place):
            return
        self.close()
        self.port, self._place = port, place
        if not port or await self._open():
            return
        if now:
            self.port = 0
            message = f"port {port} is in use, and the script waits for a debugger there"
            raise ScriptFailed(Failure("load", "DebuggerPort", message, "the debugger's port", 0, "", message))
        log.warning("port %d for a debugger is in use; it is taken once it is free", port)
        self._opening = asyncio.get_running_loop().create_task(self._keep_trying())

    async def _open(self) -> bool:
        with contextlib.suppress(OSError):
            if self._place:
                self._server = await asyncio.start_unix_server(self._connected, self._place)
            else:
                self._server = await asyncio.start_server(self._connected, _HOST, self.port)
            log.info("a debugger can attach to %s:%d", _HOST, self.port)
        return self._server is not None

    async def _keep_trying(self) -> None:
        while not await self._open():
            await asyncio.sleep(_AGAIN_SECONDS)

    def offer(self, link: WorkerLink) -> None:
        """Take a worker that listens."""
        self._links = [*(one for one in self._links if not one.lost), link]
        self._offered.set()

    async def _worker(self) -> WorkerLink:
        while True:
            found = next((link for link in reversed(self._links) if not link.lost), None)
            if found is not None:
                return found
            self._offered.clear()
            await self._offered.wait()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        with contextlib.closing(writer), contextlib.suppress(OSError):
            link = await self._worker()
            inner, outer = await asyncio.open_connection(_HOST, link.debug_port)
            link.held = True
            try:
                with contextlib.closing(outer):
                    await _either(_pass_on(reader, outer), _pass_on(inner, writer))
            finally:
                link.released()

    def close(self) -> None:
        """Listen no more, and end the connections."""
        if self._opening is not None:
            self._opening.cancel()
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        self._server, self._opening, self.port, self._place = None, None, 0, ""


async def _either(*ways: object) -> None:
    tasks = [asyncio.ensure_future(way) for way in ways]  # type: ignore[call-overload]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(_CHUNK):
        writer.write(data)
        await writer.drain()
