"""From waiting requests to idle workers and back. Everything here happens on the front's one event loop."""

from __future__ import annotations

import asyncio
import collections
import itertools
from typing import Any

from .answers import encode
from .links import WorkerLink
from .messages import Answer, Request


class QueueFull(Exception):
    """More requests wait than the configuration allows, or nothing will ever serve them."""


class Dispatcher:
    """The queue of one server.

    Parameters
    ----------
    limit : int
        How many requests may wait.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.served = 0
        self._numbers = itertools.count(1)
        self._queue: collections.deque[tuple[Request, asyncio.Future[Answer]]] = collections.deque()
        self._running: dict[int, asyncio.Future[Answer]] = {}
        self._idle: collections.deque[WorkerLink] = collections.deque()

    @property
    def waiting(self) -> int:
        """How many requests wait for a worker."""
        return len(self._queue)

    def submit(self, body: bytes, meta: dict[str, Any]) -> asyncio.Future[Answer]:
        """Queue a request.

        Parameters
        ----------
        body : bytes
            As the client sent it.
        meta : dict
            For the worker.

        Returns
        -------
        asyncio.Future of Answer
            Cancel it when the client is gone: while it waits, that drops the request.

        Raises
        ------
        QueueFull
            At the limit.
        """
        if len(self._queue) >= self.limit:
            raise QueueFull
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._queue.append((Request(next(self._numbers), body, meta), future))
        self._pump()
        return future

    def add(self, link: WorkerLink) -> None:
        """Give a ready worker its first request, or let it wait for one.

        Parameters
        ----------
        link : WorkerLink
            Ready and idle.
        """
        self._idle.append(link)
        self._pump()

    def retire(self, link: WorkerLink) -> None:
        """Give a worker nothing more; it ends after what it holds.

        Parameters
        ----------
        link : WorkerLink
            Of an old generation.
        """
        if link in self._idle:
            self._idle.remove(link)
        link.stop()

    def answered(self, link: WorkerLink, answer: Answer) -> None:
        """Pass an answer on and reuse the worker.

        Parameters
        ----------
        link : WorkerLink
            Who answered.
        answer : Answer
            For the request of that number.
        """
        future = self._running.pop(answer.number, None)
        if future is not None and not future.done():
            future.set_result(answer)
        self.served += 1
        if not link.stopping:
            self.add(link)

    def lost(self, link: WorkerLink, reason: str) -> None:
        """Answer for a worker that is gone: only the request that it ran fails.

        Parameters
        ----------
        link : WorkerLink
            Its socket is closed.
        reason : str
            How it ended.
        """
        if link in self._idle:
            self._idle.remove(link)
        if link.busy is not None:
            future = self._running.pop(link.busy.number, None)
            if future is not None and not future.done():
                body = encode({"message": f"The worker process ended while it ran this request: it {reason}."})
                future.set_result(Answer(link.busy.number, 502, body, meta={"lost": reason}))

    def refuse_waiting(self, message: str) -> None:
        """Answer all waiting requests with 503.

        Parameters
        ----------
        message : str
            Why nothing will serve them.
        """
        while self._queue:
            request, future = self._queue.popleft()
            if not future.done():
                future.set_result(Answer(request.number, 503, encode({"message": message})))

    def _pump(self) -> None:
        while self._queue and self._idle:
            request, future = self._queue.popleft()
            if future.done():
                continue
            self._running[request.number] = future
            self._idle.popleft().send(request)
