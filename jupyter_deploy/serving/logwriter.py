"""The front's way to the log: many lines in one write, and never waiting for a reader who does not read."""

from __future__ import annotations

import collections
import os
import select
import stat
import time
from collections.abc import Callable

_OUTPUT = 1
# A pipe that can be written to takes at least this much at once (POSIX's PIPE_BUF).
_PIECE = 4096
_LIMIT = 16 << 20
_RETRY_SECONDS = 0.02
_LAST_SECONDS = 1.0


class LogWriter:
    """Collects lines during one turn of the event loop and writes them at its end.

    Parameters
    ----------
    soon : callable
        Runs a function at the end of this turn.
    later : callable
        Runs a function after some seconds.
    """

    def __init__(self, soon: Callable[..., object], later: Callable[..., object]) -> None:
        self._soon, self._later = soon, later
        self._lines: collections.deque[bytes] = collections.deque()
        self._size = self._dropped = 0
        self._due = False
        self._blocks = not stat.S_ISREG(os.fstat(_OUTPUT).st_mode)

    def write(self, lines: bytes) -> None:
        """Take lines.

        Parameters
        ----------
        lines : bytes
            Whole ones.
        """
        self._lines.append(lines)
        self._size += len(lines)
        while self._size > _LIMIT:
            self._size -= len(self._lines.popleft())
            self._dropped += 1
        if not self._due:
            self._due = True
            self._soon(self._flush)

    def close(self) -> None:
        """Write what is left, giving a slow reader a moment."""
        end = time.monotonic() + _LAST_SECONDS
        while self._lines and time.monotonic() < end:
            if not self._write():
                time.sleep(_RETRY_SECONDS)

    def _flush(self) -> None:
        self._due = False
        if not self._write():
            self._due = True
            self._later(_RETRY_SECONDS, self._flush)

    def _write(self) -> bool:
        """Write as much as goes without waiting; false where something is left."""
        if self._dropped and self._takes():
            self._dropped, lost = 0, self._dropped
            self._lines.appendleft(b"... %d writes to the log were dropped, because nobody read it\n" % lost)
        while self._lines:
            data = self._lines.popleft() if len(self._lines) == 1 else b"".join(self._lines)
            self._lines.clear()
            at = 0
            while at < len(data):
                if not self._takes():
                    self._lines.appendleft(data[at:])
                    self._size = len(data) - at
                    return False
                try:
                    at += os.write(_OUTPUT, data[at : at + _PIECE] if self._blocks else data[at:])
                except BlockingIOError:
                    continue
                except OSError:
                    # Nobody reads the log any more; the service goes on.
                    at = len(data)
            self._size = 0
        return True

    def _takes(self) -> bool:
        return not self._blocks or bool(select.select([], [_OUTPUT], [], 0)[1])
