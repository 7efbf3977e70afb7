"""The newest lines of a log, numbered, for views that fell behind or came late."""

from __future__ import annotations

import threading
from collections import deque

# Fewer than the 2,000 rows of a view, so that the row with the number of skipped lines stays visible.
CAPACITY = 1900


class Ring:
    """Keeps the newest ``capacity`` lines; one thread adds, another takes."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._lines: deque[str] = deque(maxlen=capacity)
        self._added = 0
        self._rest: list[str] = []
        self._rest_length = 0
        self._lock = threading.Lock()

    @property
    def last(self) -> int:
        """The number of the newest line; the first one is 1."""
        return self._added

    def add(self, piece: str) -> None:
        """Add a piece of the log, which may begin and end inside a line; an unfinished line waits for its end."""
        *whole, rest = piece.split("\n")
        if whole:
            whole[0] = "".join([*self._rest, whole[0]])
            self._rest, self._rest_length = [], 0
            with self._lock:
                self._lines.extend(line.rstrip("\r") for line in whole[-(self._lines.maxlen or 0) :])
                self._added += len(whole)
        # An endless line must not fill the memory; more than this of a line is never shown.
        if rest and self._rest_length < 1 << 16:
            self._rest.append(rest)
            self._rest_length += len(rest)

    def after(self, number: int, most: int) -> tuple[int, list[str]]:
        """Return the oldest kept lines after a number, at most ``most``, and the number of the first."""
        with self._lock:
            first = max(number + 1, self._added - len(self._lines) + 1)
            begin = first - (self._added - len(self._lines) + 1)
            return first, [self._lines[index] for index in range(begin, min(begin + most, len(self._lines)))]

    def newest(self, most: int) -> tuple[int, list[str]]:
        """Return the newest lines, at most ``most``, and the number of the first."""
        return self.after(max(0, self.last - most), most)
