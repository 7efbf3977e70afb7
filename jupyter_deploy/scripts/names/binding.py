"""Names that a script binds by other means than Python's statements: ``globals()``, ``exec``, ``builtins``."""

from __future__ import annotations

import ast
from typing import NamedTuple

_SPACES = frozenset({"globals", "vars", "locals"})
_READS = frozenset({"get", "keys", "values", "items", "copy", "pop", "__getitem__", "__contains__"})
_FRAMES = frozenset({"f_globals", "f_builtins", "f_locals", "__dict__"})


class Bound(NamedTuple):
    """Names that are bound by other means; ``anything`` says that any name may be."""

    names: frozenset[str]
    anything: bool


def bound_besides(tree: ast.Module) -> Bound:
    """Look for code that binds names while it runs."""
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    names: set[str] = set()
    anything = False
    for node in ast.walk(tree):
        found: set[str] | None = set()
        if isinstance(node, ast.Name) and node.id == "exec":
            found = None
        elif isinstance(node, ast.Name) and node.id in {"builtins", "__builtins__"}:
            found = _of_module(node, parents)
        elif isinstance(node, ast.Call):
            found = _of_call(node, parents)
        elif isinstance(node, ast.Attribute) and node.attr in _FRAMES:
            found = _of_space(node, parents)
        if found is None:
            anything = True
        else:
            names |= found
    return Bound(frozenset(names), anything)


def _of_call(node: ast.Call, parents: dict[ast.AST, ast.AST]) -> set[str] | None:
    if isinstance(node.func, ast.Attribute):
        # gettext.install(), icecream.install() and their like put names into builtins.
        return None if node.func.attr == "install" else set()
    name = getattr(node.func, "id", "")
    if name in _SPACES and not node.args:
        return _of_space(node, parents)
    if name == "setattr" and len(node.args) == 3:
        key = node.args[1]
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            return {key.value}
        return set() if getattr(node.args[0], "id", "") in {"self", "cls"} else None
    return set()


def _of_module(node: ast.Name, parents: dict[ast.AST, ast.AST]) -> set[str] | None:
    parent = parents.get(node)
    if isinstance(parent, ast.Attribute):
        if parent.attr in _FRAMES:
            return set()
        return set() if isinstance(parent.ctx, ast.Load) else {parent.attr}
    if isinstance(parent, ast.Call) and getattr(parent.func, "id", "") in {"setattr", "getattr", "hasattr", "dir"}:
        return set()
    return None


def _of_space(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> set[str] | None:
    """Return the names that are bound in a namespace dictionary; None for any."""
    parent = parents.get(node)
    if isinstance(parent, ast.Subscript) and parent.value is node:
        if isinstance(parent.ctx, ast.Load):
            return set()
        key = parent.slice
        return {key.value} if isinstance(key, ast.Constant) and isinstance(key.value, str) else None
    if isinstance(parent, ast.Compare):
        return set()
    call = parents.get(parent) if isinstance(parent, ast.Attribute) else None
    if isinstance(parent, ast.Attribute) and isinstance(call, ast.Call) and call.func is parent:
        if parent.attr in _READS:
            return set()
        if parent.attr in {"update", "setdefault"}:
            return _given(call)
    return None


def _given(call: ast.Call) -> set[str] | None:
    names: set[str | None] = {keyword.arg for keyword in call.keywords}
    for argument in call.args[:1]:
        keys = argument.keys if isinstance(argument, ast.Dict) else [argument]
        names |= {key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else None for key in keys}
    return None if None in names else {name for name in names if name}
