"""Say why a definition cannot be taken: which cell defined it, and which one changed it."""

from __future__ import annotations

import ast
import re
import types
from collections.abc import Iterator

from ..scripts import Finding, top_level
from .definitions import Found, changed_since
from .matching import match, other_default
from .names import needed_at_definition
from .notebook import Binding, Cell, Definition, Notebook

_BY_TEXT = frozenset({"exec", "eval", "globals", "locals", "vars", "setattr", "delattr", "__dict__", "update"})


def check_not_rebound(found: Found, notebook: Notebook) -> None:
    """Refuse a definition that was made while one of its names had another value."""
    binding = found.binding
    here = (found.position, binding.line)
    for name in sorted(needed_at_definition(binding.node)):
        if not notebook.knows(name) or isinstance(notebook.variables[name], types.ModuleType):
            continue
        bindings = list(notebook.bindings(name))
        places = [(notebook.position(other.cell), other.line) for other in bindings]
        since = next((other for place, other in zip(places, bindings, strict=True) if place > here), None)
        made = next((other for place, other in zip(places, bindings, strict=True) if place < here), None)
        if since and (made is None or ast.dump(made.node) != ast.dump(since.node)):
            raise Finding(
                f"{binding.cell.label} made it with another {name} than {since.cell.label} has bound since",
                f"Run {binding.cell.label} again.",
            )


def check_not_changed(name: str, value: object, found: Found, notebook: Notebook) -> None:
    """Refuse a definition that a later statement changes, or with a default whose value is now another."""
    label = found.binding.cell.label
    check_latest_not_changed(name, notebook)
    other = other_default(found.binding.node, value, notebook.variables)
    if other:
        raise Finding(f"{label} made it with another {other} than there is now", f"Run {label} again.")


def check_latest_not_changed(name: str, notebook: Notebook) -> None:
    """Refuse a name if a statement after its latest binding changes it."""
    latest = next(notebook.bindings(name), None)
    if latest is None:
        return
    changed = changed_since(name, Found(latest, notebook.position(latest.cell)), notebook)
    if changed:
        raise Finding(
            f"{changed.cell.label} line {changed.line} changes what {latest.cell.label} defines",
            "Do that where it is defined, or in the script.",
        )


def lost(name: str, value: object, notebook: Notebook) -> Finding:
    """Say why a live function or class cannot be taken: which cell defined the name, and which one changed it."""
    bindings = list(notebook.bindings(name))
    defined = next((one for one in bindings if _is_definition(one.node)), None)
    if defined is None:
        return Finding(*_made_by_code(name, value))
    found = Found(defined, notebook.position(defined.cell))
    try:
        check_latest_not_changed(name, notebook)
        check_not_rebound(found, notebook)
        check_not_changed(name, value, found, notebook)
    except Finding as known:
        return known
    label = defined.cell.label
    again = f"Run {label} again, or write what {name} is now as one definition."
    later = bindings[: bindings.index(defined)]
    if later:
        since = f"{label} defines it, but {later[0].cell.label} line {later[0].line} binds {name} to something else"
        held = _held(value)
        return Finding(f"{since}: {held}" if held else since, again)
    found_out = match(defined, value, notebook)
    reason = found_out.reason if found_out else ""
    changer, surely = _changer(name, found, notebook)
    if changer is not None and surely:
        since = f"{label} defines it, but {changer.cell.label} line {changer.line} makes something else of it"
        reason, hint = _made_by_code(name, value) if getattr(value, "__name__", "") == "<lambda>" else (reason, again)
        return Finding(f"{since}: {reason}", hint)
    if "cannot be" in reason and changer is None:
        return Finding(f"{label} defines it, and {reason}", f"Write {name} as one function, without that decorator.")
    changed = "what it is made of was changed (a default, an attribute)"
    used = f" ({changer.cell.label} line {changer.line} uses it)" if changer else ""
    return Finding(f"it is not what {label} defines: {changed}, or it was made by code: {reason}{used}", again)


def _is_definition(node: ast.stmt) -> bool:
    return isinstance(node, Definition)


def _held(value: object) -> str:
    closure = getattr(value, "__closure__", None)
    if not closure or hasattr(value, "__wrapped__"):
        return ""
    return f"a function that closes over {', '.join(value.__code__.co_freevars)}"  # type: ignore[attr-defined]


def _made_by_code(name: str, value: object) -> tuple[str, str]:
    closure = getattr(value, "__closure__", None)
    if closure and isinstance(value, types.FunctionType):
        held = ", ".join(value.__code__.co_freevars)
        kind = "lambda" if value.__name__ == "<lambda>" else "function"
        return (
            f"it is a {kind} that closes over {held}, which only lives in here",
            f"Write {name} as a function or class of its own that gets {held} as an argument.",
        )
    if getattr(value, "__name__", "") == "<lambda>":
        return (
            "it is a lambda that no statement of the form name = lambda … made",
            f"Write it as a function: def {name}(…): …",
        )
    return (
        "no cell that was run holds its definition as it is now: the name was re-bound since, what it is made of was "
        "changed (a default, an attribute), or it was made by code",
        f"Run the cell that defines {name} again.",
    )


def _changer(name: str, found: Found, notebook: Notebook) -> tuple[Binding | None, bool]:
    """Find the statement that most likely changed a definition."""
    here = (found.position, found.binding.line)
    best: tuple[int, Binding] | None = None
    names = _aliases(name, notebook)
    for position, cell in enumerate(notebook.cells):
        if position < found.position or not any(one in cell.source for one in names):
            continue
        for binding in _statements(cell):
            weight = max(_weight(binding.node, one) for one in names)
            if (position, binding.line) > here and weight and (best is None or weight >= best[0]):
                best = (weight, binding)
    return (best[1], best[0] > 1) if best else (None, False)


def _statements(cell: Cell) -> Iterator[Binding]:
    return (Binding(cell, node) for node in top_level(cell.statements))


def _aliases(name: str, notebook: Notebook) -> set[str]:
    """List the other names of the same object: ``other = name``."""
    names = {name}
    for cell in notebook.cells:
        for node in top_level(cell.statements) if name in cell.source else ():
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Name) and node.value.id in names:
                names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return names


def _weight(node: ast.stmt, name: str) -> int:
    parts = list(ast.walk(node))
    ids = {one.id for one in parts if isinstance(one, ast.Name)} | {
        one.attr for one in parts if isinstance(one, ast.Attribute)
    }
    texts = [one.value for one in parts if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    if ids & _BY_TEXT and (name in ids or any(re.search(rf"\b{re.escape(name)}\b", text) for text in texts)):
        return 4
    if any(isinstance(one, ast.Global) and name in one.names for one in parts):
        return 3
    stores = (
        one for one in parts if isinstance(one, (ast.Attribute, ast.Subscript)) and not isinstance(one.ctx, ast.Load)
    )
    if any(isinstance(inner, ast.Name) and inner.id == name for one in stores for inner in ast.walk(one)):
        return 3
    given = (argument for one in parts if isinstance(one, ast.Call) for argument in one.args)
    if any(isinstance(one, ast.Name) and one.id == name for one in given):
        return 2
    return int(name in ids and not isinstance(node, Definition))
