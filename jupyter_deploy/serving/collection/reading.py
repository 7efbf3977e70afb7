"""Reading what was collected: by any process, while the service writes."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from .lines import age_key, collection_of

_CHUNK = 1 << 20
_TAKEN = 8 << 20


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


class Tail:
    """Reads a collection on from where it was read last, while its files are written, rotated and removed.

    Parameters
    ----------
    folder, collection : pathlib.Path, str
        What is read; the folder may be missing at first.
    since : float
        Seconds since the epoch: older records are left out.
    """

    def __init__(self, folder: Path, collection: str, since: float = 0.0) -> None:
        self._folder, self._collection, self._since = folder, collection, since
        self._read: dict[str, int] = {}

    def new(self) -> Iterator[dict[str, Any]]:
        """Yield the records that have been written since the last call, at most some megabytes of a file."""
        for known, path in _files(self._folder):
            if known == self._collection:
                yield from (record for record in self._further(path) if record.get("time", 0.0) >= self._since)

    def _further(self, path: Path) -> Iterator[dict[str, Any]]:
        at = self._read.get(path.name, 0)
        try:
            found = path.stat()
            if found.st_size <= at or found.st_mtime < self._since:
                return
            with path.open("rb") as file:
                file.seek(at)
                data = file.read(_TAKEN)
                if b"\n" not in data:
                    # One line is longer than what is read at once.
                    data += file.readline()
        except FileNotFoundError:
            return
        whole = data[: data.rfind(b"\n") + 1]
        self._read[path.name] = at + len(whole)
        for line in whole.splitlines():
            yield from _record(line)


def forget(folder: Path, collection: str, since: float) -> None:
    """Take away the records since a moment; the files stay, as a server may be writing one."""
    for known, path in _files(folder):
        if known == collection:
            with contextlib.suppress(OSError):
                if path.stat().st_mtime >= since:
                    os.truncate(path, _size_before(path, since))


def _size_before(path: Path, since: float) -> int:
    """Return where the first record since a moment begins; servers write them nearly in the order of their times."""
    size = 0
    for line in _lines(path):
        if any(record.get("time", 0.0) >= since for record in _record(line)):
            return size
        size += len(line)
    return size


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
