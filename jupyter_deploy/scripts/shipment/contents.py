"""Users' files by content: copied once, then linked into every bundle that ships them.

The link count says whether a bundle still has the file, so no record of users is needed.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import secrets
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from blake3 import blake3

from ...errors import StoreProblem
from ...files import write_atomic
from ...store import NO_ROOM
from .excluded import holds_a_key

if TYPE_CHECKING:
    from .gathering import Shipment

# Every shipped file has this modification time; another one shows that it was written to.
EPOCH_NS = 315_532_800_000_000_000
_CHUNK = 1 << 20
_ATTEMPTS = 3
# A file changed so recently may change again without a new modification time.
_RACY_NS = 50_000_000
_EXECUTABLE = 0o111
# Do not block on a pipe that replaced the file meanwhile.
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
# Prefix of the digest, in the index, of a file that holds a private key.
_PRIVATE = "private:"


class Content(NamedTuple):
    """A file's content: its digest, with ``x`` behind it for an executable file, and its size in bytes."""

    key: str
    size: int


class Contents:
    """The store of users' files; its folder is made on first use."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._index = folder / "index"

    def read(
        self, shipment: Shipment, stage: Path, now: Callable[[], int] = time.time_ns
    ) -> tuple[dict[str, Content], dict[str, list[str]]]:
        """Read files, and copy those that are new or changed into ``stage``.

        Returns contents by file name, and the files that cannot or must not be shipped, by reason. ``stage`` is on
        the store's file system and holds new content until a bundle does. ``now`` is the file system's clock in
        nanoseconds.
        """
        if not shipment.files:
            return {}, {}
        place = self._index / f"{blake3(os.fsencode(f'{shipment.root}/{shipment.entry}')).hexdigest()}.json"
        known = _known(place)
        found: dict[str, Content] = {}
        left: dict[str, list[str]] = {}
        fresh: dict[str, list[Any]] = {}
        for name, path in shipment.files.items():
            mark = _mark(shipment.stats[name])
            entry = known.get(name)
            if entry is None or entry[1:] != mark:
                try:
                    entry = self._taken(path, stage, now)
                except FileNotFoundError:
                    continue
                except OSError as error:
                    if error.errno in {*NO_ROOM, errno.EROFS}:
                        # The store failed, not the file: without the store nothing is shipped.
                        raise
                    left.setdefault("files that cannot be read", []).append(name)
                    continue
            fresh[name] = entry
            if entry[0].startswith(_PRIVATE) and name not in shipment.named:
                left.setdefault("keys", []).append(name)
            else:
                found[name] = Content(entry[0].removeprefix(_PRIVATE), entry[1])
        if fresh != known:
            self._index.mkdir(parents=True, exist_ok=True)
            write_atomic(place, json.dumps({"root": shipment.root, "files": fresh}), mode=0o600)
        return found, left

    def _taken(self, path: str, stage: Path, now: Callable[[], int]) -> list[Any]:
        """Copy a file into the store; returns its content's key and its marks."""
        target = stage / f"new-{secrets.token_hex(8)}"
        for attempt in range(_ATTEMPTS):
            content, before, after, private = _copy(path, target)
            if before == after or attempt == _ATTEMPTS - 1:
                break
            target.unlink()
        self._keep(target, content)
        if before != after or now() - max(after[1:3]) < _RACY_NS:
            # It may change without a new time: read it again next time.
            after = [after[0], 0, *after[2:]]
        return [_PRIVATE * private + content.key, content.size, *after[1:]]

    def place(self, content: Content, origin: str, target: str) -> None:
        """Put a file into a bundle; ``origin`` is the user's file, read if the store no longer has the content.

        Raises
        ------
        StoreProblem
            If the user's file was changed meanwhile.
        """
        kept = f"{self._folder}/{content.key}"
        if is_whole(kept, content.size):
            with contextlib.suppress(OSError):
                os.link(kept, target)
                return
        if _copy(origin, Path(target))[0] != content:
            raise StoreProblem(f"{origin} changes while it is shipped.", hint="Deploy again when it is written.")
        self._keep(Path(target), content)

    def _keep(self, file: Path, content: Content) -> None:
        kept = self._folder / content.key
        if is_whole(kept, content.size):
            return
        self._folder.mkdir(exist_ok=True)
        kept.unlink(missing_ok=True)
        # A file system without links cannot share: each bundle has its own copy.
        with contextlib.suppress(OSError):
            os.link(file, kept)

    def unused(self) -> Iterator[Path]:
        """Yield the files that no bundle has any more, and those of scripts' folders that are gone."""
        for entry in os.scandir(self._folder) if self._folder.is_dir() else ():
            if entry.is_file(follow_symlinks=False) and entry.stat(follow_symlinks=False).st_nlink == 1:
                yield Path(entry.path)
        for path in self._index.glob("*.json"):
            with contextlib.suppress(OSError, ValueError, KeyError):
                if not Path(json.loads(path.read_text())["root"]).is_dir():
                    yield path

    def sweep(self) -> None:
        """Remove the files that no bundle has any more; a bundle that is linking one copies it instead."""
        for path in self.unused():
            path.unlink(missing_ok=True)


def is_whole(path: str | Path, size: int) -> bool:
    """Whether a shipped file exists as it was written, judged without reading it; ``size`` is the expected one."""
    try:
        status = os.lstat(path)
    except OSError:
        return False
    return stat.S_ISREG(status.st_mode) and status.st_size == size and status.st_mtime_ns == EPOCH_NS


def _known(place: Path) -> dict[str, list[Any]]:
    try:
        found: dict[str, list[Any]] = json.loads(place.read_text())["files"]
    except (OSError, ValueError, KeyError):
        return {}
    return found


def _mark(status: os.stat_result) -> list[int]:
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino, status.st_mode & _EXECUTABLE]


def _copy(source: str, target: Path) -> tuple[Content, list[int], list[int], bool]:
    """Copy a file, read-only and without its times; returns its marks before and after, and whether it is a key."""
    total, size, private = blake3(), 0, False
    with open(os.open(source, _FLAGS), "rb") as incoming:  # noqa: PTH123
        before = os.fstat(incoming.fileno())
        if not stat.S_ISREG(before.st_mode):
            raise OSError(errno.EINVAL, "not a file", source)
        with target.open("xb") as outgoing:
            while chunk := incoming.read(_CHUNK):
                private = private or (not size and holds_a_key(chunk))
                total.update(chunk)
                outgoing.write(chunk)
                size += len(chunk)
        after = _mark(os.fstat(incoming.fileno()))
    runs = bool(before.st_mode & _EXECUTABLE)
    os.utime(target, ns=(EPOCH_NS, EPOCH_NS))
    target.chmod(0o555 if runs else 0o444)
    return Content(total.hexdigest() + "x" * runs, size), _mark(before), after, private
