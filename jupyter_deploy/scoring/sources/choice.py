"""Which reader takes a file or a value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ...errors import UsageProblem
from ...files import in_home
from ...invoking import is_frame
from .csv_file import CsvFile
from .frame import Frame
from .json_lines import JsonLines
from .parquet_file import ParquetFile
from .rows import Source

ENDINGS: Mapping[str, str] = {
    **dict.fromkeys((".csv", ".tsv"), "csv"),
    **dict.fromkeys((".parquet", ".pq"), "parquet"),
    **dict.fromkeys((".jsonl", ".ndjson"), "jsonl"),
}
_READERS: Mapping[str, Callable[[Path], Source]] = {"csv": CsvFile, "parquet": ParquetFile, "jsonl": JsonLines}


def source_of(data: Any) -> Source:
    """Find the reader of a path, by its ending, or of a data frame."""
    if is_frame(data):
        return Frame(data)
    if not isinstance(data, (str, Path)):
        raise UsageProblem(
            f"A {type(data).__name__} cannot be scored.",
            hint="Give the path of a .csv, .parquet or .jsonl file, or a data frame.",
        )
    path = in_home(data)
    form = ENDINGS.get(path.suffix.lower())
    if form is None:
        raise UsageProblem(
            f"{path} does not say what it is: it ends with {path.suffix or 'nothing'}.",
            hint="A file to score ends with .csv, .tsv, .parquet or .jsonl.",
        )
    return _READERS[form](path)
