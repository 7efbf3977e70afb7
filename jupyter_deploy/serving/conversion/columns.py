"""A column of JSON values as a pandas column of the sample's type."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any

from . import scalars, times
from .misfit import Misfit, shown
from .vectors import each, in_unit, objects, vector


def column(cells: Sequence[Any], dtype: Any, sample: Any) -> Any:
    """Convert a column to one of ``dtype`` and the same length.

    If the sample's column holds objects, they tell the type of the cells.
    """
    import numpy as np
    import pandas as pd

    if isinstance(dtype, np.dtype):
        if dtype.kind == "O":
            return _objects(cells, sample)
        return _whole(cells, dtype) if dtype.kind in "iu" else vector(cells, dtype)
    if isinstance(dtype, pd.CategoricalDtype):
        return _categories(cells, dtype)
    if isinstance(dtype, pd.DatetimeTZDtype):
        return _zoned(cells, dtype)
    if isinstance(dtype, pd.SparseDtype):
        return pd.arrays.SparseArray(vector(cells, np.dtype(dtype.subtype)), dtype=dtype)
    plain = getattr(dtype, "numpy_dtype", None)
    if isinstance(dtype, pd.StringDtype) or dtype.kind == "U" or str(dtype).startswith(("string", "large_string")):
        return pd.array(each(cells, _text_or_null), dtype=dtype)
    if dtype.kind in "biuf" and isinstance(plain, np.dtype):
        return _with_gaps(cells, dtype, plain)
    return _checked(cells, dtype)


def _whole(cells: Sequence[Any], dtype: Any) -> Any:
    """Convert whole numbers; with gaps, they become floats, as in pandas."""
    import numpy as np

    try:
        return vector(cells, dtype)
    except Misfit:
        gaps = [_is_gap(cell) for cell in cells]
        if not any(gaps):
            raise
    # Check the other values as whole numbers.
    exact = vector([0 if gap else cell for gap, cell in zip(gaps, cells, strict=True)], dtype)
    large = np.flatnonzero((exact > scalars.EXACT) | (exact < -scalars.EXACT))
    if large.size:
        raise Misfit(f"{exact[large[0]]} would be rounded beside a gap", "Send all values, or a smaller number.").at(
            row=int(large[0])
        )
    found = exact.astype(np.float64)
    found[np.array(gaps)] = np.nan
    return found


def natural(cells: Sequence[Any]) -> Any:
    """Let pandas infer the type of a column, but keep objects where it would round.

    It would where whole numbers beyond 2**53 stand beside gaps or fractions.
    """
    import pandas as pd

    kinds = set(map(type, cells))
    large = any(isinstance(cell, int) and abs(cell) > scalars.EXACT for cell in cells) if int in kinds else False
    if list in kinds or dict in kinds or (large and len(kinds) > 1):
        return objects(cells)
    found = pd.Series(list(cells), dtype=object if not kinds or kinds == {type(None)} else None)
    return found.array if found.dtype.kind != "f" or not large else objects(cells)


def _objects(cells: Sequence[Any], sample: Any) -> Any:
    """Convert what pandas keeps as objects: to the sample's class, if all its objects have one."""
    import pandas as pd

    kinds = {type(item) for item in sample if item is not None and item == item}
    rule = _RULES.get(kinds.pop()) if len(kinds) == 1 else None
    found = objects(cells if rule is None else each(cells, partial(_or_null, rule)))
    # pandas 3 would turn an array of texts into a text column.
    return pd.Index(found, dtype=object, tupleize_cols=False)


def _or_null(rule: Callable[[Any], Any], cell: Any) -> Any:
    return None if cell is None else rule(cell)


def _decimal(value: Any) -> Decimal:
    if isinstance(value, (int, str)) and not isinstance(value, bool):
        try:
            return Decimal(value)
        except InvalidOperation:
            pass
    elif isinstance(value, float):
        return Decimal(repr(value))
    raise Misfit(f"{shown(value)} is not a decimal number", "Send a number, or its digits as text.")


def _seconds(value: Any) -> dt.timedelta:
    micro, rest = divmod(times.duration(value), 1000)
    if rest:
        raise Misfit(f"{shown(value)} is finer than microseconds", "Send at most six digits after the seconds.")
    return dt.timedelta(microseconds=micro)


_RULES: dict[type, Callable[[Any], Any]] = {
    bool: scalars.boolean,
    int: scalars.integer,
    dt.date: times.day,
    dt.datetime: partial(times.moment, like=dt.datetime(1970, 1, 1)),
    dt.time: times.clock,
    dt.timedelta: _seconds,
    Decimal: _decimal,
}


def _text_or_null(cell: Any) -> Any:
    return None if cell is None else scalars.text(cell)


def _is_gap(cell: Any) -> bool:
    return cell is None or cell != cell


def _with_gaps(cells: Sequence[Any], dtype: Any, plain: Any) -> Any:
    """Convert to a type that has gaps of its own, such as Int64."""
    import numpy as np
    import pandas as pd

    gaps = [_is_gap(cell) for cell in cells]
    filled = [0 if gap else cell for gap, cell in zip(gaps, cells, strict=True)] if any(gaps) else cells
    found = pd.array(vector(filled, plain), dtype=dtype)
    if any(gaps):
        found[np.array(gaps)] = pd.NA
    return found


def _zoned(cells: Sequence[Any], dtype: Any) -> Any:
    import numpy as np
    import pandas as pd

    unit = np.dtype(f"M8[{dtype.unit}]")

    def instant(cell: Any) -> int:
        if cell is None:
            return -(2**63)
        nanoseconds, zoned = times.instant(cell)
        if not zoned:
            raise Misfit(f"{shown(cell)} has no time zone", "Add the zone, for example Z for UTC.")
        return in_unit(cell, nanoseconds, unit, "date")

    found = np.array(each(cells, instant), dtype=np.int64).view(unit)
    times.refuse_mixed_units(cells)
    return pd.DatetimeIndex(found).tz_localize("UTC").tz_convert(dtype.tz).array


def _categories(cells: Sequence[Any], dtype: Any) -> Any:
    """Convert to a category; new categories are added, because the sample is only a sample."""
    import numpy as np
    import pandas as pd

    known = dtype.categories
    gaps = [_is_gap(cell) for cell in cells]
    given = [cell for gap, cell in zip(gaps, cells, strict=True) if not gap]
    rows = [index for index, gap in enumerate(gaps) if not gap]
    try:
        values = _like_categories(given, known)
    except Misfit as misfit:
        raise misfit.at(row=rows[misfit.place.row] if misfit.place.row is not None else None) from None
    codes = known.get_indexer(values) if len(values) else np.empty(0, dtype=int)
    if (codes < 0).any():
        place = int(np.flatnonzero(codes < 0)[0])
        if dtype.ordered:
            raise Misfit(
                f"{shown(given[place])} is none of the ordered categories {', '.join(map(str, known[:10]))}",
                "Send one of them, or null.",
                None,
            ).at(row=rows[place])
        new = pd.Index(values)[codes < 0].unique()
        known = known.append(new)
        codes = known.get_indexer(values)
    found = np.full(len(cells), -1, dtype=np.int64)
    found[rows] = codes
    return pd.Categorical.from_codes(found, categories=known, ordered=dtype.ordered)


def _like_categories(given: list[Any], known: Any) -> Any:
    import pandas as pd

    if str(known.dtype).startswith(("interval", "period")):
        by_name = {str(item): item for item in known}
        found = each(given, partial(_named, by_name))
        return pd.Index(found, dtype=known.dtype)
    if known.dtype == object:
        # Texts, or a mixture, are compared as they were sent.
        return pd.Index(column(given, known.dtype, known.to_series()), dtype=object)
    return pd.Index(column(given, known.dtype, known.to_series()))


def _named(by_name: dict[str, Any], cell: Any) -> Any:
    if isinstance(cell, str) and cell in by_name:
        return by_name[cell]
    raise Misfit(f"{shown(cell)} is none of the categories", f"Send one of {', '.join(list(by_name)[:10])}.")


def _checked(cells: Sequence[Any], dtype: Any) -> Any:
    """Let a type of pandas or another library convert, and compare the result."""
    import pandas as pd

    def one(cell: Any) -> Any:
        try:
            found = pd.array([cell], dtype=dtype)[0]
        except (TypeError, ValueError, OverflowError, NotImplementedError) as error:
            raise Misfit(f"{shown(cell)} cannot be {dtype}: {error}", "Send a value like the sample's.") from None
        kept = cell is None or found == cell or str(found) == str(cell)
        if not kept:
            raise Misfit(f"{shown(cell)} would become {found} as {dtype}", "Send a value like the sample's.")
        return found

    return pd.array(each(cells, one), dtype=dtype)
