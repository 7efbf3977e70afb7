"""The output as Parquet: the input's columns with their types, and the predictions with theirs."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..journal import Journal
from ..kinds import Kind, json_text
from ..sources import Frame, ParquetFile, Scan, Source, arrow
from .csv_rows import cell
from .layout import Predictions, kind_in_table

_BATCH = 10_000


def write(
    path: Path,
    source: Source,
    scan: Scan,
    kinds: Mapping[str, Kind],
    journal: Journal,
    made: Predictions,
    only: bool,
) -> None:
    """Write all rows."""
    from pyarrow import parquet

    pa = arrow()
    own = {name: kind_in_table(column) for name, column in made.columns.items()}
    types = [pa.field(name, _type(pa, kind)) for name, kind in own.items()]
    outcomes = journal.outcomes()
    writer: Any = None
    try:
        for before in _inputs(pa, source, scan, kinds, only):
            rows = [made.cells(outcome) for outcome in itertools.islice(outcomes, before.num_rows)]
            lists = zip(*rows, strict=True)
            new = [
                pa.array([_as(kind, value) for value in values], one.type)
                for one, kind, values in zip(types, own.values(), lists, strict=True)
            ]
            old = [] if only else before.columns
            schema = pa.schema([*([] if only else before.schema), *types])
            batch = pa.Table.from_arrays([*old, *new], schema=schema)
            writer = writer or parquet.ParquetWriter(path, schema)
            writer.write_table(batch)
        if writer is None:
            empty = [] if only else [pa.field(name, pa.string()) for name in scan.columns or ("input",)]
            writer = parquet.ParquetWriter(path, pa.schema([*empty, *types]))
    finally:
        if writer is not None:
            writer.close()


def _inputs(pa: Any, source: Source, scan: Scan, kinds: Mapping[str, Kind], only: bool) -> Iterator[Any]:
    """Yield the input's columns in pieces of one schema."""
    if isinstance(source, ParquetFile):
        yield from source.batches()
        return
    if isinstance(source, Frame):
        whole = pa.Schema.from_pandas(source.frame, preserve_index=False).remove_metadata()
        for start in range(0, len(source.frame), _BATCH):
            piece = source.frame.iloc[start : start + _BATCH]
            yield pa.RecordBatch.from_pandas(piece, schema=whole, preserve_index=False)
        return
    columns = scan.columns
    found = {name: Kind.TEXT if name in scan.wide else kinds.get(name, Kind.JSON) for name in columns or ("input",)}
    schema = pa.schema([pa.field(name, _type(pa, kind)) for name, kind in found.items()])
    rows = source.rows({name: kind for name, kind in found.items() if columns is not None})
    while piece := list(itertools.islice(rows, _BATCH)):
        records = [
            (row.value if isinstance(row.value, dict) else {}) if columns is not None else {"input": row.value}
            for row in piece
        ]
        arrays = [
            pa.array([_as(kind, record.get(name)) for record in records], _type(pa, kind))
            for name, kind in found.items()
        ]
        yield pa.RecordBatch.from_arrays(arrays, schema=schema)


def _type(pa: Any, kind: Kind) -> Any:
    return {
        Kind.EMPTY: pa.string(),
        Kind.BOOLEAN: pa.bool_(),
        Kind.INTEGER: pa.int64(),
        Kind.NUMBER: pa.float64(),
        Kind.TEXT: pa.string(),
        Kind.JSON: pa.string(),
    }[kind]


def _as(kind: Kind, value: Any) -> Any:
    if value is None or isinstance(value, str):
        # A text among JSON is not told from JSON by its type; that of a line which cannot be read stays.
        return json_text(value) if kind is Kind.JSON and value is not None else value
    if kind is Kind.JSON:
        return json_text(value)
    if kind is Kind.TEXT:
        return str(cell(value))
    return float(value) if kind is Kind.NUMBER else value
