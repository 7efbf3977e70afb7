"""Which files a script ships: its folder, or what it imports and opens beside its notebook."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from ...errors import ScriptProblem, UsageProblem
from ...serving import package_root
from ..scripts import CELL_FILE, Script
from .excluded import folder_is
from .imports import files_of, imported_names, parsed
from .literals import Literal, literal_paths
from .walking import Walk

SOURCE_DIRECTORY = "source_directory"


@dataclass(frozen=True)
class Shipment:
    """The files of a script, by their path in the service."""

    entry: str
    texts: Mapping[str, bytes] = field(hash=False)  # the sources of the script and its modules
    files: Mapping[str, str] = field(hash=False)  # the paths of all others, as text because there may be thousands
    stats: Mapping[str, os.stat_result] = field(hash=False, repr=False)  # their state when they were found
    root: str = ""  # the folder that all of them are in
    cwd: str = ""  # where the script runs, relative to root
    source: str = ""  # the name of the folder that the user asked for; empty if none
    names: tuple[str, ...] = ()  # names under which the script looks for its own folder
    modules: frozenset[str] = frozenset()
    left_out: Mapping[str, list[str]] = field(default_factory=dict, hash=False)  # unshipped files, by reason
    walked: bool = False  # whether a whole folder is shipped
    named: frozenset[str] = frozenset()  # files that the script opens by a literal path

    @property
    def size(self) -> int:
        """Bytes of all files."""
        texts = sum(len(data) for data in self.texts.values())
        return texts + sum(status.st_size for status in self.stats.values())

    def without(self, left: Mapping[str, list[str]]) -> Shipment:
        """Leave files out, by reason."""
        if not left:
            return self
        gone = {name for names in left.values() for name in names}
        files = {name: path for name, path in self.files.items() if name not in gone}
        stats = {name: status for name, status in self.stats.items() if name not in gone}
        reasons = {why: [*self.left_out.get(why, ()), *left.get(why, ())] for why in {*self.left_out, *left}}
        return replace(self, files=files, stats=stats, left_out=reasons)

    def sentence(self) -> str:
        """Say what is shipped and what is not; empty if it is the script alone."""
        count = len(self.texts) + len(self.files)
        if count == 1 and not self.left_out:
            return ""
        size = f"{self.size / 1e6:,.1f} MB" if self.size >= 100_000 else f"{self.size / 1e3:,.1f} kB"
        files = f"{count:,} file{'s' * (count > 1)}"
        told = f"ships {files}, {size}" + (f", of {self.root}" if self.walked else "")
        reasons = ", ".join(f"{why} ({_some(names)})" for why, names in sorted(self.left_out.items()))
        return f"{told}; without {reasons}" if reasons else told


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:2])
    return f"{shown} and {len(names) - 2} more" if len(names) > 2 else shown


def shipment_of(
    script: Script,
    home: Path,
    *,
    source: str = "",
    modules: Iterable[str] = (),
    large: bool = False,
    folder: bool = True,
) -> Shipment:
    """Find the files that a script ships; nothing is copied yet.

    ``source`` is a folder to ship whole, instead of the script's own. ``modules`` are those that its models need:
    they ship if they are beside the script. ``large`` allows more than 100 MB or 10,000 files. ``folder`` ships a
    script file's folder, otherwise only what it imports and names. The workspace's ``home`` is never shipped.
    """
    root, entry = _root(script, source)
    walk = Walk(root, bool(source), large, str(home))
    walked = folder and bool(source or script.path)
    cwd = "" if source else _cwd(script, entry)
    if walked:
        # Of the folders around a package, only what the script names belongs to it.
        walk.through(root if source or "/" not in entry else root / entry.partition("/")[0])
    found = _Gathering(root, walk, root / cwd, ((root / entry).parent, root, Path(script.folder)))
    found.follow(entry, script.source.encode(), modules)
    walk.check_size()
    shipment = found.shipment(entry, cwd)
    return replace(shipment, source=root.name if source else "", names=shipment.names if walked else (), walked=walked)


def _cwd(script: Script, entry: str) -> str:
    """Find the folder in which a script runs: its own, or its package's if it imports that."""
    folders = entry.split("/")[:-1]
    tops = {name.partition(".")[0] for name in imported_names(parsed(script.source))} if folders else set()
    for depth in range(len(folders) - 1, -1, -1):
        if folders[depth] in tops:
            return "/".join(folders[:depth])
    return "/".join(folders)


def _root(script: Script, source: str) -> tuple[Path, str]:
    """Return the folder that is shipped, and the script's path in it."""
    if not script.path:
        return Path(source or script.folder), CELL_FILE
    path = Path(script.path)
    root = Path(source) if source else package_root(path)
    try:
        return root, path.relative_to(root).as_posix()
    except ValueError:
        raise UsageProblem(
            f"The script {path} is not in the source folder {root}.",
            hint="Name a script in that folder; --source default ships the script's own folder.",
        ) from None


class _Gathering:
    """Follows a script to the modules that it imports and the files that it names."""

    def __init__(self, root: Path, walk: Walk, cwd: Path, search: tuple[Path, ...]) -> None:
        self.root, self.walk, self._cwd = root, walk, cwd
        self.texts: dict[str, bytes] = {}
        # Paths of files outside the root: beside the notebook of a cell that ships another folder.
        self.places: dict[str, Path] = {}
        self.aliases: set[str] = set()
        self.own: set[str] = set()
        self.named: set[str] = set()
        self._search = tuple(dict.fromkeys(search))

    def shipment(self, entry: str, cwd: str) -> Shipment:
        """Put together what was found."""
        stats = {name: status for name, status in self.walk.found.items() if name not in self.texts}
        shipped, base = {**self.texts, **stats}, os.path.join(self.root, "")  # noqa: PTH118
        left_out = {why: [name for name in names if name not in shipped] for why, names in self.walk.left_out.items()}
        return Shipment(
            entry,
            self.texts,
            {name: str(self.places.get(name, f"{base}{name}")) for name in stats},
            stats,
            str(self.root),
            cwd,
            names=tuple(sorted(self.aliases)),
            modules=frozenset(self.own),
            left_out={why: names for why, names in left_out.items() if names},
            named=frozenset(self.named),
        )

    def follow(self, entry: str, source: bytes, modules: Iterable[str]) -> None:
        waiting = [(entry, source, self.root / entry)]
        self.texts[entry] = source
        names = list(modules)
        while waiting or names:
            if waiting:
                _, text, place = waiting.pop()
                nodes = parsed(text)
                if b"AZUREML_SOURCE_DIRECTORY" in text and not (self._cwd / self._cwd.name).exists():
                    self.aliases.add(self._cwd.name)
                names += imported_names(nodes)
                for literal in literal_paths(nodes):
                    self._named(literal, place.parent)
            else:
                waiting += self._module(names.pop())

    def _module(self, module: str) -> list[tuple[str, bytes, Path]]:
        added = []
        for path in files_of(module, self._search):
            self.own.add(module.partition(".")[0])
            name = self._name(path)
            if name in self.texts:
                continue
            if path.suffix != ".py":
                self._add(name, path)
                continue
            self.texts[name] = _read(path)
            added.append((name, self.texts[name], path))
        return added

    def _name(self, path: Path) -> str:
        for folder in (self.root, *self._search):
            if path.is_relative_to(folder):
                name = path.relative_to(folder).as_posix()
                other = self.root / name
                if other != path and other.exists() and other.read_bytes() != path.read_bytes():
                    raise UsageProblem(
                        f"{path} and {other} are different files of one name.", hint="Rename one of the two."
                    )
                return name
        raise AssertionError(path)

    def _add(self, name: str, path: Path) -> None:
        if name not in self.walk.found:
            try:
                self.walk.found[name] = path.stat()
            except OSError:
                return
            self.places[name] = path

    def _named(self, literal: Literal, folder: Path) -> None:
        """Ship the file that a text names, if it exists relative to the module's folder or one above it."""
        path = PurePosixPath(os.path.normpath(literal.path))
        if path.is_absolute() or path.parts[:1] in {("..",), ()}:
            return
        first = path.parts[0]
        known = first in {SOURCE_DIRECTORY, self._cwd.name} and not (self._cwd / first).exists()
        if known and (literal.joined or len(path.parts) > 1):
            self.aliases.add(first)
            path = PurePosixPath(*path.parts[1:])
        for base in (folder, *folder.parents):
            if not base.is_relative_to(self.root):
                break
            if self._ships(base / path, literal):
                return

    def _ships(self, place: Path, literal: Literal) -> bool:
        name = place.relative_to(self.root).as_posix()
        if name == "." or name in self.texts or name in self.walk.found:
            return name != "."
        parts = name.split("/")
        try:
            if place.is_file():
                self.walk.one(name)
                self.named.add(name)
                return True
            if literal.joined and place.is_dir() and not any(folder_is(str(place), part, 1) for part in parts):
                self.walk.one(name, folder=True)
                return True
        except OSError:
            # The text is no path.
            return False
        return False


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ScriptProblem(
            f"{path}, which the script imports, cannot be read: {error.strerror}.", hint="Check its permissions."
        ) from error
