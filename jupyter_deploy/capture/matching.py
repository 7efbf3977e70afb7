"""Whether a statement in the notebook made the live function or class."""

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
    """The result of comparing a statement with a live object."""

    reason: str = ""  # why they differ; empty if they do not
    opened: bool = False  # whether a library's wrapper was looked into; its other arguments are not compared
    # defaults and attributes that each run of the statement computes again, with their values now
    written: tuple[tuple[ast.expr, str], ...] = ()
    adds_to: tuple[object, ...] = ()  # what decorators add to at each run


def match(binding: Binding, value: object, notebook: Notebook) -> Match | None:
    """Compare a statement with the live object, without running it again.

    None unless it is a definition or ``name = lambda …``.
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
    """Return a name that a default takes its value from and whose value is now another; empty if there is none."""
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
