"""A growing log file, read a piece at a time."""

from __future__ import annotations

import codecs
from pathlib import Path

from ..targets import Following

_FIRST_BYTES = 64 << 10
_PIECE_BYTES = 4 << 20


class Growth:
    """Reads a file from near its end on; a missing file is empty."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._following: Following | None = None
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode

    def read(self) -> str:
        """Return what was added since the last time, at most 4 MB; the first time, the last lines."""
        if self._following is not None:
            return self._decode(self._following.read(_PIECE_BYTES))
        size = self._path.stat().st_size if self._path.exists() else 0
        begin = max(0, size - _FIRST_BYTES)
        self._following = Following(self._path, begin)
        data = self._following.read(_PIECE_BYTES)
        if begin:
            data = data.partition(b"\n")[2]
        return self._decode(data)
