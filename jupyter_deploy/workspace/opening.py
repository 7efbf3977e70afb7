"""Open a workspace: its folder is made or put right, its database checked; a full disk prevents neither."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ..errors import DiskFull, ReadOnly, StoreProblem
from ..home import HOME_VARIABLE, Home
from ..store import NO_RIGHTS, NO_ROOM, Database, Reserve, amount, make_private

PRUNE = "jupyter model prune"
log = logging.getLogger("jupyter_deploy")


def open_home(home: Home, database: Database) -> None:
    """Make a workspace's folders, or put their rights right; check its database, and make it where it is missing.

    It lists no folder and reads no row of a table that grows.

    Parameters
    ----------
    home : Home
        The folders.
    database : Database
        Its rows.

    Raises
    ------
    StoreProblem
        If there is no such folder and it cannot be made, or its database cannot be used.
    """
    try:
        home.create()
    except OSError as error:
        if not home.root.is_dir() or error.errno not in {*NO_ROOM, *NO_RIGHTS}:
            raise StoreProblem(
                f"The workspace folder {home.root} cannot be made: {error.strerror}.",
                hint=f"Point {HOME_VARIABLE} at a folder you can write to.",
            ) from error
    for notice in make_private(home.root):
        log.warning("%s", notice)
    tidy(database.open)
    Reserve(home.root).refill()


def tidy(*works: Callable[[], object]) -> None:
    """Do what is only done by the way: a full disk and one that is read-only prevent nothing else.

    Parameters
    ----------
    *works : callable
        What to do, one after the other.
    """
    for work in works:
        try:
            work()
        except (DiskFull, ReadOnly):
            continue
        except OSError as error:
            if error.errno not in {*NO_ROOM, *NO_RIGHTS}:
                raise


@contextmanager
def full_disk_told(home: Home, prunable: Callable[[], int]) -> Iterator[None]:
    """Say on a full disk what can be done about it.

    Parameters
    ----------
    home : Home
        The folders.
    prunable : callable
        Returns how many bytes ``prune`` would free.

    Yields
    ------
    None
        Nothing.

    Raises
    ------
    DiskFull
        With that in its hint.
    """
    try:
        yield
    except DiskFull as error:
        if str(home.root) not in error.message or PRUNE in error.hint:
            raise
        size = 0
        with contextlib.suppress(OSError, StoreProblem):
            size = prunable()
        hint = (
            f"`{PRUNE}` would free {amount(size)}." if size else "Nothing in it can be pruned: make room on the disk."
        )
        raise DiskFull(error.message, hint=hint, details=error.details) from error
