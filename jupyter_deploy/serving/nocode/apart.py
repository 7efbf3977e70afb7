"""Whether a model answers each row by itself: only then may the rows of several requests be predicted together.

A free first dimension does not tell: it may be a sequence, and a step of a pipeline may look at all rows.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

_CLOSE = 1e-3
_SEED = 7


def trials(example: Mapping[str, Any], *, of_rows: bool) -> list[dict[str, Any]]:
    """Make two requests of the form of an example, of one row and of two, with other numbers in each."""
    chance = random.Random(_SEED)  # noqa: S311 - the same numbers at every start
    return [{"data": _rows(example["data"], count, chance, of_rows)} for count in (1, 2)]


def _rows(data: Any, count: int, chance: random.Random, of_rows: bool) -> Any:
    if isinstance(data, Mapping) and not of_rows:
        return {name: _rows(value, count, chance, of_rows) for name, value in data.items()}
    return [_varied(data[0], chance) for _ in range(count)] if isinstance(data, list) and data else data


def _varied(value: Any, chance: random.Random) -> Any:
    if isinstance(value, list):
        return [_varied(item, chance) for item in value]
    if isinstance(value, Mapping):
        return {name: _varied(item, chance) for name, item in value.items()}
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return value
    # Whole numbers may be places in a table, of which the first two are there.
    return chance.gauss(0, 1) if isinstance(value, float) else chance.randrange(2)


def alike(one: Any, other: Any) -> bool:
    """Compare two answers; numbers may differ by what the order of additions makes of them."""
    import numpy as np

    if isinstance(one, Mapping):
        return isinstance(other, Mapping) and one.keys() == other.keys() and all(alike(one[k], other[k]) for k in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(alike, one, other))
    first, second = np.asarray(one), np.asarray(other)
    if first.shape != second.shape:
        return False
    if first.dtype.kind not in "fc":
        return bool(np.all(first == second))
    return bool(
        np.allclose(first, second, rtol=_CLOSE, atol=_CLOSE * float(np.abs(first).max(initial=0)), equal_nan=True)
    )
