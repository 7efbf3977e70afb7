"""A value that does not fit, with the place where it stands."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

_LONGEST = 80


@dataclasses.dataclass(frozen=True)
class Place:
    """Where a value stands in what was sent.

    Parameters
    ----------
    row : int or str, optional
        The row, from 0; or its label.
    column : object, optional
        The column's name or number.
    inner : tuple of int
        Below the second dimension of an array.
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

    Parameters
    ----------
    reason : str
        What is wrong, with the value in it.
    advice : str, optional
        What to send instead: a sentence.
    place : Place, optional
        Where it stands.
    """

    def __init__(self, reason: str, advice: str = "", place: Place | None = None) -> None:
        super().__init__(reason)
        self.reason, self.advice, self.place = reason, advice, place or Place()

    def at(self, **place: Any) -> Misfit:
        """Add to the place.

        Parameters
        ----------
        **place : object
            Fields of :class:`Place`.

        Returns
        -------
        Misfit
            A new one.
        """
        return Misfit(self.reason, self.advice, dataclasses.replace(self.place, **place))

    def __str__(self) -> str:
        where = str(self.place)
        return f"{where}: {self.reason}" if where else self.reason


def shown(value: Any) -> str:
    """Write a value as its client did, shortened.

    Parameters
    ----------
    value : object
        Decoded from JSON.

    Returns
    -------
    str
        JSON, of at most 80 characters.
    """
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        text = type(value).__name__
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
