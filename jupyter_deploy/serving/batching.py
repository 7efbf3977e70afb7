"""Greedy batching: the requests that wait when a prediction ends are predicted together.

The arguments of several requests are joined for one call, and its result is cut into their parts. Only values with
rows are joined, and only if they are alike in everything but the number of rows; all other requests run alone. If a
batch fails, or its result cannot be cut, its requests run one by one, so a bad row fails only its own request.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

Arguments = dict[str, Any]
Outcome = tuple[bool, Any]


class CannotCut(Exception):
    """The result of a batch does not have one part for each row."""


def call_together(call: Callable[[Arguments], Any], batch: Sequence[Arguments]) -> list[Outcome]:
    """Call once for all requests, and once for each where that fails.

    ``call`` returns a result with one row for each row of its arguments. An outcome is true with a result, or false
    with the exception.
    """
    outcomes: list[Outcome] = [(False, None)] * len(batch)
    for members in _alike(batch):
        parts = [batch[index] for index in members]
        for index, outcome in zip(members, _call_alike(call, parts), strict=True):
            outcomes[index] = outcome
    return outcomes


def _call_alike(call: Callable[[Arguments], Any], parts: list[Arguments]) -> list[Outcome]:
    if len(parts) > 1:
        try:
            counts = [_rows(arguments) for arguments in parts]
            return [(True, piece) for piece in cut(call(_joined(parts)), counts)]
        except BaseException:  # noqa: BLE001 - the script's, or what it returned cannot be cut: each is told its own
            return [_call_one(call, arguments) for arguments in parts]
    return [_call_one(call, parts[0])]


def _call_one(call: Callable[[Arguments], Any], arguments: Arguments) -> Outcome:
    try:
        return True, call(arguments)
    except BaseException as error:  # noqa: BLE001 - user code; the caller answers for it
        return False, error


def _alike(batch: Sequence[Arguments]) -> list[list[int]]:
    """Group requests whose arguments differ only in their rows."""
    groups: dict[Any, list[int]] = {}
    alone: list[list[int]] = []
    for index, arguments in enumerate(batch):
        try:
            key = tuple((name, _kind(value)) for name, value in sorted(arguments.items()))
            groups.setdefault(key, []).append(index)
        except TypeError:
            alone.append([index])
    return [*groups.values(), *alone]


def _kind(value: Any) -> Any:
    """Return what must agree; raises TypeError for values that cannot be joined."""
    if hasattr(value, "columns") and hasattr(value, "iloc"):
        if type(value.index).__name__ != "RangeIndex":
            raise TypeError("its index means something")
        return "frame", tuple(value.columns), tuple(value.dtypes)
    if hasattr(value, "dtype") and getattr(value, "shape", None):
        return "array", type(value), value.dtype, tuple(value.shape[1:])
    if isinstance(value, list) and value:
        return "list", frozenset(map(_row_kind, value))
    raise TypeError("no rows")


def _row_kind(row: Any) -> Any:
    """Describe a row so that rows which would change each other differ: 1 beside 1.5 becomes 1.0, a missing key NaN."""
    if isinstance(row, list):
        kinds = frozenset(map(type, row))
        nested = not kinds.isdisjoint((list, dict))
        return len(row), frozenset(map(_row_kind, row)) if nested else kinds
    if isinstance(row, dict):
        return frozenset((key, _row_kind(item)) for key, item in row.items())
    return type(row)


def _rows(arguments: Arguments) -> int:
    counts = {len(value) for value in arguments.values()}
    if len(counts) != 1:
        raise CannotCut("the arguments have different numbers of rows")
    return counts.pop()


def _joined(parts: list[Arguments]) -> Arguments:
    return {name: _join([arguments[name] for arguments in parts]) for name in parts[0]}


def _join(values: list[Any]) -> Any:
    first = values[0]
    if isinstance(first, list):
        return [item for value in values for item in value]
    if hasattr(first, "columns"):
        import pandas as pd

        return pd.concat(values, ignore_index=True)
    import numpy as np

    return np.concatenate(values)


def cut(result: Any, counts: Sequence[int]) -> list[Any]:
    """Cut a result into one part per request, each of the result's own kind.

    The result is a list, tuple, array, table or series with one entry per row, or a dict of these; ``counts`` are the
    requests' numbers of rows. Raises :class:`CannotCut` if the rows do not match.
    """
    if isinstance(result, dict):
        columns = {key: cut(value, counts) for key, value in result.items()}
        if not columns:
            raise CannotCut("an empty object")
        return [{key: parts[index] for key, parts in columns.items()} for index in range(len(counts))]
    if isinstance(result, (str, bytes)) or not hasattr(result, "__len__") or not hasattr(result, "__getitem__"):
        raise CannotCut(f"{type(result).__name__} has no rows")
    if len(result) != sum(counts):
        raise CannotCut(f"{len(result)} rows for {sum(counts)}")
    rows = result.iloc if hasattr(result, "iloc") else result
    parts, start = [], 0
    for count in counts:
        part = rows[start : start + count]
        parts.append(part.reset_index(drop=True) if hasattr(part, "reset_index") else part)
        start += count
    return parts
