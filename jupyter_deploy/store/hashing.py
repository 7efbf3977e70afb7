"""Files that are hashed while they are written."""

from __future__ import annotations

import os
import queue
import threading
from pathlib import Path
from types import TracebackType
from typing import Any

from blake3 import blake3

CHUNK = 4 << 20
_LARGE_WRITE = 1 << 20
_WAITING = 8


class HashingFile:
    """A new binary file that a second thread hashes while it is written; it is flushed to the disk on close.

    BLAKE3, because it takes 4.5 GB/s here where SHA-256 takes 1.8, even with the processor's SHA instructions: beside
    the writing it costs nothing. At most eight chunks (32 MB) wait for the hash: with two, writer and hash waited for
    each other.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = 0
        self._file = path.open("xb", buffering=0)
        self._hash = blake3()
        self._chunks: queue.Queue[bytes | memoryview | None] = queue.Queue(maxsize=_WAITING)
        self._buffer = bytearray()
        self._thread = threading.Thread(target=self._update, name="hashing", daemon=True)
        self._thread.start()

    def _update(self) -> None:
        while (chunk := self._chunks.get()) is not None:
            self._hash.update(chunk)

    def write(self, data: Any) -> int:
        """Append a buffer and return its length; small pieces are gathered, large ones are passed on as they are."""
        view = memoryview(data).cast("B")
        if view.nbytes < _LARGE_WRITE:
            self._buffer += view
            if len(self._buffer) >= _LARGE_WRITE:
                self.flush()
        else:
            self.flush()
            for start in range(0, view.nbytes, CHUNK):
                piece = view[start : start + CHUNK]
                # The hash lags behind: other buffers than bytes might change before they are hashed.
                self._put(piece if isinstance(data, bytes) else bytes(piece))
        self.size += view.nbytes
        return view.nbytes

    def _put(self, chunk: bytes | memoryview) -> None:
        self._chunks.put(chunk)
        view = memoryview(chunk)
        while view:
            view = view[self._file.write(view) or 0 :]

    def flush(self) -> None:
        """Pass gathered small pieces on to the file."""
        if self._buffer:
            chunk, self._buffer = bytes(self._buffer), bytearray()
            self._put(chunk)

    def tell(self) -> int:
        """Return the position in bytes; joblib aligns arrays by it."""
        return self.size

    def close(self) -> None:
        """Write the rest, and wait for the hash and the disk."""
        if self._file.closed:
            return
        try:
            self.flush()
            os.fsync(self._file.fileno())
        finally:
            self._chunks.put(None)
            self._thread.join()
            self._file.close()

    def hexdigest(self) -> str:
        """Return the BLAKE3 digest of the closed file, 64 hexadecimal digits."""
        return self._hash.hexdigest()

    def __enter__(self) -> HashingFile:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def copy_hashed(source: Path, target: Path) -> tuple[str, int]:
    """Copy a file to a new one, hash it and flush it; returns BLAKE3 in hexadecimal, and the size in bytes."""
    with source.open("rb") as incoming, HashingFile(target) as outgoing:
        while chunk := incoming.read(CHUNK):
            outgoing.write(chunk)
    return outgoing.hexdigest(), outgoing.size
