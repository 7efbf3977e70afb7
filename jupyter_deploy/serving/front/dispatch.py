"""Move requests to idle workers, and answers back. Everything here happens on the front's one event loop.

If a worker batches, all requests that wait when it becomes idle go to it in one frame. Otherwise it holds one request
and, as the only worker, the next few too, so that it need not wait for the front in between. Requests that it has not
begun when it dies or must be killed go back to the queue, and count as waiting all the time.
"""

from __future__ import annotations

import asyncio
import collections
import contextlib
import itertools
from collections.abc import Callable
from typing import Any

from ..answers import encode
from ..messages import Answer, Request, unpack_collected
from .debugger import Debugger
from .links import Job, Taker, WorkerLink
from .metrics import Metrics
from .processors import usable_processors

# How many requests the only worker holds if it does not batch: each read of several saves it system calls.
AHEAD = 8


class QueueFull(Exception):
    """More requests wait than the configuration allows, or no worker will ever serve them."""


class Dispatcher:
    """The queue of one server, of at most ``limit`` requests.

    Each waits for at most :attr:`wait` seconds; 0 is no limit.
    """

    def __init__(self, limit: int, metrics: Metrics) -> None:
        self.limit = limit
        self.wait = 0.0
        self._clock: asyncio.TimerHandle | None = None
        self.metrics = metrics
        self.served = 0
        # get_running_loop() costs a system call before Python 3.12.
        self._loop = asyncio.get_running_loop()
        self._numbers = itertools.count(1)
        self._queue: collections.deque[Job] = collections.deque()
        self._idle: collections.deque[WorkerLink] = collections.deque()
        self._links: set[WorkerLink] = set()
        self._ahead: WorkerLink | None = None
        self._due = False
        self._processors = usable_processors()
        self.quiet = False
        self.debugger = Debugger()
        # Takes a collection's name, the record, and the generation whose script gave it.
        self.on_collected: Callable[[str, bytes, int], None] = lambda *_: None

    @property
    def eager(self) -> bool:
        """Whether the front may poll for the only worker's next answer, a moment at a time."""
        return self._ahead is not None and not self.quiet and self._processors >= 2

    @property
    def in_flight(self) -> int:
        """How many requests workers hold."""
        return sum(len(link.jobs) for link in self._links)

    @property
    def waiting(self) -> int:
        """How many requests wait for a worker, or in one for their turn; those without a client do not count."""
        ahead = self._ahead
        if ahead is None or len(ahead.jobs) < 2:
            return len(self._queue)
        return len(self._queue) + sum(not job.done for job in itertools.islice(ahead.jobs, 1, None))

    def submit(
        self, name: str, body: bytes, meta: Callable[[], dict[str, Any]], take: Taker, *, told: bool = False
    ) -> Job:
        """Queue a request, whose answer ``take`` gets: :meth:`drop` the job when the client is gone.

        ``meta`` makes the rest of the request, for a script that uses it, or where the worker is ``told`` anyway.
        """
        loop = self._loop
        if self.waiting >= self.limit:
            raise QueueFull
        job = Job(Request(next(self._numbers), name, body), take, loop.time(), meta, told=told)
        self._queue.append(job)
        if self.wait and self._clock is None:
            self._clock = loop.call_later(self.wait, self._look)
        if not self._due and (self._idle or self._ahead):
            # Requests that arrive in the same turn of the loop go together.
            self._due = True
            loop.call_soon(self._pump)
        return job

    def _look(self) -> None:
        """Refuse what has waited too long; the next look is when the oldest of the rest will have."""
        self._clock, wait = None, self.wait
        if not wait:
            return
        now = self._loop.time()
        held = list(itertools.islice(self._ahead.jobs, 1, None)) if self._ahead is not None else []
        waiting = [job for job in (*held, *self._queue) if not job.done]
        for job in waiting:
            if now - job.since >= wait:
                self._refuse(job, f"The request waited for {wait * 1000:.0f} ms, which is as long as it may.")
        while self._queue and self._queue[0].done:
            # What is refused must not take a place in the queue.
            self._queue.popleft()
        left = [job.since for job in waiting if not job.done]
        if left:
            self._clock = self._loop.call_later(max(min(left) + wait - now, 0.0), self._look)

    def _refuse(self, job: Job, message: str) -> None:
        if job.link is not None:
            job.link.cancel(job)
        job.settle(Answer(job.request.number, 503, encode({"message": message})))

    def drop(self, job: Job) -> None:
        """Drop a request whose client is gone; what a worker has begun is not interrupted."""
        job.settle(None)
        if job.stream is not None and job.stream.complete is None:
            job.stream.left = True
        job.break_off()
        if job.link is not None:
            job.link.cancel(job)
        else:
            # A dropped request must not take a place in the queue.
            with contextlib.suppress(ValueError):
                self._queue.remove(job)

    def add(self, link: WorkerLink) -> None:
        """Give a ready and idle worker its first requests, or let it wait for some."""
        self._links.add(link)
        self._idle.append(link)
        self._pump()

    def retire(self, link: WorkerLink) -> None:
        """Give a worker of an old generation nothing more; it ends after what it holds."""
        self._forget(link)
        link.stop()

    def _forget(self, link: WorkerLink) -> None:
        self._links.discard(link)
        if link in self._idle:
            self._idle.remove(link)
        if self._ahead is link:
            self._ahead = None

    def answered(self, job: Job, answer: Answer) -> None:
        """Pass an answer on."""
        if not job.done:
            if job.link is not None:
                self.served += 1
                self.metrics.queue.observe(job.begun - job.since)
                if not job.link.batches:
                    self.metrics.batches.observe(1)
            job.settle(answer)

    def collected(self, link: WorkerLink, payload: bytes) -> None:
        """Pass on what the script gave to a collector."""
        self.on_collected(*unpack_collected(payload), link.generation)

    def listens(self, link: WorkerLink) -> None:
        """Let a debugger attach to a worker."""
        self.debugger.offer(link)

    def free(self, link: WorkerLink) -> None:
        """Reuse a worker that has answered all it was given, or all but one."""
        if link not in self._links:
            return
        if not link.jobs:
            if self._ahead is link:
                self._ahead = None
            if link not in self._idle:
                self._idle.append(link)
        self._pump()

    def expire(self, link: WorkerLink, answer: Answer) -> None:
        """Answer the requests that a stuck worker runs; those it has not begun go to another worker.

        Each gets ``answer`` with its own number.
        """
        self._forget(link)
        begun = link.begun()
        rest = [job for job in link.jobs if job not in begun]
        for job in rest:
            link.cancel(job)
        link.jobs = collections.deque(begun)
        for job in begun:
            job.break_off()
            self.answered(job, answer._replace(number=job.request.number))
        self._take_back(rest)

    def _take_back(self, jobs: list[Job]) -> None:
        for job in reversed(jobs):
            job.link = None
            self._queue.appendleft(job)
        self._pump()

    def lost(self, link: WorkerLink, reason: str) -> None:
        """Answer for a worker whose socket is closed.

        Only what it had begun fails, the rest waits for another worker.
        """
        self._forget(link)
        begun = link.begun()
        rest = [job for job in link.jobs if job not in begun]
        link.jobs.clear()
        for job in begun:
            job.break_off()
            if not job.done:
                body = encode({"message": f"The worker process ended while it ran this request: it {reason}."})
                self.answered(job, Answer(job.request.number, 502, body, meta={"lost": reason}))
        self._take_back(rest)

    def refuse_waiting(self, message: str) -> None:
        """Answer all waiting requests with 503."""
        while self._queue:
            job = self._queue.popleft()
            job.settle(Answer(job.request.number, 503, encode({"message": message})))

    def _pump(self) -> None:
        self._due = False
        while self._queue and self._idle:
            link = self._idle[0] if not self.debugger.port else self._debugged()
            jobs = self._next(link.room)
            if not jobs:
                return
            self._idle.remove(link)
            self._hand_over(link, jobs)
            if not link.batches and len(self._links) == 1:
                self._ahead = link
        ahead = self._ahead
        if ahead is not None and self._queue and 0 < len(ahead.jobs) <= AHEAD // 2:
            jobs = self._next(AHEAD - len(ahead.jobs))
            if jobs:
                self._hand_over(ahead, jobs)

    def _debugged(self) -> WorkerLink:
        """Return the worker that a debugger is attached to, so that its breakpoints are met; else the first one."""
        return next((link for link in self._idle if link.held), self._idle[0])

    def _next(self, most: int) -> list[Job]:
        jobs: list[Job] = []
        while self._queue and len(jobs) < most:
            job = self._queue[0]
            if job.done:
                self._queue.popleft()
                continue
            self._queue.popleft()
            jobs.append(job)
        return jobs

    def _hand_over(self, link: WorkerLink, jobs: list[Job]) -> None:
        for job in jobs:
            job.link = link
        if link.batches:
            self.metrics.batches.observe(len(jobs))
        link.send(jobs, self._loop.time())
