"""Whether two answers agree, and how far two sets of values are apart."""

from __future__ import annotations

import bisect
import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Scalar = str | float | bool | None
_BINS = 10
# Fewer different numbers than this are categories, as the labels of a classifier are.
_FEW = 20
_MOST_SCALARS = 50


def agree(one: Any, other: Any, tolerance: float) -> bool:
    """Whether two decoded answers are equal, numbers within a tolerance relative to the larger one."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(agree(one[key], other[key], tolerance) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(agree, one, other, [tolerance] * len(one)))
    if _is_number(one) and _is_number(other):
        both_unknown = one != one and other != other
        return both_unknown or math.isclose(one, other, rel_tol=tolerance, abs_tol=tolerance)
    return type(one) is type(other) and bool(one == other)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def agree_as_sent(one: str, other: str, tolerance: float) -> bool:
    """Whether two bodies agree: the same text, or JSON that agrees."""
    if one == other:
        return True
    try:
        return agree(json.loads(one), json.loads(other), tolerance)
    except (ValueError, RecursionError):
        return False


def scalars(text: str) -> list[Scalar]:
    """Return the first values in a JSON body: what is predicted."""
    try:
        found = _leaves(json.loads(text))
        return [value for value, _ in zip(found, range(_MOST_SCALARS), strict=False)]
    except (ValueError, RecursionError):
        return []


def _leaves(value: Any) -> Iterator[Scalar]:
    if isinstance(value, Mapping):
        for inner in value.values():
            yield from _leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner)
    else:
        yield value


def columns(text: str) -> dict[str, list[Scalar]]:
    """Return the columns of the rows in a request's JSON body; nothing where there are none."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return columns_of(value)


def columns_of(value: Any, most: int = _MOST_SCALARS) -> dict[str, list[Scalar]]:
    """Return the columns of rows: lists, records, or a mapping with one of these or with columns inside.

    ``most`` rows are looked at.
    """
    if isinstance(value, Mapping):
        if isinstance(value.get("columns"), list) and isinstance(value.get("data"), list):
            names = [str(name) for name in value["columns"]]
            return {
                names[int(key)]: held
                for key, held in columns_of(value["data"], most).items()
                if key.isdecimal() and int(key) < len(names)
            }
        lists = {str(key): inner for key, inner in value.items() if isinstance(inner, list)}
        if len(lists) > 1 and all(not isinstance(item, list | dict) for inner in lists.values() for item in inner):
            return lists
        nested = next((inner for inner in value.values() if isinstance(inner, list | dict)), None)
        if nested is not None:
            return columns_of(nested, most)
        return {str(key): [inner] for key, inner in value.items()}
    if not isinstance(value, list):
        return {}
    rows = value if any(isinstance(row, list | dict) for row in value) else [value]
    found: dict[str, list[Scalar]] = {}
    for row in rows[:most]:
        for key, inner in row.items() if isinstance(row, dict) else enumerate(row) if isinstance(row, list) else ():
            if not isinstance(inner, list | dict):
                found.setdefault(str(key), []).append(inner)
    return found


def distance(one: Sequence[Scalar], other: Sequence[Scalar]) -> float | None:
    """Return the total variation between two sets of values, from 0 (alike) to 1 (nothing in common); None if empty.

    Many different numbers are counted in ten parts of the first set's range that have the same size.
    """
    if not one or not other:
        return None
    cuts = _cuts(one, other)
    first, second = (Counter(_place(value, cuts) for value in values) for values in (one, other))
    return sum(abs(first[key] / len(one) - second[key] / len(other)) for key in first | second) / 2


def _cuts(one: Sequence[Scalar], other: Sequence[Scalar]) -> list[float]:
    numbers = sorted(float(value) for value in one if _is_number(value) and math.isfinite(value))  # type: ignore[arg-type]
    if len(set(numbers)) < _FEW and len({str(value) for value in other}) < _FEW:
        return []
    return [numbers[len(numbers) * number // _BINS] for number in range(1, _BINS)] if numbers else []


def _place(value: Scalar, cuts: Sequence[float]) -> object:
    if cuts and _is_number(value) and math.isfinite(value):  # type: ignore[arg-type]
        return bisect.bisect_right(cuts, float(value))  # type: ignore[arg-type]
    return float(value) if _is_number(value) else f"{type(value).__name__} {value}"  # type: ignore[arg-type]


def drift(reference: Mapping[str, Sequence[Scalar]], now: Mapping[str, Sequence[Scalar]]) -> float | None:
    """Return the distance of the column that is furthest from its reference; None without a common column."""
    found = [gap for key in reference.keys() & now.keys() if (gap := distance(reference[key], now[key])) is not None]
    return max(found, default=None)
