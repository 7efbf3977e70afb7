"""The output as CSV: the input's cells, as they were where it is CSV too, and the predictions."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ...serving import to_json
from ..journal import Journal
from ..kinds import Kind, json_text
from ..sources import CsvFile, Scan, Source
from .layout import Predictions


def write(
    path: Path,
    output: Path,
    source: Source,
    scan: Scan,
    kinds: Mapping[str, Kind],
    journal: Journal,
    made: Predictions,
    only: bool,
) -> None:
    """Write all rows."""
    # Half a character may come out of JSON; it is shown, not refused.
    with path.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
        writer = csv.writer(file, delimiter="\t" if output.suffix.lower() == ".tsv" else ",", lineterminator="\n")
        before = () if only else scan.columns or ("input",)
        writer.writerow([*before, *made.columns])
        for cells, outcome in zip(_inputs(source, scan, only), journal.outcomes(), strict=True):
            writer.writerow([*cells, *map(cell, made.cells(outcome))])


def _inputs(source: Source, scan: Scan, only: bool) -> Iterator[Sequence[Any]]:
    if only:
        for _ in range(scan.rows):
            yield ()
        return
    if isinstance(source, CsvFile):
        # Texts stay as they are written: 00123, 1.50, an empty cell.
        yield from source.texts()
        return
    for row in source.rows({}):
        if scan.columns is None:
            yield (json_text(row.value) if not row.problem else row.value,)
        elif isinstance(row.value, dict):
            yield [cell(row.value.get(name)) for name in scan.columns]
        else:
            yield [""] * len(scan.columns)


def cell(value: Any) -> Any:
    """Write a value as a cell: nothing for a missing one, JSON for lists and objects."""
    if type(value) is str:
        return value
    if value is None or (isinstance(value, float) and value != value):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int, float)):
        return value
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).hex()
    try:
        plain = json.loads(to_json(value))
    except (TypeError, ValueError, RecursionError):
        return str(value)
    return plain if isinstance(plain, str) else json_text(plain)
