"""Ask things how they are, each from time to time; one that hangs delays no other."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Generic, TypeVar

Row = TypeVar("Row")
Seen = TypeVar("Seen")
# How long a look waits for probes; what has not answered by then is waited for in its own thread.
_LOOK_SECONDS = 0.25


@dataclass
class _Watched(Generic[Row, Seen]):
    """One thing: its row, what was found out last, and the probe that is under way."""

    row: Row
    seen: Seen | None = None
    of: Row | None = None  # the row that it was found for
    due: float = 0.0
    asked: float = 0.0
    asked_of: Row | None = None
    probe: Future[Seen] | None = None


class Probes(Generic[Row, Seen]):
    """The things of one kind, by name. One thread looks, the pool's threads ask.

    Parameters
    ----------
    pool : ThreadPoolExecutor
        Where probes run.
    ask : callable
        Asks a thing how it is, by its row; must not raise.
    pause : callable
        Returns the seconds until the next probe, by what the last one found.
    silence : callable
        Returns what is shown of a thing that has not answered for some seconds, or None for what was seen before.
    holds : callable
        Returns what was seen of a thing where that needs no probe to be still true, or None. It runs in the thread that
        looks, so it must not wait for anything: a look at what is here costs a part of what a thread costs.
    """

    def __init__(
        self,
        pool: ThreadPoolExecutor,
        ask: Callable[[Row], Seen],
        pause: Callable[[Seen], float],
        silence: Callable[[float], Seen | None] = lambda _: None,
        holds: Callable[[Row], Seen | None] = lambda _: None,
    ) -> None:
        self._pool = pool
        self._ask = ask
        self._pause = pause
        self._silence = silence
        self._holds = holds
        self._watched: dict[str, _Watched[Row, Seen]] = {}

    def rows(self, found: Mapping[str, Row]) -> set[str]:
        """Take the rows of now; returns the names of those that are new, gone or different."""
        changed = {name for name in self._watched if name not in found}
        for name in changed:
            del self._watched[name]
        for name, row in found.items():
            known = self._watched.get(name)
            if known is None or known.row != row:
                changed.add(name)
                one: _Watched[Row, Seen] = _Watched(row) if known is None else known
                one.row, one.due = row, 0.0
                self._watched[name] = one
        return changed

    def begin(self) -> None:
        """Begin the probes that are due."""
        now = time.monotonic()
        for one in self._watched.values():
            if one.probe is not None or now < one.due:
                continue
            if one.seen is not None and one.of is one.row and (held := self._holds(one.row)) is not None:
                one.due = now + self._pause(held)
                continue
            one.asked, one.asked_of = now, one.row
            one.probe = self._pool.submit(self._ask, one.row)

    def wait(self, since: float) -> None:
        """Wait a little for those that have begun since then: one that hangs must not delay the others."""
        wait([one.probe for one in self._watched.values() if one.probe and one.asked >= since], _LOOK_SECONDS)

    def ended(self) -> Iterator[tuple[str, Seen | None, Seen]]:
        """Collect what was found out: the name, what was seen before, and now."""
        for name, one in self._watched.items():
            if one.probe is None:
                continue
            if one.probe.done():
                seen: Seen | None = one.probe.result()
                one.probe = None
                assert seen is not None
                # At once where the row has changed meanwhile.
                one.due = time.monotonic() + (self._pause(seen) if one.asked_of is one.row else 0.0)
            else:
                seen = self._silence(time.monotonic() - one.asked)
            if seen is not None:
                before, one.seen, one.of = one.seen, seen, one.asked_of
                yield name, before, seen

    def known(self, name: str, row: Row) -> Seen | None:
        """Return what was just found out; None if its row is not the one that is watched."""
        one = self._watched.get(name)
        return one.seen if one and one.of == row else None
