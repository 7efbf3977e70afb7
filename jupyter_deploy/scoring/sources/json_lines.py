"""Rows of a file with a JSON value a line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from ...serving import decode
from ..kinds import Column, Kind
from .files import Watched, reading
from .rows import MOST_COLUMNS, Row, Scan

_TELL = 10_000


class JsonLines(Watched):
    """A file with a JSON value a line; an empty line is no row."""

    def rows(self, kinds: Mapping[str, Kind], start: int = 0) -> Iterator[Row]:
        """Read rows; see :class:`.rows.Source`."""
        number = 0
        with reading(self.path), self.path.open("rb") as file:
            for line in file:
                text = line.strip().removeprefix(b"\xef\xbb\xbf")
                if not text:
                    continue
                number += 1
                if number <= start:
                    continue
                try:
                    row = Row(number, decode(text))
                except (ValueError, RecursionError) as error:
                    row = Row(number, text.decode("utf-8", "replace"), f"the line is not JSON: {error}")
                yield row

    def scan(self, told: Callable[[int], None]) -> Scan:
        """Read all rows once; see :class:`.rows.Source`."""
        rows, sample, records = 0, None, True
        columns: dict[str, Column] = {}
        for row in self.rows({}):
            rows += 1
            if not row.problem:
                sample = row.value if sample is None else sample
                records = records and isinstance(row.value, dict) and len(columns) <= MOST_COLUMNS
                if records:
                    for name, value in row.value.items():
                        columns.setdefault(name, Column()).take(value)
            if rows % _TELL == 0:
                told(rows)
        kinds = {name: column.kind for name, column in columns.items()} if records else {}
        wide = frozenset(name for name in kinds if columns[name].wide)
        return Scan(rows, self.digest(), self.size, tuple(kinds) if kinds else None, kinds, wide, sample)
