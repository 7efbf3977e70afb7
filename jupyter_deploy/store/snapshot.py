"""Read a copy of a database that cannot be opened in its place, because nothing can be written beside it."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import tempfile
from pathlib import Path

_TRIES = 5
_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of its own is made there


def snapshot(path: Path) -> sqlite3.Connection:
    """Copy a database and its log into memory, as they were a moment ago; a missing file is empty.

    SQLite needs space beside a database even for reading; a full or read-only disk has none.
    """
    if not path.parent.is_dir():
        raise sqlite3.OperationalError(f"unable to open database file: there is no folder {path.parent}")
    memory = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
    try:
        if not path.exists():
            return memory
    except OSError as error:
        raise sqlite3.OperationalError(f"unable to open database file: {error}") from error
    failed: OSError | None = None
    for root in dict.fromkeys((_temporary(), _MEMORY)):
        if root is None:
            continue
        try:
            with tempfile.TemporaryDirectory(prefix="jupyter_deploy-", dir=root) as folder:
                copy = _copied(path, Path(folder))
                with contextlib.closing(sqlite3.connect(copy, isolation_level=None)) as source:
                    source.backup(memory)
                return memory
        except OSError as error:
            failed = error
    memory.close()
    raise sqlite3.OperationalError(f"no copy can be made to be read: {failed}")


def _temporary() -> Path | None:
    try:
        return Path(tempfile.gettempdir())
    except OSError:
        return None


def _copied(path: Path, folder: Path) -> Path:
    """Copy file and log as they were at one moment."""
    parts = [path, path.with_name(f"{path.name}-wal")]
    for _ in range(_TRIES):
        before = _state(parts)
        for part in parts:
            (folder / part.name).unlink(missing_ok=True)
            with contextlib.suppress(FileNotFoundError):
                shutil.copyfile(part, folder / part.name)
        if _state(parts) == before:
            return folder / path.name
    raise sqlite3.OperationalError("database is locked: it is written to all the time")


def _state(parts: list[Path]) -> list[tuple[int, int] | None]:
    found: list[tuple[int, int] | None] = []
    for part in parts:
        try:
            status = part.stat()
            found.append((status.st_size, status.st_mtime_ns))
        except FileNotFoundError:
            found.append(None)
    return found
