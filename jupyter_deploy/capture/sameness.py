"""Whether a live object is what a statement makes: code, closures, defaults, attributes and wrappers."""

from __future__ import annotations

import ast
import contextlib
import functools
import inspect
import logging
import types
from collections.abc import Callable, Mapping
from typing import Any

from .alike import alike, shown
from .codes import makes_code, same_code
from .evaluation import Undecided, call, evaluate
from .pure import plain
from .symbols import Built, Called, Function, Klass, Live, Parameter, Part, Symbol, Unknown, is_notebooks, parts
from .values import literal, looks_secret

_REACHED = 200
_WRITTEN_OVER = frozenset(
    {
        *("__name__", "__qualname__", "__doc__", "__module__", "__signature__", "__annotations__", "__type_params__"),
        # functools.wraps copies it from Python 3.14 on; it makes the annotations.
        "__annotate__",
    }
)
_HOLDS = ("__wrapped__", "__func__", "func", "fget", "fset", "fdel")


class Different(Exception):
    """The live object is not what the statement makes, or cannot be shown to be."""


class Comparison:
    """Compares symbols with live objects.

    ``compare_class`` raises :class:`Different` if a live class is not what its symbol says.
    """

    def __init__(self, compare_class: Callable[[Comparison, Klass, type], None]) -> None:
        self._compare_class = compare_class
        self._seen: set[tuple[int, int]] = set()
        # Whether a library's wrapper was looked into.
        self.opened = False
        # Expressions that cannot be computed here, but whose values can be written down.
        self.written: list[tuple[ast.expr, str]] = []
        # The functions of the class that is compared: libraries keep several of them together.
        self.methods: list[Function] = []

    def check(self, symbol: Symbol, live: Any, what: str = "it") -> None:
        """Compare; ``what`` names the object in messages."""
        if (id(symbol), id(live)) in self._seen:
            return
        self._seen.add((id(symbol), id(live)))
        if isinstance(symbol, Live):
            if not alike(symbol.value, live):
                raise Different(f"{what} is {shown(live)} now, not {shown(symbol.value)}")
        elif isinstance(symbol, Function):
            self._function(symbol, live, what)
        elif isinstance(symbol, Klass):
            if not isinstance(live, type):
                raise Different(f"{what} is a {type(live).__name__} now")
            self._compare_class(self, symbol, live)
        elif isinstance(symbol, Parameter):
            if type(live).__module__ != "typing" or getattr(live, "__name__", "") != symbol.name:
                raise Different(f"{what} is {shown(live)} now")
        elif isinstance(symbol, Built):
            self._built(symbol, live, what)
        elif isinstance(symbol, Called):
            self._called(symbol, live, what)
        elif isinstance(symbol, Part) and isinstance(symbol.owner, Function) and symbol.name == "__annotations__":
            every = ast.walk(symbol.owner.node.args)
            hinted = {one.arg for one in every if isinstance(one, ast.arg) and one.annotation}
            if not isinstance(live, dict) or {*live} - {"return"} != hinted:
                raise Different(f"{what} was changed")
        else:
            text = getattr(symbol, "text", "") or f"….{getattr(symbol, 'name', '')}"
            raise Different(f"{what} ({shown(live)}) is computed each time it runs: {text}")

    def _function(self, symbol: Function, live: object, what: str) -> None:
        if not isinstance(live, types.FunctionType):
            raise Different(f"{what} is a {type(live).__name__} now")
        name = getattr(symbol.node, "name", "<lambda>")
        codes = symbol.codes(live.__code__)
        if len(codes) > 1 and symbol.scope.code is not None and not all(same_code(codes[0], one) for one in codes):
            raise Different(f"several functions share a line with {name}")
        if not any(same_code(code, live.__code__) for code in codes):
            own = live.__name__ if live.__name__ != name else ""
            raise Different(f"{what} is the function {own} now" if own else f"the code of {name} is another now")
        hidden = {one.name for one in getattr(symbol.node, "type_params", [])}
        for free, cell in zip(live.__code__.co_freevars, live.__closure__ or (), strict=True):
            if free in hidden or free in {"__class__", "__classdict__", ".type_params", ".defaults"}:
                continue
            found = symbol.scope.local(free)
            try:
                held = cell.cell_contents
            except ValueError:
                continue  # not filled yet, here as there
            if found is None:
                raise Different(f"{name} closes over {free}")
            self.check(found, held, f"what {name} keeps as {free}")
        self.defaults(symbol, live, name)
        self.attributes(symbol, live.__dict__, name)

    def defaults(self, symbol: Function, live: types.FunctionType, name: str) -> None:
        """Compare the defaults of a function."""
        spec = symbol.node.args
        positional = (
            [one.arg for one in (*spec.posonlyargs, *spec.args)][-len(spec.defaults) :] if spec.defaults else []
        )
        expected = dict(zip(positional, spec.defaults, strict=True))
        pairs = zip(spec.kwonlyargs, spec.kw_defaults, strict=True)
        named = {one.arg: value for one, value in pairs if value is not None}
        values = live.__defaults__ or ()
        if len(values) != len(expected) or {*(live.__kwdefaults__ or {})} != {*named}:
            raise Different(f"the defaults of {name} were changed")
        having = dict(zip(positional, values, strict=True)) | (live.__kwdefaults__ or {})
        for argument, expression in (expected | named).items():
            self.value(evaluate(expression, symbol.scope), having[argument], f"the default {argument} of {name}")

    def value(self, symbol: Symbol, live: Any, what: str) -> None:
        """Compare a default or an attribute; a type may be enough for an object that a library makes each time."""
        holds = any(isinstance(one, (Function, Klass)) for one in parts(symbol))
        symbol = symbol if isinstance(symbol, Live) or holds else _simple(symbol)
        if isinstance(symbol, (Unknown, Part)) or (isinstance(symbol, Called) and _is_of_library(symbol) and not holds):
            # A constant or a container must be known; an object of a library may depend on the statement.
            if symbol.source is not None and _reads_environment(symbol.source):
                return
            if (plain(live) or not isinstance(symbol, Called)) and not self._writes(symbol, live):
                raise Different(f"{what} ({shown(live)}) is computed each time it runs")
            kind = symbol.function if isinstance(symbol, Called) else None
            other = isinstance(kind, type) and not isinstance(live, kind) and kind.__module__ != "typing"
            filled = isinstance(live, (list, dict, set)) and not plain(live)
            fitted = hasattr(type(live), "fit") and any(name[-1:] == "_" for name in getattr(live, "__dict__", ()))
            if other or filled or fitted or type(live).__module__ == "__main__":
                raise Different(f"{what} ({shown(live)}) is another than the one that is made for it")
            return
        self.check(symbol, live, what)

    def _writes(self, symbol: Symbol, live: object) -> bool:
        """Note a value that will be written in place of the expression that computes it."""
        text = literal(live) if plain(live) else None
        if text is None or symbol.source is None or looks_secret(what_is_named(symbol.source), live):
            return False
        self.written.append((symbol.source, text))
        return True

    def attributes(self, symbol: Symbol, live: Mapping[str, object], name: str) -> None:
        """Compare the attributes that are set on an object."""
        for attribute in sorted({*live, *symbol.attributes} - _WRITTEN_OVER):
            if attribute not in symbol.attributes:
                raise Different(f"its attribute {attribute} was set since, or by code that cannot be followed")
            expected = symbol.attributes[attribute]
            if attribute == "cache_parameters" and callable(live.get(attribute)):
                continue
            if attribute not in live:
                raise Different(f"its attribute {attribute} is gone")
            self.check(expected, live[attribute], f"its attribute {attribute}")

    def _built(self, symbol: Built, live: Any, what: str) -> None:
        kind: type = type(live)
        if kind is not symbol.kind or len(live) != len(symbol.items):
            raise Different(f"{what} was changed: {shown(live)}")
        if symbol.kind is set:
            values = [one.value for one in symbol.items if isinstance(one, Live)]
            if len(values) != len(symbol.items) or not alike(set(values), live):
                raise Different(f"{what} was changed: {shown(live)}")
            return
        items = [*live.values()] if symbol.kind is dict else [*live]
        for one, value in zip([*symbol.keys, *symbol.items], [*live, *items] if symbol.keys else items, strict=True):
            self.check(one, value, what)

    def _called(self, symbol: Called, live: Any, what: str) -> None:
        function, arguments = symbol.function, symbol.arguments
        if function is functools.lru_cache and arguments:
            self._cached(symbol, live, what)
        elif function is functools.partial and arguments and type(live) is functools.partial:
            self.check(arguments[0], live.func, what)
            if len(live.args) != len(arguments) - 1 or {*live.keywords} != {*symbol.keywords}:
                raise Different(f"{what} is a partial of other arguments now")
            for one, value in zip(arguments[1:], live.args, strict=True):
                self.check(one, value, what)
            for name, value in live.keywords.items():
                self.check(symbol.keywords[name], value, what)
        elif function in (staticmethod, classmethod) and type(live) is function:
            self.check(arguments[0], live.__func__, what)
        elif function is property and type(live) is property:
            named = [symbol.keywords.get(name, Live(None)) for name in ("fget", "fset", "fdel")]
            for one, value in zip(
                [*arguments[:3], *named[len(arguments) :]], (live.fget, live.fset, live.fdel), strict=True
            ):
                self.check(one, value, what)
        elif function is logging.getLogger and isinstance(live, logging.Logger):
            self.check(arguments[0] if arguments else Live("root"), live.name, what)
        elif function is inspect.signature and isinstance(live, inspect.Signature):
            return
        elif any(isinstance(one, (Function, Klass)) for one in parts(symbol)):
            self._open(symbol, live, what)
        elif isinstance(function, type) and function.__module__ == "__main__":
            self._instance(symbol, function, live, what)
        elif _is_of_library(symbol):
            self.value(symbol, live, what)
        else:
            raise Different(f"{what} ({shown(live)}) is computed each time it runs")

    def _instance(self, symbol: Called, kind: type, live: Any, what: str) -> None:
        """Compare an instance of a notebook's class with what its ``__init__()`` sets."""
        own = Symbol()
        if not alike(kind, type(live)):
            raise Different(f"{what} is a {type(live).__name__} now")
        init = vars(kind).get("__init__")
        plainly = (
            type(kind) is type and isinstance(init, (types.FunctionType, type(None))) and "__new__" not in vars(kind)
        )
        if not plainly or any(base is not object for base in kind.__bases__) or not hasattr(live, "__dict__"):
            raise Different(f"{what} is an object that is made each time it runs")
        if init is not None:
            call(Live(init), [own, *symbol.arguments], symbol.keywords)
        elif symbol.arguments or symbol.keywords:
            raise Different(f"{what} is an object that is made each time it runs")
        own.attributes.update(symbol.attributes)
        self.attributes(own, vars(live), what)

    def _cached(self, symbol: Called, live: Any, what: str) -> None:
        if type(live) is not type(functools.lru_cache(len)):
            raise Different(f"{what} is a {type(live).__name__} now")
        self.check(symbol.arguments[0], live.__wrapped__, what)
        given = symbol.keywords
        for name, default in (("maxsize", 128), ("typed", False)):
            self.check(given.get(name, Live(default)), dict(live.cache_parameters())[name], f"{name} of the cache")
        inner = symbol.arguments[0]
        known = {"__wrapped__", "cache_parameters", *inner.attributes, *symbol.attributes, *_WRITTEN_OVER}
        added = sorted({*live.__dict__} - known)
        if added:
            raise Different(f"its attribute {added[0]} was set since")

    def _open(self, symbol: Called, live: object, what: str) -> None:
        """Look into a library's wrapper: it must hold that function, and nothing else of the notebook."""
        if not _is_of_library(symbol):
            raise Different(f"{what} is made by code that cannot be followed")
        # The function was returned as it is, as by a decorator that registers it, or is held.
        through = isinstance(live, types.FunctionType) and is_notebooks(live)
        found: list[Any] = [live] if through else notebook_functions(live)
        wanted = [one for one in (*symbol.arguments, *symbol.keywords.values()) if isinstance(one, (Function, Klass))]
        wanted = wanted or [one for one in parts(symbol) if isinstance(one, (Function, Klass))]
        if len(wanted) != 1 or not isinstance(wanted[0], Function):
            raise Different(f"{what} is made by code that cannot be followed")
        if not found:
            raise Different(f"{what} ({shown(live)}) does not hold {getattr(wanted[0].node, 'name', 'the function')}")
        for function in found:
            own = wanted[0]
            if not makes_code(own.scope.source, own.node, function.__code__):
                others = [one for one in self.methods if makes_code(one.scope.source, one.node, function.__code__)]
                own = others[0] if others else own
            inner = Function(own.node, own.scope, attributes=dict(own.attributes))
            if function is live or hasattr(function, "__dict__"):
                # A library may mark the function.
                inner.attributes.update({name: Live(value) for name, value in _marks(function).items()})
            self.check(inner, function, what)
        self.opened = True


def _simple(symbol: Symbol) -> Symbol:
    """Treat the results of the notebook's functions and attributes as unknown."""
    own = isinstance(symbol, Called) and not _is_of_library(symbol) and not isinstance(symbol.function, type)
    return Unknown("", source=symbol.source) if own else symbol


def _reads_environment(node: ast.expr) -> bool:
    text = ast.unparse(node)
    return "os.environ" in text or "getenv(" in text


def what_is_named(node: ast.expr) -> str:
    """Join the names of an expression: a secret may be looked up under its name."""
    return "_".join(one.id for one in ast.walk(node) if isinstance(one, ast.Name))


def _marks(function: types.FunctionType) -> dict[str, object]:
    kept = {name: value for name, value in function.__dict__.items() if not plain(value)}
    return {name: value for name, value in kept.items() if not _is_from_notebook(value)}


def _is_from_notebook(value: object) -> bool:
    return isinstance(value, types.FunctionType) and is_notebooks(value)


def _is_of_library(symbol: Called) -> bool:
    """Whether a call goes to a library, not to the notebook."""
    root: Symbol = symbol
    while isinstance(root, (Called, Part)):
        root = root.callee if isinstance(root, Called) else root.owner
    value = root.value if isinstance(root, Live) else None
    if isinstance(value, types.MethodType):
        value = value.__func__
    if isinstance(value, types.FunctionType):
        return not is_notebooks(value)
    if value is None:
        return False
    module = getattr(value, "__module__", None) or type(value).__module__
    return module != "__main__" and type(value).__module__ != "__main__"


def notebook_functions(value: object) -> list[types.FunctionType]:
    """Find the notebook's functions that a library's object holds directly, each once."""
    found: list[types.FunctionType] = []
    waiting: list[Any] = [value]
    seen: set[int] = set()
    while waiting and len(seen) < _REACHED:
        one = waiting.pop(0)
        if id(one) in seen or plain(one):
            continue
        seen.add(id(one))
        if isinstance(one, types.FunctionType):
            if is_notebooks(one) and not hasattr(one, "__wrapped__"):
                found.append(one)
                continue
            for cell in one.__closure__ or ():
                with contextlib.suppress(ValueError):  # not filled yet
                    waiting.append(cell.cell_contents)
        for attribute in _HOLDS:
            inner = inspect.getattr_static(one, attribute, None)
            if isinstance(inner, (types.MemberDescriptorType, types.GetSetDescriptorType)):
                inner = getattr(one, attribute, None)
            waiting += [inner] if inner is not None else []
        if not isinstance(one, (type, types.ModuleType)):
            waiting += list(getattr(one, "__dict__", {}).values())
            waiting += [*one] if isinstance(one, (list, tuple)) else [*one.values()] if isinstance(one, dict) else []
    return found


def follows(action: Callable[[], None]) -> str:
    """Run a comparison; return the reason if it raises :class:`Different`, else an empty text."""
    try:
        action()
    except Different as found:
        return str(found)
    except (Undecided, RecursionError):
        return "what its decorator does is known only when it runs"
    return ""
