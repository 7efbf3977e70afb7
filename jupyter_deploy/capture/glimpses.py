"""How a value looked when it was taken: enough to see in microseconds whether it has changed.

A glimpse holds no live object and hashes nothing large. It may miss a change inside a large value: cards are drawn
from it, while a deployment compares the content itself.
"""

from __future__ import annotations

import ctypes
import functools
import sys
import types
import weakref
import zlib
from collections.abc import Callable
from itertools import islice
from typing import Any

from .values import literal

# The number of parts of a value that are looked at, the depth, and the items per list.
_PARTS, _DEPTH, _SOME = 200, 7, 3
_WHOLE_BYTES, _SAMPLES = 1 << 12, 64
_PLAIN = (bool, int, float, complex, str, bytes, type(None), type(...), range)
_LONG = 4096


class Look(tuple[Any, ...]):
    """What was seen of one part: first its kind, then looks at its own parts."""

    __slots__ = ()


class Glimpse:
    """How a value looked."""

    def __init__(self, value: object) -> None:
        self.kind = type(value).__name__
        self.literal = literal(value) or ""
        self._look = Look() if self.literal else _seen(value)
        self._owner = _reference(value)

    def shows(self, value: object) -> bool:
        """Whether a value looks the same; one that cannot be looked at does."""
        if self.literal:
            return literal(value) == self.literal
        return _alike(self._look, _seen(value), self._owner() is value if self._owner else True)


def _seen(value: object) -> Look:
    try:
        return _look(value, [_PARTS], 0)
    except Exception:  # noqa: BLE001 - the value's own code; a card says nothing about what cannot be looked at
        return Look(("unknown",))


def _alike(one: Look, other: Look, same_owner: bool) -> bool:
    if "unknown" in (one[0], other[0]):
        return True
    if one[0] != other[0] or len(one) != len(other):
        return False
    if one[0] == "opaque":
        # Only its address is known, which may be reused once its owner is gone.
        return same_owner and one[1:] == other[1:]
    if one[0] == "object":
        return _same_object(one, other, same_owner)
    return all(
        _alike(first, second, same_owner) if isinstance(first, Look) and isinstance(second, Look) else first == second
        for first, second in zip(one[1:], other[1:], strict=True)
    )


def _same_object(one: Look, other: Look, same_owner: bool) -> bool:
    _, kind, reference, parts = one
    _, other_kind, other_reference, other_parts = other
    if kind != other_kind:
        return False
    if reference is not None and other_reference is not None:
        there = reference()
        same_owner = there is not None and there is other_reference()
    # A name that begins with "_" may be a cache that is filled on use.
    for name in {**parts, **other_parts}:
        if name in parts and name in other_parts:
            if not _alike(parts[name], other_parts[name], same_owner):
                return False
        elif not name.startswith("_"):
            return False
    return True


def _look(value: Any, left: list[int], depth: int) -> Look:
    """Describe a value by its parts, as far as they are looked at."""
    left[0] -= 1
    if left[0] < 0 or depth > _DEPTH:
        return Look(("unknown",))
    way = _BY_TYPE.get(type(value)) or next((way for matches, way in _WAYS if matches(value)), _object)
    return Look(way(value, left, depth))


def _plain(value: Any, left: list[int], depth: int) -> tuple[Any, ...]:
    if isinstance(value, (str, bytes)) and len(value) > _LONG:
        return ("long", type(value).__name__, len(value), value[:64], value[-64:], id(value))
    return ("plain", type(value).__name__, repr(value))


def _function(value: types.FunctionType, left: list[int], depth: int) -> tuple[Any, ...]:
    more = (value.__defaults__, value.__kwdefaults__, value.__closure__ and [_cell(cell) for cell in value.__closure__])
    return (
        "function",
        _code(value.__code__),
        *(_look(one, left, depth + 1) for one in more),
        Look(_dict(value, left, depth)),
    )


def _cell(cell: types.CellType) -> object:
    try:
        return cell.cell_contents
    except ValueError:  # not filled yet
        return None


def _code(code: types.CodeType) -> tuple[Any, ...]:
    """Describe what code does, without its position."""
    inner = tuple(_code(one) if isinstance(one, types.CodeType) else (type(one), repr(one)) for one in code.co_consts)
    return ("code", code.co_code, code.co_names, code.co_varnames, code.co_freevars, code.co_flags, inner)


def _class(value: type, left: list[int], depth: int) -> tuple[Any, ...]:
    if value.__module__ != "__main__":
        return ("class", value.__module__, value.__qualname__)
    own = {name: item for name, item in vars(value).items() if not _is_bookkeeping(name)}
    bases = tuple((base.__module__, base.__qualname__) for base in value.__mro__[1:])
    parts = {name: _look(item, left, depth + 1) for name, item in islice(own.items(), 64)}
    return ("object", ("class", value.__qualname__, bases), None, parts)


def _is_bookkeeping(name: str) -> bool:
    return name in {"__dict__", "__weakref__", "__doc__", "__module__", "__firstlineno__", "__static_attributes__"}


def _wrapper(value: Any, left: list[int], depth: int) -> tuple[Any, ...]:
    inner = value.fget if isinstance(value, property) else value.__func__
    return ("wrapper", type(value).__name__, _look(inner, left, depth + 1))


def _module(value: types.ModuleType, left: list[int], depth: int) -> tuple[Any, ...]:
    return ("module", value.__name__, id(value))


def _array(value: Any, left: list[int], depth: int) -> tuple[Any, ...]:
    known = ("array", type(value).__name__, value.dtype.str, value.shape)
    if value.dtype.hasobject:
        some = _some(value.ravel(order="K")) if value.flags.forc else []
        return (*known, *(_look(item, left, depth + 1) for item in some))
    if value.nbytes <= _WHOLE_BYTES:
        return (*known, zlib.crc32(value.tobytes()))
    flat = value.ravel(order="K") if value.flags.forc else value[:_SOME].ravel()
    step = max(1, flat.size // _SAMPLES)
    return (*known, zlib.crc32(flat[::step][: _SAMPLES + 1].tobytes()))


def _frame(value: Any, left: list[int], depth: int) -> tuple[Any, ...]:
    """Describe pandas' tables and columns by their arrays."""
    arrays = [*value._mgr.arrays] if hasattr(value, "_mgr") else [getattr(value, "_data", None)]
    labels = [value.columns] if hasattr(value, "columns") else []
    parts = [_column(array) for array in (*arrays, *labels)]
    return ("frame", type(value).__name__, value.shape, *(_look(part, left, depth + 1) for part in parts[:64]))


def _column(array: Any) -> Any:
    """Return what a column's values are in; of one that Arrow keeps, and shows nothing of, some of the values."""
    if hasattr(array, "_pa_array"):
        return [f"{array.dtype} {len(array)}", [repr(item) for item in _some(array)]]
    return getattr(array, "_ndarray", array)


def _tensor(value: Any, left: list[int], depth: int) -> tuple[Any, ...]:
    # PyTorch counts the changes made to a tensor in place.
    return (
        "object",
        ("tensor", tuple(value.shape), value._version),
        _reference(value),
        {"id": Look(("opaque", id(value)))},
    )


def _sequence(value: Any, left: list[int], depth: int) -> tuple[Any, ...]:
    return ("sequence", type(value).__name__, len(value), *(_look(item, left, depth + 1) for item in _some(value)))


def _mapping(value: Any, left: list[int], depth: int) -> tuple[Any, ...]:
    pairs = islice(value.items(), 64)
    looked = ((_look(key, left, depth + 1), _look(item, left, depth + 1)) for key, item in pairs)
    return ("mapping", type(value).__name__, len(value), *(part for pair in looked for part in pair))


def _set(value: Any, left: list[int], depth: int) -> tuple[Any, ...]:
    some = sorted(repr(item) for item in value if isinstance(item, _PLAIN)) if len(value) <= 64 else []
    return ("set", type(value).__name__, len(value), tuple(some))


def _some(value: Any) -> list[Any]:
    """Take the first, the last and a few between."""
    size = len(value)
    if size <= 2 * _SOME:
        return list(value)
    return [value[index * (size - 1) // (2 * _SOME - 1)] for index in range(2 * _SOME)]


def _dict(value: Any, left: list[int], depth: int) -> tuple[Any, ...]:
    own = getattr(value, "__dict__", None) or {}
    kept = (name for name in own if not isinstance(getattr(type(value), name, None), functools.cached_property))
    return ("object", "attributes", None, {name: _look(own[name], left, depth + 1) for name in islice(kept, 64)})


def _object(value: Any, left: list[int], depth: int) -> tuple[Any, ...]:
    kind = type(value)
    parts = dict(_dict(value, left, depth)[3]) if hasattr(value, "__dict__") else {}
    if not parts and f"{kind.__module__}.{kind.__name__}" == "sklearn.tree._tree.Tree":
        # The address of a tree says nothing: the next tree may get the same one.
        parts = {name: _look(getattr(value, name), left, depth + 1) for name in ("node_count", "threshold", "value")}
    if not parts:
        parts = {"itself": Look(("opaque", id(value)))}
    return ("object", (kind.__module__, kind.__qualname__), _reference(value), parts)


def _partial(value: functools.partial[Any], left: list[int], depth: int) -> tuple[Any, ...]:
    return ("partial", *(_look(part, left, depth + 1) for part in (value.func, value.args, value.keywords)))


def _pointer(value: Any, left: list[int], depth: int) -> tuple[Any, ...]:
    return ("opaque", type(value).__name__, getattr(value, "value", None))


def _reference(value: object) -> weakref.ref[Any] | None:
    try:
        return weakref.ref(value)
    except TypeError:
        return None


def _of(module: str, *names: str) -> Callable[[Any], bool]:
    """Match instances of a library's classes if the library is loaded."""

    def matches(value: Any) -> bool:
        library = sys.modules.get(module)
        kinds = tuple(kind for name in names if isinstance(kind := getattr(library, name, None), type))
        return bool(kinds) and isinstance(value, kinds)

    return matches


def _is(*kinds: type) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, kinds)


Way = Callable[[Any, list[int], int], tuple[Any, ...]]
_BY_TYPE: dict[type, Way] = {
    **dict.fromkeys(_PLAIN, _plain),
    **dict.fromkeys((list, tuple), _sequence),
    **dict.fromkeys((set, frozenset), _set),
    dict: _mapping,
    types.FunctionType: _function,
    types.ModuleType: _module,
}
_WAYS: tuple[tuple[Callable[[Any], bool], Way], ...] = (
    (_is(type), _class),
    (_is(types.ModuleType), _module),
    (_is(functools.partial), _partial),
    (_is(property, staticmethod, classmethod), _wrapper),
    (_of("numpy", "ndarray", "generic"), _array),
    (_of("pandas", "DataFrame", "Series", "Index"), _frame),
    (_of("torch", "Tensor"), _tensor),
    (_is(ctypes._SimpleCData), _pointer),
)
