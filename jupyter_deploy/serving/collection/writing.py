"""The thread that writes collected lines: no request waits for it; lines that it cannot take are counted."""

from __future__ import annotations

import contextlib
import os
import queue
import secrets
import threading
import time
from collections.abc import Callable
from pathlib import Path

from .lines import age_key, collection_of, file_name

# Bytes that may wait for the disk.
WAITING = 16 << 20
# Files are this part of what all may take: when the oldest goes, most of what was collected stays.
_PARTS = 10
_TELL_SECONDS = 10.0


class Writer:
    """Appends lines to the files of collections, each file to its end by this process alone.

    Parameters
    ----------
    folder : pathlib.Path
        Made when the first line comes, for its owner only.
    limit : int
        Bytes that all files may take.
    tell : callable
        Told from the thread, at most every ten seconds, what was lost and why.
    """

    def __init__(self, folder: Path, limit: int, tell: Callable[[str], object]) -> None:
        self.limit = limit
        self._folder, self._tell = folder, tell
        self._queue: queue.SimpleQueue[tuple[str, bytes, int] | None] = queue.SimpleQueue()
        self._files: dict[str, _File] = {}
        self._lost = self._total = 0
        # The first of each pair is counted by those who put, the second by the thread: no sum needs a lock.
        self._put = self._done = 0
        self._late = self._late_told = 0
        self._why = ""
        self._told_at = 0.0
        self._tag = secrets.token_hex(4)
        self._thread: threading.Thread | None = None

    def put(self, collection: str, lines: bytes, count: int) -> None:
        """Take whole lines; returns at once."""
        if self._put - self._done + len(lines) > WAITING:
            self._late += count
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="collect", daemon=True)
            self._thread.start()
        self._put += len(lines)
        self._queue.put((collection, lines, count))

    @property
    def taken(self) -> int:
        """Bytes of all lines that were put."""
        return self._put

    def has_written(self, taken: int) -> bool:
        """Tell whether the first bytes, as many as were ``taken`` then, are on the disk or lost."""
        return self._done >= taken

    def close(self, seconds: float) -> None:
        """Write what waits, as far as that goes in some seconds."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join(seconds)

    def _run(self) -> None:
        while (item := self._queue.get()) is not None:
            collection, lines, count = item
            try:
                self._write(collection, lines)
            except OSError as error:
                self._lost += count
                self._why = error.strerror or str(error)
                self._files.pop(collection, _NO_FILE).close()
            self._done += len(lines)
            self._report()
        self._report(last=True)
        for file in self._files.values():
            file.close()

    def _write(self, collection: str, lines: bytes) -> None:
        file = self._files.get(collection)
        if file is None or file.size + len(lines) > max(self.limit // _PARTS, len(lines)):
            file = self._next_file(collection)
        file.append(lines)
        self._total += len(lines)
        if self._total > self.limit:
            self._make_room()

    def _next_file(self, collection: str) -> _File:
        self._files.pop(collection, _NO_FILE).close()
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._folder / file_name(collection, time.time_ns(), self._tag)
        self._files[collection] = _File(path)
        self._make_room()
        return self._files[collection]

    def _make_room(self) -> None:
        """Remove the oldest files until all fit; those of a server that was before this one count as well."""
        sizes: dict[Path, int] = {}
        for path in self._folder.iterdir():
            if collection_of(path.name):
                # Another server of this service may have removed it just now.
                with contextlib.suppress(FileNotFoundError):
                    sizes[path] = path.stat().st_size
        self._total = sum(sizes.values())
        open_ones = {file.path for file in self._files.values()}
        for path in sorted(sizes, key=lambda path: age_key(path.name)):
            if self._total <= self.limit - self.limit // _PARTS:
                return
            if path not in open_ones:
                path.unlink(missing_ok=True)
                self._total -= sizes[path]

    def _report(self, *, last: bool = False) -> None:
        late, lost = self._late - self._late_told, self._lost
        if not (late or lost) or (time.monotonic() < self._told_at and not last):
            return
        self._told_at = time.monotonic() + _TELL_SECONDS
        self._late_told, self._lost = self._late_told + late, 0
        if late:
            self._tell(f"{late} collected records were dropped, because the disk was too slow")
        if lost:
            self._tell(f"{lost} collected records were lost: {self._why}")


class _File:
    """One file, opened for appending; it only ever has whole lines."""

    def __init__(self, path: Path | None) -> None:
        self.path, self.size = path, 0
        self._handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o600) if path else -1

    def append(self, lines: bytes) -> None:
        view = memoryview(lines)
        try:
            while view:
                view = view[os.write(self._handle, view) :]
        except OSError:
            # A disk that is full took a part of a line.
            with contextlib.suppress(OSError):
                os.ftruncate(self._handle, self.size)
            raise
        self.size += len(lines)

    def close(self) -> None:
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1


_NO_FILE = _File(None)
