"""A bounded walk through a folder: what is shipped, what is left out and why, and when it is too much."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from ...errors import TooMuchToShip
from .excluded import file_is, folder_is
from .ignoring import AML, GIT, Ignored

MOST_FILES = 10_000
MOST_BYTES = 100_000_000
_MOST_SEEN = 100_000
_SHOWN = 3


@dataclass
class Walk:
    """One walk through a folder.

    ``whole`` says that the user named the folder, ``large`` that it may be large. ``home`` is the workspace's own
    folder, which is never shipped.
    """

    root: Path
    whole: bool
    large: bool
    home: str
    found: dict[str, os.stat_result] = field(default_factory=dict)
    left_out: dict[str, list[str]] = field(default_factory=dict)
    _seen: int = 0

    def through(self, folder: Path) -> None:
        """Add the files of a folder: the root, or one below it."""
        ignored = Ignored.of(self.root, whole=self.whole)
        prefix = "" if folder == self.root else f"{folder.relative_to(self.root).as_posix()}/"
        self._folder(str(folder), prefix, ignored, frozenset())

    def one(self, name: str, *, folder: bool = False) -> None:
        """Add what a script opens by its name, relative to the root, whatever else is left out.

        No ignore file counts inside a folder that is named so.
        """
        place = self.root / name
        if folder:
            self._folder(str(place), f"{name}/", Ignored(""), frozenset())
            return
        try:
            status = os.stat(place)  # noqa: PTH116 - as in the walk
        except OSError:
            return
        if stat.S_ISREG(status.st_mode):
            self.found[name] = status

    def _folder(self, path: str, prefix: str, ignored: Ignored, above: frozenset[tuple[int, int]]) -> None:
        try:
            status = os.stat(path)  # noqa: PTH116 - thousands of times
            with os.scandir(path) as opened:
                entries = sorted(opened, key=lambda entry: entry.name)
        except OSError:
            self._leave("folders that cannot be read", prefix)
            return
        identity = (status.st_dev, status.st_ino)
        if identity in above:
            self._leave("links to a folder above", prefix)
            return
        self._seen += len(entries)
        names = frozenset(entry.name for entry in entries)
        ignored = ignored.within(path, prefix, names)
        for entry in entries:
            name = f"{prefix}{entry.name}"
            why = self._file(entry, name, names, ignored)
            if why is None:
                why = self._left(entry, name, prefix, ignored)
                if not why:
                    self._folder(entry.path, f"{name}/", ignored, above | {identity})
            if why and entry.name not in (AML, GIT):
                self._leave(why, name)
        self._check()

    def _left(self, entry: os.DirEntry[str], name: str, prefix: str, ignored: Ignored) -> str:
        if entry.path == self.home:
            return "workspaces of services"
        why = folder_is(entry.path, entry.name, prefix.count("/"))
        return why or (ignored.name if ignored(f"{name}/") else "")

    def _file(self, entry: os.DirEntry[str], name: str, names: frozenset[str], ignored: Ignored) -> str | None:
        """Add a file, or return the reason against it; None for a folder."""
        try:
            if entry.is_dir():
                return None
            status = entry.stat()
        except OSError:
            return "broken links"
        if not stat.S_ISREG(status.st_mode):
            return "sockets, pipes and devices"
        why = file_is(entry.name, names) or (ignored.name if ignored(name) else "")
        if not why:
            self.found[name] = status
        return why

    def _leave(self, why: str, name: str) -> None:
        self.left_out.setdefault(why, []).append(name.rstrip("/"))

    def _check(self) -> None:
        if self.large or (len(self.found) <= MOST_FILES and self._seen <= _MOST_SEEN):
            return
        raise too_much(self.root, f"more than {MOST_FILES:,} files")

    def check_size(self) -> None:
        """Refuse more than a script usually needs."""
        size = sum(status.st_size for status in self.found.values())
        if self.large or size <= MOST_BYTES:
            self._check()
            return
        largest = sorted(self.found, key=lambda name: -self.found[name].st_size)[:_SHOWN]
        told = ", ".join(f"{name} with {self.found[name].st_size / 1e6:,.0f} MB" for name in largest)
        raise too_much(self.root, f"{size / 1e6:,.0f} MB in {len(self.found):,} files (largest: {told})")


def too_much(root: Path, what: str) -> TooMuchToShip:
    """Make the error for a folder that is too large, or the question to ask."""
    return TooMuchToShip(
        f"What the script ships of {root} is much: {what}.",
        hint="--yes (in Python: large=True) ships it all the same; a file .amlignore in it names what stays here; "
        "--source DIR ships another folder.",
    )
