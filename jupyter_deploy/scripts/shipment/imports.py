"""The modules beside a script that it imports, directly or through each other."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..checking import quiet_parse
from ..scripts import modules_in
from .excluded import file_is, folder_is


def parsed(source: bytes | str) -> list[ast.AST]:
    """Parse a module.

    Parameters
    ----------
    source : bytes or str
        Bytes may declare their encoding.

    Returns
    -------
    list of ast.AST
        All of it, from the module on; empty where it is no Python: what it imports is not known.
    """
    try:
        return list(ast.walk(quiet_parse(source)))  # type: ignore[arg-type]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []


def imported_names(nodes: Sequence[ast.AST]) -> Iterator[str]:
    """List what a source imports, with what is taken out of modules: it may be a module too.

    Parameters
    ----------
    nodes : sequence of ast.AST
        All of the source.

    Yields
    ------
    str
        Dotted names; relative imports are left out.
    """
    yield from modules_in(nodes)
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def files_of(name: str, folders: tuple[Path, ...]) -> Iterator[Path]:
    """Find the files of a module: of a package all of it, of a folder without ``__init__.py`` the module itself.

    Parameters
    ----------
    name : str
        A dotted name.
    folders : tuple of pathlib.Path
        Where to look, in the order of ``sys.path``.

    Yields
    ------
    pathlib.Path
        Nothing where the module is not there.
    """
    parts = name.split(".")
    if not all(part.isidentifier() for part in parts):
        return
    for folder in folders:
        top = folder / parts[0]
        if (top / "__init__.py").is_file():
            yield from _package(top)
            return
        if top.with_name(f"{parts[0]}.py").is_file():
            yield top.with_name(f"{parts[0]}.py")
            return
        found = False
        place = top
        for part in parts[1:]:
            place = place / part
            if (place / "__init__.py").is_file():
                yield from _package(place)
                return
            if place.with_name(f"{part}.py").is_file():
                yield place.with_name(f"{part}.py")
                found = True
                break
        if found:
            return


def _package(folder: Path, depth: int = 1) -> Iterator[Path]:
    try:
        entries = sorted(folder.iterdir())
    except OSError:
        return
    names = frozenset(entry.name for entry in entries)
    for entry in entries:
        if entry.is_dir():
            if not folder_is(str(entry), entry.name, depth) and not entry.is_symlink():
                yield from _package(entry, depth + 1)
        elif entry.is_file() and not file_is(entry.name, names):
            yield entry
