"""One JSON value as a number, a boolean or a text: exactly, or not at all."""

from __future__ import annotations

import json
import re
from typing import Any

from .misfit import Misfit, shown

# Beyond it, one float stands for several whole numbers.
EXACT = 2**53 - 1
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_BOOLEANS: dict[Any, bool] = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


def number(value: Any) -> int | float:
    """Read a number, also from a text that is a JSON number: ``"007"`` is not."""
    if isinstance(value, (int, float)):
        return value
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        try:
            return json.loads(value)  # type: ignore[no-any-return]
        except ValueError:  # more digits than Python reads
            raise Misfit(f"{shown(value)} has too many digits", "Send a shorter number.") from None
    raise Misfit(f"{shown(value)} is not a number", "Send a number here.")


def integer(value: Any, low: int | None = None, high: int | None = None) -> int:
    """Read a whole number between ``low`` and ``high``; ``3.0`` is 3."""
    if value is None:
        raise Misfit("null is not a whole number", "Send a whole number in every row.")
    found = number(value)
    if isinstance(found, float):
        if not found.is_integer():
            raise Misfit(f"{shown(value)} is not a whole number", "Send a whole number.")
        if abs(found) > EXACT:
            raise Misfit(f"{shown(value)} is too large to be exact", "Send its digits, without a point or exponent.")
    whole = int(found)
    if (low is not None and whole < low) or (high is not None and whole > high):
        raise Misfit(f"{shown(value)} is not between {low} and {high}", "Send a whole number of this range.")
    return whole


def floating(value: Any) -> float:
    """Read a float, the nearest one; null is NaN."""
    if value is None:
        return float("nan")
    found = number(value)
    try:
        converted = float(found)
    except OverflowError:
        converted = float("inf")
    if converted in (float("inf"), float("-inf")) and not isinstance(value, float):
        raise too_large(value, "float64")
    return converted


def too_large(value: Any, kind: str) -> Misfit:
    """Make the error for a number that became infinite."""
    return Misfit(f"{shown(value)} is too large for {kind}", "Send a smaller number.")


def boolean(value: Any) -> bool:
    """Read a boolean: true, false, their texts, 1 and 0."""
    if isinstance(value, bool):
        return value
    if isinstance(value, (int, float)) and value in (0, 1):
        return bool(value)
    if isinstance(value, str) and value in _BOOLEANS:
        return _BOOLEANS[value]
    raise Misfit(f"{shown(value)} is neither true nor false", "Send true or false.")


def text(value: Any) -> str:
    """Read a text; numbers are refused, because nothing says how to write them."""
    if isinstance(value, str):
        return value
    raise Misfit(f"{shown(value)} is not a text", "Send it in quotation marks.")
