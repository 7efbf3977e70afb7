"""The server's log file: bounded in size, and followed when another process moves it."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

_OUTPUTS = (1, 2)
_LOOK_SECONDS = 0.25
_CHUNK = 1 << 20


class LogFile:
    """Keeps descriptors 1 and 2 on the log, which becomes ``<name>.1`` when it is full.

    Both descriptors append to the file already. ``limit`` is in bytes, 0 for none; both files together take twice
    that.
    """

    def __init__(self, path: Path, limit: int) -> None:
        self.limit = limit
        self._path = path
        self._older = path.with_name(f"{path.name}.1")
        self._size = 0
        self._look_at = 0.0

    def expect(self, size: int) -> None:
        """Make the file ready for a write of that many bytes."""
        now = time.monotonic()
        if now >= self._look_at:
            self._look_at = now + _LOOK_SECONDS
            self._look()
        if self.limit and self._size and self._size + size > self.limit:
            self._rotate()
        self._size += size

    def _look(self) -> None:
        """Follow the path if it leads to another file by now, and measure the file."""
        self._size = os.fstat(_OUTPUTS[0]).st_size
        if not self._is_own():
            self._reopen()

    def _is_own(self) -> bool:
        """Whether the path still names the file being written; it may have been deleted with its service."""
        own = os.fstat(_OUTPUTS[0])
        try:
            there = os.stat(self._path)  # noqa: PTH116 - called for every line
        except OSError:
            return not own.st_nlink
        return (there.st_dev, there.st_ino) == (own.st_dev, own.st_ino)

    def _reopen(self) -> None:
        with contextlib.suppress(OSError):
            handle = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            for output in _OUTPUTS:
                os.dup2(handle, output)
            os.close(handle)
            self._size = os.fstat(_OUTPUTS[0]).st_size

    def _rotate(self) -> None:
        # Another program may have moved the file since the last look; do not empty the moved file.
        if not self._is_own():
            self._reopen()
            return
        try:
            self._path.rename(self._older)
        except OSError:
            # A container sees two files and no folder, so rename is impossible.
            self._copy()
        else:
            self._reopen()
        self._size = os.fstat(_OUTPUTS[0]).st_size

    def _copy(self) -> None:
        """Copy the file into the older one, then empty it: a reader finds the rest in the copy."""
        with contextlib.suppress(OSError), self._path.open("rb") as file, self._older.open("r+b") as older:
            older.truncate(0)
            while chunk := file.read(_CHUNK):
                older.write(chunk)
        with contextlib.suppress(OSError):
            os.ftruncate(_OUTPUTS[0], 0)
