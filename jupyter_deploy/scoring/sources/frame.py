"""Rows of a pandas data frame."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from blake3 import blake3

from ...errors import UsageProblem
from ...invoking import shaped
from ..kinds import Column, Kind
from .rows import Row, Scan

_CHUNK = 1_000
_RECORDS = {"format": "pandas.DataFrame:records"}


class Frame:
    """A data frame; columns are called by the text of their names, and the index is left out."""

    name = "a data frame"

    def __init__(self, frame: Any) -> None:
        names = [str(name) for name in frame.columns]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise UsageProblem(f"The data frame has several columns called {twice!r}.", hint="Rename them first.")
        self.frame = frame.set_axis(names, axis=1)

    def rows(self, kinds: Mapping[str, Kind], start: int = 0) -> Iterator[Row]:
        """Read rows; see :class:`.rows.Source`."""
        number = start
        for begin in range(start, len(self.frame), _CHUNK):
            for value in shaped(self.frame.iloc[begin : begin + _CHUNK], _RECORDS):
                number += 1
                yield Row(number, value)

    def scan(self, told: Callable[[int], None]) -> Scan:
        """Look at all rows once; see :class:`.rows.Source`."""
        frame = self.frame
        columns = {name: Column() for name in frame.columns}
        sample = None
        for row in self.rows({}):
            sample = row.value if sample is None else sample
            for name, value in row.value.items():
                columns[name].take(_plain(value))
        kinds = {name: column.kind for name, column in columns.items()}
        wide = frozenset(name for name, column in columns.items() if column.wide)
        size = int(frame.memory_usage().sum())
        return Scan(len(frame), self._digest(), size, tuple(kinds), kinds, wide, sample)

    def _digest(self) -> str:
        import pandas as pd

        total = blake3(repr((list(self.frame.columns), list(map(str, self.frame.dtypes)))).encode())
        for name in self.frame.columns:
            column = self.frame[name]
            try:
                total.update(pd.util.hash_pandas_object(column, index=False).to_numpy().tobytes())
            except TypeError:
                # Cells that cannot be hashed, such as lists.
                total.update(repr(column.tolist()).encode())
        return total.hexdigest()

    def check_unchanged(self) -> None:
        """Do nothing: the frame is only read."""


def _plain(value: Any) -> Any:
    """Return what a value becomes in a file: dates and the like become texts."""
    if hasattr(value, "item") and not getattr(value, "ndim", 0):
        value = value.item()
    if isinstance(value, (bool, int, float, str, list, dict, tuple)):
        return value
    return None if value is None or type(value).__name__ in {"NaTType", "NAType"} else str(value)
