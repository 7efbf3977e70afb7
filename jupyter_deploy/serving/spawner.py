"""The front's end of the fork-server: start it, ask it for workers, hear how they ended."""

from __future__ import annotations

import asyncio
import collections
import contextlib
import os
import signal
import socket
import sys
from collections.abc import Callable

import orjson

from .layout import Layout
from .libraries import stamp
from .logs import log
from .messages import FrameBuffer, Kind, note


class Spawner:
    """Starts workers, each on a socket pair of its own.

    Parameters
    ----------
    on_exit : callable
        Called with a worker's pid and a text that says how it ended.
    """

    def __init__(self, on_exit: Callable[[int, str], None]) -> None:
        self._on_exit = on_exit
        self._process: asyncio.subprocess.Process | None = None
        self._control: socket.socket | None = None
        self._reader: asyncio.Task[None] | None = None
        self._waiting: collections.deque[asyncio.Future[int]] = collections.deque()
        self._lock = asyncio.Lock()
        self._libraries: tuple[int, ...] = ()

    async def prepare(self, layout: Layout) -> None:
        """Start a new fork-server where the warm one would serve stale or unwanted imports.

        Parameters
        ----------
        layout : Layout
            What the next workers run.
        """
        if self._control is not None and (layout.preload is None or self._libraries != stamp()):
            await self.close()

    async def spawn(self, layout: Layout) -> tuple[int, socket.socket]:
        """Fork a worker.

        Parameters
        ----------
        layout : Layout
            What it runs.

        Returns
        -------
        tuple of (int, socket.socket)
            Its pid, and the front's end of its socket pair.

        Raises
        ------
        ConnectionError
            If the fork-server died meanwhile.
        """
        async with self._lock:
            await self._ensure()
            assert self._control is not None
            ours, theirs = socket.socketpair()
            ours.setblocking(False)
            forked: asyncio.Future[int] = asyncio.get_running_loop().create_future()
            self._waiting.append(forked)
            try:
                with theirs:
                    await self._send(note(Kind.FORK, layout=layout.as_dict()), theirs)
                return await forked, ours
            except BaseException:
                ours.close()
                raise

    async def preload(self, modules: list[str]) -> None:
        """Import libraries ahead of the next generation; returns before they are imported.

        Parameters
        ----------
        modules : list of str
            In the order in which a worker imported them.
        """
        if self._control is not None:
            message = note(Kind.PRELOAD, modules=modules)
            async with self._lock:
                await asyncio.get_running_loop().sock_sendall(self._control, message)

    async def close(self) -> None:
        """End the fork-server; workers that still run are not touched."""
        process, control, self._control, self._process = self._process, self._control, None, None
        if self._reader is not None:
            self._reader.cancel()
            await asyncio.gather(self._reader, return_exceptions=True)
        if control is not None:
            control.close()
        if process is not None:
            # It runs no user code and holds nothing; it may be in the middle of a long import.
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def _send(self, message: bytes, descriptor: socket.socket) -> None:
        while self._control is not None:
            try:
                # A descriptor travels with a whole message or not at all, so asyncio's own sending does not do.
                socket.send_fds(self._control, [message], [descriptor.fileno()])
            except BlockingIOError:
                await asyncio.sleep(0.01)
            else:
                return
        raise ConnectionError("the fork-server ended")

    async def _ensure(self) -> None:
        if self._control is not None:
            return
        self._libraries = stamp()
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        with theirs:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-u",
                "-m",
                f"{__package__}.forkserver",
                str(theirs.fileno()),
                pass_fds=[theirs.fileno()],
                stdin=asyncio.subprocess.DEVNULL,
            )
        self._control = ours
        self._reader = asyncio.create_task(self._read(ours))

    async def _read(self, control: socket.socket) -> None:
        buffer = FrameBuffer()
        loop = asyncio.get_running_loop()
        try:
            while data := await self._receive(loop, control):
                for kind, payload in buffer.feed(data):
                    self._heard(kind, orjson.loads(payload))
        finally:
            if self._control is control:
                log.error("the fork-server ended; the next worker starts a new one")
                self._control = None
            control.close()
            while self._waiting:
                forked = self._waiting.popleft()
                if not forked.done():
                    forked.set_exception(ConnectionError("the fork-server ended"))

    def _heard(self, kind: Kind, values: dict[str, int]) -> None:
        if kind is Kind.EXITED:
            self._on_exit(values["pid"], how_it_ended(values["status"]))
            return
        forked = self._waiting.popleft()
        # Whoever asked may have given up; its end of the pair is closed, and the worker ends by that.
        if not forked.done():
            forked.set_result(values["pid"])

    @staticmethod
    async def _receive(loop: asyncio.AbstractEventLoop, control: socket.socket) -> bytes:
        try:
            return await loop.sock_recv(control, 1 << 16)
        except ConnectionError:
            return b""


def how_it_ended(status: int) -> str:
    """Put a wait status into words.

    Parameters
    ----------
    status : int
        As ``os.waitpid`` returns it.

    Returns
    -------
    str
        For example ``"was killed by SIGKILL"`` or ``"exited with code 3"``.
    """
    code = os.waitstatus_to_exitcode(status)
    if code >= 0:
        return f"exited with code {code}"
    try:
        return f"was killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"was killed by signal {-code}"
