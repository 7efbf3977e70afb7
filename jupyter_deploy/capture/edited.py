"""Whether a module's file still says what the imported module does."""

from __future__ import annotations

import ast
import inspect
import marshal
import os
import sys
import types
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from importlib.machinery import SourceFileLoader
from importlib.util import MAGIC_NUMBER, decode_source
from pathlib import Path
from typing import Any

from ..scripts import top_level
from .alike import spelled
from .classes import lambda_of
from .codes import makes_code, same_code, unit_code
from .notebook import Cell, Definition
from .pure import plain
from .symbols import Def, is_notebooks

_FIXED = (int, float, complex, str, bytes, bool, type(None), tuple)
_READING = frozenset({"get", "items", "keys", "values", "index", "count", "copy"})


def edited(file: str, variables: Mapping[str, object]) -> str:
    """Find what a module's file says differently from the imported module; empty if nothing.

    For example ``"defines clean differently from when it was imported"``. ``variables`` are the imported
    module's.
    """
    loader = variables.get("__loader__")
    if loader is not None and type(loader) is not SourceFileLoader:
        # A special loader may compile the file in another way.
        return ""
    try:
        source = decode_source(Path(file).read_bytes())
    except (OSError, SyntaxError, UnicodeDecodeError):
        return ""
    cell = Cell(file, source)
    stored = _stored(cell.statements)
    for name, found in _definitions(cell).items():
        always = found[-1] in cell.statements
        # The last definition counts, unless a branch decides.
        nodes = found[-1:] if always else found
        again = stored.count(name) > sum(isinstance(node, ast.Assign) for node in nodes)
        gone = name not in variables
        if (gone and always and not again) or (
            not gone and all(_differs(node, source, variables[name], again) for node in nodes)
        ):
            return f"defines {name} differently from when it was imported"
    for name in _other_constants(cell, stored, variables):
        return f"sets {name} to another value than it has now"
    return "was edited since it was imported" if _compiled_otherwise(file, source, variables) else ""


def _stored(nodes: Iterable[ast.AST]) -> list[str]:
    found = (one for node in nodes for one in ast.walk(node) if isinstance(one, ast.Name))
    return [one.id for one in found if not isinstance(one.ctx, ast.Load)]


def _definitions(cell: Cell) -> dict[str, list[ast.stmt]]:
    """Group functions, classes and ``name = lambda …`` outside functions by name."""
    found: dict[str, list[ast.stmt]] = {}
    for node in top_level(cell.statements):
        shortened = lambda_of(node)
        if isinstance(node, Definition):
            found.setdefault(node.name, []).append(node)
        elif shortened is not None and isinstance(node, ast.Assign):
            for target in node.targets:
                assert isinstance(target, ast.Name)
                found.setdefault(target.id, []).append(node)
    return found


def _differs(node: ast.stmt, source: str, value: Any, again: bool) -> bool:
    """Whether a definition certainly made something else; a decorator may hide what it was given."""
    if isinstance(node, ast.ClassDef):
        return isinstance(value, type) and value.__name__ == node.name and _class_differs(node, source, value)
    shortened = lambda_of(node)
    function = node if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) else shortened
    if function is None:
        return False
    if not again and not getattr(function, "decorator_list", []):
        return not isinstance(value, types.FunctionType) or not _is_of(function, source, value)
    with suppress(ValueError):  # wrapped round in a circle
        value = inspect.unwrap(value) if callable(value) else value
    same_name = isinstance(value, types.FunctionType) and value.__code__.co_name == getattr(function, "name", "")
    return same_name and not makes_code(source, function, value.__code__)


def _is_of(node: Def | ast.Lambda, source: str, function: types.FunctionType) -> bool:
    return makes_code(source, node, function.__code__) and all(
        type(value) not in _FIXED or spelled(value) == spelled(live) for value, live in _defaults(node, function)
    )


def _defaults(node: Def | ast.Lambda, function: types.FunctionType) -> Iterator[tuple[object, object]]:
    """Pair constant defaults with the live ones; one unequal pair if there are more of one kind."""
    named = [one for one in node.args.kw_defaults if one is not None]
    if (len(node.args.defaults), len(named)) != (len(function.__defaults__ or ()), len(function.__kwdefaults__ or {})):
        yield 0, 1
        return
    live = [*(function.__defaults__ or ())]
    having = zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
    live += [(function.__kwdefaults__ or {}).get(one.arg) for one, value in having if value is not None]
    for expression, value in zip([*node.args.defaults, *named], live, strict=True):
        with suppress(ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            yield ast.literal_eval(expression), value


def _class_differs(node: ast.ClassDef, source: str, value: type) -> bool:
    body = list(top_level(node.body))
    names = [item.name for item in body if isinstance(item, Definition)]
    stored = _stored(item for item in body if not isinstance(item, Definition))
    completed = bool(node.decorator_list or node.keywords)
    for item in node.body:
        if isinstance(item, (ast.FunctionDef, ast.AsyncFunctionDef)) and (names + stored).count(item.name) == 1:
            live = vars(value).get(item.name)
            gone = live is None and not item.name.startswith("__") and not completed
            if gone or _method_differs(item, source, live):
                return True
    return False


def _method_differs(item: Def, source: str, live: Any) -> bool:
    live = getattr(live, "__func__", getattr(live, "fget", live))
    with suppress(ValueError):  # wrapped round in a circle
        live = inspect.unwrap(live) if callable(live) else live
    if not isinstance(live, types.FunctionType):
        return False
    if live.__code__.co_name != item.name:
        # A decorator or a base, or the notebook, made it.
        return is_notebooks(live)
    return not (makes_code(source, item, live.__code__) if item.decorator_list else _is_of(item, source, live))


def _other_constants(cell: Cell, stored: list[str], variables: Mapping[str, object]) -> Iterator[str]:
    """Find constants that are bound once and that no function of the module changes."""
    nodes = [one for node in cell.statements for one in ast.walk(node)]
    changed = {name for one in nodes if isinstance(one, ast.Global) for name in one.names}
    for name, said in _literals(cell.statements):
        if name in changed or stored.count(name) != 1 or name[:2] == "__" or name not in variables:
            continue
        if (type(said) in _FIXED or (_is_flat(said) and _only_read(name, nodes))) and _is_other(said, variables[name]):
            yield name
    set_later = {one.attr for one in nodes if isinstance(one, ast.Attribute) and not isinstance(one.ctx, ast.Load)}
    for node in cell.statements:
        value = variables.get(getattr(node, "name", ""))
        if not isinstance(node, ast.ClassDef) or node.decorator_list or type(value) is not type:
            continue
        within = _stored(node.body)
        for name, said in _literals(node.body):
            held = vars(value).get(name, said)
            if type(said) in _FIXED and within.count(name) == 1 and name not in set_later and _is_other(said, held):
                yield f"{node.name}.{name}"


def _literals(body: Sequence[ast.stmt]) -> Iterator[tuple[str, Any]]:
    for node in body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        targets = [node.target] if isinstance(node, ast.AnnAssign) and node.value is not None else targets
        if len(targets) == 1 and isinstance(targets[0], ast.Name):
            with suppress(ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
                yield targets[0].id, ast.literal_eval(node.value)  # type: ignore[attr-defined]


def _is_flat(value: Any) -> bool:
    items = [*value.values()] if isinstance(value, dict) else [*value]
    return bool(items) and all(type(one) in _FIXED and not isinstance(one, tuple) for one in items)


def _is_other(said: object, live: object) -> bool:
    return not plain(live) or spelled(said) != spelled(live)


def _only_read(name: str, nodes: list[ast.AST]) -> bool:
    """Whether a module only reads a container; a container that it passes on may be changed elsewhere."""
    reading: set[int] = set()
    for node in nodes:
        looked_up = isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load)
        if looked_up or (isinstance(node, ast.Attribute) and node.attr in _READING):
            reading.add(id(node.value))  # type: ignore[attr-defined]
        elif isinstance(node, ast.Compare):
            reading |= {id(one) for one in node.comparators}
        elif isinstance(node, (ast.For, ast.comprehension)):
            reading.add(id(node.iter))
    uses = [one for one in nodes if isinstance(one, ast.Name) and one.id == name and isinstance(one.ctx, ast.Load)]
    return all(id(one) in reading for one in uses)


def _compiled_otherwise(file: str, source: str, variables: Mapping[str, object]) -> bool:
    """Compare with the compiled file that Python kept from the import."""
    kept = variables.get("__cached__")
    if not isinstance(kept, str) or sys.dont_write_bytecode or not os.access(Path(kept).parent, os.W_OK):
        return False
    try:
        content = Path(kept).read_bytes()
        found = Path(file).stat()
    except OSError:
        return False
    if content[:4] != MAGIC_NUMBER or content[4:8] != bytes(4):
        return False
    of = int.from_bytes(content[8:12], "little"), int.from_bytes(content[12:16], "little")
    if of == (int(found.st_mtime) & 0xFFFFFFFF, found.st_size & 0xFFFFFFFF):
        # This is the compiled form of the present file: another process may have imported it since.
        return False
    try:
        code = marshal.loads(content[16:])  # noqa: S302 - Python's own, of this user's module
    except (EOFError, ValueError, TypeError):
        return False
    now = unit_code(source)
    return (
        isinstance(code, types.CodeType)
        and now is not None
        and not same_code(code, now)
        and _is_what_lives(code, variables)
    )


def _is_what_lives(code: types.CodeType, variables: Mapping[str, object]) -> bool:
    """Whether the kept bytecode is what was imported: the folder may have been read-only for the latest."""
    inner = {one.co_name: one for one in code.co_consts if isinstance(one, types.CodeType)}
    own = {name: value for name, value in variables.items() if isinstance(value, types.FunctionType)}
    return all(same_code(inner[name], value.__code__) for name, value in own.items() if name in inner)
