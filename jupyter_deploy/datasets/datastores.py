"""Folders that files are uploaded to."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from ..errors import UsageProblem, not_found
from ..files import walk_tree

DEFAULT = "workspaceblobstore"
_NAME = re.compile(r"[a-zA-Z0-9_]{1,255}")


class Datastores:
    """The datastores of a workspace: folders in its home; the default one is always there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def names(self) -> tuple[str, ...]:
        """Name them all."""
        made = [entry.name for entry in self._folder.iterdir() if entry.is_dir()] if self._folder.is_dir() else []
        return tuple(sorted({DEFAULT, *made}))

    def folder(self, name: str) -> Path:
        """Return a datastore's folder; :class:`~jupyter_deploy.errors.NotFound` names the nearest."""
        if name not in self.names():
            raise not_found("datastore", name, self.names())
        return self._folder / name

    def create(self, name: str) -> Path:
        """Make a datastore, or find the one of that name."""
        if not _NAME.fullmatch(name):
            raise UsageProblem(f"{name!r} cannot be a datastore's name.", hint="Letters, digits and '_'.")
        place = self._folder / name
        self._folder.mkdir(mode=0o700, exist_ok=True)
        place.mkdir(exist_ok=True)
        return place

    def upload(self, name: str, files: Iterable[tuple[Path, str]], *, overwrite: bool) -> tuple[Path, ...]:
        """Copy files to a datastore, each to a path in it; one that is there is kept unless it may be overwritten."""
        root, places = self.create(name), []
        for source, target in files:
            if not source.is_file():
                raise UsageProblem(f"Path does not exist: {source}", hint=f"The current folder is {Path.cwd()}.")
            place = root / checked_path(target)
            if overwrite or not place.exists():
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, place)
            places.append(place)
        return tuple(places)

    def files(self, name: str, pattern: str) -> tuple[Path, ...]:
        """Find files by a path in a datastore: a file, a folder, or a pattern with ``*``, sorted."""
        root = self.folder(name)
        text = checked_path(pattern)
        place = root / text
        if place.is_file():
            return (place,)
        if place.is_dir():
            return tuple(sorted(place / inner for inner, empty in walk_tree(place) if not empty))
        return tuple(sorted(path for path in root.glob(text) if path.is_file())) if root.is_dir() else ()


def checked_path(path: str) -> str:
    """Refuse a path that leaves its datastore."""
    pure = PurePosixPath(path.replace("\\", "/").lstrip("/") or ".")
    if ".." in pure.parts:
        raise UsageProblem(f"{path!r} leaves the datastore.", hint="Give a path in it, without '..'.")
    return pure.as_posix()
