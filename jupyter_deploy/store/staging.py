"""Work in progress: a folder that only its living owner may use, and the digests that it is about to need.

``kill -9`` leaves such a folder behind; its lock ends with the process, so the next process can tell.
"""

from __future__ import annotations

import contextlib
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .room import NO_RIGHTS, NO_ROOM, told

if TYPE_CHECKING:
    import filelock

# Beside the staging folder; locked by each claim, and while what is not claimed is removed.
_CLAIMING = "claims.lock"
_CLAIMING_SECONDS = 0.002


@dataclass(frozen=True)
class Stage:
    """A claimed folder at a place.

    ``claims`` is the file that lists the digests that must stay.
    """

    place: Path
    claims: Path

    @property
    def folder(self) -> Path:
        """The folder, made when it is first asked for.

        It is on the file system of artifacts and bundles, so that a rename publishes.
        """
        self.place.mkdir(exist_ok=True)
        return self.place

    @property
    def token(self) -> str:
        """The name by which :meth:`Claims.is_open` knows it."""
        return self.place.name

    def claim(self, digest: str) -> None:
        """Keep an artifact or bundle from being collected while this stage is open, whether it exists or not.

        What exists after this call stays: it waits for a removal that is under way.
        """
        with _settled(self.place.parent), self.claims.open("a") as file:
            file.write(digest + "\n")


@dataclass(frozen=True)
class LeftBehind:
    """What killed processes left in the staging folder."""

    locks: tuple[Path, ...]  # the lock files of their stages
    trash: tuple[Path, ...]  # folders whose removal was interrupted
    digests: frozenset[str]  # what the stages claimed, and may have published without a row

    def remove(self) -> None:
        """Remove the stages and the trash."""
        for folder in self.trash:
            shutil.rmtree(folder, ignore_errors=True)
        for path in self.locks:
            _remove(path.parent, path.stem)


class Claims:
    """The open stages of all processes, and what they claim.

    A stage ends with its process: its lock is the system's, so the next process finds it free at once.
    """

    def __init__(self, staging: Path) -> None:
        self._staging = staging

    @contextmanager
    def open(self) -> Iterator[Stage]:
        """Open a stage, locked for this thread, and remove it at the end."""
        staging = self._staging
        with told(staging.parent):
            token, lock = _new_token(staging)
            try:
                opened = Stage(staging / token, staging / f"{token}.claims")
                try:
                    yield opened
                finally:
                    _remove(staging, token)
            finally:
                lock.release()

    def is_open(self, token: str) -> bool:
        """Whether a stage is open: neither closed nor its process dead."""
        path = self._staging / f"{token}.lock"
        return path.exists() and _is_held(path)

    def living(self) -> set[str]:
        """Return the digests of artifacts and bundles that open stages need."""
        # A stage is identified by its lock file, which is locked before the folder exists and removed after it.
        return set().union(*(_claimed(path) for path in self._staging.glob("*.lock") if _is_held(path)))

    @contextmanager
    def settled(self) -> Iterator[None]:
        """Let no stage claim anything meanwhile, so that what :meth:`living` does not return can be removed."""
        with _settled(self._staging):
            yield

    def left_behind(self) -> LeftBehind:
        """Find what killed processes left: nearly always nothing."""
        staging = self._staging
        names = {entry.name for entry in staging.iterdir()} if staging.is_dir() else set()
        locks = tuple(staging / name for name in names if name.endswith(".lock") and not _is_held(staging / name))
        trash = tuple(staging / name for name in names if name.startswith("trash-"))
        return LeftBehind(locks, trash, frozenset().union(*map(_claimed, locks)))


@contextmanager
def scratch(staging: Path) -> Iterator[Path]:
    """Make an empty work folder, and remove it at the end; after a kill, the next process removes it."""
    with Claims(staging).open() as opened:
        yield opened.folder


@contextmanager
def _settled(staging: Path) -> Iterator[None]:
    import filelock

    lock = filelock.FileLock(staging.with_name(_CLAIMING))
    lock.acquire(poll_interval=_CLAIMING_SECONDS)
    try:
        yield
    finally:
        lock.release()


def _new_token(staging: Path) -> tuple[str, filelock.BaseFileLock]:
    import filelock

    while True:
        token = uuid.uuid4().hex
        path = staging / f"{token}.lock"
        lock = filelock.FileLock(path)
        lock.acquire()
        # Another process may have removed the file between its creation and its lock.
        if path.exists():
            return token, lock
        lock.release()


def _is_held(path: Path) -> bool:
    import filelock

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
            # Its owner has just ended, or not begun and will take another name: the probe may have created the file.
            path.unlink(missing_ok=True)
    finally:
        lock.release()
    return False


def _claimed(path: Path) -> set[str]:
    # It does not exist before the first claim, nor after its owner has ended.
    with contextlib.suppress(OSError):
        return set(path.with_suffix(".claims").read_text().split())
    return set()


def _remove(staging: Path, token: str) -> None:
    shutil.rmtree(staging / token, ignore_errors=True)
    (staging / f"{token}.claims").unlink(missing_ok=True)
    (staging / f"{token}.lock").unlink(missing_ok=True)
