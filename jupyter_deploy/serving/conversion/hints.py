"""Type hints as conversions, and as OpenAPI schemas."""

from __future__ import annotations

import collections.abc
import datetime as dt
import enum
import inspect
import types
import typing
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from types import SimpleNamespace
from typing import Any

from . import scalars, times, values
from .misfit import Misfit, shown

_LISTS = (list, collections.abc.Sequence, collections.abc.Iterable, collections.abc.Collection)
_DICTS = (dict, collections.abc.Mapping, collections.abc.MutableMapping)
_SETS = (set, frozenset, collections.abc.Set)
_UNIONS = (typing.Union, types.UnionType)


@dataclass(frozen=True)
class Hinted:
    """What a type hint says about a value."""

    expected: str  # in words
    convert: Callable[[Any], Any]  # takes the JSON value, returns the argument or raises Misfit
    schema: dict[str, Any]  # for OpenAPI; nullable if null is allowed
    example: Any  # a JSON value that fits


def _seconds(value: Any) -> dt.timedelta:
    micro, rest = divmod(times.duration(value), 1000)
    if rest:
        raise Misfit(f"{shown(value)} is finer than microseconds", "Send at most six digits after the seconds.")
    return dt.timedelta(microseconds=micro)


def _decimal(value: Any) -> Decimal:
    found = scalars.number(value)
    return Decimal(value if isinstance(value, str) else repr(found))


_DATE_TIME = "2026-01-31T10:00:00Z"
_PLAIN: dict[Any, Hinted] = {
    str: Hinted("a text", values.text, {"type": "string"}, "text"),
    bool: Hinted("true or false", scalars.boolean, {"type": "boolean"}, True),
    int: Hinted("an integer", values.whole, {"type": "integer", "format": "int64"}, 1),
    float: Hinted("a number", values.real, {"type": "number", "format": "double"}, 1.5),
    bytes: Hinted("base64 text", values.octets, {"type": "string", "format": "byte"}, "Ynl0ZXM="),
    dt.date: Hinted("a date (YYYY-MM-DD)", times.day, {"type": "string", "format": "date"}, "2026-01-31"),
    dt.datetime: Hinted(
        "a date and time (ISO 8601)",
        partial(times.moment, like=dt.datetime(1970, 1, 1)),
        {"type": "string", "format": "date-time"},
        _DATE_TIME,
    ),
    dt.time: Hinted("a time (ISO 8601)", times.clock, {"type": "string", "format": "time"}, "10:00:00"),
    dt.timedelta: Hinted("a duration (ISO 8601)", _seconds, {"type": "string", "format": "duration"}, "PT1H30M"),
    Decimal: Hinted("a number", _decimal, {"type": "number"}, 1.5),
}


def hinted(hint: Any) -> Hinted | None:
    """Read a type hint; None if it says nothing about JSON, as ``Any`` or a class of the script."""
    if not isinstance(hint, collections.abc.Hashable):
        return None
    if hint is None or hint is type(None):
        return Hinted("null", _null, {"nullable": True}, None)
    if isinstance(hint, typing.NewType):
        return hinted(hint.__supertype__)
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        return hinted(inner[0])
    if origin in _UNIONS:
        return _union(inner)
    if origin is typing.Literal:
        return _literal(inner)
    kind = origin or hint
    if kind in _PLAIN:
        return _PLAIN[kind]
    if kind in _LISTS or kind in _SETS:
        return _list(kind, inner)
    if kind is tuple:
        return _tuple(inner)
    if kind in _DICTS:
        return _dict(inner)
    if inspect.isclass(kind):
        return _class(kind)
    return None


def or_null(said: Hinted) -> Hinted:
    """Allow null too, for a parameter with the default None."""
    if said.schema.get("nullable"):
        return said
    schema = {**said.schema, "nullable": True}
    return Hinted(
        f"{said.expected} or null", lambda value: None if value is None else said.convert(value), schema, said.example
    )


def _null(value: Any) -> None:
    if value is not None:
        raise Misfit(f"got {shown(value)}", "Send null.")


def _class(kind: type) -> Hinted | None:
    if issubclass(kind, enum.Enum) and all(isinstance(one.value, (str, int, float)) for one in kind):
        return _enum(kind)
    family = kind.__module__.partition(".")[0]
    if family == "pandas" and kind.__name__ == "DataFrame":
        return Hinted("a table", _frame, {"type": "array", "items": {"type": "object"}}, [{}])
    if family == "numpy" and kind.__name__ == "ndarray":
        return Hinted("an array", _array, {"type": "array", "items": {}}, [1.5])
    return None


def _frame(value: Any) -> Any:
    import pandas as pd

    from .frames import Frames

    free = {"enforce_shape": False, "enforce_column_type": False, "apply_column_names": False}
    return Frames(SimpleNamespace(sample_input=pd.DataFrame(), orient="records", **free))(value)


def _array(value: Any) -> Any:
    from .arrays import natural

    if not isinstance(value, list):
        raise Misfit(f"got {shown(value)}", "Send a list.")
    return natural(value)


def _union(options: Sequence[Any]) -> Hinted | None:
    known = [(option, hinted(option)) for option in options]
    if any(found is None for _, found in known):
        return None
    rules = {option: found for option, found in known if found is not None}
    others = [found for option, found in rules.items() if option is not type(None)]
    nullable = len(others) < len(rules)

    def convert(value: Any) -> Any:
        if value is None and nullable:
            return None
        own = rules.get(type(value))
        reasons = []
        for rule in [own, *others] if own else others:
            try:
                return rule.convert(value)
            except Misfit as misfit:
                reasons.append(misfit)
        raise reasons[0] if len(reasons) == 1 else Misfit(f"got {shown(value)}", "Send one of these.")

    expected = " or ".join(dict.fromkeys([*(one.expected for one in others), *(["null"] if nullable else [])]))
    schema = dict(others[0].schema) if len(others) == 1 else {}
    example = others[0].example if others else None
    return Hinted(expected, convert, {**schema, "nullable": True} if nullable else schema, example)


def _literal(options: Sequence[Any]) -> Hinted | None:
    if not all(option is None or isinstance(option, (str, int, bool)) for option in options):
        return None

    def convert(value: Any) -> Any:
        for option in options:
            if type(option) is type(value) and option == value:
                return option
        raise Misfit(f"got {shown(value)}", f"Send one of {shown(list(options))[1:-1]}.")

    return Hinted(" or ".join(map(shown, options)), convert, {"enum": list(options)}, options[0])


def _enum(kind: Any) -> Hinted:
    options = [one.value for one in kind]

    def convert(value: Any) -> Any:
        for one in kind:
            if type(one.value) is type(value) and one.value == value:
                return one
        raise Misfit(f"got {shown(value)}", f"Send one of {shown(options)[1:-1]}.")

    return Hinted(" or ".join(map(shown, options)), convert, {"enum": options}, options[0])


def _each(rule: Hinted | None, items: Sequence[Any]) -> list[Any]:
    """Convert items; the error says which one failed."""
    found = []
    for index, item in enumerate(items):
        try:
            found.append(item if rule is None else rule.convert(item))
        except Misfit as misfit:
            raise misfit.at(inner=(index, *misfit.place.inner)) from None
    return found


def _list_of(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise Misfit(f"got {shown(value)}", "Send a list.")
    return value


def _list(kind: Any, inner: Sequence[Any]) -> Hinted:
    rule = hinted(inner[0]) if inner else None
    build = kind if kind in (set, frozenset) else set if kind in _SETS else list

    def convert(value: Any) -> Any:
        found = _each(rule, _list_of(value))
        try:
            return found if build is list else build(found)
        except TypeError:
            raise Misfit(f"got {shown(value)}", "Send texts or numbers.") from None

    schema = {"type": "array", "items": dict(rule.schema) if rule else {}}
    expected = f"a list, each item {rule.expected}" if rule else "a list"
    return Hinted(expected, convert, schema, [rule.example] if rule else [])


def _tuple(inner: Sequence[Any]) -> Hinted:
    if not inner or inner[-1] is Ellipsis:
        items = _list(list, inner[:1])
        return Hinted(items.expected, lambda value: tuple(items.convert(value)), items.schema, items.example)
    rules = [hinted(one) for one in inner]

    def convert(value: Any) -> Any:
        if len(_list_of(value)) != len(rules):
            raise Misfit(f"got {len(value)} values", f"Send {len(rules)} values.")
        return tuple(_each(rule, [item])[0] for rule, item in zip(rules, value, strict=True))

    example = [rule.example if rule else None for rule in rules]
    size = {"minItems": len(rules), "maxItems": len(rules)}
    return Hinted(f"a list of {len(rules)}", convert, {"type": "array", "items": {}, **size}, example)


def _dict(inner: Sequence[Any]) -> Hinted:
    keys = hinted(inner[0]) if inner and inner[0] is not str else None
    rule = hinted(inner[1]) if len(inner) > 1 else None

    def convert(value: Any) -> Any:
        if not isinstance(value, dict):
            raise Misfit(f"got {shown(value)}", "Send an object.")
        items = _each(rule, list(value.values())) if rule else value.values()
        return dict(zip(map(_key, value) if keys is _PLAIN[int] else value, items, strict=True))

    more = {"additionalProperties": dict(rule.schema)} if rule else {}
    return Hinted("an object", convert, {"type": "object", **more}, {"key": rule.example} if rule else {})


def _key(name: str) -> int:
    return scalars.integer(name)
