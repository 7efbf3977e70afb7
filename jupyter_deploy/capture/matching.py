"""Whether a statement in the notebook made the function or class that lives there now."""

from __future__ import annotations

import ast
import types
from dataclasses import dataclass
from typing import Any

from .classes import compare_class, lambda_of, statement
from .known import EFFECTS
from .notebook import Binding, Notebook
from .sameness import Comparison, Different, follows
from .symbols import SOURCES, Scope
from .values import literal


@dataclass(frozen=True)
class Match:
    """What comparing a statement with what lives gave.

    Parameters
    ----------
    reason : str
        Why it is not what the statement makes; empty where it is.
    opened : bool
        Whether a library's wrapper was looked into: what it does with its other arguments is not told.
    written : tuple of (ast.expr, str)
        Defaults and attributes that are computed again each time the statement runs, and what they are now.
    adds_to : tuple of object
        What its decorators add something to each time it runs.
    """

    reason: str = ""
    opened: bool = False
    written: tuple[tuple[ast.expr, str], ...] = ()
    adds_to: tuple[object, ...] = ()


def match(binding: Binding, value: object, notebook: Notebook) -> Match | None:
    """Compare a statement with what lives, without running it again.

    Parameters
    ----------
    binding : Binding
        A statement that binds the name.
    value : object
        What lives under it.
    notebook : Notebook
        Where the statement's own names are looked up.

    Returns
    -------
    Match or None
        None for other statements than definitions and ``name = lambda …``.
    """
    node = binding.node
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and lambda_of(node) is None:
        return None
    comparison = Comparison(compare_class)

    def compare() -> None:
        symbol = statement(node, Scope(notebook.variables, binding.cell.source))
        if symbol is None:
            raise Different("it is no definition")
        comparison.check(symbol, value)

    effects: list[object] = []
    token, sources = EFFECTS.set(effects), SOURCES.set(tuple(cell.source for cell in notebook.cells))
    try:
        reason = follows(compare)
    finally:
        EFFECTS.reset(token)
        SOURCES.reset(sources)
    return Match(reason, comparison.opened, tuple(comparison.written), tuple(effects))


def other_default(node: ast.stmt, value: object, variables: Any) -> str:
    """Find a default that is a name's value, where the name has another value now.

    Parameters
    ----------
    node : ast.stmt
        A definition or ``name = lambda …``.
    value : object
        What it made.
    variables : mapping
        The notebook's.

    Returns
    -------
    str
        The name; empty where there is none.
    """
    function = node if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) else lambda_of(node)
    if function is None or not isinstance(value, types.FunctionType):
        return ""
    spec = function.args
    pairs = [*zip(spec.defaults, value.__defaults__ or (), strict=False)]
    for argument, expression in zip(spec.kwonlyargs, spec.kw_defaults, strict=True):
        if expression is not None and argument.arg in (value.__kwdefaults__ or {}):
            pairs.append((expression, (value.__kwdefaults__ or {})[argument.arg]))
    for expression, live in pairs:
        if isinstance(expression, ast.Name) and expression.id in variables:
            now = variables[expression.id]
            text = literal(live)
            if now is not live and (text is None or text != literal(now)):
                return expression.id
    return ""
