"""Whether a folder can be written to, and why not; a reserve that is given up on a full disk."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ..errors import DiskFull, ReadOnly

NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
NO_RIGHTS = (errno.EROFS, errno.EACCES, errno.EPERM)
_PROBE_BYTES = 64 << 10
_MEGABYTE = 1_000_000
_RESERVE_BYTES = 2 << 20
_STEP_BYTES = 256 << 10


def cannot_write(folder: Path) -> int:
    """Write a small file to a folder, since only that shows a quota; returns the error's number or 0."""
    try:
        handle, name = tempfile.mkstemp(prefix=".probe-", dir=folder)
    except OSError as error:
        return error.errno or errno.EIO
    try:
        left = _PROBE_BYTES
        while left:
            left -= os.write(handle, bytes(left))
        os.fsync(handle)
    except OSError as error:
        return error.errno or errno.EIO
    finally:
        os.close(handle)
        Path(name).unlink(missing_ok=True)
    return 0


def free_bytes(folder: Path) -> int:
    """Return the free bytes of a folder's disk; 0 if unknown."""
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return 0


def full_disk(folder: Path, number: int = errno.ENOSPC) -> DiskFull:
    """Make the error for a full disk or a used-up quota; the caller adds what can be removed."""
    hint = "prune removes what no service needs; delete and unregister remove what is named."
    if number == errno.EDQUOT:
        return DiskFull(f"Your disk quota for {folder} is used up.", hint=hint)
    free = free_bytes(folder)
    words = "is full" if free < _MEGABYTE else "has too little room"
    return DiskFull(f"The disk of {folder} {words} ({amount(free)} free).", hint=hint)


def read_only(folder: Path, number: int = errno.EROFS) -> ReadOnly:
    """Make the error for a folder that may not be written to; ``number`` is the system's."""
    why = "is on a read-only file system" if number == errno.EROFS else f"cannot be written to: {os.strerror(number)}"
    return ReadOnly(
        f"{folder} {why}.",
        hint="Make the folder writable, or point JUPYTER_DEPLOY_HOME at another one. "
        "Until then services can be looked at, called and stopped.",
    )


def amount(size: float) -> str:
    """Write a number of bytes for people, for example ``"340 MB"``."""
    for unit in ("bytes", "KB", "MB", "GB"):
        if size < 1000 or unit == "GB":
            return f"{size:,.0f} {unit}" if size >= 10 or unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1000
    raise AssertionError


@contextlib.contextmanager
def told(folder: Path) -> Iterator[None]:
    """Name the folder that is full or read-only, where the system only says that one is.

    It is ``folder`` unless an error names another path.
    """
    try:
        yield
    except OSError as error:
        named = _named(error, folder)
        if error.errno in NO_ROOM:
            raise full_disk(named, error.errno or 0) from error
        if error.errno == errno.EROFS or (error.errno in NO_RIGHTS and folder in (named, *named.parents)):
            raise read_only(named, error.errno) from error
        raise


def _named(error: OSError, folder: Path) -> Path:
    """Name the folder whose disk an error is about: the whole workspace, if it is on that disk."""
    if not isinstance(error.filename, (str, bytes)):
        return folder
    place = Path(os.fsdecode(error.filename)).parent
    if folder not in (place, *place.parents):
        return place
    with contextlib.suppress(OSError):
        return folder if place.stat().st_dev == folder.stat().st_dev else place
    return folder


class Reserve:
    """Space that is kept for a full disk, where stopping or removing something must still be recorded."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / "reserve"

    def refill(self) -> None:
        """Fill it, if there is ample space."""
        with contextlib.suppress(OSError):
            has = self._path.stat().st_size if self._path.exists() else 0
            size = min(_RESERVE_BYTES, free_bytes(self._folder) // 4)
            if has >= min(size, _RESERVE_BYTES) or size < _STEP_BYTES:
                return
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                # Allocate blocks, not a hole: they are the reserve.
                if hasattr(os, "posix_fallocate"):
                    os.posix_fallocate(handle, 0, size)
                else:
                    os.write(handle, bytes(size))
            finally:
                os.close(handle)

    def give_up(self) -> bool:
        """Free a part of it, which another process may take at once; false if nothing is left."""
        try:
            size = self._path.stat().st_size
            if size > _STEP_BYTES:
                os.truncate(self._path, size - _STEP_BYTES)
            else:
                self._path.unlink()
        except OSError:
            return False
        return True

    def make_room(self) -> None:
        """Free as much as a small write needs, if there is less."""
        while free_bytes(self._folder) < _STEP_BYTES and self.give_up():
            pass
