"""Rows of a Parquet file, read in batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ...errors import UsageProblem
from ..kinds import Kind
from .files import Watched, reading
from .rows import Row, Scan

_BATCH = 1_000


class ParquetFile(Watched):
    """A Parquet file; its values have the types of its schema."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        # Before anything is sent.
        arrow()

    def open(self) -> Any:
        """Open it with pyarrow."""
        from pyarrow import ArrowInvalid, parquet

        with reading(self.path):
            try:
                return parquet.ParquetFile(self.path)
            except ArrowInvalid as error:
                raise UsageProblem(f"{self.path} is no Parquet file: {error}", hint="Is the path right?") from error

    def scan(self, told: Callable[[int], None]) -> Scan:
        """Read what the file says of itself; see :class:`.rows.Source`."""
        with self.open() as file:
            names = tuple(file.schema_arrow.names)
            twice = next((name for name in names if names.count(name) > 1), None)
            if twice is not None:
                raise UsageProblem(f"{self.path} has several columns called {twice!r}.", hint="Rename them first.")
            rows = file.metadata.num_rows
            size = sum(file.metadata.row_group(group).total_byte_size for group in range(file.metadata.num_row_groups))
        first = next(self.rows({}), None) if rows else None
        return Scan(rows, self.digest(), size, names, sample=first.value if first else None)

    def batches(self, start: int = 0) -> Iterator[Any]:
        """Yield pyarrow's batches of the rows behind the first ``start``."""
        with self.open() as file:
            groups, skipped = list(range(file.metadata.num_row_groups)), 0
            while groups and skipped + file.metadata.row_group(groups[0]).num_rows <= start:
                skipped += file.metadata.row_group(groups.pop(0)).num_rows
            # Dictionaries would be another type in each batch.
            for batch in file.iter_batches(_BATCH, row_groups=groups) if groups else ():
                begin = min(max(0, start - skipped), batch.num_rows)
                skipped += batch.num_rows
                if begin < batch.num_rows:
                    yield batch.slice(begin)

    def rows(self, kinds: Mapping[str, Kind], start: int = 0) -> Iterator[Row]:
        """Read rows; see :class:`.rows.Source`."""
        number = start
        for batch in self.batches(start):
            for value in batch.to_pylist():
                number += 1
                yield Row(number, value)


def arrow() -> Any:
    """Import pyarrow, or say how it is installed."""
    try:
        import pyarrow
    except ImportError as error:
        raise UsageProblem(
            "Parquet files need pyarrow, which is not installed here.", hint="pip install 'pyarrow>=15'"
        ) from error
    return pyarrow
