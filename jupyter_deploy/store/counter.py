"""Whether anything was written to the database since the last look, for the price of one number."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path


class ChangeCounter:
    """Notices commits of any process to an SQLite file, also where another file takes its place.

    A file that is missing or cannot be read counts as changed once. One thread looks.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._file = (0, 0)
        self._seen: tuple[object, ...] | None = None

    def changed(self) -> bool:
        """Whether something was committed since the last call; the first call says yes."""
        seen = self._look()
        before, self._seen = self._seen, seen
        return seen != before

    def _look(self) -> tuple[object, ...]:
        try:
            status = self._path.stat()
            if (status.st_dev, status.st_ino) != self._file or self._connection is None:
                self.close()
                # Reading only: a file that is gone must not be made again.
                self._connection = sqlite3.connect(
                    f"{self._path.as_uri()}?mode=ro", uri=True, check_same_thread=False, isolation_level=None
                )
                self._file = (status.st_dev, status.st_ino)
            cursor = self._connection.execute("PRAGMA data_version")
            version = cursor.fetchone()[0]
            cursor.close()
        except (OSError, sqlite3.Error) as error:
            self.close()
            return (str(error),)
        return (*self._file, version)

    def close(self) -> None:
        """Close the connection; the next look opens another."""
        if self._connection is not None:
            with contextlib.suppress(sqlite3.Error):
                self._connection.close()
        self._connection, self._file = None, (0, 0)
