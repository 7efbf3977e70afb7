"""What an expression or a definition would make, told without running it: nouns, and the scopes they are found in."""

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
# The cells that were run: some magics run text that Python keeps no lines of.
SOURCES: ContextVar[tuple[str, ...]] = ContextVar("SOURCES")


@dataclass(eq=False)
class Symbol:
    """Something that a statement makes.

    Parameters
    ----------
    attributes : dict of str to Symbol
        What is set on it after it was made.
    """

    attributes: dict[str, Symbol] = field(default_factory=dict, kw_only=True)
    # The expression that it comes from, where it was first met.
    source: ast.expr | None = field(default=None, kw_only=True)


@dataclass(eq=False)
class Live(Symbol):
    """Something that lives already, or a constant."""

    value: object


@dataclass(eq=False)
class Unknown(Symbol):
    """What cannot be told without running it."""

    text: str


@dataclass(eq=False)
class Function(Symbol):
    """A function, not decorated."""

    node: Def | ast.Lambda
    scope: Scope

    def codes(self, like: types.CodeType) -> list[types.CodeType]:
        """Return the code that it may have; ``like`` is what lives."""
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
    """What a library's function or class returns."""

    callee: Symbol
    arguments: list[Symbol]
    keywords: dict[str, Symbol]

    @property
    def function(self) -> object:
        """What is called, where it lives."""
        return self.callee.value if isinstance(self.callee, Live) else None


@dataclass(eq=False)
class Parameter(Symbol):
    """A type parameter: ``T`` of ``def first[T](…)``."""

    name: str


@dataclass(eq=False)
class Part(Symbol):
    """An attribute of something."""

    owner: Symbol
    name: str


@dataclass(eq=False)
class Scope:
    """Where names are looked up.

    Parameters
    ----------
    variables : mapping
        The globals.
    source : str
        The cell or file; of what stands outside of functions.
    outer : Scope, optional
        Around it.
    owner : FunctionDef, AsyncFunctionDef or Lambda, optional
        The function whose body it is.
    code : types.CodeType, optional
        The code that this function has.
    """

    variables: Mapping[str, object]
    source: str = ""
    outer: Scope | None = None
    owner: Scoped | None = None
    code: types.CodeType | None = None
    names: dict[str, Symbol] = field(default_factory=dict)

    def find(self, name: str) -> Symbol:
        """Look a name up, here and further out."""
        local = self.local(name)
        if local is not None:
            return local
        if name in self.variables:
            return Live(self.variables[name])
        return Live(getattr(builtins, name)) if hasattr(builtins, name) else Unknown(name)

    def local(self, name: str) -> Symbol | None:
        """Look a name up where it is no global."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            scope = scope.outer
        return None

    def codes(self, node: Scoped, like: types.CodeType) -> list[types.CodeType]:
        """Find the code of what stands directly in here."""
        if self.code is not None and self.owner is not None:
            return inner_codes(node, self.owner, self.code)
        return codes_of(self.source, node, like) if self.source else []

    def within(self, node: Scoped, code: types.CodeType | None) -> Scope:
        """Open the body of a function that stands in here."""
        return Scope(self.variables, self.source, self, node, code)


def typed(node: Scoped, scope: Scope) -> Scope:
    """Open the scope of a definition's type parameters, where it has some.

    Parameters
    ----------
    node : FunctionDef, AsyncFunctionDef, ClassDef or Lambda
        The definition.
    scope : Scope
        Where it stands.

    Returns
    -------
    Scope
        The same scope where there are none.
    """
    names: dict[str, Symbol] = {one.name: Parameter(one.name) for one in getattr(node, "type_params", ())}
    return Scope(scope.variables, scope.source, scope, scope.owner, scope.code, names) if names else scope


def parts(symbol: Symbol, seen: set[int] | None = None) -> Iterator[Symbol]:
    """Walk through what something is made of.

    Parameters
    ----------
    symbol : Symbol
        Anything.
    seen : set of int, optional
        What was walked through already.

    Yields
    ------
    Symbol
        The symbol itself, what it is called with, and what that is made of.
    """
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
    """Tell whether a function was defined in the notebook, whatever it calls itself.

    Parameters
    ----------
    function : types.FunctionType
        Any.

    Returns
    -------
    bool
        By its globals.
    """
    return function.__globals__.get("__name__") == "__main__"


def written(function: types.FunctionType) -> Function | None:
    """Find the text of a function that lives.

    Parameters
    ----------
    function : types.FunctionType
        One that a ``def`` made.

    Returns
    -------
    Function or None
        None where there is no text. Functions in it have the code that is in the living function's.
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
        # Indented as it stands: texts of several lines must stay as they are.
        body = quiet_parse(f"if 1:\n{text}" if text[:1] in " \t" else text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError, IndexError):
        return None
    first = body[0] if body else None
    if isinstance(first, ast.If):
        first = first.body[0]
    return first if isinstance(first, (ast.FunctionDef, ast.AsyncFunctionDef)) else None


__all__ = ["Built", "Called", "Def", "Function", "Klass", "Live", "Part", "Scope", "Symbol", "Unknown", "first_line"]
