"""Reading what was collected: by any process, while the service writes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from .lines import age_key, collection_of

_CHUNK = 1 << 20


def names(folder: Path) -> list[str]:
    """List the collections that there is anything of."""
    return sorted({collection for collection, _ in _files(folder)})


def records(folder: Path, collection: str) -> Iterator[dict[str, Any]]:
    """Yield a collection's records, file after file, the oldest file first.

    A line that is being written, or that a crash has cut, is no record.
    """
    for known, path in _files(folder):
        if known == collection:
            for line in _lines(path):
                yield from _record(line)


def newest(folder: Path, collection: str) -> Iterator[dict[str, Any]]:
    """Yield a collection's records, the newest file first and each file from its end."""
    for known, path in reversed(_files(folder)):
        if known == collection:
            for line in _lines_from_end(path):
                yield from _record(line)


def _files(folder: Path) -> list[tuple[str, Path]]:
    if not folder.is_dir():
        return []
    paths = sorted(folder.iterdir(), key=lambda path: age_key(path.name))
    # A container can write here: a link would lead to a file of this machine.
    return [(known, path) for path in paths if (known := collection_of(path.name)) and not path.is_symlink()]


def _lines(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            yield from (line for line in file if line.endswith(b"\n"))
    except FileNotFoundError:
        # The oldest file goes while others are read.
        return


def _lines_from_end(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            at = file.seek(0, 2)
            rest, whole = b"", False
            while at:
                size = min(_CHUNK, at)
                at -= size
                file.seek(at)
                first, *lines = (file.read(size) + rest).split(b"\n")
                for line in reversed(lines):
                    # What stands behind the last new line is not whole.
                    if whole:
                        yield line
                    whole = True
                rest = first
            if whole:
                yield rest
    except FileNotFoundError:
        return


def _record(line: bytes) -> Iterator[dict[str, Any]]:
    try:
        found = orjson.loads(line)
    except orjson.JSONDecodeError:
        return
    if isinstance(found, dict):
        yield found
