"""Bytes that are read once, from the beginning, up to a limit: compressed ones may never end."""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterator
from importlib import import_module
from io import BufferedIOBase
from typing import IO, Any

_CHUNK = 1 << 16
_MOST_BYTES = 4 << 30
_MOST_SECONDS = 5.0


class TooMuch(Exception):
    """There is more than is looked at."""


class Stream:
    """A reader over pieces of bytes of any size, for at most so many seconds."""

    def __init__(self, pieces: Iterator[bytes], seconds: float = _MOST_SECONDS) -> None:
        self._pieces = pieces
        self._held = b""
        self._at = 0
        self._taken = 0
        self._until = time.monotonic() + seconds

    def read(self, count: int) -> bytes:
        """Read so many bytes, fewer at the end."""
        end = self._at + count
        if end <= len(self._held):
            found = self._held[self._at : end]
            self._at = end
            return found
        parts, missing = [self._held[self._at :]], end - len(self._held)
        while missing > 0 and self._more():
            parts.append(self._held[:missing])
            self._at = min(missing, len(self._held))
            missing -= len(self._held)
        return b"".join(parts)

    def readline(self) -> bytes:
        """Read up to the end of a line, at most 64 KB, as :mod:`pickletools` asks for it."""
        line = b""
        while len(line) < _CHUNK:
            at = self._held.find(b"\n", self._at)
            if at >= 0:
                line += self._held[self._at : at + 1]
                self._at = at + 1
                return line
            line += self._held[self._at :]
            if not self._more():
                return line
        raise TooMuch("a line without an end")

    def skip(self, count: int) -> None:
        """Skip bytes."""
        while count > len(self._held) - self._at:
            count -= len(self._held) - self._at
            if not self._more():
                return
        self._at += count

    def check_time(self) -> None:
        """Raise if it has been read for too long."""
        if time.monotonic() > self._until:
            raise TooMuch("time")

    def _more(self) -> bool:
        self._held, self._at = next(self._pieces, b""), 0
        self._taken += len(self._held)
        self.check_time()
        if self._taken > _MOST_BYTES:
            raise TooMuch("bytes")
        return bool(self._held)


def plain(opened: IO[bytes] | BufferedIOBase | Any) -> Iterator[bytes]:
    """Read an open binary file in pieces of at most 64 KB."""
    while piece := opened.read(_CHUNK):
        yield piece


def inflated(opened: IO[bytes]) -> Iterator[bytes]:
    """Decompress a zlib stream in pieces of at most 64 KB, whatever its ratio."""
    inside = zlib.decompressobj()
    for piece in plain(opened):
        packed = piece
        while packed:
            yield inside.decompress(packed, _CHUNK)
            packed = inside.unconsumed_tail
        if inside.eof:
            return


def pieces_of(opened: IO[bytes], head: bytes) -> Iterator[bytes] | None:
    """Open a file by its first bytes, as joblib does; None for a compression that cannot be read here."""
    import bz2
    import gzip
    import lzma

    if head[:2] == b"\x1f\x8b":
        return plain(gzip.GzipFile(fileobj=opened))
    if head[:3] == b"BZh":
        return plain(bz2.BZ2File(opened))
    if head[:6] == b"\xfd7zXZ\x00" or head[:3] == b"\x5d\x00\x00":
        return plain(lzma.LZMAFile(opened))
    if head[:1] == b"\x78" and len(head) > 1 and int.from_bytes(head[:2], "big") % 31 == 0:
        return inflated(opened)
    if head[:4] == b"\x04\x22\x4d\x18":
        try:
            frame = import_module("lz4.frame")
        except ImportError:
            return None
        return plain(frame.LZ4FrameFile(opened))
    return plain(opened)
