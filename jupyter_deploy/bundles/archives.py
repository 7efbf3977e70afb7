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
    """The content of an upload: packed on first use, and read by any number of uploads at once.

    Servers may have some of its models already: ``without`` are their digests.
    """

    def __init__(self, bundle: Bundle) -> None:
        self.digest = bundle.digest
        self._bundle = bundle
        self._files: dict[frozenset[str], tuple[IO[bytes], str]] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *_: object) -> None:
        for file, _content in self._files.values():
            file.close()

    def headers(self, without: frozenset[str] = frozenset()) -> dict[str, str]:
        """Return the headers of the upload."""
        file, content = self._packed(without)
        size = os.fstat(file.fileno()).st_size
        return {
            "Content-Type": "application/x-tar",
            "Content-Length": str(size),
            "Content-Digest": content,
        }

    def reader(self, without: frozenset[str] = frozenset()) -> Reader:
        """Return a reader at the beginning."""
        return Reader(self._packed(without)[0].fileno())

    def _packed(self, without: frozenset[str]) -> tuple[IO[bytes], str]:
        with self._lock:
            if without not in self._files:
                # An unnamed file: nothing stays of it, however this process ends.
                file = tempfile.TemporaryFile(dir=self._bundle.folder.parent)  # noqa: SIM115
                pack_bundle(self._bundle.folder, file, without)
                file.seek(0)
                self._files[without] = file, content_digest(file)
            return self._files[without]
