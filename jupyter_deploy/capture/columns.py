"""A frame's columns as Python source: names, types and a row or two, from which a script makes an equal frame."""

from __future__ import annotations

import datetime as dt
import decimal
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from .values import literal

# Kinds of NumPy and pandas arrays; intervals, complex numbers and bytes have no JSON form.
_KINDS = frozenset("biufMm")
_MOST_CATEGORIES = 5000
_LOOKED_AT = 10_000
# Classes whose objects come back from JSON as such, each with an example.
_CLASSES: dict[type, object] = {
    dt.date: dt.date(2000, 1, 1),
    dt.datetime: dt.datetime(2000, 1, 1),
    dt.time: dt.time(0, 0),
    dt.timedelta: dt.timedelta(0),
    Decimal: Decimal(0),
}


@dataclass(frozen=True)
class Column:
    """A column as Python source: one expression per row, and its type.

    An empty ``dtype`` means that pandas infers the same type from the cells.
    """

    name: Any
    cells: tuple[str, ...]
    dtype: str = ""


def as_sent(name: object, rows: int = 1) -> Column:
    """Describe a column of unknown type: its values are taken as they are sent."""
    return Column(name, ("None",) * rows)


def frame_of(columns: Sequence[Column]) -> str:
    """Write the expression that makes the frame; ``pd`` is pandas."""
    cells = ", ".join(f"{literal(one.name)}: [{', '.join(one.cells)}]" for one in columns)
    kinds = ", ".join(f"{literal(one.name)}: {one.dtype}" for one in columns if one.dtype)
    return f"pd.DataFrame({{{cells}}})" + (f".astype({{{kinds}}})" if kinds else "")


def column_of(series: Any, rows: int) -> Column:
    """Describe a column by its first ``rows`` rows."""
    reason = misfit(series)
    if reason:
        raise TypeError(f"the column {series.name!r} holds {reason}")
    return _checked(series.name, tuple(map(cell_of, series.head(rows).tolist())), series.dtype)


def column_like(name: object, dtype: Any, example: object = None) -> Column:
    """Describe a column by its type alone, with one row.

    An empty ``dtype`` means the type that pandas infers from the example. A type that cannot be written down leaves
    the column as it is sent.
    """
    import pandas as pd

    try:
        if dtype == "":
            return Column(name, (cell_of(example),))
        dtype = pd.api.types.pandas_dtype(dtype)
        return _checked(name, (cell_of(_blank(dtype) if example is None else example),), dtype)
    except (TypeError, ValueError, OverflowError):
        return as_sent(name)


def column_shaped_like(series: Any, example: object = None) -> Column:
    """Describe a column by another column of its type, without showing any of its rows.

    The column stays as it is sent if the values have no JSON form or are of several kinds.
    """
    if str(series.dtype) == "object":
        values = _looked_at(series)
        kinds = {type(value) for value in values}
        if len(kinds) == 1 and kinds <= set(_CLASSES):
            # Write the class only, no value.
            return _checked(series.name, (cell_of(_CLASSES[kinds.pop()]),), series.dtype)
        if kinds != {str}:
            return as_sent(series.name)
    return as_sent(series.name) if misfit(series) else column_like(series.name, series.dtype, example)


def misfit(series: Any) -> str:
    """Say why JSON cannot carry a column's values both ways; empty if it can."""
    dtype = series.dtype
    if str(dtype) == "category":
        kinds = _strangers(dtype.categories[:_LOOKED_AT])
        return f"categories of {kinds}" if kinds else ""
    if getattr(dtype, "kind", "O") == "O" and not str(dtype).startswith("str"):
        if str(dtype).startswith(("interval", "period")):
            return f"{dtype} values"
        return _strangers(_looked_at(series))
    return "" if _is_known(dtype) else f"{dtype} values"


def _looked_at(series: Any) -> list[Any]:
    return list(series.dropna().head(_LOOKED_AT))


def _strangers(values: Iterable[Any]) -> str:
    """Name the classes of values that come back from JSON as something else."""
    plain = (str, bool, int, float, list, dict, type(None))
    kinds = {type(value) for value in values}
    if len(kinds) == 1 and kinds <= set(_CLASSES):
        return ""
    strange = {kind for kind in kinds if kind not in plain and kind.__module__ != "numpy"}
    return ", ".join(sorted(f"{kind.__module__}.{kind.__qualname__}" for kind in strange))


def _is_known(dtype: Any) -> bool:
    text = str(dtype)
    return text.startswith(("str", "category")) or text == "object" or getattr(dtype, "kind", "O") in _KINDS


def _checked(name: object, cells: tuple[str, ...], dtype: Any) -> Column:
    """Omit the type where pandas infers it; otherwise make sure that it can be found."""
    import pandas as pd

    if not _is_known(dtype):
        raise TypeError(f"the column {name!r} holds {dtype} values")
    scope = {"pd": pd, "datetime": dt, "decimal": decimal}
    values = eval(f"[{', '.join(cells)}]", scope)  # noqa: S307 - written above
    # Without an explicit type, pandas 3 reads objects that are texts as a text column.
    made, written = pd.DataFrame({"x": values}), ""
    if made["x"].dtype != dtype:
        written = _written(dtype)
        made = made.astype({"x": eval(written, scope)})  # noqa: S307 - written above
    if made["x"].dtype != dtype:
        raise TypeError(f"the column {name!r} has the type {dtype}, which cannot be written down")
    # Swagger documents show the example this way.
    made.to_json(orient="records", date_format="iso")
    return Column(name, cells, written)


def _written(dtype: Any) -> str:
    if str(dtype) != "category":
        return repr(str(dtype))
    categories = dtype.categories.tolist()
    if len(categories) > _MOST_CATEGORIES or _strangers(categories):
        raise TypeError(f"{len(categories):,} categories are too many to write down")
    ordered = ", ordered=True" if dtype.ordered else ""
    return f"pd.CategoricalDtype([{', '.join(map(cell_of, categories))}]{ordered})"


def cell_of(value: object) -> str:
    """Write one value of pandas, NumPy or Python as source; dates and durations become text."""
    if str(value) in {"<NA>", "NaT"}:
        return "None"
    if type(value) in _CLASSES:
        return repr(value) if type(value) is not Decimal else f"decimal.{value!r}"
    found = literal(value.tolist() if hasattr(value, "tolist") else value)
    return found if found is not None else repr(str(value))


def _blank(dtype: Any) -> object:
    text, kind = str(dtype), getattr(dtype, "kind", "O")
    if text == "category":
        return dtype.categories[0] if len(dtype.categories) else None
    if kind == "b":
        return False
    if kind in "iu":
        return 0
    if kind == "M":
        return "2000-01-01 00:00:00+00:00" if getattr(dtype, "tz", None) else "2000-01-01"
    return "0 days" if kind == "m" else 0.0 if kind == "f" else ""
