"""Which names a script certainly reads: no call of ``run()`` can avoid them if the script works at all.

A guard that raises is not a way around them: if it raises, the script has failed anyway.
"""

from __future__ import annotations

import ast
import builtins
import sys
from collections.abc import Iterable, Iterator
from typing import Any

Place = tuple[int, int, str]
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_CATCHES = frozenset({"NameError", "Exception", "BaseException"})
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
# Nodes with a flow of their own.
_SCOPES = (*_FUNCTIONS, ast.ClassDef, ast.Lambda)


def surely_reached(tree: ast.Module) -> set[Place]:
    """Find the line, column and name of all that loading, ``init()`` and ``run()`` certainly read."""
    flow = _Flow(tree)
    flow.block(tree.body)
    for name in ("init", "run"):
        flow.call(name, awaited=True)
    return flow.found


class _Flow:
    """Follows the code that certainly runs."""

    def __init__(self, tree: ast.Module) -> None:
        self.found: set[Place] = set()
        self._functions = dict(_single_functions(tree))
        self._entered: set[str] = set()
        future = any(isinstance(node, ast.ImportFrom) and node.module == "__future__" for node in tree.body)
        self._annotates = not future and sys.version_info < (3, 14)

    def call(self, name: str, *, awaited: bool = False) -> None:
        """Follow a call of one of the script's functions."""
        function = self._functions.get(name)
        if function is None or name in self._entered:
            return
        waits = isinstance(function, ast.AsyncFunctionDef) or any(
            isinstance(node, (ast.Yield, ast.YieldFrom)) for node in _own_nodes(function.body)
        )
        if waits and not awaited:
            return
        self._entered.add(name)
        self.block(function.body)

    def block(self, statements: list[ast.stmt]) -> bool:
        """Follow statements; return whether the code after them is as certain to run."""
        return all(self._statement(statement) for statement in statements)

    def _statement(self, node: ast.stmt) -> bool:
        special = getattr(self, f"_{type(node).__name__.lower()}", None)
        if special is not None:
            return bool(special(node))
        self._expressions(node)
        return not isinstance(node, (ast.Return, ast.Raise, ast.Break, ast.Continue))

    def _expressions(self, node: ast.AST) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self._expression(child)
            elif isinstance(child, (ast.keyword, ast.withitem)):
                self._expressions(child)

    def _if(self, node: ast.If) -> bool:
        self._expression(node.test)
        known = _known(node.test)
        if known is not None:
            return self.block(node.body if known else node.orelse)
        return not _returns(node.body) and not _returns(node.orelse)

    def _for(self, node: ast.For | ast.AsyncFor) -> bool:
        self._expression(node.iter)
        return not _returns(node.body) and not _returns(node.orelse)

    _asyncfor = _for

    def _while(self, node: ast.While) -> bool:
        self._expression(node.test)
        if _known(node.test):
            self.block(node.body)
            return False
        return not _returns(node.body) and not _returns(node.orelse)

    def _try(self, node: ast.Try) -> bool:
        goes_on = True
        if not any(_catches(handler) for handler in node.handlers):
            goes_on = self.block(node.body) and self.block(node.orelse)
        parts = [node.body, node.orelse, *(handler.body for handler in node.handlers)]
        return self.block(node.finalbody) and goes_on and not any(_returns(part) for part in parts)

    def _trystar(self, node: Any) -> bool:
        return self.block(node.finalbody) and not _returns(node.body + node.orelse)

    def _with(self, node: ast.With | ast.AsyncWith) -> bool:
        swallows = False
        for item in node.items:
            self._expression(item.context_expr)
            swallows = swallows or self._may_swallow(item.context_expr)
        return not _returns(node.body) if swallows else self.block(node.body)

    _asyncwith = _with

    def _may_swallow(self, context: ast.expr) -> bool:
        """Whether an exception may end there: in contextlib.suppress, or in the script's own context manager."""
        function = context.func if isinstance(context, ast.Call) else context
        name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        return name in {"suppress", "raises"} or not isinstance(context, ast.Call) or name in self._functions

    def _match(self, node: ast.Match) -> bool:
        self._expression(node.subject)
        return not any(_returns(case.body) for case in node.cases)

    def _functiondef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
        arguments = node.args
        for expression in [*node.decorator_list, *arguments.defaults, *arguments.kw_defaults]:
            if expression is not None:
                self._expression(expression)
        if self._annotates and not getattr(node, "type_params", None):
            given = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
            for annotation in [*(argument.annotation for argument in given), node.returns]:
                if annotation is not None:
                    self._expression(annotation)
        return True

    _asyncfunctiondef = _functiondef

    def _classdef(self, node: ast.ClassDef) -> bool:
        if not getattr(node, "type_params", None):
            self._expressions(node)
        self.block(node.body)
        return True

    def _annassign(self, node: ast.AnnAssign) -> bool:
        # The place of an annotation, and the Python that serves it, decide whether it is evaluated.
        if node.value is not None:
            self._expression(node.value)
        return True

    def _assert(self, node: ast.Assert) -> bool:
        self._expression(node.test)
        return True

    def _typealias(self, node: Any) -> bool:
        return True

    def _expression(self, node: ast.expr) -> None:
        if isinstance(node, ast.Name):
            self.found.add((node.lineno, node.col_offset, node.id))
        elif isinstance(node, ast.BoolOp):
            self._expression(node.values[0])
        elif isinstance(node, ast.IfExp):
            self._expression(node.test)
        elif isinstance(node, ast.Compare):
            self._expression(node.left)
            self._expression(node.comparators[0])
        elif isinstance(node, _COMPREHENSIONS):
            self._expression(node.generators[0].iter)
        elif isinstance(node, ast.Lambda):
            for default in [*node.args.defaults, *node.args.kw_defaults]:
                if default is not None:
                    self._expression(default)
        else:
            self._expressions(node)
            called = node.value if isinstance(node, ast.Await) else node
            if isinstance(called, ast.Call) and isinstance(called.func, ast.Name):
                self.call(called.func.id, awaited=called is not node)


def _own_nodes(body: list[ast.stmt]) -> Iterator[ast.AST]:
    """Walk a function's own nodes, not those of functions in it."""
    waiting: list[ast.AST] = list(body)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, _SCOPES):
            waiting += ast.iter_child_nodes(node)


def _returns(body: list[ast.stmt]) -> bool:
    """Whether a statement may end the call, or its loop, without an exception."""
    return any(isinstance(node, (ast.Return, ast.Break, ast.Continue)) for node in _own_nodes(body))


def _catches(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    names = {kind.id if isinstance(kind, ast.Name) else "" for kind in caught}
    # A name that is not built in may mean any exception.
    return bool(names & _CATCHES) or not all(hasattr(builtins, name) for name in names)


def _known(test: ast.expr) -> bool | None:
    """Return a condition's value if it is always the same in a service."""
    if isinstance(test, ast.Constant):
        return bool(test.value)
    if isinstance(test, ast.Name) and test.id == "TYPE_CHECKING":
        return False
    sides = [test.left, *test.comparators] if isinstance(test, ast.Compare) and len(test.ops) == 1 else []
    names = {getattr(side, "id", getattr(side, "value", None)) for side in sides}
    if names == {"__name__", "__main__"}:
        return isinstance(getattr(test, "ops", [None])[0], ast.NotEq)
    return None


def _single_functions(tree: ast.Module) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """List the functions whose name has one meaning: defined once, at the top level, and never rebound."""
    own = {node.name for node in ast.walk(tree) if isinstance(node, (*_FUNCTIONS, ast.ClassDef))}
    bound = list(_bindings(tree))
    for node in tree.body:
        if isinstance(node, _FUNCTIONS) and bound.count(node.name) == 1:
            # The script's own decorator may do anything instead of calling the function.
            decorators = {
                part.id for one in node.decorator_list for part in ast.walk(one) if isinstance(part, ast.Name)
            }
            if not decorators & own:
                yield node.name, node


def _bindings(tree: ast.Module) -> Iterable[str]:
    for node in ast.walk(tree):
        if isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.alias):
            yield (node.asname or node.name).partition(".")[0]
        elif isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)) and node.name:
            yield node.name
