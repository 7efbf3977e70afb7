"""Why a database cannot be used, in plain words: which process holds it, which disk is full, what is damaged."""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa

from ..errors import Locked, StoreProblem
from .room import cannot_write, full_disk, read_only

_LOCKED = (5, 6)
_NO_ROOM = 13
_NOT_WRITABLE = (3, 8, 10, 14)
_DAMAGED = (11, 26)


def code_of(error: BaseException) -> int:
    """Return the SQLite primary error code of an error or its cause; 0 if it is not SQLite's."""
    if isinstance(error, StoreProblem) and error.__cause__ is not None:
        error = error.__cause__
    inner = error.orig if isinstance(error, sa.exc.DBAPIError) else error
    if not isinstance(inner, sqlite3.Error):
        return 0
    # The module's own errors have no code.
    return int(getattr(inner, "sqlite_errorcode", 0)) & 0xFF


def is_about_room(error: BaseException) -> bool:
    """Whether nothing can be written beside a database: a full disk, or a read-only folder."""
    return code_of(error) in {_NO_ROOM, *_NOT_WRITABLE}


@contextlib.contextmanager
def told(database: Path | None, url: object, seconds: float) -> Iterator[None]:
    """Turn the engine's errors into a StoreProblem of two lines; mistakes in our own statements stay as they are.

    ``database`` is SQLite's file, None for another engine; ``seconds`` is the wait for another process's lock.
    """
    try:
        yield
    except (sa.exc.OperationalError, sa.exc.DatabaseError, sqlite3.OperationalError, sqlite3.DatabaseError) as error:
        if isinstance(error, (sa.exc.IntegrityError, sa.exc.ProgrammingError, sqlite3.IntegrityError)):
            raise
        raise problem(error, database, url, seconds) from error


def problem(error: BaseException, database: Path | None, url: object, seconds: float) -> StoreProblem:
    """Make the error for an engine's error; the arguments are those of :func:`told`."""
    code, said = code_of(error), getattr(error, "orig", error)
    if database is None or not code:
        return StoreProblem(
            f"The workspace's database cannot be used: {said}.",
            hint=f"It is {url}; check it, or point JUPYTER_DEPLOY_HOME elsewhere.",
        )
    if code in _LOCKED:
        return _locked(database, seconds)
    if code in _DAMAGED:
        return _damaged(database, said)
    number = cannot_write(database.parent) or (errno.ENOSPC if code == _NO_ROOM else 0)
    if number in {errno.ENOSPC, errno.EDQUOT}:
        return full_disk(database.parent, number)
    if number or code == 8:
        return read_only(database.parent, number or errno.EROFS)
    return StoreProblem(
        f"The workspace's database {database} cannot be used: {said}.",
        hint=f"Check the disk and the rights of {database.parent}, or point JUPYTER_DEPLOY_HOME elsewhere.",
    )


def _locked(database: Path, seconds: float) -> Locked:
    holders = _holders(database)
    by = f" by {', '.join(holders)}" if holders else ""
    return Locked(
        f"The workspace's database {database} has been locked for {seconds:g} s{by}.",
        hint="Wait until that process is done and try again, or end it.",
    )


def _holders(database: Path) -> list[str]:
    """Name the other processes that have the database open, as far as the system tells."""
    import psutil

    found = []
    for process in psutil.process_iter(["pid", "name"]):
        if process.pid == os.getpid():
            continue
        with contextlib.suppress(psutil.Error, OSError):
            if any(Path(file.path) == database for file in process.open_files()):
                found.append(f"{process.info['name']} (pid {process.pid})")
    return found[:5]


def _damaged(database: Path, said: object) -> StoreProblem:
    copies = sorted(database.parent.glob(f"{database.name}.before-*"), key=lambda copy: copy.stat().st_mtime)
    hint = (
        f"Put a copy in its place: its own backup {copies[-1]}, or yours" if copies else "Put your backup in its place"
    )
    return StoreProblem(
        f"The workspace's database {database} is damaged: {said}.",
        hint=f"{hint}; or point JUPYTER_DEPLOY_HOME at another folder.",
    )
