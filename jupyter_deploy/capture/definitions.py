"""Find the statement in the notebook's history that made a function or class what it is now."""

from __future__ import annotations

import ast
import linecache
import types
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..scripts import top_level
from .matching import Match, match
from .notebook import Binding, Cell, Definition, Notebook, rewritten


@dataclass(frozen=True)
class Found:
    """A definition in the history.

    ``position`` is the index of its cell; a file's definition has the last. ``as_now`` maps expressions to the values
    that replace them. ``adds_to`` lists what running the definition adds to.
    """

    binding: Binding
    position: int
    as_now: tuple[str, ...] = ()
    adds_to: tuple[object, ...] = ()


def find_definition(name: str, value: object, notebook: Notebook) -> Found | None:
    """Find a definition by its name, and check that it made the live value.

    None if no statement defines that value: it is data, or code made it.
    """
    later: list[Binding] = []
    for binding in notebook.bindings(name):
        found = match(binding, value, notebook)
        if found is not None and not found.reason:
            # A library's wrapper hides part of how it was made, so the definition must be the latest statement.
            hidden = found.opened and any(match(other, value, notebook) is None for other in later)
            return None if hidden else _found(binding, found, notebook.position(binding.cell))
        later.append(binding)
    if isinstance(value, types.FunctionType) and not value.__closure__:
        binding_in_file = _in_file(name, value, notebook)
        return Found(binding_in_file, len(notebook.cells)) if binding_in_file else None
    return None


def _found(binding: Binding, match: Match, position: int) -> Found | None:
    """Note the values that the statement would compute again."""
    own = {id(node) for node in ast.walk(binding.node)}
    if not match.written:
        return Found(binding, position, adds_to=match.adds_to)
    if not all(id(node) in own for node, _ in match.written):
        return None
    now = tuple(dict.fromkeys(text for _, text in match.written))
    return Found(rewritten(binding, match.written), position, now, match.adds_to)


def changed_since(name: str, found: Found, notebook: Notebook) -> Binding | None:
    """Find the first later statement that changed a definition, by ``name.x = …`` or ``@name.register``.

    Only statements outside functions count, in cells that ran after the definition.
    """
    here = (found.position, found.binding.line)
    for position, cell in enumerate(notebook.cells):
        if position < found.position or (f"{name}." not in cell.source and "setattr" not in cell.source):
            continue
        for node in top_level(cell.statements):
            binding = Binding(cell, node)
            if (position, binding.line) > here and any(_changes(part, name) for part in _evaluated_now(node)):
                return binding
    return None


def _evaluated_now(node: ast.stmt) -> Iterator[ast.AST]:
    if isinstance(node, Definition):
        yield from (ast.Call(decorator, [], []) for decorator in node.decorator_list)
    elif isinstance(node, (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Delete, ast.Expr)):
        yield from ast.walk(node)


def _changes(part: ast.AST, name: str) -> bool:
    if isinstance(part, (ast.Attribute, ast.Subscript)) and not isinstance(part.ctx, ast.Load):
        return _attribute_root(part) == name
    if not isinstance(part, ast.Call):
        return False
    if isinstance(part.func, ast.Name) and part.func.id in {"setattr", "delattr"} and part.args:
        return isinstance(part.args[0], ast.Name) and part.args[0].id == name
    # Single dispatch and abstract classes: @name.register, @name.register(int), name.register(int, other).
    called = part.func.func if isinstance(part.func, ast.Call) else part.func
    return isinstance(called, ast.Attribute) and called.attr == "register" and _attribute_root(called) == name


def _attribute_root(node: ast.expr) -> str:
    attributes = 0
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        attributes += isinstance(node, ast.Attribute)
        node = node.value
    return node.id if isinstance(node, ast.Name) and attributes else ""


def _in_file(name: str, function: types.FunctionType, notebook: Notebook) -> Binding | None:
    """Look into the text that a function was compiled from: a file that was run, or a cell without a number."""
    file = function.__code__.co_filename
    source = "".join(linecache.getlines(file))
    if not source:
        return None
    label = Path(file).name if Path(file).suffix == ".py" and Path(file).is_file() else "an earlier cell"
    inside = Notebook(notebook.variables, (Cell(label, source),))
    for binding in inside.bindings(name):
        found = match(binding, function, inside)
        if found is not None and not found.reason and not found.opened:
            return binding
    return None
