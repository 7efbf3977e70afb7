"""Verbs that take long: each runs in a process of its own, tells its stages, and can be cancelled like with Ctrl-C."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ..errors import NotFound, UsageProblem
from .acting import Request
from .answers import told

_KEPT, _AT_ONCE = 50, 8
_LAST_WORDS = 20
_END_SECONDS = 5.0
_IN_A_TERMINAL = "In a terminal: jupyter model --help"
# A line may hold the answer of a service.
_LINE_LIMIT = 64 << 20


@dataclass
class Job:
    """A verb that runs, or has run."""

    id: str
    request: Request
    began: float
    state: str = "running"  # "running", "done", "failed" or "cancelled"
    stage: str = ""
    fraction: float | None = None
    ended: float = 0.0
    outcome: dict[str, Any] = field(default_factory=dict)
    error: dict[str, Any] | None = None
    process: asyncio.subprocess.Process | None = None
    task: asyncio.Task[None] | None = None
    unwanted: bool = False  # it was cancelled, perhaps before its process ran

    def as_dict(self) -> dict[str, Any]:
        """Return what the panel shows; arguments are left out but for the name that it is about."""
        about = self.request.arguments
        subject = about.get("service") or about.get("name") or about.get("model") or about.get("script") or ""
        known = {"id": self.id, "verb": self.request.verb, "subject": subject, "state": self.state}
        when = {"began": self.began, "ended": self.ended}
        nothing: dict[str, Any] = {"value": None, "sentence": "", "text": "", "notes": []}
        step = {"stage": self.stage, "fraction": self.fraction}
        return {**known, **when, **step, **nothing, **self.outcome, "error": self.error}


class Jobs:
    """The jobs of this server; ``changed`` is called with a job's id, in the loop."""

    def __init__(self, changed: Callable[[str], None]) -> None:
        self._changed = changed
        self._jobs: dict[str, Job] = {}

    def start(self, request: Request) -> Job:
        """Begin a job, unless too many run."""
        if sum(job.state == "running" for job in self._jobs.values()) >= _AT_ONCE:
            raise UsageProblem(f"{_AT_ONCE} jobs are running already.", hint="Wait for one of them, or cancel it.")
        ended = [job.id for job in self._jobs.values() if job.state != "running"]
        for old in ended[: max(0, len(self._jobs) - _KEPT + 1)]:
            del self._jobs[old]
        job = Job(secrets.token_hex(8), request, time.time())
        self._jobs[job.id] = job
        job.task = asyncio.get_running_loop().create_task(self._run(job))
        return job

    def all(self) -> list[Job]:
        """Return the jobs, newest first."""
        return list(reversed(self._jobs.values()))

    def get(self, job_id: str) -> Job:
        """Return a job."""
        if job_id not in self._jobs:
            raise NotFound(f"There is no job {job_id[:40]!r}.", hint="A restarted server knows no earlier jobs.")
        return self._jobs[job_id]

    def cancel(self, job_id: str) -> Job:
        """Interrupt a job's process and what it has started, as Ctrl-C does; it ends in its own time."""
        job = self.get(job_id)
        job.unwanted = job.state == "running"
        if job.unwanted and job.process and job.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(job.process.pid, signal.SIGINT)
        return job

    async def end(self) -> None:
        """Interrupt all jobs and wait for them."""
        tasks = [job.task for job in self._jobs.values() if job.task and not job.task.done()]
        for job in self._jobs.values():
            self.cancel(job.id)
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=_END_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _run(self, job: Job) -> None:
        try:
            await self._run_process(job)
        except (OSError, ValueError) as error:
            # No process could be started, or its answer is too long.
            job.state = "failed"
            job.error = told("Ended", f"{job.request.verb} could not be run: {error}.", _IN_A_TERMINAL)
        finally:
            job.ended = time.time()
            self._changed(job.id)

    async def _run_process(self, job: Job) -> None:
        command = (sys.executable, "-m", f"{__package__}.child")
        pipe = asyncio.subprocess.PIPE
        # A group of its own: Ctrl-C in the server's terminal is not meant for it, and a cancel is for all of it.
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            limit=_LINE_LIMIT,
            cwd=job.request.root or None,
            start_new_session=True,
        )
        job.process = process
        if job.unwanted:
            self.cancel(job.id)
        assert process.stdin
        assert process.stdout
        assert process.stderr
        with contextlib.suppress(ConnectionError):
            process.stdin.write(json.dumps(job.request.as_dict()).encode())
            process.stdin.close()
        words = asyncio.get_running_loop().create_task(_last_words(process.stderr))
        async for line in process.stdout:
            self._hear(job, json.loads(line))
        code = await process.wait()
        last = await words
        if job.state == "running":
            job.state = "cancelled" if code in {-signal.SIGINT, 128 + signal.SIGINT} else "failed"
            if job.state == "failed":
                message = f"{job.request.verb} ended unexpectedly, with code {code}."
                job.error = told("Ended", message, "The lines are its last words.", last)

    def _hear(self, job: Job, line: dict[str, Any]) -> None:
        if "stage" in line:
            job.stage, job.fraction = line["stage"], line["fraction"]
        elif "outcome" in line:
            job.outcome, job.state = line["outcome"], "done"
        elif "error" in line:
            job.error, job.state = line["error"], "failed"
        elif "cancelled" in line:
            job.state = "cancelled"
        if job.state == "running":
            self._changed(job.id)


async def _last_words(stream: asyncio.StreamReader) -> list[str]:
    kept: list[str] = []
    async for line in stream:
        kept = [*kept, line.decode("utf-8", "replace").rstrip()][-_LAST_WORDS:]
    return kept
