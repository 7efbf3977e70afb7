"""The front's end of the fork-server: start it, ask it for workers, report how they ended."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass

from ..forked import ForkServer
from ..layout import Layout
from ..libraries import stamp
from ..logwriter import Outputs
from ..messages import Kind, note
from ..options import WorkerOptions
from .control import Control, Ends, in_words, lines

_WORKER = "jupyter_deploy.serving.worker"


@dataclass(frozen=True)
class Spare:
    """A worker that was forked ahead of its generation and waits for what to run."""

    pid: int
    ends: Ends  # the lines to it
    modules: tuple[str, ...]  # what it was known to need then


class _Forked:
    """A fork-server that was forked from this process, as asyncio shows one that it has started."""

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def kill(self) -> None:
        # It is this process's child, so its pid is its own until it is waited for.
        os.kill(self.pid, signal.SIGKILL)

    async def wait(self) -> int:
        return os.waitstatus_to_exitcode((await asyncio.to_thread(os.waitpid, self.pid, 0))[1])


class Spawner:
    """Starts workers, each on a socket pair of its own.

    ``on_exit`` gets a worker's pid and a text that says how it ended. ``method`` is ``"fork"``, ``"spawn"`` (a fresh
    interpreter for each), or empty for the platform's. ``forked`` is a fork-server that is there already.
    """

    def __init__(
        self, on_exit: Callable[[int, str], None], outputs: Outputs, method: str = "", forked: ForkServer | None = None
    ) -> None:
        self._forked = forked
        self._on_exit = on_exit
        self._outputs = outputs
        self.forks = (method or ("fork" if hasattr(os, "fork") else "spawn")) == "fork"
        self._process: asyncio.subprocess.Process | _Forked | None = None
        self._control: Control | None = None
        self._spare: Spare | None = None
        self._waits: set[asyncio.Task[None]] = set()
        self._lock = asyncio.Lock()
        self._libraries: tuple[int, ...] = ()

    async def prepare(self, layout: Layout) -> None:
        """Start a new fork-server if the present one has stale or unwanted imports for the next workers."""
        if (forked := self._forked) is not None:
            self._forked, self._process, self._libraries = None, _Forked(forked.pid), forked.libraries
            self._outputs.follow(forked.output, forked.pid)
            self._control = Control(forked.sock, self._on_exit)
        if self._control is not None and (layout.preload is None or self._libraries != stamp()):
            await self.close()

    async def spawn(self, layout: Layout, options: WorkerOptions) -> tuple[int, Ends]:
        """Start a worker; returns its pid, and the lines to it.

        Raises ConnectionError if the fork-server has died.
        """
        pid, ends = self._take_spare(layout) or await self._start(layout)
        start = note(Kind.START, layout=layout.as_dict(), options=options.as_dict())
        try:
            await asyncio.get_running_loop().sock_sendall(ends.sock, start)
        except ConnectionError:
            # A dead spare worker is handled like any other.
            ends.close()
            pid, ends = await self._start(layout)
            await asyncio.get_running_loop().sock_sendall(ends.sock, start)
        except BaseException:
            ends.close()
            raise
        return pid, ends

    def _take_spare(self, layout: Layout) -> tuple[int, Ends] | None:
        spare, self._spare = self._spare, None
        if spare is None:
            return None
        if spare.modules != layout.preload or self._control is None or self._control.lost:
            spare.ends.close()
            return None
        return spare.pid, spare.ends

    async def _start(self, layout: Layout) -> tuple[int, Ends]:
        if not self.forks:
            return await self._start_interpreter()
        async with self._lock:
            if self._control is None or self._control.lost:
                self._control = await self._start_fork_server()
        return await self._control.fork(layout.preload or ())

    async def get_ready(self, layout: Layout, modules: list[str]) -> None:
        """Import libraries before the next generation, and fork a worker for it.

        ``modules`` are those that a worker of the current generation has imported, in that order.
        """
        control = self._control
        if control is None or control.lost or layout.preload is None:
            return
        with contextlib.suppress(ConnectionError):
            await control.send(note(Kind.PRELOAD, modules=modules))
            pid, ends = await control.fork(spare=True)
            if self._spare is not None or control is not self._control:
                ends.close()
                return
            self._spare = Spare(pid, ends, layout.preload)

    async def close(self) -> None:
        """End the fork-server; workers that still run are not touched."""
        process, control, self._control, self._process = self._process, self._control, None, None
        spare, self._spare = self._spare, None
        if spare is not None:
            spare.ends.close()
        if control is not None:
            await control.close()
        if process is not None:
            # It runs no user code and holds nothing; it may be in the middle of a long import.
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def _start_fork_server(self) -> Control:
        if self._process is not None:
            await self.close()
        self._libraries = stamp()
        with lines() as (ends, theirs, writes):
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-u",
                "-m",
                f"{_WORKER}.forkserver",
                str(theirs.fileno()),
                pass_fds=[theirs.fileno()],
                stdin=asyncio.subprocess.DEVNULL,
                stdout=writes,
                stderr=writes,
            )
        self._outputs.follow(ends.output, self._process.pid)
        return Control(ends.sock, self._on_exit)

    async def _start_interpreter(self) -> tuple[int, Ends]:
        shares = sys.platform == "win32"
        with lines() as (ends, theirs, writes):
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-u",
                "-m",
                f"{_WORKER}.workerprocess",
                *(() if shares else (str(theirs.fileno()),)),
                pass_fds=() if shares else (theirs.fileno(),),
                stdin=asyncio.subprocess.PIPE,
                stdout=None if shares else writes,
                stderr=None if shares else writes,
            )
            assert process.stdin is not None
            if shares:
                share: Callable[[int], bytes] = theirs.share  # type: ignore[attr-defined,unused-ignore]
                process.stdin.write(base64.b64encode(share(process.pid)) + b"\n")
            process.stdin.close()
        task = asyncio.get_running_loop().create_task(self._wait(process))
        self._waits.add(task)
        task.add_done_callback(self._waits.discard)
        return process.pid, ends

    async def _wait(self, process: asyncio.subprocess.Process) -> None:
        code = await process.wait()
        self._on_exit(process.pid, in_words(code))
