"""Encode what ``run()`` returns as JSON."""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import json
import math
import re
import uuid
from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from pathlib import PurePath
from typing import Any

import orjson

_OPTIONS = orjson.OPT_SERIALIZE_NUMPY
_LEAVES = frozenset({str, int, float, bool, type(None)})
_ANY_KEYS = _OPTIONS | orjson.OPT_NON_STR_KEYS
# orjson writes NumPy's NaT like this, in units from weeks to minutes and in nanoseconds. It may also be a real time.
_NO_TIME = re.compile(rb'"1970-01-01T00:00:00|"1677-09-21T00:12:43')
_UNITS = {"M": "datetime64[us]", "m": "timedelta64[us]"}
# Sent beside an answer of {}: run() returned nothing.
INTERNAL_ERROR = b'{"message":"An unexpected internal error occurred. Check the logs for more info."}'
RETURNED_NONE = "x-ms-run-returned-none"


class StrictJson(ValueError):
    """The value holds NaN or infinity, and the service refuses them."""


def encode(value: Any) -> bytes:
    """Encode a value as JSON, in UTF-8.

    A ``str`` is encoded like any other value, even if it is JSON already: clients of Azure ML decode twice. ``None``
    becomes ``{}`` (both as azureml-inference-server-http does). NaN and infinity become ``null``. Plain values, NumPy
    arrays and scalars, pandas frames and series, dates, sets, and nestings of them have a JSON form; the TypeError
    for anything else names the class.
    """
    return b"{}" if value is None else to_json(value)


def to_json(value: Any) -> bytes:
    """Encode a value as :func:`encode` does, but ``None`` as ``null``.

    The TypeError names the class that has no JSON form, or the key or column that would hide another of its name.
    """
    try:
        body = bytes(orjson.dumps(value, default=_plain, option=_OPTIONS))
    except TypeError:
        body = _with_any_keys(value)
    if body and not _NO_TIME.search(body):
        return body
    # Slower, but it also takes whole numbers beyond 64 bits, half surrogates, deep nesting and NumPy keys.
    return json.dumps(_pure(value), separators=(",", ":"), allow_nan=False).encode()


def _with_any_keys(value: Any) -> bytes:
    """Encode a value whose keys are not texts; empty if that needs the slower way."""
    _refuse_alike_keys(value)
    try:
        return bytes(orjson.dumps(value, default=_plain, option=_ANY_KEYS))
    except TypeError:
        return b""


def _refuse_alike_keys(value: Any) -> None:
    """Refuse 1 beside "1": as JSON keys, one would hide the other."""
    waiting: list[Any] = [value]
    seen: dict[int, Any] = {}
    while waiting:
        current = waiting.pop()
        if id(current) in seen:
            continue
        # The encoders refuse a value that contains itself.
        seen[id(current)] = current
        if isinstance(current, Mapping):
            # Keys of one of these types never collide.
            kinds = set(map(type, current))
            if len(kinds) > 1 or not kinds <= {str, int}:
                _refuse_twice(map(_key_text, current), "keys")
            waiting += current.values()
        elif isinstance(current, (list, tuple)):
            waiting += [item for item in current if type(item) not in _LEAVES]
        elif dataclasses.is_dataclass(current) and not isinstance(current, type):
            waiting += [getattr(current, field.name) for field in dataclasses.fields(current)]


def _refuse_twice(names: Iterable[str], what: str) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise TypeError(
                f"it has several {what} that are {name!r} in JSON, which would keep one of them: rename them"
            )
        seen.add(name)


def _plain(value: Any) -> Any:
    """Turn a value that the encoder does not know into one that it knows, one level deep."""
    # Test for methods, so that pandas and NumPy are not imported.
    if hasattr(value, "to_dict") and hasattr(value, "columns"):
        if not all(isinstance(name, str) for name in value.columns) or not getattr(value.columns, "is_unique", True):
            _refuse_twice(map(str, value.columns), "columns")
        return value.to_dict(orient="records")
    if isinstance(value, (bytes, bytearray, memoryview)):
        raise TypeError("bytes have no JSON form: decode them, or encode them as base64 text")
    if hasattr(value, "tolist"):
        # Times as nanoseconds would mean nothing to a client. A tensor's dtype has no kind.
        kind = getattr(getattr(value, "dtype", None), "kind", "")
        unit = _UNITS.get(kind) if not hasattr(value, "index") else None
        listed = (value.astype(unit) if unit else value).tolist()
        # tolist() of a long double returns a long double.
        return float(value) if type(listed) is type(value) else listed
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Collection):
        return list(value)
    if type(value).__name__ in {"NaTType", "NAType"}:
        return None
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return _scalar(value)


def _scalar(value: Any) -> Any:
    if isinstance(value, dt.timedelta):
        return _duration(value)
    if isinstance(value, Decimal):
        return int(value) if value.is_finite() and value == value.to_integral_value() else float(value)
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, float):
        return float(value)
    raise TypeError(f"{type(value).__module__}.{type(value).__qualname__} has no JSON form")


def _duration(value: dt.timedelta) -> str:
    """Write a duration in ISO 8601, as pandas does: ``P1DT0H0M1.5S``."""
    sign, value = ("-", -value) if value < dt.timedelta(0) else ("", value)
    minutes, seconds = divmod(value.seconds, 60)
    fraction = f".{value.microseconds:06d}".rstrip("0") if value.microseconds else ""
    return f"{sign}P{value.days}DT{minutes // 60}H{minutes % 60}M{seconds}{fraction}S"


def _pure(value: Any) -> Any:
    """Rebuild a value from types that the standard library encodes."""
    if value is None or isinstance(value, (str, bool)):
        return str(value) if isinstance(value, str) else value
    if isinstance(value, enum.Enum):
        return _pure(value.value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, dict):
        _refuse_twice(map(_key_text, value), "keys")
        return {_key_text(key): _pure(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_pure(item) for item in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _pure(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, uuid.UUID):
        return str(value)
    return _pure(_plain(value))


def _key_text(key: Any) -> str:
    """Write a key as JSON has it."""
    if isinstance(key, float) and not math.isfinite(key):
        return "null"
    plain = _pure(key)
    if isinstance(plain, (list, dict)):
        raise TypeError(f"{type(key).__module__}.{type(key).__qualname__} cannot be the key of a JSON object")
    return plain if isinstance(plain, str) else json.dumps(plain)


def holds_nan(value: Any) -> bool:
    """Whether a value has a NaN or an infinity, which :func:`encode` turns into ``null``."""
    # No recursion: a deeply nested value may still be a valid answer.
    waiting = [value]
    while waiting:
        current = waiting.pop()
        if isinstance(current, (float, Decimal)):
            if not math.isfinite(current):
                return True
        elif isinstance(current, (str, bytes)):
            continue
        elif isinstance(current, Mapping):
            waiting += current.values()
        elif hasattr(current, "dtype") and not hasattr(current, "index"):
            if _array_holds_nan(current):
                return True
        elif hasattr(current, "to_dict") or hasattr(current, "tolist"):
            waiting.append(_plain(current))
        elif isinstance(current, Collection):
            waiting += current
        elif dataclasses.is_dataclass(current) and not isinstance(current, type):
            waiting += [getattr(current, field.name) for field in dataclasses.fields(current)]
    return False


def _array_holds_nan(value: Any) -> bool:
    """Look for NaN, without a list of all items if the array has only floats."""
    kind = getattr(value.dtype, "kind", "O")
    if kind == "f" and hasattr(value, "flat"):
        return not math.isfinite(float(abs(value).max())) if value.size else False
    return holds_nan(value.tolist()) if kind in "fOV" else False
