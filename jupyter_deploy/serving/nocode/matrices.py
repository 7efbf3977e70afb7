"""Convert JSON to the rows of a model: a matrix in the order of its columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...frameworks import Signature
from ..modes import BadInput

_NUMBERS = {int, float, bool, type(None)}
_MOST_NAMED = 12
# From it on, a float of 64 bits may stand for another whole number.
_WHOLE = 2**53


def matrix_of(value: Any, signature: Signature) -> Any:
    """Read rows as a two-dimensional array, of numbers or of objects.

    The value is a list of rows or records, one record, columns by name, each with a list or with values by their
    rows, or ``{"columns": …, "data": …}``. If the
    model does not know its number of features, a list of texts or numbers is one-dimensional. The error names the
    row, and what is expected.
    """
    rows = _listed(value, signature)
    if not isinstance(rows, list):
        raise BadInput(f"the rows are {_kind(value)}, not a list of rows")
    width = signature.width
    if signature.of_texts:
        return _texts(rows)
    if any(isinstance(row, Mapping) for row in rows):
        rows = [_ordered(row, place, signature) for place, row in enumerate(rows)]
    if width < 0:
        return _array(rows)
    for place, row in enumerate(rows):
        if not isinstance(row, list):
            advice = ": one row is a list in the list" if len(rows) == width else ""
            raise BadInput(f"row {place} is {_kind(row)}, not a list of {_count(width, 'value')}{advice}")
        if len(row) != width:
            named = f" ({', '.join(signature.columns)})" if 0 < len(signature.columns) <= _MOST_NAMED else ""
            raise BadInput(f"row {place} has {_count(len(row), 'value')}, but the model takes {width}{named}")
    found = _array(rows)
    if rows and found.ndim != 2:
        raise BadInput("a value in a row is a list itself")
    if found.dtype.kind == "O":
        for place, row in enumerate(rows):
            nested = [item for item in row if isinstance(item, (list, Mapping))]
            if nested:
                raise BadInput(f"row {place} has {_kind(nested[0])} where one value belongs")
    return found.reshape(len(rows), width)


def _texts(rows: list[Any]) -> Any:
    """Read one text a row; a table of one column has them, too."""
    import numpy as np

    found = np.empty(len(rows), dtype=object)
    for place, row in enumerate(rows):
        inner = list(row.values()) if isinstance(row, Mapping) else row
        text = inner[0] if isinstance(inner, list) and len(inner) == 1 else inner
        if not isinstance(text, str):
            raise BadInput(f"row {place} is {_kind(row if inner is text else text)}, not a text")
        found[place] = text
    return found


def with_own_names(given: Mapping[str, Any], signature: Signature) -> Mapping[str, Any]:
    """Give columns the names that the model's library made of theirs."""
    if not signature.underlines or not any(" " in str(name) for name in given):
        return given
    made = {str(name).replace(" ", "_"): value for name, value in given.items()}
    return made if len(made) == len(given) else given


def of_columns(columns: Mapping[str, Any], signature: Signature) -> Any:
    """Join columns, each with one value per row, in the order of the model's columns."""
    import numpy as np

    columns, names = with_own_names(columns, signature), signature.columns
    _check_names(columns, names, "the request")
    parts = [np.asarray(columns[name]).reshape(-1) for name in names]
    if len({len(part) for part in parts}) > 1:
        raise BadInput("the columns have different numbers of rows")
    if all(part.dtype.kind in "biuf" for part in parts):
        return np.stack(parts, axis=1)
    return np.stack([part.astype(object) for part in parts], axis=1)


def _listed(value: Any, signature: Signature) -> Any:
    """Make a list of rows or records of the other forms."""
    columns = signature.columns
    if not isinstance(value, Mapping):
        return value
    if isinstance(value.get("data"), list) and isinstance(value.get("columns"), list):
        names = [str(name) for name in value["columns"]]
        rows = value["data"]
        if len({*names}) < len(names):
            raise BadInput(f"the column {next(name for name in names if names.count(name) > 1)!r} is there twice")
        if not columns or list(columns) == names:
            return rows
        if any(not isinstance(row, list) or len(row) != len(names) for row in rows):
            raise BadInput("a row has not as many values as there are columns")
        return [dict(zip(names, row, strict=True)) for row in rows]
    parts = list(value.values())
    if parts and all(isinstance(part, list) for part in parts):
        if len({len(part) for part in parts}) > 1:
            raise BadInput("the columns have different numbers of rows")
        return [dict(zip(value, row, strict=True)) for row in zip(*parts, strict=True)]
    if parts and all(isinstance(part, Mapping) for part in parts):
        # As to_json() of a frame writes it: each column has its values by their rows.
        if any(part.keys() != parts[0].keys() for part in parts):
            raise BadInput("the columns have different rows")
        return [{name: part[row] for name, part in value.items()} for row in parts[0]]
    return [value]


def _ordered(row: Any, place: int, signature: Signature) -> list[Any]:
    columns, width = signature.columns, signature.width
    if not isinstance(row, Mapping):
        raise BadInput(f"row {place} is {_kind(row)}, but others are records")
    if not columns:
        # A frame without names has these.
        places = [str(number) for number in range(len(row))]
        if width == len(row) and set(places) == set(row):
            return [row[name] for name in places]
        raise BadInput("the model does not know its columns by name: send each row as a list")
    row = with_own_names(row, signature)
    _check_names(row, columns, f"row {place}")
    return [row[name] for name in columns]


def _check_names(given: Mapping[str, Any], columns: Sequence[str], what: str) -> None:
    missing = [name for name in columns if name not in given]
    unknown = [str(name) for name in given if name not in columns]
    told = [f"lacks {_some(missing)}"] if missing else []
    told += [f"has {_some(unknown)}, which the model does not know"] if unknown else []
    if told:
        raise BadInput(f"{what} {' and '.join(told)}; its columns are {_some(list(columns))}")


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(map(repr, names[:_MOST_NAMED])) + more


def _array(rows: list[Any]) -> Any:
    import numpy as np

    try:
        found = np.array(rows)
    except ValueError:
        lengths = sorted({len(row) for row in rows if isinstance(row, list)})
        raise BadInput(
            f"the rows have different lengths: {', '.join(map(str, lengths))}"
            if len(lengths) > 1
            else "the rows are not alike: some of their values are lists"
        ) from None
    if found.dtype.kind in "biuf":
        is_large = found.dtype.kind == "f" and found.size and np.nanmax(np.abs(found), initial=0) >= _WHOLE
        # Beside a fraction in another column, a large whole number would become another one.
        return np.array(rows, dtype=object) if is_large else found
    # numpy makes texts of numbers that stand beside texts.
    kinds = {type(item) for row in rows for item in (row if isinstance(row, list) else (row,))}
    return np.array(rows, dtype=float if kinds <= _NUMBERS else object)


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a text", bool: "a truth value", type(None): "null"}
    return names.get(type(value), "a number")
