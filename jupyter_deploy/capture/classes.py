"""Whether a live class is what its statement makes: bases, methods, attributes, and nothing else."""

from __future__ import annotations

import abc
import ast
import types
import typing

from ..scripts import top_level
from .evaluation import decorated, evaluate, execute
from .pure import plain
from .sameness import Comparison, Different, notebook_functions
from .symbols import Built, Called, Function, Klass, Live, Scope, Symbol, Unknown, is_notebooks, typed

_ABSENT = object()
# Python adds these to every class.
_OWN = frozenset(
    {
        *("__module__", "__qualname__", "__dict__", "__weakref__", "__doc__", "__annotations__", "__slots__"),
        *("__static_attributes__", "__firstlineno__", "__classcell__", "__classdictcell__", "__type_params__"),
        *("__annotate__", "__annotate_func__", "__annotations_cache__", "__conditional_annotations__", "__hash__"),
        *("__orig_bases__", "__parameters__", "__abstractmethods__", "_abc_impl", "__match_args__"),
    }
)


def compare_class(comparison: Comparison, symbol: Klass, live: type) -> None:
    """Compare a live class with the symbol of its statement."""
    node = symbol.node
    if live.__name__ != node.name:
        raise Different(f"it is the class {live.__name__} now")
    scope = Scope(symbol.scope.variables, symbol.scope.source, symbol.scope, symbol.scope.owner, symbol.scope.code)
    execute(node.body, scope)
    outer, comparison.methods = (
        comparison.methods,
        [
            Function(item, typed(item, scope))
            for item in top_level(node.body)
            if isinstance(item, (ast.FunctionDef, ast.AsyncFunctionDef))
        ],
    )
    _compare_body(comparison, symbol, live, scope)
    comparison.methods = outer


def _compare_body(comparison: Comparison, symbol: Klass, live: type, scope: Scope) -> None:
    node = symbol.node
    made_by_others = bool(symbol.makers) or _has_machinery(live)
    _check_bases(comparison, node, symbol, live, made_by_others)
    held = dict(vars(live))
    expected = {_mangled(name, node.name): value for name, value in scope.names.items()}
    expected.update(symbol.attributes)
    slots = _slots(held.get("__slots__"), node.name)
    for name, value in expected.items():
        if name in _OWN and name != "__hash__":
            continue
        if name not in held:
            if made_by_others:
                continue
            raise Different(f"{live.__name__}.{name} is gone")
        _check_attribute(comparison, value, held[name], f"{live.__name__}.{name}", made_by_others)
    for name in sorted({*held} - {*expected} - _OWN - slots):
        if not made_by_others or _is_added(name, held[name]):
            raise Different(f"{live.__name__}.{name} was added since, or by code that cannot be followed")
    if "__hash__" in held and "__hash__" not in expected and held["__hash__"] is not None and not made_by_others:
        raise Different(f"{live.__name__}.__hash__ was added since")


def _check_attribute(comparison: Comparison, symbol: Symbol, held: object, what: str, made_by_others: bool) -> None:
    if not made_by_others:
        if isinstance(symbol, Function) and isinstance(held, (staticmethod, classmethod)) and what.endswith("__"):
            # Python makes class or static methods of __new__, __init_subclass__ and __class_getitem__.
            held = held.__func__
        comparison.value(symbol, held, what)
        return
    own = isinstance(symbol, (Function, Klass)) or (
        isinstance(symbol, Called) and symbol.function in (staticmethod, classmethod, property)
    )
    if not own:
        # A field or a member of an enumeration replaced the value in the body.
        if isinstance(symbol, (Live, Built, Unknown)) and plain(held):
            comparison.value(symbol, held, what)
        return
    try:
        comparison.check(symbol, held, what)
    except Different:
        # A base may wrap methods, as scikit-learn's does.
        inner = notebook_functions(held)
        wrapped = getattr(held, "__wrapped__", _ABSENT)
        foreign = isinstance(held, types.FunctionType) and not is_notebooks(held)
        if not isinstance(symbol, Function) or not foreign or len(inner) != 1 or wrapped is _ABSENT:
            raise
        comparison.check(symbol, inner[0], what)


def _check_bases(comparison: Comparison, node: ast.ClassDef, symbol: Klass, live: type, made_by_others: bool) -> None:
    bases = [evaluate(one, symbol.scope) for one in node.bases if not isinstance(one, ast.Starred)]
    named = [one.value for one in bases if isinstance(one, Live) and isinstance(one.value, type)]
    exact = len(named) == len(node.bases) and not made_by_others
    if exact and bool(getattr(node, "type_params", None)) and live.__bases__[-1] is typing.Generic:
        named.append(typing.Generic)
    if exact and len(named or [object]) != len(live.__bases__):
        raise Different(f"the bases of {live.__name__} are others now")
    above = live.__bases__ if exact else live.__mro__
    for number, base in enumerate(named or [object]):
        if typing.is_typeddict(base) or base in above:
            continue
        candidates = [live.__bases__[number]] if exact else live.__mro__
        same = [one for one in candidates if (one.__module__, one.__qualname__) == (base.__module__, base.__qualname__)]
        if not same:
            raise Different(f"{live.__name__} is made of another {base.__name__}")
        comparison.check(Live(base), same[0], f"the base {base.__name__}")
    if "metaclass" not in {one.arg for one in node.keywords} and not (bases or symbol.makers or type(live) is type):
        raise Different(f"{live.__name__} is made by {type(live).__name__} now")


def _has_machinery(live: type) -> bool:
    """Whether a metaclass or a base may do more than the body says."""
    if type(live) not in (type, abc.ABCMeta):
        return True
    if issubclass(live, tuple) and hasattr(live, "_fields"):
        return True
    own = (base for base in live.__mro__[1:] if base not in (object, typing.Generic, abc.ABC))
    return any("__init_subclass__" in vars(base) for base in own) or any(
        "__set_name__" in dir(type(value)) for value in vars(live).values() if not isinstance(value, (type, property))
    )


def _is_added(name: str, value: object) -> bool:
    """Whether the notebook put this attribute into a class that a library completes."""
    if name.startswith("__") and name.endswith("__"):
        return False
    inner = getattr(value, "__func__", getattr(value, "fget", value))
    return isinstance(inner, types.FunctionType) and is_notebooks(inner)


def _slots(slots: object, owner: str) -> set[str]:
    names = [slots] if isinstance(slots, str) else [*slots] if isinstance(slots, (list, tuple, set, dict)) else []
    return {_mangled(str(name), owner) for name in names}


def _mangled(name: str, owner: str) -> str:
    private = name.startswith("__") and not name.endswith("__")
    return f"_{owner.lstrip('_')}{name}" if private and owner.strip("_") else name


def statement(node: ast.stmt, scope: Scope) -> Symbol | None:
    """Return the symbol of a definition or of ``name = lambda …``; None for other statements."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return decorated(Function(node, typed(node, scope)), node.decorator_list, scope)
    if isinstance(node, ast.ClassDef):
        return decorated(Klass(node, typed(node, scope)), node.decorator_list, scope)
    value = lambda_of(node)
    return None if value is None else Function(value, scope)


def lambda_of(node: ast.stmt | None) -> ast.Lambda | None:
    """Return the lambda of ``name = lambda …``; None for other statements."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    value = getattr(node, "value", None)
    plain_names = bool(targets) and all(isinstance(target, ast.Name) for target in targets)
    return value if plain_names and isinstance(value, ast.Lambda) else None
