"""What the routes share: the workspace, threads, the feed and the jobs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from .hub import Hub
from .jobs import Jobs
from .looking import Overviews
from .opened import Opened

_LOOKS, _ACTS = 8, 8
Found = TypeVar("Found")


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
        self._running: asyncio.Task[dict[str, Any]] | None = None
        self._waiting: asyncio.Task[dict[str, Any]] | None = None

    def in_thread(self, work: Callable[..., Found], *arguments: Any) -> Awaitable[Found]:
        """Run what looks in a thread."""
        return asyncio.get_running_loop().run_in_executor(self._looks, work, *arguments)

    def in_acting_thread(self, work: Callable[[], Found]) -> Awaitable[Found]:
        """Run what acts in a thread."""
        return asyncio.get_running_loop().run_in_executor(self._acts, work)

    async def overview(self) -> dict[str, Any]:
        """Gather an overview that begins after this call; pages that ask at the same time share it."""
        if self._waiting is None:
            self._waiting = asyncio.get_running_loop().create_task(self._next(self._running))
        return await asyncio.shield(self._waiting)

    async def _next(self, before: asyncio.Task[dict[str, Any]] | None) -> dict[str, Any]:
        if before is not None:
            await asyncio.wait([before])
        self._running, self._waiting = self._waiting, None
        return await self.in_thread(self._gather)

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
