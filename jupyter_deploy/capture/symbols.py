"""Symbols for what an expression or a definition makes, and the scopes they are found in."""

from __future__ import annotations

import ast
import builtins
import linecache
import types
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache
from inspect import getblock

from ..scripts import quiet_parse, top_level
from .codes import Scoped, codes_of, first_line, inner_codes, makes_code
from .notebook import parsed

Def = ast.FunctionDef | ast.AsyncFunctionDef
# The cells that were run: Python keeps no source of text that some magics run.
SOURCES: ContextVar[tuple[str, ...]] = ContextVar("SOURCES")


@dataclass(eq=False)
class Symbol:
    """An object that a statement makes; ``attributes`` were set on it later."""

    attributes: dict[str, Symbol] = field(default_factory=dict, kw_only=True)
    # The expression that first gave this symbol.
    source: ast.expr | None = field(default=None, kw_only=True)


@dataclass(eq=False)
class Live(Symbol):
    """A live object, or a constant."""

    value: object


@dataclass(eq=False)
class Unknown(Symbol):
    """An object that only running the code would tell."""

    text: str


@dataclass(eq=False)
class Function(Symbol):
    """A function, not decorated."""

    node: Def | ast.Lambda
    scope: Scope

    def codes(self, like: types.CodeType) -> list[types.CodeType]:
        """Return the code objects that it may have, given the live function."""
        return self.scope.codes(self.node, like)


@dataclass(eq=False)
class Klass(Symbol):
    """A class; ``makers`` are libraries' decorators that were called with it."""

    node: ast.ClassDef
    scope: Scope
    makers: list[object] = field(default_factory=list)


@dataclass(eq=False)
class Built(Symbol):
    """A list, tuple or set of symbols; a dictionary has ``keys`` too."""

    kind: type
    items: list[Symbol]
    keys: list[Symbol] = field(default_factory=list)


@dataclass(eq=False)
class Called(Symbol):
    """The result of a library's function or class."""

    callee: Symbol
    arguments: list[Symbol]
    keywords: dict[str, Symbol]

    @property
    def function(self) -> object:
        """The live function that is called."""
        return self.callee.value if isinstance(self.callee, Live) else None


@dataclass(eq=False)
class Parameter(Symbol):
    """A type parameter: ``T`` of ``def first[T](…)``."""

    name: str


@dataclass(eq=False)
class Part(Symbol):
    """An attribute of an object."""

    owner: Symbol
    name: str


@dataclass(eq=False)
class Scope:
    """A namespace in which names are looked up.

    ``variables`` are the globals, ``source`` the text of the cell or file, ``outer`` the enclosing scope. For the
    body of a function, ``owner`` is the function and ``code`` its code.
    """

    variables: Mapping[str, object]
    source: str = ""
    outer: Scope | None = None
    owner: Scoped | None = None
    code: types.CodeType | None = None
    names: dict[str, Symbol] = field(default_factory=dict)

    def find(self, name: str) -> Symbol:
        """Look a name up, here and in the outer scopes."""
        local = self.local(name)
        if local is not None:
            return local
        if name in self.variables:
            return Live(self.variables[name])
        return Live(getattr(builtins, name)) if hasattr(builtins, name) else Unknown(name)

    def local(self, name: str) -> Symbol | None:
        """Look a local name up."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            scope = scope.outer
        return None

    def codes(self, node: Scoped, like: types.CodeType) -> list[types.CodeType]:
        """Find the code of a definition that stands directly in this scope."""
        if self.code is not None and self.owner is not None:
            return inner_codes(node, self.owner, self.code)
        return codes_of(self.source, node, like) if self.source else []

    def within(self, node: Scoped, code: types.CodeType | None) -> Scope:
        """Open the body of a function in this scope."""
        return Scope(self.variables, self.source, self, node, code)


def typed(node: Scoped, scope: Scope) -> Scope:
    """Open the scope of a definition's type parameters; the same scope if it has none."""
    names: dict[str, Symbol] = {one.name: Parameter(one.name) for one in getattr(node, "type_params", ())}
    return Scope(scope.variables, scope.source, scope, scope.owner, scope.code, names) if names else scope


def parts(symbol: Symbol, seen: set[int] | None = None) -> Iterator[Symbol]:
    """Yield a symbol, what it is called with, and what that is made of."""
    seen = set() if seen is None else seen
    if id(symbol) in seen:
        return
    seen.add(id(symbol))
    yield symbol
    below: list[Symbol] = []
    if isinstance(symbol, Called):
        below = [symbol.callee, *symbol.arguments, *symbol.keywords.values()]
    elif isinstance(symbol, Built):
        below = [*symbol.items, *symbol.keys]
    elif isinstance(symbol, Part):
        below = [symbol.owner]
    for one in below:
        yield from parts(one, seen)


def is_notebooks(function: types.FunctionType) -> bool:
    """Whether a function was defined in the notebook: its globals tell, not its name."""
    return function.__globals__.get("__name__") == "__main__"


def written(function: types.FunctionType) -> Function | None:
    """Find the source of a live function; None if there is none.

    Functions in it have the code that the live function holds.
    """
    code = function.__code__
    lines = linecache.getlines(code.co_filename, function.__globals__)
    node = _block(tuple(lines[code.co_firstlineno - 1 :])) if lines else None
    if node is None or node.name != code.co_name:
        node = _in_history(code)
    if node is None:
        return None
    closure = dict(zip(code.co_freevars, function.__closure__ or (), strict=False))
    names: dict[str, Symbol] = {}
    for name, cell in closure.items():
        try:
            names[name] = Live(cell.cell_contents)
        except ValueError:  # not filled yet
            names[name] = Unknown(name)
    return Function(node, Scope(function.__globals__, outer=Scope(function.__globals__, names=names)))


def _in_history(code: types.CodeType) -> Def | None:
    for source in reversed(SOURCES.get(())):
        for node in top_level(parsed(source)) if code.co_name in source else ():
            named = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == code.co_name
            if named and makes_code(source, node, code):  # type: ignore[arg-type]
                return node  # type: ignore[return-value]
    return None


@lru_cache(maxsize=256)
def _block(lines: tuple[str, ...]) -> Def | None:
    try:
        text = "".join(getblock(list(lines)))
        # Keep the indentation: multi-line texts must not change.
        body = quiet_parse(f"if 1:\n{text}" if text[:1] in " \t" else text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError, IndexError):
        return None
    first = body[0] if body else None
    if isinstance(first, ast.If):
        first = first.body[0]
    return first if isinstance(first, (ast.FunctionDef, ast.AsyncFunctionDef)) else None


__all__ = ["Built", "Called", "Def", "Function", "Klass", "Live", "Part", "Scope", "Symbol", "Unknown", "first_line"]
