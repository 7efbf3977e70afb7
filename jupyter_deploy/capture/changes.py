"""What differs between two captures of one script, in words."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import lru_cache

from ..scripts import Script, Taken, quiet_parse

_SHOWN = 40
EDITED = "script"


def means_the_same(old: Script, new: Script) -> bool:
    """Whether two captures are the same script, whichever cells their parts come from.

    Comments, blank lines, cell numbers and the order of independent definitions do not count.
    """
    if old.folder != new.folder or set(old.models) != set(new.models):
        return False
    if old.source == new.source:
        return True
    same_cell = _in_order(old.cell) == _in_order(new.cell)
    return same_cell and _statements(old.source) == _statements(new.source)


def moved_on(old: Script, new: Script, values: Mapping[str, object], since: str) -> tuple[str, ...]:
    """List what a script now takes differently.

    For example ``("clf: fitted again since In [3]", "threshold: 0.5 -> 10 since In [3]")``; ``"script"`` comes last
    where the cell itself was edited. Empty if the old capture has no record of what it took. ``since`` says when that
    was: ``"since In [3]"``.
    """
    if not old.taken and old.origins:
        return ()
    before, now = ({one.name: one for one in script.taken} for script in (old, new))
    found = [_words(name, before.get(name), now.get(name), values, since) for name in {**now, **before}]
    words = [one for one in found if one]
    edited = _in_order(old.cell) != _in_order(new.cell) or (not words and not means_the_same(old, new))
    return (*words, *([EDITED] if edited else []))


def _words(name: str, old: Taken | None, new: Taken | None, values: Mapping[str, object], since: str) -> str:
    if new is None:
        return f"{name}: no longer used"
    place = f", from {new.origin}" if new.origin else ""
    if old is None:
        return f"{name}: taken too{place}" if new.kind != "import" else f"{name}: imported too"
    if _same(old, new):
        return ""
    if old.kind == new.kind == "data":
        return f"{name}: {data_words(old.type_name, new.type_name, values.get(name))} {since}"
    if new.kind in {"function", "class"} and old.kind == new.kind:
        return f"{name}: defined again" + (f" in {new.origin}" if new.origin else f" {since}")
    return f"{name}: {short(_told(old))} -> {short(_told(new))} {since}"


def data_words(old_type: str, new_type: str, value: object) -> str:
    """Say how data changed, for example ``"fitted again"``; ``old_type`` and ``new_type`` are names."""
    if old_type != new_type:
        return f"{old_type} -> {new_type}"
    # Look at the class: an instance may compute its attributes.
    return "fitted again" if callable(getattr(type(value), "fit", None)) else "changed"


def short(text: str) -> str:
    """Cut a text to one line that fits into a sentence."""
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else f"{line[: _SHOWN - 1]}…"


def _told(one: Taken) -> str:
    if one.kind == "data":
        return one.type_name
    if one.kind in {"constant", "alias"}:
        return one.text.partition(" = ")[2]
    return ", ".join(one.lines) if one.kind == "import" else f"{one.kind} {one.name}"


def _same(old: Taken, new: Taken) -> bool:
    if (old.kind, old.model) != (new.kind, new.model):
        return False
    return old.text == new.text or _statements(old.text) == _statements(new.text)


@lru_cache(maxsize=64)
def _statements(source: str) -> tuple[str, ...]:
    """Split a source into statements, without comments and in a fixed order."""
    try:
        return tuple(sorted(_dumped(quiet_parse(source))))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return (source,)


@lru_cache(maxsize=16)
def _in_order(cell: str) -> str:
    try:
        return ast.dump(quiet_parse(cell))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return cell


def _dumped(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == "init":
            # The generated init() loads data in the order in which its cells ran.
            yield from (f"init: {ast.dump(inner)}" for inner in node.body if not isinstance(inner, ast.Global))
            yield ast.dump(node.args)
        else:
            yield ast.dump(node)
