"""Answers of two versions to the same request, found by its id in what both collected."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Mapping
from typing import Any

from ..endpoints import agree_as_sent
from ..serving.collection import body_of

Record = Mapping[str, Any]
Key = tuple[str, int]
# What one side may hold that the other has not answered yet.
_MOST, _MOST_BYTES = 50_000, 64 << 20
_EXAMPLES = 3
# The front's own refusals of a request that it would take later.
_BUSY = {408, 429}


def key_of(record: Record) -> Key:
    """Return what both versions' records of one request have in common; a client may use an id again."""
    return str(record["id"]), hash((record.get("path", ""), record.get("query", ""), str(record.get("input"))))


def failed(record: Record) -> bool:
    """Whether a version failed at a request that may have been good."""
    return record["status"] >= 500 or record["status"] in _BUSY


def seconds(record: Record) -> float:
    """Return how long a request took."""
    return float(record["us"]) / 1e6


class Bounded(OrderedDict[Key, Record]):
    """Records by their keys; the oldest go when they are too many or too large."""

    def __init__(self) -> None:
        super().__init__()
        self._bytes = 0

    def put(self, key: Key, record: Record) -> None:
        """Keep a record."""
        self.take(key)
        self[key] = record
        self._bytes += _size(record)
        while self and (len(self) > _MOST or self._bytes > _MOST_BYTES):
            self._bytes -= _size(self.popitem(last=False)[1])

    def take(self, key: Key) -> Record | None:
        """Remove and return a record, if it is there."""
        found = self.pop(key, None)
        self._bytes -= _size(found) if found else 0
        return found


def _size(record: Record) -> int:
    return 200 + len(str(record.get("input", ""))) + len(str(record.get("output", "")))


class Agreement:
    """Compares pairs, and counts."""

    def __init__(self, tolerance: float, sample: int) -> None:
        self._tolerance = tolerance
        self.compared = self.different = self.incomparable = 0
        self.newest: deque[bool] = deque(maxlen=sample)
        self.examples: deque[str] = deque(maxlen=_EXAMPLES)

    def compare(self, old: Record, new: Record) -> bool:
        """Compare two good answers, and return whether they are the same as far as that is known."""
        if "output" not in old or "output" not in new:
            self.incomparable += 1
            return True
        if "output_size" in old or "output_size" in new:
            # Only their beginnings were kept.
            same = old["output"] == new["output"] and old.get("output_size") == new.get("output_size")
            if same:
                self.incomparable += 1
                return True
        else:
            same = _agree(old, new, self._tolerance)
        self.compared += 1
        self.different += not same
        self.newest.append(not same)
        if not same:
            self.examples.append(str(new["id"]))
        return same


def _agree(old: Record, new: Record, tolerance: float) -> bool:
    one, other = old["output"], new["output"]
    if isinstance(one, str) and isinstance(other, str):
        return agree_as_sent(one, other, tolerance)
    return body_of(old, "output") == body_of(new, "output")
