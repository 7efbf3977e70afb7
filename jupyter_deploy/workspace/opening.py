"""Open a workspace: make or correct its folder, check its database; a full disk prevents neither."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ..errors import DiskFull, ReadOnly, StoreProblem
from ..files import in_home
from ..home import HOME_VARIABLE, Home
from ..store import NO_RIGHTS, NO_ROOM, Database, Reserve, amount, make_private

PRUNE = "jupyter model prune"
log = logging.getLogger("jupyter_deploy")


def open_home(home: Home, database: Database, artifacts: str | None = None) -> None:
    """Make a workspace's folders, or correct their rights; check its database, or create it; note where files are.

    It lists no folder and reads no row of a table that grows.

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
    tidy(database.open, *([lambda: home.keep_artifacts(artifacts)] if artifacts else []))
    Reserve(home.root).refill()


def absolute_url(place: str) -> str:
    """Return a folder so that it is the same in every working directory; a URL stays."""
    return place if ":/" in place or "::" in place else str(in_home(place).absolute())


def tidy(*works: Callable[[], object]) -> None:
    """Do optional work in order; a full or read-only disk prevents nothing else."""
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
    """On a full disk, add to the error's hint what ``prune`` would free."""
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
