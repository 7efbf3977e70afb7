"""A value that does not fit, with its place."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

_LONGEST = 80


@dataclasses.dataclass(frozen=True)
class Place:
    """The place of a value in what was sent.

    ``row`` counts from 0, or is the row's label; ``column`` is a name or number; ``inner`` has indexes below the
    second dimension of an array.
    """

    row: Any = None
    column: Any = None
    inner: tuple[int, ...] = ()

    def __str__(self) -> str:
        column = "" if self.column is None else f"column {self.column!r}"
        row = "" if self.row is None else f"row {self.row}"
        inner = "".join(f"[{index}]" for index in self.inner)
        return ", ".join(filter(None, (column, row, inner and f"place {inner}")))


class Misfit(ValueError):
    """A value cannot be converted without a loss.

    ``reason`` says what is wrong and shows the value, ``advice`` is a sentence that says what to send instead.
    """

    def __init__(self, reason: str, advice: str = "", place: Place | None = None) -> None:
        super().__init__(reason)
        self.reason, self.advice, self.place = reason, advice, place or Place()

    def at(self, **place: Any) -> Misfit:
        """Return a copy with more of the place: fields of :class:`Place`."""
        return Misfit(self.reason, self.advice, dataclasses.replace(self.place, **place))

    def __str__(self) -> str:
        where = str(self.place)
        return f"{where}: {self.reason}" if where else self.reason


def shown(value: Any) -> str:
    """Write a value as JSON, cut to 80 characters."""
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        text = type(value).__name__
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
