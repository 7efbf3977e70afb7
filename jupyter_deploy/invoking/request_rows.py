"""From a data set to the requests that are in it: one row, one request."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ..errors import UsageProblem
from ..files import in_home
from .signatures import is_frame

MOST_ROWS = 1_000_000
_TABLES = frozenset({".csv", ".tsv", ".parquet", ".feather", ".arrow", ".xlsx", ".xls"})
_FORMS = (
    "a list of values, a text file with a request a line, a JSON array in a .json file, a folder with a request a "
    "file, or a data frame with one column of texts"
)


def rows_of(dataset: object) -> tuple[Any, ...]:
    """List the requests of a data set, each a value that a service can be invoked with.

    A path means a file or a folder, also as a text. Of a file, each line that is not empty is a request; of a ``.json``
    file, each item of its array. Of a folder, each file is one, by name; hidden files and folders in it are not. Of a
    data frame, or what ``to_pandas_dataframe()`` makes one of, each text of its only column.

    Raises
    ------
    UsageProblem
        If there is no row, or it is not certain which they would be.
    """
    rows = tuple(_rows(dataset))
    if not rows:
        raise UsageProblem("The data set is empty: there is nothing to send.", hint=f"It can be {_FORMS}.")
    if len(rows) > MOST_ROWS:
        raise UsageProblem(
            f"The data set has {len(rows):,} rows.", hint=f"Take a part: at most {MOST_ROWS:,} are sent."
        )
    return rows


def _rows(dataset: Any) -> Iterable[Any]:
    if isinstance(dataset, (str, Path)):
        return _in_path(in_home(dataset))
    if callable(getattr(dataset, "to_pandas_dataframe", None)):
        return _in_frame(dataset.to_pandas_dataframe())
    if is_frame(dataset):
        return _in_frame(dataset)
    if isinstance(dataset, (bytes, bytearray, Mapping)) or not isinstance(dataset, Iterable):
        kind = type(dataset).__name__
        raise UsageProblem(
            f"A {kind} is not a data set.", hint=f"Put one request into a list: [value]. It can be {_FORMS}."
        )
    return dataset


def _in_frame(frame: Any) -> list[str]:
    if len(frame.columns) != 1:
        raise UsageProblem(
            f"The data frame has {len(frame.columns)} columns; a data set has one, with each request as a text.",
            hint="Make the requests first, for example: [json.dumps({'data': [row]}) for row in frame.values.tolist()]",
        )
    rows = frame.iloc[:, 0].tolist()
    for number, row in enumerate(rows, 1):
        if not isinstance(row, str):
            raise UsageProblem(
                f"Row {number} of the column {str(frame.columns[0])!r} is {type(row).__name__}, not a text.",
                hint="Make each request a text, for example with json.dumps.",
            )
    return rows  # type: ignore[no-any-return]


def _requests_in(path: Path) -> list[str]:
    """Read the requests of a file that is called a table: JSON on each line, or in its only column, quoted.

    The column may have a name. Empty if the file holds anything else.
    """
    if path.suffix.lower() not in {".csv", ".tsv"}:
        return []
    with path.open(encoding="utf-8-sig", newline="") as file:
        text = file.read()
    lines = [line.rstrip("\r") for line in text.split("\n") if line.strip()]
    if all(map(_is_request, lines)):
        return lines
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row]
    except csv.Error:
        return []
    fields = [row[0] for row in rows if len(row) == 1]
    requests = fields[1:] if fields and not _is_request(fields[0]) else fields
    return requests if len(fields) == len(rows) and all(map(_is_request, requests)) else []


def _is_request(text: str) -> bool:
    try:
        return isinstance(json.loads(text), (dict, list))
    except (ValueError, RecursionError):
        return False


def _in_path(path: Path) -> list[Any]:
    try:
        if path.is_dir():
            return [file for file in sorted(path.iterdir()) if file.is_file() and not file.name.startswith(".")]
        if path.suffix.lower() in _TABLES and path.exists():
            if requests := _requests_in(path):
                return requests
            raise UsageProblem(
                f"{path} is a table: it does not say which text is sent for a row.",
                hint="Read it into a data frame with one column of requests, and give that.",
            )
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageProblem(f"{path} cannot be read: {error.strerror}.", hint="Is the path right?") from error
    except UnicodeDecodeError as error:
        raise UsageProblem(
            f"{path} is not text in UTF-8 (byte {error.start}).",
            hint="Put requests that are not text into a folder, one a file.",
        ) from error
    if path.suffix.lower() == ".json":
        return _in_array(text, path)
    # Not splitlines(): JSON may hold other signs that end a line.
    return [line.rstrip("\r") for line in text.split("\n") if line.strip()]


def _in_array(text: str, path: Path) -> list[Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageProblem(
            f"{path} is not JSON: {error}.", hint="A file with a request a line is named .jsonl or .txt."
        ) from error
    if not isinstance(found, list):
        raise UsageProblem(
            f"{path} holds one request, not an array of them.",
            hint="A file with a request a line is named .jsonl or .txt.",
        )
    return found
