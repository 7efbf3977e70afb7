"""Decode a request's JSON without loss: large whole numbers stay whole, no key hides another."""

from __future__ import annotations

import json
import math
from typing import Any

import orjson

# All digits are equivalent, and so are all characters that may precede a number.
_ALIKE = bytes.maketrans(b"123456789[: \n\t\r-", b"000000000,,,,,,,")
# From this length on, a whole number may exceed 64 bits, which orjson reads as a float.
_LONG = b"," + b"0" * 19


def decode(body: bytes) -> Any:
    """Decode JSON in UTF-8; UTF-16, UTF-32, byte order marks and NaN are accepted too.

    Raises ValueError if it is not JSON, has a key twice in one object, or a number that no float holds, and
    RecursionError if it is nested too deeply.
    """
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return _strictly(body)
    # A number that is the whole body has nothing before it.
    if len(body) >= len(_LONG) - 1 and (_LONG in body.translate(_ALIKE) or type(value) is float):
        return _strictly(body)
    # A quotation mark before a colon ends a key, unless it is escaped inside a text.
    keys = body.count(b'":') - body.count(b'\\":')
    if any(before in body for before in (b" :", b"\n:", b"\t:", b"\r:")) or _key_count(value, keys) != keys:
        return _strictly(body)
    return value


def _key_count(value: Any, most: int) -> int:
    """Count the keys of all objects in a value, level by level, until there are as many as expected."""
    found, level = 0, [value]
    while level and found < most:
        found += sum(len(item) for item in level if type(item) is dict)
        if found < most:
            within = (item.values() if type(item) is dict else item for item in level if type(item) in (dict, list))
            level = [child for children in within for child in children if type(child) in (dict, list)]
    return found


def _strictly(body: bytes) -> Any:
    """Decode with the standard library, which is slower but reports what it found."""
    return json.loads(body, object_pairs_hook=_object, parse_float=_float)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"the key {next(name for name in names if names.count(name) > 1)!r} is in it twice")
    return found


def _float(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ValueError(f"the number {text} is larger than a float holds")
    return value
