"""Work in progress: a folder that only its living owner may use, and the digests it is about to need.

``kill -9`` leaves such a folder behind; its lock is gone with the process, so the next one to look can tell.
"""

from __future__ import annotations

import contextlib
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import filelock

from .room import NO_RIGHTS, NO_ROOM, told


@dataclass(frozen=True)
class Stage:
    """A claimed folder.

    Parameters
    ----------
    folder : pathlib.Path
        Empty at first; on the same file system as artifacts and bundles, so that a rename publishes.
    claims : pathlib.Path
        The file that lists the digests this stage needs to stay.
    """

    folder: Path
    claims: Path

    @property
    def token(self) -> str:
        """What :meth:`Claims.is_open` knows it by."""
        return self.folder.name

    def claim(self, digest: str) -> None:
        """Keep an artifact or bundle from being collected while this stage is open.

        Parameters
        ----------
        digest : str
            What must stay, whether it exists already or not.
        """
        with self.claims.open("a") as file:
            file.write(digest + "\n")


@dataclass(frozen=True)
class LeftBehind:
    """What processes left in the staging folder that were killed.

    Parameters
    ----------
    locks : tuple of pathlib.Path
        The lock files of their stages.
    trash : tuple of pathlib.Path
        Folders whose removal was cut off.
    digests : frozenset of str
        What the stages claimed: it may have been published without a row that names it.
    """

    locks: tuple[Path, ...]
    trash: tuple[Path, ...]
    digests: frozenset[str]

    def remove(self) -> None:
        """Remove the stages and the trash."""
        for folder in self.trash:
            shutil.rmtree(folder, ignore_errors=True)
        for path in self.locks:
            _remove(path.parent, path.stem)


class Claims:
    """The stages that are open, in any process, and what they claim.

    A stage dies with its process: its lock is the system's, so the next one to look finds it free at once.

    Parameters
    ----------
    staging : pathlib.Path
        The workspace's staging folder.
    """

    def __init__(self, staging: Path) -> None:
        self._staging = staging

    @contextmanager
    def open(self) -> Iterator[Stage]:
        """Open a stage and remove it at the end, whatever happened.

        Yields
        ------
        Stage
            Locked for this thread of this process.
        """
        staging = self._staging
        with told(staging.parent):
            token, lock = _new_token(staging)
            try:
                opened = Stage(staging / token, staging / f"{token}.claims")
                try:
                    opened.folder.mkdir()
                    yield opened
                finally:
                    _remove(staging, token)
            finally:
                lock.release()

    def is_open(self, token: str) -> bool:
        """Tell whether a stage is open.

        Parameters
        ----------
        token : str
            The stage's.

        Returns
        -------
        bool
            False once it is closed or its process is dead.
        """
        path = self._staging / f"{token}.lock"
        return path.exists() and _is_held(path)

    def living(self) -> set[str]:
        """Tell which digests the stages need that are open now.

        Returns
        -------
        set of str
            Digests of artifacts and bundles.
        """
        # A token is known by its lock file, which is locked before the folder exists and removed after it.
        return set().union(*(_claimed(path) for path in self._staging.glob("*.lock") if _is_held(path)))

    def left_behind(self) -> LeftBehind:
        """Find what killed processes left.

        Returns
        -------
        LeftBehind
            Empty nearly always.
        """
        staging = self._staging
        names = {entry.name for entry in staging.iterdir()} if staging.is_dir() else set()
        locks = tuple(staging / name for name in names if name.endswith(".lock") and not _is_held(staging / name))
        trash = tuple(staging / name for name in names if name.startswith("trash-"))
        return LeftBehind(locks, trash, frozenset().union(*map(_claimed, locks)))


@contextmanager
def scratch(staging: Path) -> Iterator[Path]:
    """Make a folder for work on this machine, and remove it at the end or, after a kill, when the next one looks.

    Parameters
    ----------
    staging : pathlib.Path
        The workspace's staging folder.

    Yields
    ------
    pathlib.Path
        Empty at first.
    """
    with Claims(staging).open() as opened:
        yield opened.folder


def _new_token(staging: Path) -> tuple[str, filelock.BaseFileLock]:
    while True:
        token = uuid.uuid4().hex
        path = staging / f"{token}.lock"
        lock = filelock.FileLock(path)
        lock.acquire()
        # Between the file's creation and its lock another process may have taken it for a dead one's and removed it.
        if path.exists():
            return token, lock
        lock.release()


def _is_held(path: Path) -> bool:
    lock = filelock.FileLock(path)
    try:
        lock.acquire(blocking=False)
    except filelock.Timeout:
        return True
    except OSError as error:
        if error.errno not in {*NO_RIGHTS, *NO_ROOM}:
            raise
        # Nothing can be written here, so nothing can be removed either.
        return True
    try:
        if not path.with_suffix("").exists() and not path.with_suffix(".claims").exists():
            # Its owner is just done, or has not begun and then takes another one: the probe may have made the file.
            path.unlink(missing_ok=True)
    finally:
        lock.release()
    return False


def _claimed(path: Path) -> set[str]:
    # Not there before the first claim, nor any more when its owner is just done.
    with contextlib.suppress(OSError):
        return set(path.with_suffix(".claims").read_text().split())
    return set()


def _remove(staging: Path, token: str) -> None:
    shutil.rmtree(staging / token, ignore_errors=True)
    (staging / f"{token}.claims").unlink(missing_ok=True)
    (staging / f"{token}.lock").unlink(missing_ok=True)
