"""JSON values as plain Python values of exactly the sample's class."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
from collections.abc import Callable
from functools import partial
from typing import Any

from . import scalars, times
from .misfit import Misfit, shown


def whole(value: Any) -> int:
    """Take a whole number; texts and booleans are refused."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Misfit(f"got {shown(value)}", "Send a whole number.")
    return scalars.integer(value)


def real(value: Any) -> int | float:
    """Take a number; texts and booleans are refused. An int stays one if no float is equal to it."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Misfit(f"got {shown(value)}", "Send a number.")
    found = scalars.floating(value)
    return value if found != value and value == value else found


def text(value: Any) -> str:
    """Take a text as it is."""
    if not isinstance(value, str):
        raise Misfit(f"got {shown(value)}", "Send a text in quotation marks.")
    return value


def octets(value: Any) -> bytes:
    """Decode base64 strictly: anything else would silently become other bytes."""
    try:
        return base64.b64decode("".join(text(value).split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Misfit(f"got {shown(value)}: {error}", "Send the bytes as base64 text.") from None


def rule(sample: Any) -> Callable[[Any], Any] | None:
    """Find the conversion to a plain sample's class; None for classes that JSON does not have."""
    rules: dict[type, Callable[[Any], Any]] = {
        bool: scalars.boolean,
        int: whole,
        float: real,
        str: text,
        bytes: octets,
        bytearray: lambda value: bytearray(octets(value)),
        dt.date: times.day,
        dt.time: times.clock,
    }
    if type(sample) is dt.datetime:
        return partial(times.moment, like=sample)
    return rules.get(type(sample))
