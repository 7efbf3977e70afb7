"""A log file as it grows, read a piece at a time by whoever looks."""

from __future__ import annotations

import codecs
from pathlib import Path

_FIRST_BYTES = 64 << 10
_PIECE_BYTES = 4 << 20


class Growth:
    """Reads a file from near its end on.

    Parameters
    ----------
    path : pathlib.Path
        The file; one that is not there is empty.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._at = -1
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode

    def read(self) -> str:
        """Return what was added since the last time; the first time, the last lines.

        Returns
        -------
        str
            At most 4 MB; what is more comes the next time.
        """
        first = self._at < 0
        try:
            size = self._path.stat().st_size
            if size == self._at:
                return ""
            # A shorter file is a new one: the service was deleted and made again.
            begin = max(0, size - _FIRST_BYTES) if first else self._at if size > self._at else 0
            with self._path.open("rb") as file:
                file.seek(begin)
                data = file.read(_PIECE_BYTES)
        except FileNotFoundError:
            self._at = 0
            return ""
        self._at = begin + len(data)
        if first and begin:
            data = data.partition(b"\n")[2]
        return self._decode(data)
