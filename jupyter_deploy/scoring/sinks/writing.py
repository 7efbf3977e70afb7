"""Write the output from the input and the outcomes, row by row, and publish it as a whole."""

from __future__ import annotations

import contextlib
import glob
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from ...files import fsync_folder
from ...store import told
from ..journal import Journal
from ..kinds import Kind
from ..sources import Scan, Source
from . import csv_rows, json_rows, parquet_rows
from .layout import predictions_of

FAILED_ENDING = ".failed.jsonl"


def publish(
    output: Path,
    form: str,
    source: Source,
    scan: Scan,
    kinds: Mapping[str, Kind],
    journal: Journal,
    prediction: str,
    only: bool,
) -> None:
    """Write the output beside its place, and rename it into it once it is whole."""
    # Left by a kill; a lock keeps others from writing the same output.
    for left in output.parent.glob(f".{glob.escape(output.name)}.[0-9]*"):
        left.unlink(missing_ok=True)
    made = predictions_of(prediction, journal.outcomes())
    with _beside(output) as path:
        if form == "csv":
            csv_rows.write(path, output, source, scan, kinds, journal, made, only)
        elif form == "jsonl":
            json_rows.write(path, source, kinds, journal, made, only)
        else:
            parquet_rows.write(path, source, scan, kinds, journal, made, only)
        # It was read again for this.
        source.check_unchanged()


def write_failures(output: Path, journal: Journal) -> Path | None:
    """Write the failed rows beside the output, or remove those of an earlier run; returns the file, if there is one."""
    path = output.with_name(output.name + FAILED_ENDING)
    if not journal.failed:
        path.unlink(missing_ok=True)
        return None
    with _beside(path) as made, made.open("wb") as file:
        for failure in journal.failures():
            file.write(json_rows.line(failure))
    return path


@contextlib.contextmanager
def _beside(output: Path) -> Iterator[Path]:
    path = output.with_name(f".{output.name}.{os.getpid()}")
    try:
        with told(output.parent):
            yield path
            with path.open("rb") as file:
                os.fsync(file.fileno())
            path.replace(output)
            fsync_folder(output.parent)
    finally:
        path.unlink(missing_ok=True)
