"""A row as it was read, and what a first reading of all rows finds out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from ..kinds import Kind

# Columns beyond these are kept together, as JSON.
MOST_COLUMNS = 10_000


class Row(NamedTuple):
    """A row of the input."""

    number: int  # from 1, without a header and empty lines
    value: Any  # by column, or the JSON value of a line
    problem: str = ""  # why it cannot be sent


@dataclass(frozen=True)
class Scan:
    """What is known of the input once all of it was read."""

    rows: int
    digest: str  # of the content
    size: int  # in bytes, about
    columns: tuple[str, ...] | None  # None where rows are no records
    kinds: Mapping[str, Kind] = field(default_factory=dict, hash=False)  # of the columns, if they had to be found
    wide: frozenset[str] = frozenset()  # columns with whole numbers beyond 64 bits
    sample: Any = None  # the first row's value


class Source(Protocol):
    """Where rows come from; each call of :meth:`rows` reads them again."""

    name: str  # for messages and the journal

    def scan(self, told: Callable[[int], None]) -> Scan:
        """Read all rows once; ``told`` gets the number of rows until now."""

    def rows(self, kinds: Mapping[str, Kind], start: int = 0) -> Iterator[Row]:
        """Read the rows behind the first ``start``, with values of these kinds."""

    def check_unchanged(self) -> None:
        """Refuse to go on if the input is another than at the first reading."""
