"""The worker processes of all generations: started, made ready, killed, and how they ended."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ..config import BATCH, ServingConfig
from ..failures import Failure
from ..forked import ForkServer
from ..layout import Layout
from ..logs import log
from ..logwriter import Outputs
from ..memory import explained, kills
from ..messages import Kind
from .control import Control
from .links import Owner, ScriptFailed, WorkerLink
from .spawner import Spawner
from .warming import asked, warm_up

KILL = getattr(signal, "SIGKILL", signal.SIGTERM)
DUMP = getattr(signal, "SIGUSR2", None)
_LAST_WORDS_SECONDS = 0.1


class Template:
    """A process that has run ``init()`` once and is copied for each worker."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.control: Control | None = None
        self.ready: asyncio.Future[list[str]] = asyncio.get_running_loop().create_future()
        self.threads = ""

    def heard(self, kind: Kind, values: dict[str, Any]) -> None:
        """Take its one answer, READY or FAILED."""
        if kind is Kind.READY and not self.ready.done():
            self.threads = values["threads"]
            self.ready.set_result(values["modules"])
        elif kind is Kind.FAILED and not self.ready.done():
            self.ready.set_exception(ScriptFailed(Failure(**values)))


@dataclass
class Generation:
    """The workers that run one version of code and models."""

    number: int
    layout: Layout
    workers: int
    config: ServingConfig
    links: list[WorkerLink] = field(default_factory=list)
    modules: list[str] = field(default_factory=list)
    template: Template | None = None
    notice: str = ""

    def lacks_debugger(self) -> bool:
        """Whether the next worker is the one that a debugger attaches to."""
        return bool(self.config.debug_port) and not any(one.debugged and not one.lost for one in self.links)


class Workers:
    """Starts and ends workers.

    ``owner`` gets their answers. ``on_lost`` is called with each worker that is gone, ``on_leaving`` with one that
    got SIGTERM. ``start_method`` is as in :class:`ServingConfig`. ``forked`` is a fork-server that is there already.
    """

    def __init__(
        self,
        owner: Owner,
        on_lost: Callable[[WorkerLink], None],
        on_leaving: Callable[[WorkerLink], None],
        start_method: str,
        outputs: Outputs,
        forked: ForkServer | None = None,
    ) -> None:
        self.links: set[WorkerLink] = set()
        self._owner = owner
        self._on_lost, self._on_leaving = on_lost, on_leaving
        self._ends: dict[int, asyncio.Future[str]] = {}
        self._kills = kills()
        self._outputs = outputs
        self._spawner = Spawner(self._exited, outputs, start_method, forked)

    async def start(self, generation: Generation) -> None:
        """Start a generation's workers and wait until all are ready and one has answered the sample.

        If one of them fails, all are ended.

        Raises
        ------
        ScriptFailed
            If the script cannot be loaded, initialised, or answer the sample.
        ConnectionError
            If a worker died before.
        """
        try:
            await self._spawner.prepare(generation.layout)
            for _ in range(generation.workers):
                generation.links.append(await self._spawn(generation))
            for link in generation.links:
                await self._until_ready(link, generation)
            if generation.config.sample:
                await self._try_sample(generation)
            elif generation.config.warm_up:
                await asyncio.gather(*(warm_up(link, generation.config) for link in generation.links))
            for link in generation.links:
                # One may have died while the others were still in their init().
                await self._until_ready(link, generation)
            generation.modules = generation.modules or generation.links[0].modules
        except BaseException:
            self._abandon(generation)
            raise

    async def replace(self, generation: Generation) -> WorkerLink:
        """Start one more worker of the current generation, and return it when it is ready."""
        link = await self._spawn(generation)
        await self._until_ready(link, generation)
        return link

    async def get_ready(self, generation: Generation) -> None:
        """Prepare for the next generation."""
        await self._spawner.get_ready(generation.layout, generation.modules)

    async def _spawn(self, generation: Generation) -> WorkerLink:
        template, debugged = await self._template(generation) if self._copies(generation) else None, False
        if template is not None and template.control is not None:
            pid, ends = await template.control.fork()
        else:
            debugged = generation.lacks_debugger()
            options = generation.config.options(0, debugged=debugged)
            pid, ends = await self._spawner.spawn(generation.layout, options)
        self._ends.setdefault(pid, asyncio.get_running_loop().create_future())
        bundle = generation.layout.bundle
        link = WorkerLink(pid, generation.number, bundle, self._owner, self._was_lost, self._on_leaving)
        link.debugged = debugged
        self.links.add(link)
        if sys.platform != "win32":
            link.output = self._outputs.follow(ends.output, pid, link.ids, generation.layout.told)
        await link.open(ends.sock)
        return link

    def _copies(self, generation: Generation) -> bool:
        return (
            generation.config.preload
            and not generation.config.debug_port
            and self._spawner.forks
            and not generation.notice
        )

    async def _template(self, generation: Generation) -> Template | None:
        """Return the process to copy workers from; None if copies of it would hang."""
        template = generation.template
        if template is None or template.control is None or template.control.lost:
            pid, ends = await self._spawner.spawn(generation.layout, generation.config.options(generation.workers))
            template = generation.template = Template(pid)
            self._outputs.follow(ends.output, pid)
            template.control = Control(
                ends.sock, self._exited, template.heard, "the process that workers are copied from"
            )
            self._ends.setdefault(pid, asyncio.get_running_loop().create_future())
        assert template.control is not None
        first: set[asyncio.Future[Any]] = {template.ready, template.control.ended}
        limit = generation.config.init_timeout_ms / 1000
        done, _ = await asyncio.wait(first, timeout=limit, return_when=asyncio.FIRST_COMPLETED)
        if not done:
            await self._dump(template.pid)
            raise ScriptFailed(_too_slow(generation))
        if not template.ready.done():
            raise ConnectionError(f"the worker {await self._how(template.pid)} before it was ready")
        generation.modules = template.ready.result()
        if template.threads:
            generation.notice = f"preload is off: init() leaves {template.threads}, and a copy would hang without them"
            log.warning("%s; each worker calls init() itself", generation.notice)
            self.hang_up(generation)
            # The script's imports are known now: once for all workers.
            await self._spawner.get_ready(generation.layout, generation.modules)
            return None
        return template

    async def _until_ready(self, link: WorkerLink, generation: Generation) -> None:
        limit: float | None = max(generation.config.init_timeout_ms / 1000 - (time.time() - link.since), 0.0)
        if link.debugged and generation.config.debug_wait:
            limit = None
        if not link.ready.done() and not (await asyncio.wait([link.ready], timeout=limit))[0]:
            await self._dump(link.pid)
            raise ScriptFailed(_too_slow(generation))
        try:
            await link.ready
        except ConnectionError:
            raise ConnectionError(f"the worker {await self.end_of(link)} before it was ready") from None
        if link.lost:
            raise ConnectionError(f"the worker {await self.end_of(link)} as soon as it was ready")
        link.room = (generation.config.max_batch or BATCH) if link.batches else 1

    async def _try_sample(self, generation: Generation) -> None:
        link = generation.links[0]
        limit = generation.config.scoring_timeout_ms / 1000
        job = await asked(link, generation.config.sample.encode(), limit)
        if job.answer is None:
            what = f"run() {await self.end_of(link)}" if link.lost else f"run() took more than {limit:g} s"
            raise ScriptFailed(_sample_failure(generation.layout, f"{what} on the sample request"))
        link.on_trial = False
        answer = job.answer
        if answer.status >= 400:
            failure = answer.meta.get("failure")
            text = f"the sample request was answered {answer.status}: {answer.body.decode('utf-8', 'replace')[:500]}"
            raise ScriptFailed(Failure(**failure) if failure else _sample_failure(generation.layout, text))

    async def end_of(self, link: WorkerLink) -> str:
        """Wait until it is known how a lost worker ended, for example ``"was killed by SIGSEGV"``."""
        if not link.end:
            how = await self._how(link.pid)
            # Two callers may ask at once: the first one saw the count of kills go up.
            link.end = link.end or how
        return link.end

    async def _how(self, pid: int) -> str:
        end = self._ends.setdefault(pid, asyncio.get_running_loop().create_future())
        done, _ = await asyncio.wait([end], timeout=1.0)
        how = explained(end.result() if done else "ended", self._kills)
        self._kills = kills()
        return how

    def _abandon(self, generation: Generation) -> None:
        for link in generation.links:
            link.stopping = True
            self.kill(link)
            if link.ready.done() and not link.ready.cancelled():
                # Retrieve it, so that asyncio does not report it.
                link.ready.exception()
        if generation.template is not None:
            self._kill_pid(generation.template.pid)
            self.hang_up(generation)

    def hang_up(self, generation: Generation) -> None:
        """End the template of a generation whose workers are gone, or about to be."""
        template, generation.template = generation.template, None
        if template is not None and template.control is not None:
            template.control.hang_up()
            if template.ready.done() and not template.ready.cancelled():
                template.ready.exception()

    def kill(self, link: WorkerLink, *, telling_where: bool = False) -> None:
        """End a worker at once; with ``telling_where``, it first writes its line to the log."""
        if link.lost:
            return
        if telling_where and DUMP is not None:
            ask_where(link.pid)
            asyncio.get_running_loop().call_later(_LAST_WORDS_SECONDS, self.kill, link)
        else:
            self._kill_pid(link.pid)

    async def _dump(self, pid: int) -> None:
        """Have a process write its line to the log."""
        log.error("loading the script takes longer than init_timeout_ms; where it is:")
        ask_where(pid)
        await asyncio.sleep(_LAST_WORDS_SECONDS)

    @staticmethod
    def _kill_pid(pid: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, KILL)

    def _exited(self, pid: int, how: str) -> None:
        loop = asyncio.get_running_loop()
        end = self._ends.setdefault(pid, loop.create_future())
        if not end.done():
            end.set_result(how)
        for link in self.links:
            if link.pid == pid:
                # A process that the script forked may hold the socket open: read its last output, then end.
                loop.call_later(_LAST_WORDS_SECONDS, link.abort)

    def _was_lost(self, link: WorkerLink) -> None:
        self.links.discard(link)
        self._on_lost(link)

    def forget(self, link: WorkerLink) -> None:
        """Forget how a worker ended."""
        self._ends.pop(link.pid, None)

    async def close(self) -> None:
        """End the fork-server."""
        await self._spawner.close()


def ask_where(pid: int) -> None:
    """Have a worker write its line to its output."""
    if DUMP is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, DUMP)


def _too_slow(generation: Generation) -> Failure:
    message = f"init() took longer than {generation.config.init_timeout_ms / 1000:g} s (init_timeout_ms)"
    where = f"{message}. The log shows where the script was."
    return Failure("init", "InitTimeout", message, generation.layout.label, 0, "", where)


def _sample_failure(layout: Layout, text: str) -> Failure:
    return Failure("run", "SampleFailed", text, layout.label, 0, "", text)
