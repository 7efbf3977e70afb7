"""What the routes share: the workspace, threads, the feed and the jobs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from .hub import Hub
from .jobs import Jobs
from .looking import Overviews, info
from .opened import Opened

# Many that act may wait for a slow service or engine: what stops it must not wait for them.
_LOOKS, _ACTS = 8, 32
Found = TypeVar("Found")


class Sharing:
    """Looks that begin after each call; pages that ask at the same time share one."""

    def __init__(self, look: Callable[[], Awaitable[dict[str, Any]]]) -> None:
        self._look = look
        self._running: asyncio.Task[dict[str, Any]] | None = None
        self._waiting: asyncio.Task[dict[str, Any]] | None = None

    async def next(self) -> dict[str, Any]:
        """Return what the next look finds."""
        if self._waiting is None:
            self._waiting = asyncio.get_running_loop().create_task(self._after(self._running))
        return await asyncio.shield(self._waiting)

    async def _after(self, before: asyncio.Task[dict[str, Any]] | None) -> dict[str, Any]:
        if before is not None:
            await asyncio.wait([before])
        self._running, self._waiting = self._waiting, None
        return await self._look()


class Parts:
    """Made once for each server. Looking and acting have threads of their own: a slow request must not hide a state."""

    def __init__(self, version: str, root: str, emit: Callable[[dict[str, Any]], None]) -> None:
        self.version = version
        self.root = root
        self.opened = Opened()
        self.hub = Hub(self.opened, emit)
        self.jobs = Jobs(self.hub.tell_job)
        self._overviews = Overviews(self.hub.known, self.hub.known_endpoint)
        self._looks = ThreadPoolExecutor(_LOOKS, thread_name_prefix="jupyter-deploy-look")
        self._acts = ThreadPoolExecutor(_ACTS, thread_name_prefix="jupyter-deploy-act")
        self._all = Sharing(lambda: self.in_thread(self._gather))
        # An engine that hangs holds this up for seconds: many pages must not fill the threads with it.
        self._info = Sharing(lambda: self.in_thread(info, self.opened.get, version))

    def in_thread(self, work: Callable[..., Found], *arguments: Any) -> Awaitable[Found]:
        """Run what looks in a thread."""
        return asyncio.get_running_loop().run_in_executor(self._looks, work, *arguments)

    def in_acting_thread(self, work: Callable[[], Found]) -> Awaitable[Found]:
        """Run what acts in a thread."""
        return asyncio.get_running_loop().run_in_executor(self._acts, work)

    async def overview(self) -> dict[str, Any]:
        """Gather an overview that begins after this call."""
        return await self._all.next()

    async def info(self) -> dict[str, Any]:
        """Tell versions and problems."""
        return await self._info.next()

    def _gather(self) -> dict[str, Any]:
        workspace = self.opened.get()
        # The first look is what the feed compares with: what happens after it is told.
        self.hub.wait()
        return self._overviews.gather(workspace, self.hub.revision)

    async def end(self) -> None:
        """End the jobs, the feed and the threads."""
        await self.jobs.end()
        await asyncio.to_thread(self.hub.end)
        self._overviews.close()
        for pool in (self._looks, self._acts):
            pool.shutdown(wait=False, cancel_futures=True)
