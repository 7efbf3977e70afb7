"""A bundle as an archive, for servers that do not see its folder."""

from __future__ import annotations

import os
import tempfile
import threading
from typing import IO

from ..serving import content_digest, pack_bundle
from .bundles import Bundle


class Reader:
    """Reads a file that other readers share."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._at = 0

    def read(self, size: int = 1 << 18, /) -> bytes:
        """Return the next bytes; empty at the end."""
        data = os.pread(self._descriptor, size, self._at)
        self._at += len(data)
        return data


class Archive:
    """The content of an upload: packed on first use, and read by any number of uploads at once."""

    def __init__(self, bundle: Bundle) -> None:
        self.digest = bundle.digest
        self._bundle = bundle
        self._file: IO[bytes] | None = None
        self._content_digest = ""
        self._lock = threading.Lock()

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def headers(self) -> dict[str, str]:
        """Return the headers of the upload."""
        file = self._packed()
        size = os.fstat(file.fileno()).st_size
        return {
            "Content-Type": "application/x-tar",
            "Content-Length": str(size),
            "Content-Digest": self._content_digest,
        }

    def reader(self) -> Reader:
        """Return a reader at the beginning."""
        return Reader(self._packed().fileno())

    def _packed(self) -> IO[bytes]:
        with self._lock:
            if self._file is None:
                # An unnamed file: nothing stays of it, however this process ends.
                file = tempfile.TemporaryFile(dir=self._bundle.folder.parent)  # noqa: SIM115
                pack_bundle(self._bundle.folder, file)
                file.seek(0)
                self._content_digest = content_digest(file)
                self._file = file
            return self._file
