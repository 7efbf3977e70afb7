"""Whether two live objects do the same, although they are not one object."""

from __future__ import annotations

import datetime
import decimal
import fractions
import functools
import pathlib
import re
import types
from collections import Counter, OrderedDict, defaultdict, deque
from typing import Any

from .codes import same_code
from .pure import plain

_BY_VALUE = (
    *(re.Pattern, pathlib.PurePath, decimal.Decimal, fractions.Fraction),
    *(datetime.date, datetime.time, datetime.timedelta, datetime.timezone, range, slice, types.GenericAlias),
)
_OF_A_CLASS = frozenset({"__dict__", "__weakref__", "__module__", "__firstlineno__", "_abc_impl", "__doc__"})


def alike(one: Any, other: Any, seen: set[tuple[int, int]] | None = None) -> bool:
    """Whether two values behave alike; False where that cannot be decided.

    ``seen`` holds the pairs whose comparison has begun: functions hold classes that hold them.
    """
    seen = set() if seen is None else seen
    if one is other or (id(one), id(other)) in seen:
        return True
    if type(one) is not type(other):
        return False
    if plain(one):
        return spelled(one) == spelled(other)
    seen.add((id(one), id(other)))
    if isinstance(one, types.FunctionType):
        return _same_function(one, other, seen)
    if isinstance(one, type):
        return _same_class(one, other, seen)
    if isinstance(one, (list, tuple, deque)):
        return len(one) == len(other) and all(alike(a, b, seen) for a, b in zip(one, other, strict=True))
    if type(one) in (dict, OrderedDict, defaultdict, Counter, types.MappingProxyType):
        return list(one) == list(other) and all(alike(one[key], other[key], seen) for key in one)
    if isinstance(one, (staticmethod, classmethod)):
        return alike(one.__func__, other.__func__, seen)
    if isinstance(one, property):
        return all(alike(getattr(one, name), getattr(other, name), seen) for name in ("fget", "fset", "fdel"))
    if isinstance(one, functools.partial):
        return alike((one.func, one.args, one.keywords), (other.func, other.args, other.keywords), seen)
    if isinstance(one, types.MethodType):
        return one.__self__ is other.__self__ and one.__func__ is other.__func__
    if type(one).__module__ == "operator":
        return alike(one.__reduce__(), other.__reduce__(), seen)
    if isinstance(one, _BY_VALUE) or (type(one).__module__ == "numpy" and getattr(one, "size", None) == 1):
        return bool(one == other)
    if type(one).__module__ == "numpy" and hasattr(one, "tobytes"):
        same = (one.shape, one.dtype) == (other.shape, other.dtype) and not one.dtype.hasobject
        return bool(same and one.tobytes() == other.tobytes())
    return False


def _same_function(one: types.FunctionType, other: types.FunctionType, seen: set[tuple[int, int]]) -> bool:
    if not same_code(one.__code__, other.__code__) or (one.__globals__ is not other.__globals__):
        return False
    try:
        cells = [([cell.cell_contents for cell in each.__closure__ or ()]) for each in (one, other)]
    except ValueError:  # not filled yet
        return False
    mine, its = ((each.__defaults__, each.__kwdefaults__, each.__dict__) for each in (one, other))
    return len(cells[0]) == len(cells[1]) and alike((cells[0], *mine), (cells[1], *its), seen)


def _same_class(one: type, other: type, seen: set[tuple[int, int]]) -> bool:
    if (one.__module__, one.__qualname__) != (other.__module__, other.__qualname__) or one.__module__ != "__main__":
        return False
    if len(one.__bases__) != len(other.__bases__) or not all(
        alike(mine, its, seen) for mine, its in zip(one.__bases__, other.__bases__, strict=True)
    ):
        return False
    mine, its = (
        {name: value for name, value in vars(each).items() if name not in _OF_A_CLASS} for each in (one, other)
    )
    descriptors = (types.MemberDescriptorType, types.GetSetDescriptorType)
    return {*mine} == {*its} and all(
        isinstance(value, descriptors) or alike(value, its[name], seen) for name, value in mine.items()
    )


def spelled(value: object) -> str:
    """Write a constant for a comparison: 1, 1.0 and True differ, and a set has one order."""
    if isinstance(value, (set, frozenset)):
        return f"{type(value).__name__}({', '.join(sorted(map(spelled, value)))})"
    if isinstance(value, (list, tuple)):
        return f"{type(value).__name__}({', '.join(map(spelled, value))})"
    if isinstance(value, dict):
        return f"dict({', '.join(f'{spelled(key)}: {spelled(item)}' for key, item in value.items())})"
    return repr(value)


def shown(value: object) -> str:
    """Show a value in a message: short constants as they are, anything else by its type."""
    if plain(value):
        text = repr(value)
        return text if len(text) <= 40 else f"{text[:37]}…"
    name = getattr(value, "__name__", "")
    return str(name) if isinstance(value, (type, types.FunctionType)) and name else f"a {type(value).__name__}"
