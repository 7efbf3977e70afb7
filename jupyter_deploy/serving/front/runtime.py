"""One service at run time: the current generation of workers, its replacement, and the repair of single workers."""

from __future__ import annotations

import asyncio
import collections
import os
import time
from collections.abc import Callable, Mapping
from typing import Any

from ..answers import encode
from ..config import ServingConfig, with_settings
from ..failures import Failure
from ..layout import Layout
from ..logs import log
from ..logwriter import Outputs
from ..messages import Answer
from ..watcher import BACK_OFF, STEADY_SECONDS, Life
from .debugger import place_for
from .dispatch import Dispatcher
from .links import Job, ScriptFailed, Taker, WorkerLink
from .metrics import Metrics
from .probes import Probes
from .timeouts import Timeouts
from .whereabouts import whereabouts
from .workers import Generation, Workers

KEPT_FAILURES = 64
_OUT_OF_MEMORY = "OOMKilled"

_SETTLED_SECONDS = 0.1


class Runtime:
    """The heart of the front: everything but HTTP.

    ``on_switch`` is called with the generation that serves from now on. ``life`` says whether the front was started
    again.
    """

    def __init__(
        self, config: ServingConfig, outputs: Outputs, on_switch: Callable[[Generation], None], life: Life
    ) -> None:
        self.config = config
        self._on_switch = on_switch
        self._life = life
        self.metrics = Metrics(config.name)
        self.dispatcher = Dispatcher(config.queue_limit, self.metrics)
        self.current: Generation | None = None
        self.script: dict[str, Any] = {}
        self.known = asyncio.Event()
        self.broken = self.lately = ""
        self.failure: Failure | None = None
        self.failures: collections.OrderedDict[str, dict[str, Any]] = collections.OrderedDict()
        self.restarts = life.restarts
        self.started = time.time()
        how = (config.start_method, outputs, life.fork_server)
        self._workers = Workers(self.dispatcher, self._lost, self._leaving, *how)
        self._timeouts = Timeouts(self._limit, lambda: self._workers.links, self._expired, self._overdue)
        self._probes = Probes(lambda: self.current.links if self.current else (), lambda: self.on_state(False))
        self._quick_deaths = 0
        self._numbers = 0
        self._reload = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = self._aborted = False
        # Called when the state may be another one, with whether a reload made it so.
        self.on_state: Callable[[bool], None] = lambda _: None
        self._ending = asyncio.Event()

    def _limit(self) -> float:
        return self.config.scoring_timeout_ms / 1000

    async def load(
        self, layout: Layout | None = None, workers: int | None = None, settings: Mapping[str, Any] | None = None
    ) -> Generation:
        """Replace the current generation: the new one is ready before the old one gets its last request.

        By default, files, number of workers and settings are as before, the files as they are now. Raises
        :class:`ScriptFailed` if the new one cannot be loaded or initialised, or fails on the sample request; then the
        old one still serves.
        """
        async with self._reload:
            # "As before" means after the previous load, which this one may have waited for.
            current = self.current
            layout = layout or (current.layout if current else None)
            assert layout is not None
            count = workers or (current.workers if current else self.config.workers)
            config = with_settings(self.config, settings or {}, "settings")
            new = Generation(self._numbers + 1, layout, count, config)
            # Its processor belongs to the new workers now.
            self.dispatcher.quiet = True
            try:
                await self.dispatcher.debugger.use(config.debug_port, now=config.debug_wait, place=place_for(config))
                await self._started(new)
            except (ScriptFailed, ConnectionError) as error:
                self._not_taken(new, error)
                port = self.config.debug_port if current else 0
                await self.dispatcher.debugger.use(port, place=place_for(self.config))
                raise
            finally:
                self.dispatcher.quiet = False
            self._switch(new)
            return new

    async def _started(self, new: Generation) -> None:
        """Start its workers; given up if the service is about to end."""
        starting, ending = asyncio.ensure_future(self._workers.start(new)), asyncio.ensure_future(self._ending.wait())
        try:
            await asyncio.wait({starting, ending}, return_when=asyncio.FIRST_COMPLETED)
            if not starting.done():
                raise ConnectionError("the service is ending")
            await starting
        finally:
            ending.cancel()
            starting.cancel()
            await asyncio.gather(starting, ending, return_exceptions=True)

    def _not_taken(self, new: Generation, error: Exception) -> None:
        if isinstance(error, ScriptFailed):
            self.failure = error.failure
        self.metrics.reloads["failed"] += 1
        log.error("generation %d was not taken: %s", new.number, error)
        if self.current is not None:
            # The corrected script will find a warm process.
            self._background(self._workers.get_ready(self.current))

    def _switch(self, new: Generation) -> None:
        self._numbers, old, self.current = new.number, self.current, new
        self.config, self.script = new.config, new.links[0].script
        self._on_switch(new)
        self.known.set()
        self.dispatcher.limit, self.dispatcher.wait = new.config.queue_limit, new.config.queue_wait_ms / 1000
        self._probes.use(new.config)
        self.broken, self.lately, self.failure, self._quick_deaths = "", new.notice, None, 0
        if self._life.why and old is None:
            self.lately = f"{self._life.why} and was started again"
        self._timeouts.start()
        for link in old.links if old else ():
            self.dispatcher.retire(link)
        for link in new.links:
            self.dispatcher.add(link)
        if old is not None:
            self.metrics.reloads["succeeded"] += 1
            self._background(self._bury(old))
        log.info("generation %d serves, workers: %d, script: %s", new.number, new.workers, new.layout.label)
        self.on_state(old is not None)
        self._background(self._get_ready(new, _SETTLED_SECONDS if old is not None else 0.0))

    async def _get_ready(self, generation: Generation, seconds: float) -> None:
        """Prepare for the next generation once this one's first answers are out: a fork takes their processor."""
        await asyncio.sleep(seconds)
        if generation is self.current and not self._closing:
            await self._workers.get_ready(generation)

    async def _bury(self, old: Generation) -> None:
        if old.links:
            await asyncio.wait([link.closed for link in old.links])
        self._workers.hang_up(old)

    def _expired(self, link: WorkerLink) -> None:
        """Answer for a worker that is stuck and replace it; the script cannot prevent it."""
        message = f"Scoring timeout after {self.config.scoring_timeout_ms} ms"
        failure = {
            "stage": "run",
            "kind": "ScoringTimeout",
            "message": message,
            "label": self.current.layout.label if self.current else "",
        }
        self.metrics.timeouts += 1
        ids = ", ".join(job.request.id for job in link.begun())
        log.error("%s; worker %d is replaced; request %s; where it was:", message, link.pid, ids)
        known = Failure(**failure, line=0, text="", traceback=f"{message}. The log shows where the script was.")
        meta = {"failure": known.as_dict(), "failed": True}
        self.dispatcher.expire(link, Answer(0, 500, encode({"message": message}), meta=meta))
        self._workers.kill(link, telling_where=True)

    def _overdue(self, link: WorkerLink) -> None:
        log.warning("worker %d was told to end and did not; it is killed", link.pid)
        self._workers.kill(link)

    def _leaving(self, link: WorkerLink) -> None:
        generation = self.current
        if generation is not None and link in generation.links and not self._ending.is_set():
            log.warning("worker %d got SIGTERM; another takes its place", link.pid)
            self._background(self._relieve(link, generation))

    async def _relieve(self, link: WorkerLink, generation: Generation) -> None:
        generation.links.remove(link)
        await self._restart(generation, "was ended by SIGTERM")
        self.dispatcher.retire(link)

    def _lost(self, link: WorkerLink) -> None:
        if not self._closing:
            self._background(self._after_loss(link))

    async def _after_loss(self, link: WorkerLink) -> None:
        how = await self._workers.end_of(link)
        self._workers.forget(link)
        self.dispatcher.lost(link, how)
        if self._aborted:
            self.give_up_waiting()
            return
        generation = self.current
        if link.stopping or generation is None or link not in generation.links:
            return
        if not link.expired:
            log.error("worker %d of generation %d %s", link.pid, link.generation, how)
        generation.links.remove(link)
        self.on_state(False)
        if link.expired or time.time() - link.since > STEADY_SECONDS:
            self._quick_deaths = 0
        await self._restart(generation, how)

    async def _restart(self, generation: Generation, how: str) -> None:
        """Bring a worker back, waiting longer each time, until it is replaced by a reload or given up."""
        while generation is self.current and not self._closing and not self._aborted:
            if self._quick_deaths >= self.config.max_restarts:
                self.broken = f"its workers keep dying; the last one {how}"
                log.error("given up after %d restarts: %s", self._quick_deaths, self.broken)
                self.on_state(False)
                self.dispatcher.refuse_waiting(f"The service has failed: {self.broken}.")
                return
            await asyncio.sleep(BACK_OFF[min(self._quick_deaths, len(BACK_OFF) - 1)])
            self._quick_deaths += 1
            self.restarts += 1
            try:
                link = await self._workers.replace(generation)
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
            self.lately = f"a worker was restarted; it {how}" if _OUT_OF_MEMORY in how else ""
            log.info("worker %d replaces it", link.pid)
            self.on_state(False)
            return

    def _background(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def submit(
        self, name: str, body: bytes, meta: Callable[[], dict[str, Any]], take: Taker, *, told: bool = False
    ) -> Job:
        """Queue a request for the script; ``take`` gets its answer, or None if the job is dropped.

        Under its id ``name`` a failure can be looked up. ``meta`` makes the rest of the request, for a script that
        uses it, or where the worker is ``told`` anyway.
        """
        job = self.dispatcher.submit(name, body, meta, take, told=told)
        if self.broken:
            self.dispatcher.refuse_waiting(f"The service has failed: {self.broken}.")
        return job

    def give_up_loading(self) -> None:
        """Stop the present load and refuse later ones: the service is about to end."""
        self._ending.set()

    def give_up_waiting(self) -> None:
        """Refuse the requests that wait for a script that will not come."""
        self.known.set()
        self.dispatcher.refuse_waiting("The service is shutting down.")

    def note(self, name: str, answer: Answer) -> None:
        """Count an answer from a job, and keep why it failed, under the request's id."""
        if answer.milliseconds >= 0:
            self.metrics.run.observe(answer.milliseconds / 1000)
        failure = answer.meta.get("failure") if answer.meta else None
        if failure:
            self.failures[name] = failure
            while len(self.failures) > KEPT_FAILURES:
                self.failures.popitem(last=False)

    def bundles(self) -> list[str]:
        """List the folders of the bundles that workers still use, those of old generations that finish among them."""
        return sorted({link.bundle for link in self._workers.links if link.bundle})

    def worker_pids(self) -> list[int]:
        """List the workers of the current generation."""
        return [link.pid for link in self.current.links] if self.current else []

    def abort(self) -> None:
        """Kill the workers at once; requests that wait are given up."""
        self._aborted = True
        self.give_up_waiting()
        for link in list(self._workers.links):
            self._workers.kill(link)

    @property
    def ending(self) -> bool:
        """Whether the service is about to end."""
        return self._closing or self._ending.is_set()

    @property
    def ready(self) -> bool:
        """Whether a worker could answer now."""
        return self.current is not None and bool(self.current.links) and not self.broken

    @property
    def stuck(self) -> str:
        """Why none of its workers gets on, by the probes that the settings ask for; empty if one does."""
        return self._probes.reason

    @property
    def mode(self) -> str:
        """How ``run()`` is called: ``"plain"``, ``"schema"``, ``"raw"``; empty before it is known."""
        found: str = self.script.get("mode", "")
        return found

    def gauges(self) -> dict[str, float]:
        """Return the present values for :meth:`Metrics.text`."""
        return {
            "in_flight": self.dispatcher.in_flight,
            "waiting": self.dispatcher.waiting,
            "generation": self._numbers,
            "restarts": self.restarts,
            "workers": len(self.worker_pids()),
        }

    def condition(self) -> tuple[str, str]:
        """Return state and reason in the words of Azure ML's services."""
        if self.broken:
            return "Failed", self.broken
        if self.current is None:
            return "Transitioning", "the script is being loaded"
        if not self.current.links:
            return "Unhealthy", "no worker is up; one is being restarted"
        if self.stuck:
            return "Unhealthy", self.stuck
        return "Healthy", self.lately

    def facts(self) -> dict[str, Any]:
        """Return state and reason, generation, workers, counts."""
        state, reason = self.condition()
        return {
            "name": self.config.name,
            "state": state,
            "reason": reason,
            "generation": self._numbers,
            "app_root": self.current.layout.app_root if self.current else "",
            "workers": self.worker_pids(),
            "restarts": self.restarts,
            "requests": self.dispatcher.served,
            "waiting": self.dispatcher.waiting,
            "recent": self.metrics.traffic.facts(time.perf_counter()),
            "mode": self.mode,
            "init_seconds": self.current.links[0].init_seconds if self.current and self.current.links else 0.0,
            "started": self.started,
            "pid": os.getpid(),
            "failure": self.failure.as_dict() if self.failure else None,
        }

    async def doing(self) -> list[dict[str, Any]]:
        """Return what the workers are doing; the line of each goes to the log, too."""
        return await whereabouts(self._workers.links, self.current.layout if self.current else None)

    async def close(self) -> None:
        """End the workers after what they hold, then the fork-server."""
        self._closing = True
        self._timeouts.stop()
        self._probes.stop()
        self.dispatcher.debugger.close()
        self.give_up_waiting()
        links = self.current.links if self.current else []
        for link in links:
            link.stop()
        if links:
            _, late = await asyncio.wait([link.closed for link in links], timeout=5.0)
            for link in links if late else ():
                self._workers.kill(link)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self.current is not None:
            self._workers.hang_up(self.current)
        await self._workers.close()
