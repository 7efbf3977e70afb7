"""What some of Python's own functions do with a function or class, found without a call."""

from __future__ import annotations

import abc
import ast
import asyncio
import functools
import inspect
import logging
import sys
import types
import typing
from collections.abc import Iterator, Sequence
from contextvars import ContextVar

from .pure import plain
from .symbols import Built, Called, Function, Klass, Live, Part, Scope, Symbol, Unknown

# Decorators that return their argument.
_SAME = {typing.final, typing.no_type_check, typing.runtime_checkable}
_COPIED = ("__name__", "__qualname__", "__doc__", "__module__")
# Functions that are better compared by their result than followed.
OPAQUE = (functools.singledispatch, inspect.signature, typing.get_type_hints, logging.getLogger)
_ADDS = frozenset({"append", "appendleft", "extend", "insert", "add", "push"})
# Objects outside a definition that running it adds to; running it again would add again.
EFFECTS: ContextVar[list[object]] = ContextVar("EFFECTS")


def known(callee: Symbol, function: object, arguments: list[Symbol], keywords: dict[str, Symbol]) -> Symbol | None:
    """Return the symbol of what one of Python's own functions returns; None for any other function.

    ``function`` is the live object of ``callee``.
    """
    first = arguments[0] if arguments else None
    if isinstance(callee, Called) and callee.function is functools.wraps and first is not None:
        return _wrapped(first, callee.arguments[0]) if callee.arguments else None
    if function is functools.wraps:
        return Called(callee, arguments or [keywords.get("wrapped", Unknown("wrapped"))], keywords)
    if function is functools.update_wrapper and len(arguments) > 1:
        return _wrapped(arguments[0], arguments[1])
    if isinstance(callee, Called) and callee.function is functools.lru_cache and _made(first):
        return Called(callee.callee, arguments, callee.keywords | _positions(callee))
    if function is functools.cache:
        return Called(Live(functools.lru_cache), arguments, {"maxsize": Live(None)})
    if first is not None and _is_in(function, _SAME):
        return first
    if function is abc.abstractmethod and first is not None:
        first.attributes["__isabstractmethod__"] = Live(True)
        return first
    if function is setattr and len(arguments) == 3 and isinstance(arguments[1], Live):
        arguments[0].attributes[str(arguments[1].value)] = arguments[2]
        return Live(None)
    if isinstance(first, (Function, Klass)):
        return _asked(function, first, arguments) or _by_library(callee, function, first)
    return None


def note_effect(callee: Symbol) -> None:
    """Note what a call adds to, if that lives outside the definition that is being followed."""
    if isinstance(callee, Part) and callee.name in _ADDS and isinstance(callee.owner, Live):
        EFFECTS.get([]).append(callee.owner.value)


def unfolded(callee: Symbol) -> tuple[Symbol, list[Symbol], dict[str, Symbol]] | None:
    """Split a partial into its function and first arguments; None for anything else."""
    if isinstance(callee, Called) and callee.function is functools.partial and callee.arguments:
        return callee.arguments[0], callee.arguments[1:], callee.keywords
    if isinstance(callee, Live) and type(callee.value) is functools.partial:
        named: dict[str, Symbol] = {name: Live(value) for name, value in callee.value.keywords.items()}
        return Live(callee.value.func), [Live(value) for value in callee.value.args], named
    return None


def _made(symbol: Symbol | None) -> bool:
    return isinstance(symbol, (Function, Klass, Called)) or (isinstance(symbol, Live) and callable(symbol.value))


def _positions(called: Called) -> dict[str, Symbol]:
    return dict(zip(("maxsize", "typed"), called.arguments, strict=False))


def _is_in(function: object, known: set[typing.Any]) -> bool:
    return any(function is one for one in known)


def _asked(function: object, made: Function | Klass, arguments: Sequence[Symbol]) -> Symbol | None:
    """Answer the questions that decorators ask about their argument."""
    if function is callable:
        return Live(True)
    if function is inspect.isclass:
        return Live(isinstance(made, Klass))
    if function is inspect.isfunction:
        return Live(isinstance(made, Function))
    if function is isinstance and len(arguments) == 2 and isinstance(arguments[1], Live) and arguments[1].value is type:
        return Live(isinstance(made, Klass))
    if function in (inspect.iscoroutinefunction, asyncio.iscoroutinefunction):
        return Live(isinstance(made, Function) and isinstance(made.node, ast.AsyncFunctionDef))
    return None


def _by_library(callee: Symbol, function: object, made: Function | Klass) -> Symbol | None:
    """Keep the class that a library's decorator gets: it returns that class with additions."""
    root = callee
    while isinstance(root, Called):
        root = root.callee
    library = root.value if isinstance(root, Live) else None
    outside = getattr(library, "__module__", "__main__") not in {"__main__", "builtins", None}
    if isinstance(made, Klass) and outside and not isinstance(function, type):
        made.makers.append(library)
        return made
    return None


def _wrapped(wrapper: Symbol, wrapped: Symbol) -> Symbol:
    """Copy attributes as ``functools.update_wrapper()`` does."""
    if isinstance(wrapped, Live):
        inner = getattr(wrapped.value, "__dict__", {})
        wrapper.attributes.update({name: Live(value) for name, value in inner.items()})
    wrapper.attributes.update(wrapped.attributes)
    if isinstance(wrapped, Called) and wrapped.function is functools.lru_cache:
        wrapper.attributes["cache_parameters"] = Unknown("cache_parameters")
    wrapper.attributes["__wrapped__"] = wrapped
    return wrapper


def changed_property(part: Part, function: Symbol) -> Symbol:
    """Return the property that ``@name.setter`` and its like make; ``part`` is ``name.setter``."""
    place = {"getter": 0, "setter": 1, "deleter": 2}[part.name]
    if not isinstance(part.owner, Called) or part.owner.function is not property:
        return Unknown(part.name)
    arguments = [*part.owner.arguments, *([Live(None)] * (3 - len(part.owner.arguments)))]
    arguments[place] = function
    return Called(part.owner.callee, arguments, {})


def own(node: ast.AST) -> Iterator[ast.AST]:
    """Walk the body of a function or class, but not the functions in it."""
    for child in ast.iter_child_nodes(node):
        yield child
        if not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
            yield from own(child)


def import_into(scope: Scope, node: ast.Import | ast.ImportFrom) -> None:
    """Bind the names of an import without importing."""
    for alias in node.names:
        if isinstance(node, ast.Import):
            name = alias.asname or alias.name.partition(".")[0]
            module = sys.modules.get(alias.name if alias.asname else name)
            scope.names[name] = Live(module) if module else Unknown(name)
        else:
            name = alias.asname or alias.name
            value = getattr(sys.modules.get(node.module or ""), alias.name, scope)
            scope.names[name] = Unknown(name) if value is scope or node.level else Live(value)


def identical(left: Symbol, right: Symbol) -> bool | None:
    """Whether two symbols are one object; None if that cannot be decided."""
    if isinstance(left, Live) and isinstance(right, Live):
        return left.value is right.value
    made = next((one for one in (left, right) if isinstance(one, (Function, Klass, Built))), None)
    return (left is right) if made is not None and not isinstance(left if made is right else right, Unknown) else None


def truth(symbol: Symbol) -> bool | None:
    """Whether a symbol is true; None if that cannot be decided."""
    if isinstance(symbol, (Function, Klass)):
        return True
    if isinstance(symbol, Built):
        return bool(symbol.items)
    if isinstance(symbol, Live):
        value = symbol.value
        return bool(value) if plain(value) or isinstance(value, (type, types.FunctionType, types.ModuleType)) else None
    return None


def part_of(owner: Symbol, name: str) -> Symbol:
    """Return an attribute's symbol: a :class:`Part` where it cannot be decided."""
    if name in owner.attributes:
        return owner.attributes[name]
    if isinstance(owner, Live) and isinstance(owner.value, (types.ModuleType, type)):
        try:
            return Live(getattr(owner.value, name))
        except AttributeError:
            return Unknown(name)
    if isinstance(owner, Live) and type(owner.value).__module__ == "__main__" and name in vars(owner.value):
        return Live(vars(owner.value)[name])
    if isinstance(owner, Function) and name in {"__name__", "__qualname__"}:
        return Live(getattr(owner.node, "name", "<lambda>"))
    if isinstance(owner, Live) and isinstance(owner.value, types.FunctionType) and name in _COPIED:
        return Live(getattr(owner.value, name))
    if isinstance(owner, Klass) and name == "__name__":
        return Live(owner.node.name)
    return Part(owner, name)
