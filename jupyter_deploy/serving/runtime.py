"""One service at run time: the current generation of workers, its replacement, and the repair of single workers."""

from __future__ import annotations

import asyncio
import collections
import contextlib
import os
import signal
import time
from dataclasses import dataclass
from typing import Any

from .config import ServingConfig
from .dispatch import Dispatcher
from .failures import Failure
from .layout import Layout
from .links import ScriptFailed, WorkerLink
from .logs import log
from .messages import Answer
from .spawner import Spawner

# Seconds to wait before the 1st, 2nd, … restart of a worker that keeps dying.
BACK_OFF = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
STEADY_SECONDS = 30.0
KEPT_FAILURES = 64
_LAST_WORDS_SECONDS = 0.1


@dataclass
class Generation:
    """The workers that run one version of code and models."""

    number: int
    layout: Layout
    workers: int
    links: list[WorkerLink]


class Runtime:
    """The heart of the front: everything but HTTP.

    Parameters
    ----------
    config : ServingConfig
        The server's settings.
    """

    def __init__(self, config: ServingConfig) -> None:
        self.config = config
        self.dispatcher = Dispatcher(config.queue_limit)
        self.current: Generation | None = None
        self.broken = ""
        self.failure: Failure | None = None
        self.failures: collections.OrderedDict[str, dict[str, Any]] = collections.OrderedDict()
        self.restarts = 0
        self.started = time.time()
        self._quick_deaths = 0
        self._numbers = 0
        self._ends: dict[int, asyncio.Future[str]] = {}
        self._spawner = Spawner(self._exited)
        self._links: set[WorkerLink] = set()
        self._reload = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = False

    async def load(self, layout: Layout, workers: int | None = None) -> Generation:
        """Replace the current generation: the new one is ready before the old one gets its last request.

        Parameters
        ----------
        layout : Layout
            The code and models to serve.
        workers : int, optional
            How many processes; as before by default.

        Returns
        -------
        Generation
            The new one. It serves from here on.

        Raises
        ------
        ScriptFailed
            If it cannot be loaded or initialised. The old generation still serves.
        """
        async with self._reload:
            count = workers or (self.current.workers if self.current else self.config.workers)
            new = Generation(self._numbers + 1, layout, count, [])
            try:
                await self._start(new)
            except ScriptFailed as failed:
                self.failure = failed.failure
                raise
            except ConnectionError as error:
                log.error("generation %d did not start: %s", new.number, error)
                raise
            self._numbers, old, self.current = new.number, self.current, new
            self.broken, self.failure, self._quick_deaths = "", None, 0
            for link in new.links:
                self.dispatcher.add(link)
            for link in old.links if old else ():
                self.dispatcher.retire(link)
            log.info("generation %d serves, workers: %d, script: %s", new.number, count, layout.label)
            self._background(self._spawner.preload(new.links[0].modules))
            return new

    async def _start(self, generation: Generation) -> None:
        try:
            await self._spawner.prepare(generation.layout)
            for _ in range(generation.workers):
                generation.links.append(await self._spawn(generation))
            for link in generation.links:
                await self._until_ready(link)
        except BaseException:
            self._abandon(generation)
            raise

    async def _spawn(self, generation: Generation) -> WorkerLink:
        pid, sock = await self._spawner.spawn(generation.layout)
        self._ends.setdefault(pid, asyncio.get_running_loop().create_future())
        link = WorkerLink(pid, generation.number, generation.layout.app_root, self.dispatcher.answered, self._lost)
        self._links.add(link)
        await link.open(sock)
        return link

    async def _until_ready(self, link: WorkerLink) -> None:
        try:
            await link.ready
        except ConnectionError:
            raise ConnectionError(f"the worker {await self._end_of(link)} before it was ready") from None

    async def _end_of(self, link: WorkerLink) -> str:
        end = self._ends.setdefault(link.pid, asyncio.get_running_loop().create_future())
        done, _ = await asyncio.wait([end], timeout=1.0)
        return end.result() if done else "ended"

    def _abandon(self, generation: Generation) -> None:
        for link in generation.links:
            link.stopping = True
            self._kill(link)
            if link.ready.done() and not link.ready.cancelled():
                # Seen, so that asyncio does not report it as forgotten.
                link.ready.exception()

    @staticmethod
    def _kill(link: WorkerLink) -> None:
        if not link.lost:
            with contextlib.suppress(ProcessLookupError):
                os.kill(link.pid, signal.SIGKILL)

    def _exited(self, pid: int, how: str) -> None:
        loop = asyncio.get_running_loop()
        end = self._ends.setdefault(pid, loop.create_future())
        if not end.done():
            end.set_result(how)
        for link in self._links:
            if link.pid == pid:
                # A process that the script forked may hold the socket open: what it said last is read, then it is over.
                loop.call_later(_LAST_WORDS_SECONDS, link.abort)

    def _lost(self, link: WorkerLink) -> None:
        self._links.discard(link)
        if not self._closing:
            self._background(self._after_loss(link))

    async def _after_loss(self, link: WorkerLink) -> None:
        how = await self._end_of(link)
        self._ends.pop(link.pid, None)
        self.dispatcher.lost(link, how)
        generation = self.current
        if link.stopping or generation is None or link not in generation.links:
            return
        log.error("worker %d of generation %d %s", link.pid, link.generation, how)
        generation.links.remove(link)
        if time.time() - link.since > STEADY_SECONDS:
            self._quick_deaths = 0
        await self._restart(generation, how)

    async def _restart(self, generation: Generation, how: str) -> None:
        """Bring a worker back, waiting longer each time, until it is replaced by a reload or given up."""
        while generation is self.current and not self._closing:
            if self._quick_deaths >= self.config.max_restarts:
                self.broken = f"its workers keep dying; the last one {how}"
                log.error("given up after %d restarts: %s", self._quick_deaths, self.broken)
                self.dispatcher.refuse_waiting(f"The service has failed: {self.broken}.")
                return
            await asyncio.sleep(BACK_OFF[min(self._quick_deaths, len(BACK_OFF) - 1)])
            self._quick_deaths += 1
            self.restarts += 1
            try:
                link = await self._spawn(generation)
                await self._until_ready(link)
            except ScriptFailed as failed:
                how, self.failure = failed.failure.summary, failed.failure
                continue
            except ConnectionError as error:
                how = str(error)
                continue
            if generation is not self.current:
                link.stop()
                return
            generation.links.append(link)
            self.dispatcher.add(link)
            log.info("worker %d replaces it", link.pid)
            return

    def _background(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def score(self, body: bytes, request_id: str) -> Answer:
        """Have the script answer one request.

        Parameters
        ----------
        body : bytes
            As the client sent it.
        request_id : str
            Under which a failure can be looked up.

        Returns
        -------
        Answer
            With the script's answer or the contract's error.

        Raises
        ------
        QueueFull
            If too many wait.
        """
        if self.broken:
            return Answer(0, 503, b'{"message":"The service has failed; see its log."}')
        answer = await self.dispatcher.submit(body, {"id": request_id})
        failure = answer.meta.get("failure")
        if failure:
            self.failures[request_id] = failure
            while len(self.failures) > KEPT_FAILURES:
                self.failures.popitem(last=False)
        return answer

    def app_roots(self) -> list[str]:
        """List the application folders that workers still use, those of old generations that finish among them.

        Returns
        -------
        list of str
            Absolute paths, sorted.
        """
        return sorted({link.app_root for link in self._links})

    def abort(self) -> None:
        """Kill the workers: whoever asked to stop does not want to wait for them."""
        for link in list(self._links):
            self._kill(link)

    @property
    def ready(self) -> bool:
        """Whether a worker could answer now."""
        return self.current is not None and bool(self.current.links) and not self.broken

    def facts(self) -> dict[str, Any]:
        """Tell how the service is.

        Returns
        -------
        dict
            State and reason in the words of Azure ML's services, generation, workers, counts.
        """
        if self.broken:
            state, reason = "Failed", self.broken
        elif self.current is None:
            state, reason = "Transitioning", "the script is being loaded"
        elif not self.current.links:
            state, reason = "Unhealthy", "no worker is up; one is being restarted"
        else:
            state, reason = "Healthy", ""
        return {
            "name": self.config.name,
            "state": state,
            "reason": reason,
            "generation": self._numbers,
            "app_root": self.current.layout.app_root if self.current else "",
            "workers": [link.pid for link in self.current.links] if self.current else [],
            "restarts": self.restarts,
            "requests": self.dispatcher.served,
            "waiting": self.dispatcher.waiting,
            "started": self.started,
            "failure": self.failure.as_dict() if self.failure else None,
        }

    async def close(self) -> None:
        """End the workers after what they hold, then the fork-server."""
        self._closing = True
        self.dispatcher.refuse_waiting("The service is shutting down.")
        links = self.current.links if self.current else []
        for link in links:
            link.stop()
        if links:
            _, late = await asyncio.wait([link.closed for link in links], timeout=5.0)
            for link in links if late else ():
                self._kill(link)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._spawner.close()
