"""Find the statement in the notebook's history that made a function or class what it is now."""

from __future__ import annotations

import ast
import contextlib
import linecache
import types
import warnings
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..script_check import quiet_parse
from .notebook import Binding, Cell, Definition, Notebook


@dataclass(frozen=True)
class Found:
    """A definition in the history.

    Parameters
    ----------
    binding : Binding
        The statement.
    position : int
        Which of the notebook's cells it is in; the last for a file's.
    """

    binding: Binding
    position: int


def find_definition(name: str, value: object, notebook: Notebook) -> Found | None:
    """Find a definition by its name, and check that it is what lives.

    Parameters
    ----------
    name : str
        A global name.
    value : object
        Its value.
    notebook : Notebook
        With the history.

    Returns
    -------
    Found or None
        None where no statement defines that value: it is data, or it was made by code.
    """
    for binding in notebook.bindings(name):
        if _makes(binding.node, name, value, binding.cell.source):
            return Found(binding, notebook.position(binding.cell))
        if isinstance(binding.node, Definition) and binding.node.decorator_list and not _is_other(name, value):
            # What a decorator makes of a function can be anything; the definition makes it again.
            return Found(binding, notebook.position(binding.cell))
        if not isinstance(value, (type, types.FunctionType)):
            # The latest statement is no definition, and the value is none: data.
            return None
    if isinstance(value, types.FunctionType) and not value.__closure__:
        binding_in_file = _in_file(name, value)
        return Found(binding_in_file, len(notebook.cells)) if binding_in_file else None
    return None


def _is_other(name: str, value: object) -> bool:
    """Whether the value says that it is another thing: bound to the name by something else than its definition."""
    own = getattr(value, "__name__", name)
    return (
        isinstance(value, (type, types.FunctionType))
        and own != name
        and not hasattr(value, "__wrapped__")
        and (not getattr(value, "__closure__", None))
    )


def _makes(node: ast.stmt, name: str, value: object, source: str) -> bool:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and not node.decorator_list:
        return isinstance(value, types.FunctionType) and not value.__closure__ and _has_code(value, source)
    if isinstance(node, ast.ClassDef) and not node.decorator_list:
        return isinstance(value, type) and value.__name__ == name and _same_methods(node, value, source)
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.Lambda) and len(node.targets) == 1:
        return isinstance(value, types.FunctionType) and not value.__closure__ and _has_code(value, source)
    return False


def _same_methods(node: ast.ClassDef, value: type, source: str) -> bool:
    codes = list(_codes(source))
    methods = [item for item in node.body if isinstance(item, (ast.FunctionDef, ast.AsyncFunctionDef))]
    for method in methods:
        live: Any = value.__dict__.get(method.name)
        if isinstance(live, types.FunctionType) and not any(_same(live.__code__, code) for code in codes):
            return False
    defined = {item.name for item in methods if not item.decorator_list}
    return all(name in value.__dict__ or name.startswith("__") for name in defined)


def _has_code(function: types.FunctionType, source: str) -> bool:
    return any(_same(function.__code__, code) for code in _codes(source))


@lru_cache(maxsize=256)
def _codes(source: str) -> tuple[types.CodeType, ...]:
    """Compile a cell statement by statement, as IPython does, and whole, as a file is: the code differs slightly."""
    tree = quiet_parse(source)
    parts = [*(ast.Module([node], []) for node in tree.body), tree]
    waiting: list[types.CodeType] = []
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    with warnings.catch_warnings(), contextlib.suppress(SyntaxError, ValueError, RecursionError, MemoryError):
        warnings.simplefilter("ignore")
        waiting = [compile(part, "<cell>", "exec", flags, dont_inherit=True) for part in parts]
    found = []
    while waiting:
        code = waiting.pop()
        found.append(code)
        waiting += [constant for constant in code.co_consts if isinstance(constant, types.CodeType)]
    return tuple(found)


def _same(one: types.CodeType, other: types.CodeType) -> bool:
    """Compare what two pieces of code do, wherever they stand."""
    if (one.co_name, one.co_code, one.co_names, one.co_varnames) != (
        other.co_name,
        other.co_code,
        other.co_names,
        other.co_varnames,
    ):
        return False
    if len(one.co_consts) != len(other.co_consts):
        return False
    return all(
        _same(mine, its)
        if isinstance(mine, types.CodeType) and isinstance(its, types.CodeType)
        else type(mine) is type(its) and repr(mine) == repr(its)
        for mine, its in zip(one.co_consts, other.co_consts, strict=True)
    )


def _in_file(name: str, function: types.FunctionType) -> Binding | None:
    """Look into the text that a function was compiled from: a file that ``%run`` ran, or a cell without a number."""
    file = function.__code__.co_filename
    source = "".join(linecache.getlines(file))
    if not source:
        return None
    label = Path(file).name if Path(file).suffix == ".py" and Path(file).is_file() else "an earlier cell"
    cell = Cell(label, source)
    for binding in Notebook(cells=(cell,)).bindings(name):
        if _makes(binding.node, name, function, source) or getattr(binding.node, "decorator_list", None):
            return binding
    return None
