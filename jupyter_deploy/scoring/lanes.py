"""The engine ``threads``: several requests at once from this process, outcomes in the order of the rows."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Protocol

from .asking import Care, Outcome, RowScorer
from .http_asker import HttpAsker
from .plan import Plan
from .sources import Row

# Blocks that wait for an older one, for each that is being scored: so much is kept in memory.
_AHEAD = 4

Block = list[Row]


class Engine(Protocol):
    """Scores blocks of rows."""

    size: int  # rows a block

    def __enter__(self) -> Engine: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None: ...

    def outcomes(self, blocks: Iterator[Block]) -> Iterator[tuple[Block, list[Outcome]]]:
        """Yield the outcomes of each block, in the order of the blocks; only a few blocks are read ahead."""


class Lanes:
    """Threads, each with a connection of its own.

    ``asker`` makes what sends requests; it gets a function that says whether to stop.
    """

    def __init__(self, plan: Plan, concurrency: int, asker: Callable[[Callable[[], bool]], HttpAsker]) -> None:
        self.size = plan.size
        self._plan, self._concurrency, self._asker = plan, concurrency, asker
        self._stop = threading.Event()
        self._care = Care()
        self._own = threading.local()
        self._askers: list[HttpAsker] = []
        self._pool = ThreadPoolExecutor(concurrency, thread_name_prefix="jupyter_deploy score")

    def __enter__(self) -> Lanes:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stop.set()
        # A thread that waits for an answer would wait for minutes.
        for asker in list(self._askers):
            asker.abort()
        self._pool.shutdown(cancel_futures=True)
        for asker in self._askers:
            asker.close()

    def _score(self, block: Block) -> list[Outcome]:
        scorer: RowScorer | None = getattr(self._own, "scorer", None)
        if scorer is None:
            asker = self._asker(self._stop.is_set)
            self._askers.append(asker)
            scorer = self._own.scorer = RowScorer(self._plan, asker, self._stop.is_set, self._care)
        return scorer.score(block)

    def outcomes(self, blocks: Iterator[Block]) -> Iterator[tuple[Block, list[Outcome]]]:
        """Yield outcomes in order; see :class:`Engine`."""
        waiting: deque[tuple[Block, Future[list[Outcome]]]] = deque()
        for block in blocks:
            waiting.append((block, self._pool.submit(self._score, block)))
            if len(waiting) >= _AHEAD * self._concurrency:
                yield _first(waiting)
        while waiting:
            yield _first(waiting)


def _first(waiting: deque[tuple[Block, Future[list[Outcome]]]]) -> tuple[Block, list[Outcome]]:
    block, future = waiting[0]
    found = future.result()
    waiting.popleft()
    return block, found
