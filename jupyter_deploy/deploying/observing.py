"""What two versions did since a step of a rollout began, from what their instances collected and the router counted."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..endpoints import Observed, Plan, Seen, columns, distance, drift, percentile, scalars
from ..routing import PoolNumbers
from ..serving.collection import REQUESTS, Tail
from .pairs import Agreement, Bounded, Key, Record, failed, key_of, seconds

_LATENCIES = 10_000
_VALUES = 2_000
_NOTED, _NOTED_PART = 500, 20
_SHOWN_SECONDS = 1.0
_TODO = 10_000
_HISTORY_SECONDS = 3600.0
# A copy that failed may have failed for the old version as well, whose record may come a moment later.
_PATIENCE_SECONDS = 1.0
# A request that has no answer for so long counts as slow where no limit is given.
_HANGS_SECONDS = 30.0
_GRACE_SECONDS = 1.0


@dataclass
class _Counts:
    """What was counted of one version in a step."""

    requests: int = 0
    errors: int = 0
    slow: int = 0
    crashed: int = 0  # all with a status of 500 or more, whatever the other version did
    latencies: deque[float] = field(default_factory=lambda: deque(maxlen=_LATENCIES))
    newest: deque[tuple[bool, bool]] = field(default_factory=deque)
    values: deque[Any] = field(default_factory=lambda: deque(maxlen=_VALUES))


class Observer:
    """Counts for one step after the other.

    Parameters
    ----------
    plan : Plan
        Limits and tolerance.
    folders : callable
        Given ``"old"`` or ``"new"``, returns the folders into which that version's instances collect.
    serves : mapping
        The bundle of each of both: what was collected of another one does not count.
    began : float
        When the rollout began, in seconds since the epoch.
    reference : mapping
        Columns with which inputs are compared; without any, those that the old version got before the rollout.
    """

    def __init__(
        self,
        plan: Plan,
        folders: Callable[[str], Iterable[Path]],
        serves: Mapping[str, str],
        began: float,
        reference: Mapping[str, Sequence[Any]],
    ) -> None:
        self._plan, self._folders, self._serves, self._began = plan, folders, serves, began
        self._tails: dict[tuple[str, Path], Tail] = {}
        self._reference: dict[str, list[Any]] = {key: list(values) for key, values in reference.items()}
        self._given = bool(reference)
        self._limit = (plan.max_p95 or _HANGS_SECONDS) + _GRACE_SECONDS
        self._captured = {"old": Bounded(), "new": Bounded()}
        self._waiting = {"old": Bounded(), "new": Bounded()}
        self.begin(began, PoolNumbers(), mirrors=True)

    def begin(self, now: float, numbers: PoolNumbers, *, mirrors: bool) -> None:
        """Begin a step: what was before it does not count in it."""
        self._since, self._mirrors = now, mirrors
        self._counts = {"old": _Counts(), "new": _Counts()}
        self._counts["new"].newest = deque(maxlen=self._plan.min_sample)
        self.agreement = Agreement(self._plan.tolerance, self._plan.min_sample)
        self._doubted: dict[Key, tuple[float, bool, bool]] = {}
        self._inputs: dict[str, deque[Any]] = {}
        self._noted = 0
        self._gaps: tuple[float | None, float | None] = (None, None)
        self._measured = 0.0
        self._first = self._before = numbers
        self._started: deque[tuple[float, int]] = deque()
        self.unreachable = 0
        self._paired: set[Key] = set()
        # Each step sends them again: they are the sample where few requests come.
        self._todo = {side: deque(known, maxlen=_TODO) for side, known in self._captured.items()}

    def read(self, now: float) -> None:
        """Read what was collected since the last time; the old version's first, which clients wait for."""
        for side in ("old", "new"):
            for folder in self._folders(side):
                tail = self._tails.setdefault((side, folder), Tail(folder, REQUESTS, self._began - _HISTORY_SECONDS))
                for record in tail.new():
                    if record.get("bundle") == self._serves[side]:
                        self._take(side, record)
        for key in [key for key, (since, *_) in self._doubted.items() if now - since > _PATIENCE_SECONDS]:
            self._blame(self._doubted.pop(key)[1:])

    def _take(self, side: str, record: Record) -> None:
        key = key_of(record)
        if isinstance(record.get("input"), str) and "input_size" not in record and record.get("method") is None:
            self._captured[side].put(key, record)
            self._todo[side].append(key)
        if record["time"] < self._began and side == "old" and not self._given:
            self._note_columns(self._reference, record)
        if record["time"] < self._since:
            return
        counts, bad, slow = self._counts[side], failed(record), self._is_slow(record)
        counts.requests += 1
        counts.crashed += record["status"] >= 500
        counts.latencies.append(seconds(record))
        other = self._waiting["old" if side == "new" else "new"].take(key)
        if other is None:
            self._waiting[side].put(key, record)
        if side == "old":
            counts.errors += bad
            counts.slow += slow
        else:
            self._note_columns(self._inputs, record)
            if other is None and self._mirrors and (record["status"] >= 400 or slow):
                self._doubted[key] = (record["time"] + seconds(record), bad, slow)
            elif other is None:
                self._blame((bad, slow))
        if other is not None:
            old, new = (record, other) if side == "old" else (other, record)
            self._pair(key, old, new, came_last=side)

    def _is_slow(self, record: Record) -> bool:
        return bool(self._plan.max_p95) and seconds(record) > self._plan.max_p95

    def _blame(self, what: tuple[bool, bool]) -> None:
        counts = self._counts["new"]
        counts.errors += what[0]
        counts.slow += what[1]
        counts.newest.append(what)

    def _pair(self, key: Key, old: Record, new: Record, *, came_last: str) -> None:
        """Compare two records of one request; what both versions did is held against neither."""
        self._paired.add(key)
        counts, doubted = self._counts["old"], self._doubted.pop(key, None)
        bad, slow = failed(new), self._is_slow(new)
        if old["time"] >= self._since:
            counts.errors -= bad and failed(old)
            counts.slow -= slow and self._is_slow(old)
        bad = (bad and not failed(old)) or (new["status"] >= 400 and old["status"] < 400)
        slow = slow and not self._is_slow(old)
        if came_last == "new" or doubted is not None:
            self._blame((bad, slow))
        if old["status"] < 400 and new["status"] < 400:
            self.agreement.compare(old, new)
            for side, record in (("old", old), ("new", new)):
                if isinstance(record.get("output"), str) and len(self._counts[side].values) < _VALUES:
                    self._counts[side].values.extend(scalars(record["output"]))

    def _note_columns(self, into: dict[str, Any], record: Record) -> None:
        self._noted += 1
        # Reading every body of a busy service would take more time than the service has.
        if isinstance(record.get("input"), str) and (self._noted < _NOTED or self._noted % _NOTED_PART == 0):
            for name, values in columns(record["input"]).items():
                held = into.setdefault(name, deque(maxlen=_VALUES) if into is self._inputs else [])
                if len(held) < _VALUES or into is self._inputs:
                    held.extend(values)

    def next_captured(self, source: str) -> Record | None:
        """Return the newest request that one version has answered and the other has not got in this step."""
        while self._todo[source]:
            key = self._todo[source].pop()
            record = self._captured[source].get(key)
            if record is not None and key not in self._paired:
                # For the other version's answer.
                self._waiting[source].put(key, record)
                return record
        return None

    def observed(self, now: float, numbers: PoolNumbers) -> Observed:
        """Return what was seen; ``numbers`` are the router's, of the new version."""
        old, new = self._counts["old"], self._counts["new"]
        # Those of the last look: what was collected of them has been read by now.
        before, self._before = self._before, numbers
        crashed = _since(before.failed, self._first.failed) + _since(before.mirror_failed, self._first.mirror_failed)
        unseen = max(0, crashed - new.crashed) + self.unreachable
        overdue = self._overdue(now, numbers)
        lately = list(new.newest)
        recent = Seen(len(lately), sum(bad for bad, _ in lately), sum(slow for _, slow in lately))
        elapsed = max(0.001, now - self._since)
        if now - self._measured > _SHOWN_SECONDS:
            self._measured = now
            self._gaps = distance(old.values, new.values), drift(self._reference, self._inputs)
        requests = new.requests + unseen + overdue
        return Observed(
            new=Seen(
                requests,
                new.errors + unseen,
                new.slow + overdue,
                new.requests / elapsed,
                percentile(new.latencies, 0.5),
                percentile([*new.latencies, *[self._limit] * overdue], 0.95),
            ),
            old=Seen(
                old.requests,
                old.errors,
                old.slow,
                old.requests / elapsed,
                percentile(old.latencies, 0.5),
                percentile(old.latencies, 0.95),
            ),
            recent=recent,
            compared=self.agreement.compared,
            different=self.agreement.different,
            recent_compared=len(self.agreement.newest),
            recent_different=sum(self.agreement.newest),
            incomparable=self.agreement.incomparable,
            doubtful=len(self._doubted),
            distance=self._gaps[0],
            drift=self._gaps[1],
            examples=tuple(self.agreement.examples),
        )

    def _overdue(self, now: float, numbers: PoolNumbers) -> int:
        """Return how many requests the router has sent so long ago that an answer should be there, and is not."""
        answered = numbers.requests + numbers.mirrored
        self._started.append((now, answered + numbers.active))
        while len(self._started) > 1 and now - self._started[1][0] > self._limit:
            self._started.popleft()
        at, sent = self._started[0]
        return max(0, min(sent - answered, numbers.active)) if now - at > self._limit else 0


def _since(now: int, first: int) -> int:
    # A router that was started again counts from 0.
    return now - first if now >= first else now
