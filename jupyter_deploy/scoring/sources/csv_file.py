"""Rows of a CSV file, read as a stream; its cells are texts."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ...errors import UsageProblem
from ..kinds import Column, Kind, Misread, reader
from .files import Watched, reading
from .rows import Row, Scan

_LONGEST_CELL = 1 << 30
_TELL = 10_000


class CsvFile(Watched):
    """A CSV file with a header; ``.tsv`` has tabs. An empty cell is a missing value, and an empty line is no row."""

    def _lines(self) -> Iterator[list[str]]:
        # A text of any length may be in a cell; the limit is the process's.
        if csv.field_size_limit() < _LONGEST_CELL:
            csv.field_size_limit(_LONGEST_CELL)
        delimiter = "\t" if self.path.suffix.lower() == ".tsv" else ","
        with reading(self.path), self.path.open(encoding="utf-8-sig", newline="") as file:
            try:
                for line in csv.reader(file, delimiter=delimiter):
                    if line:
                        yield line
            except csv.Error as error:
                raise UsageProblem(
                    f"{self.path} is not CSV: {error}.", hint="A quotation mark may not be closed; nothing was sent."
                ) from error

    def _header(self, lines: Iterator[list[str]]) -> tuple[str, ...]:
        header = tuple(next(lines, ()))
        twice = next((name for name in header if header.count(name) > 1), None)
        if twice is not None:
            raise UsageProblem(f"{self.path} has several columns called {twice!r}.", hint="Rename them first.")
        if not header:
            raise UsageProblem(f"{self.path} is empty.", hint="Its first line has the names of the columns.")
        return header

    def scan(self, told: Callable[[int], None]) -> Scan:
        """Read all rows once; see :class:`.rows.Source`."""
        lines = self._lines()
        header = self._header(lines)
        columns = [Column() for _ in header]
        rows, sample = 0, None
        for line in lines:
            rows += 1
            if len(line) == len(header):
                sample = sample or dict(zip(header, line, strict=True))
                for column, cell in zip(columns, line, strict=True):
                    column.take_text(cell)
            if rows % _TELL == 0:
                told(rows)
        kinds = {name: column.kind for name, column in zip(header, columns, strict=True)}
        wide = frozenset(name for name, column in zip(header, columns, strict=True) if column.wide)
        return Scan(rows, self.digest(), self.size, header, kinds, wide, sample)

    def rows(self, kinds: Mapping[str, Kind], start: int = 0) -> Iterator[Row]:
        """Read rows; see :class:`.rows.Source`."""
        lines = self._lines()
        header = self._header(lines)
        readers = [reader(kinds.get(name, Kind.TEXT)) for name in header]
        for number, line in enumerate(lines, 1):
            if number <= start:
                continue
            if len(line) != len(header):
                value: Any = dict(zip(header, line, strict=False))
                yield Row(number, value, f"the line has {len(line)} cells, and the header has {len(header)}")
                continue
            try:
                cells = [read(cell) for read, cell in zip(readers, line, strict=True)]
            except Misread:
                yield _with_problem(number, header, readers, line)
            else:
                yield Row(number, dict(zip(header, cells, strict=True)))

    def texts(self) -> Iterator[list[str]]:
        """Read the cells of all rows as they are written; a line of another length has none."""
        lines = self._lines()
        header = self._header(lines)
        for line in lines:
            yield line if len(line) == len(header) else [""] * len(header)


def _with_problem(number: int, header: Sequence[str], readers: Sequence[Callable[[str], Any]], line: list[str]) -> Row:
    """Read the cells that can be read, and name the first that cannot."""
    found: dict[str, Any] = {}
    problem = ""
    for name, read, cell in zip(header, readers, line, strict=True):
        try:
            found[name] = read(cell)
        except Misread as misread:
            found[name] = cell
            problem = problem or f"{name}: {misread}"
    return Row(number, found, problem)
