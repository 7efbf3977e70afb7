"""Lists of JSON as an array like a NumPy sample."""

from __future__ import annotations

from typing import Any

from .misfit import Misfit, shown
from .scalars import EXACT
from .vectors import objects, proven, vector


def array(value: Any, kind: Any) -> Any:
    """Convert lists to an array of the sample's type; its shape may differ in the first dimension only.

    An array is returned as it is.
    """
    import numpy as np

    if isinstance(value, np.ndarray):
        return value
    if not isinstance(value, list):
        raise Misfit(f"got {shown(value)}, which is not a list", "Send a list.")
    sample = kind.sample_input
    if not kind.enforce_column_type:
        found = natural(value)
    elif sample.dtype.names:
        found = _structured(value, sample.dtype, sample.ndim if kind.enforce_shape else 1)
    else:
        found = typed(value, sample.dtype, sample.ndim if kind.enforce_shape else None)
    if kind.enforce_shape:
        _check_shape(found.shape, sample.shape)
    return found


def typed(value: list[Any], dtype: Any, rank: int | None) -> Any:
    """Convert lists to an array of one type without fields; ``rank`` None means as deep as they are."""
    import numpy as np

    if dtype.kind in "biufc":
        try:
            raw = np.array(value)
        except (ValueError, OverflowError):
            raw = None
        if raw is not None and (rank is None or raw.ndim == rank):
            found = proven(raw, dtype)
            if found is not None:
                return found
    cells, shape = flattened(value, rank)
    try:
        return vector(cells, dtype).reshape(shape)
    except Misfit as misfit:
        raise _placed(misfit, shape) from None


def _placed(misfit: Misfit, shape: tuple[int, ...]) -> Misfit:
    """Turn the index among all items into a place in the lists."""
    index, places = misfit.place.row, []
    if index is None:
        return misfit
    for size in reversed(shape):
        index, rest = divmod(index, size)
        places.append(rest)
    row, *more = reversed(places)
    return misfit.at(row=row, column=more[0] if more else None, inner=tuple(more[1:]))


def flattened(value: list[Any], rank: int | None) -> tuple[list[Any], tuple[int, ...]]:
    """Return the items of nested lists, and the size of each dimension.

    ``rank`` is their depth; None means as deep as the first ones. Lists of one depth must have one length.
    """
    cells, shape = value, [len(value)]
    while len(shape) < (rank if rank is not None else 64):
        lists = sum(isinstance(cell, list) for cell in cells)
        if not lists and (rank is None or not cells):
            break
        size = next((len(cell) for cell in cells if isinstance(cell, list)), 0)
        for index, cell in enumerate(cells):
            if not isinstance(cell, list) or len(cell) != size:
                raise _placed(_uneven(cell, rank, size).at(row=index), tuple(shape))
        cells = [item for cell in cells for item in cell]
        shape.append(size)
    return cells, tuple(shape)


def _uneven(cell: Any, rank: int | None, size: int) -> Misfit:
    if isinstance(cell, list):
        return Misfit(f"{len(cell)} values, and {size} in the first", "Send as many values in each list.")
    depth = f" of {rank} dimensions" if rank is not None else ""
    return Misfit(f"{shown(cell)} stands where a list belongs", f"Send lists in lists{depth}.")


def natural(value: list[Any]) -> Any:
    """Make an array of the type that holds all items unchanged.

    It is of objects where NumPy would turn numbers into texts or round whole numbers.
    """
    import numpy as np

    try:
        found = np.array(value)
    except (ValueError, OverflowError):
        found = None
    if found is not None and (
        found.dtype.kind in "biu" or (found.dtype.kind == "f" and bool((np.abs(found) <= EXACT).all()))
    ):
        return found
    cells, shape = flattened(value, None)
    alike = len(set(map(type, cells))) == 1 and not isinstance(cells[0], (int, dict))
    return (np.array(cells) if alike else objects(cells)).reshape(shape)


def _structured(value: list[Any], dtype: Any, rank: int) -> Any:
    import numpy as np

    rows, shape = flattened(value, rank)
    converted = []
    for index, row in enumerate(rows):
        try:
            converted.append(_record(row, dtype))
        except Misfit as misfit:
            raise misfit.at(row=index) from None
    return np.array(converted, dtype=dtype).reshape(shape)


def _record(row: Any, dtype: Any) -> tuple[Any, ...]:
    names = list(dtype.names)
    if isinstance(row, dict):
        missing = [name for name in names if name not in row]
        unknown = [str(name) for name in row if name not in names]
        if missing or unknown:
            raise names_misfit(missing, unknown)
        row = [row[name] for name in names]
    if not isinstance(row, list) or len(row) != len(names):
        raise Misfit(f"{shown(row)} is not a row of {len(names)} values", f"Send an object with {', '.join(names)}.")
    found = []
    for name, item in zip(names, row, strict=True):
        try:
            found.append(_field(item, dtype[name]))
        except Misfit as misfit:
            raise misfit.at(column=name) from None
    return tuple(found)


def _field(item: Any, dtype: Any) -> Any:
    if dtype.names:
        return _record(item, dtype)
    if dtype.subdtype is not None:
        base, shape = dtype.subdtype
        if not isinstance(item, list):
            raise Misfit(f"{shown(item)} is not a list", "Send a list.")
        found = typed(item, base, len(shape))
        if found.shape != shape:
            raise Misfit(f"a list of shape {found.shape}, not {shape}", "Send as many values as the sample has.")
        return found
    found = vector([item], dtype)
    if dtype.kind in "US" and found.dtype.itemsize > dtype.itemsize:
        raise Misfit(f"{shown(item)} is longer than the sample's {dtype}", "Send a shorter text.")
    return found[0]


def names_misfit(missing: list[str], unknown: list[str]) -> Misfit:
    """Make the error for missing and unknown columns; at least one is given."""
    import difflib

    parts = []
    if missing:
        parts.append(f"missing columns: {_listed(missing)}")
    if unknown:
        parts.append(f"unknown columns: {_listed(unknown)}")
    folded = {name.casefold(): name for name in missing}
    for name in unknown if missing else ():
        close = difflib.get_close_matches(name.casefold(), folded, n=1)
        if close:
            return Misfit("; ".join(parts), f"Rename {name!r} to {folded[close[0]]!r}.")
    if not missing:
        return Misfit("; ".join(parts), "Leave the unknown columns out.")
    return Misfit("; ".join(parts), "Send a value (or null) for each column in every row.")


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return ", ".join(names[:10]) + more


def _check_shape(found: tuple[int, ...], sample: tuple[int, ...]) -> None:
    if len(found) != len(sample):
        raise Misfit(f"got {len(found)} dimensions", f"Send lists of {len(sample)} dimensions.")
    if found[1:] != sample[1:]:
        shape = ", ".join(map(str, found))
        raise Misfit(f"got the shape ({shape})", "Send as many values in each row as the sample has.")
