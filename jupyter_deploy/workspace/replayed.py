"""How a collected request ended then and now, and where the answers differ."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ..invoking import Binary

_NOTHING = object()


@dataclass(frozen=True)
class Outcome:
    """How a request ended.

    Parameters
    ----------
    status : int
        The answer's; 0 where a script could not even be loaded.
    value : object
        The answer; None where it failed.
    error, details : str
        Why it failed, and the traceback on the cell's lines; empty where it did not.
    """

    by: str
    status: int
    value: Any = field(hash=False)
    seconds: float
    error: str = ""
    details: str = field(default="", repr=False)

    @property
    def failed(self) -> bool:
        """Whether the client got an error, or would have."""
        return not 200 <= self.status < 400

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        value = self.value.as_dict() if isinstance(self.value, Binary) else self.value
        return {**vars(self), "value": value}


@dataclass(frozen=True)
class Replayed:
    """A collected request, and how it ended then and now.

    Parameters
    ----------
    before_is_known : bool
        Whether the whole answer of then was kept; else there is nothing to compare with.
    differences : tuple of str
        Where the answers differ, one place a line; empty where they are the same.
    """

    service: str
    id: str
    input: Any = field(hash=False, repr=False)
    before: Outcome
    after: Outcome
    differences: tuple[str, ...]
    before_is_known: bool = True

    @property
    def same(self) -> bool:
        """Whether both ended alike."""
        return self.before_is_known and not self.differences

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        given = self.input.as_dict() if isinstance(self.input, Binary) else self.input
        both = {"before": self.before.as_dict(), "after": self.after.as_dict()}
        compared = {"same": self.same, "differences": list(self.differences)}
        return {"service": self.service, "id": self.id, "input": given, **both, **compared}


def differences(before: Any, after: Any, place: str = "") -> Iterator[str]:
    """Yield each place where two decoded answers differ, with both values, as ``[0].score: 0.9 → 0.8``."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in dict.fromkeys((*before, *after)):
            inner = f"{place}.{key}" if place else str(key)
            yield from _inner(before.get(key, _NOTHING), after.get(key, _NOTHING), inner)
    elif isinstance(before, list) and isinstance(after, list):
        for number in range(max(len(before), len(after))):
            both = [values[number] if number < len(values) else _NOTHING for values in (before, after)]
            yield from _inner(both[0], both[1], f"{place}[{number}]")
    elif type(before) is not type(after) or (before != after and not (before != before and after != after)):
        yield f"{place or 'answer'}: {_short(before)} → {_short(after)}"


def _inner(before: Any, after: Any, place: str) -> Iterator[str]:
    if before is _NOTHING or after is _NOTHING:
        yield f"{place}: {_short(before)} → {_short(after)}"
    else:
        yield from differences(before, after, place)


def _short(value: Any) -> str:
    if value is _NOTHING:
        return "nothing"
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:79]}…"
