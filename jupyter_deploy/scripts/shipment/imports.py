"""The modules beside a script that it imports, directly or through each other."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..checking import quiet_parse
from ..scripts import modules_in
from .excluded import file_is, folder_is


def parsed(source: bytes | str) -> list[ast.AST]:
    """Return all nodes of a module, empty if it is not valid Python; bytes may declare their encoding."""
    try:
        return list(ast.walk(quiet_parse(source)))  # type: ignore[arg-type]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []


def imported_names(nodes: Sequence[ast.AST]) -> Iterator[str]:
    """Yield what a source imports, and the names that it imports from modules: they may be modules too.

    Relative imports are left out.
    """
    yield from modules_in(nodes)
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def files_of(name: str, folders: tuple[Path, ...]) -> Iterator[Path]:
    """Yield the files of a module: a package's whole folder; in a folder without ``__init__.py``, the module itself.

    ``folders`` are searched in the order of ``sys.path``.
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
