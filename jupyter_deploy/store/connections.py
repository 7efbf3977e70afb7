"""SQLite's connections to one file, kept open between transactions."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import sys
import time
import weakref
from pathlib import Path

from ..files import touch_private
from .faults import code_of
from .room import Reserve

FULL = (10, 13)
_KEPT = 2
_OF_PARENTS: list[Connection] = []


class Connection(sqlite3.Connection):
    """A connection whose commit may use the reserve, and whose end gives it back.

    ``place`` says which file it has open, ``seconds`` how long it waits for another process's lock.
    """

    reserve: Reserve | None = None
    pool: Connections | None = None
    place = (0, 0)
    seconds = 0.0

    def commit(self) -> None:
        """Commit; on a full disk, give up the reserve for it."""
        while True:
            try:
                super().commit()
                return
            except sqlite3.OperationalError as error:
                full = code_of(error) in FULL and self.in_transaction
                if not full or self.reserve is None or not self.reserve.give_up():
                    raise

    def wait(self, seconds: float) -> None:
        """Wait so long for another process's lock."""
        if seconds != self.seconds:
            self.execute(f"PRAGMA busy_timeout={seconds * 1000:.0f}").close()
            self.seconds = seconds

    def close(self) -> None:
        """Give it back; after a failure it is closed."""
        self.reserve = None
        if self.pool is None or self.in_transaction or sys.exc_info()[0] is not None or not self.pool.keep(self):
            super().close()

    def end(self) -> None:
        """Close it."""
        super().close()


class Connections:
    """Opens connections to the file at a path, and keeps up to two of them.

    Opening one takes 0.3 ms, and a reload has some twenty transactions. One more stays open and unused: SQLite removes
    its log when the last one closes, which takes milliseconds.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._free: list[Connection] = []
        self._process = os.getpid()
        weakref.finalize(self, _end, self._free)

    def hold_open(self) -> None:
        """Open the connection that is not used."""
        held = sqlite3.connect(self._path, check_same_thread=False)
        weakref.finalize(self, held.close)
        held.execute("SELECT count(*) FROM sqlite_master").close()

    def take(self, seconds: float) -> Connection:
        """Return a connection that waits so long for another process's lock."""
        if self._process != os.getpid():
            # A forked process must neither use nor close what its parent has open.
            _OF_PARENTS.extend(self._free)
            self._free.clear()
            self._process = os.getpid()
        place = _place_of(self._path)
        while self._free:
            with contextlib.suppress(IndexError):
                kept = self._free.pop()
                if place != (0, 0) and kept.place == place:
                    kept.wait(seconds)
                    kept.pool = self
                    return kept
                kept.end()
        return self._opened(seconds)

    def keep(self, connection: Connection) -> bool:
        """Keep a connection for the next transaction; false if there are enough."""
        if len(self._free) >= _KEPT or self._process != os.getpid():
            return False
        # Else it would keep this object alive.
        connection.pool = None
        self._free.append(connection)
        return True

    def end(self) -> None:
        """Close those that are kept."""
        _end(self._free)

    def _opened(self, seconds: float) -> Connection:
        if not self._path.exists():
            with contextlib.suppress(OSError):
                # SQLite gives its log and its index the rights of the file.
                touch_private(self._path)
        connection = sqlite3.connect(str(self._path), isolation_level=None, check_same_thread=False, factory=Connection)
        try:
            _configure(connection, seconds)
        except BaseException:
            connection.end()
            raise
        connection.place, connection.pool = _place_of(self._path), self
        return connection


def _end(connections: list[Connection]) -> None:
    while connections:
        with contextlib.suppress(IndexError):
            connections.pop().end()


def _place_of(path: Path) -> tuple[int, int]:
    """Tell one file from another that has taken its place; zeros for none."""
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_dev, found.st_ino


def _configure(connection: Connection, seconds: float) -> None:
    # The sqlite3 module would open transactions itself, too late for the write lock: the engine opens them.
    connection.wait(seconds)
    for pragma in ("synchronous=normal", "foreign_keys=on"):
        connection.execute(f"PRAGMA {pragma}").close()
    end = time.monotonic() + seconds
    while True:
        try:
            connection.execute("PRAGMA journal_mode=wal").close()
            return
        except sqlite3.OperationalError as error:
            # When several processes change a new file's journal mode, SQLite does not wait for the others.
            if "locked" not in str(error) or time.monotonic() > end:
                raise
            time.sleep(0.005)
