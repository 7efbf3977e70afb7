"""A log file as it grows: no line is lost when its server or another tool rotates it."""

from __future__ import annotations

import contextlib
import gzip
import os
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

_MARK = 64


class Following:
    """Reads what is added to a file, even if it is renamed or emptied.

    The file is held open, so one that was moved away is read to its end. A file that was copied and emptied is
    recognised by its length and by the bytes before the position: the rest is in the copy. ``at`` is the start, by
    default the end; a missing file is empty.
    """

    def __init__(self, path: Path, at: int | None = None) -> None:
        self._path = path
        self._file: _Open | None = None
        # Files that were moved away between two looks, oldest first; they are read first.
        self._behind: list[IO[bytes]] = []
        weakref.finalize(self, _close, self._behind)
        self._copies: set[tuple[str, int, int]] = set()
        with contextlib.suppress(FileNotFoundError):
            self._file = _Open(path)
            self._file.go_to(self._file.size if at is None else at)
        self._remember()

    @property
    def at(self) -> int:
        """The position in the current file."""
        return self._file.at if self._file else 0

    def read(self, most: int) -> bytes:
        """Return what was added since the last time, at most so many bytes; empty if nothing was."""
        while self._behind:
            data = self._behind[0].read(most)
            if data:
                return data
            self._behind.pop(0).close()
        if self._file is None:
            with contextlib.suppress(FileNotFoundError):
                self._file = _Open(self._path)
            if self._file is None:
                return b""
        if self._file.was_emptied() or (not self._file.at and self._file.size and self._is_copied()):
            rest = _copy_of(self._path, self._file)
            self._file.go_to(0)
            self._remember()
            if rest is not None:
                self._behind.append(rest)
                return self.read(most)
        data = self._file.read(most) or self._next(most)
        if not self._file.at:
            self._remember()
        return data

    def _remember(self) -> None:
        """Note the existing copies: for a file that was not read yet, only a new copy shows that it was emptied."""
        self._copies = {_state(copy) for copy in _siblings(self._path)}

    def _is_copied(self) -> bool:
        own = self._file.identity if self._file else (0, 0)
        if not self._path.exists() or _identity(self._path) != own:
            return False
        new = (copy for copy in _siblings(self._path) if _state(copy) not in self._copies)
        return any(_identity(copy) != own for copy in new)

    def _next(self, most: int) -> bytes:
        """Go on with the file that has the name now, if the one that is read was moved away."""
        if self._file is None:
            raise AssertionError
        try:
            there = self._path.stat()
        except FileNotFoundError:
            return b""
        # Its writer leaves the old file with the first line that it writes into the new one.
        if (there.st_dev, there.st_ino) == self._file.identity or not there.st_size:
            return b""
        last = self._file.read(most)
        if last:
            return last
        try:
            before, self._file = self._file, _Open(self._path)
        except FileNotFoundError:
            return b""
        self._remember()
        older = self._path.with_name(f"{self._path.name}.1")
        with contextlib.suppress(OSError):
            between = older.open("rb")
            status = os.fstat(between.fileno())
            known = {before.identity, self._file.identity}
            # Rotated twice since the last look: the file in between was never read.
            if (status.st_dev, status.st_ino) in known or status.st_mtime < before.written:
                between.close()
            else:
                self._behind.append(between)
        return self.read(most)


class _Open:
    """An open file, and the position up to which it was read."""

    def __init__(self, path: Path) -> None:
        self._handle = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        weakref.finalize(self, os.close, self._handle)
        status = os.fstat(self._handle)
        self.identity = (status.st_dev, status.st_ino)
        self.at = 0
        self.mark = b""

    @property
    def size(self) -> int:
        return os.fstat(self._handle).st_size

    @property
    def written(self) -> float:
        return os.fstat(self._handle).st_mtime

    def go_to(self, at: int) -> None:
        self.at = min(at, self.size)
        self.mark = self._part(max(0, self.at - _MARK), min(_MARK, self.at))

    def _part(self, at: int, size: int) -> bytes:
        if hasattr(os, "pread"):
            return os.pread(self._handle, size, at)
        os.lseek(self._handle, at, os.SEEK_SET)
        return os.read(self._handle, size)

    def was_emptied(self) -> bool:
        size = self.size
        if size == self.at:
            return False
        return size < self.at or self._part(self.at - len(self.mark), len(self.mark)) != self.mark

    def read(self, most: int) -> bytes:
        data = self._part(self.at, most)
        if data:
            self.at += len(data)
            self.mark = (self.mark + data)[-_MARK:]
        return data


def _copy_of(path: Path, read: _Open) -> IO[bytes] | None:
    """Find the copy of a file that was emptied since, at the position up to which the file was read."""
    for copy in sorted(_siblings(path), key=lambda copy: -copy.stat().st_mtime):
        with contextlib.suppress(OSError, EOFError):
            file: Any = gzip.open(copy) if copy.suffix == ".gz" else copy.open("rb")  # noqa: SIM115 - the reader closes it
            file.seek(read.at - len(read.mark))
            if file.read(len(read.mark)) == read.mark:
                return file  # type: ignore[no-any-return]
            file.close()
    return None


def _close(files: list[IO[bytes]]) -> None:
    for file in files:
        file.close()


def _identity(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_dev, status.st_ino


def _state(copy: Path) -> tuple[str, int, int]:
    status = copy.stat()
    return copy.name, status.st_ino, status.st_mtime_ns


def _siblings(path: Path) -> Iterator[Path]:
    for copy in path.parent.glob(f"{path.name}?*"):
        with contextlib.suppress(OSError):
            if copy.is_file() and copy.stat().st_size:
                yield copy
