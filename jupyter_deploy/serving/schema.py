"""What inference-schema's decorators know about ``run()``: conversions that blame the right side, and the two schemas.

The decorators convert again when they are called; a value that has the sample's type already passes through them, so
converting ahead costs nothing and tells a bad request (400) from a failing script (500).
"""

from __future__ import annotations

import base64
import datetime as dt
import json
import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from .modes import BadInput, layers_of

_DECORATORS = "inference_schema.schema_decorators"
_KNOWN_TYPES = "inference_schema.parameter_types."
_WHOLE = frozenset("iu")
_JSON_NAMES = {
    int: "an integer",
    float: "a number",
    str: "a text",
    bool: "true or false",
    dict: "an object",
    list: "a list",
    tuple: "a list",
    bytes: "base64 text",
    bytearray: "base64 text",
    dt.date: "a date (YYYY-MM-DD)",
    dt.datetime: "a date and time (ISO 8601)",
    dt.time: "a time (ISO 8601)",
}


def schema_function(run: Any) -> Any:
    """Find the function that inference-schema knows.

    Parameters
    ----------
    run : callable
        The script's, under any other decorators.

    Returns
    -------
    callable or None
        The innermost function; None where the script has no schema.
    """
    known = sys.modules.get("inference_schema.schema_util")
    if known is None:
        return None
    for layer in layers_of(run):
        name = f"{getattr(layer, '__module__', '')}.{getattr(layer, '__name__', '')}"
        if name in known.__functions_schema__:
            return layer
    return None


def schemas(function: Any) -> dict[str, Any]:
    """Return what swagger documents show of a function.

    Parameters
    ----------
    function : callable
        From :func:`schema_function`.

    Returns
    -------
    dict
        ``input``, ``output`` and ``versions`` (a list of ``"2.0"``, ``"3.0"``, ``"3.1"``).
    """
    from inference_schema import schema_util as known

    return {
        "input": _plain(known.get_input_schema(function)),
        "output": _plain(known.get_output_schema(function)),
        "versions": known.get_supported_versions(function),
    }


def _plain(schema: Any) -> Any:
    """Leave what every reader of JSON takes: no NaN of a sample, no keys but texts, no integers beyond 64 bits."""

    def integer(text: str) -> float | int:
        value = int(text)
        return value if -(2**63) <= value < 2**63 else float(value)

    def named(found: dict[str, Any]) -> dict[str, Any]:
        if "properties" in found and isinstance(found.get("required"), list):
            found["required"] = [str(name) for name in found["required"]]
        return found

    text = json.dumps(schema, default=str)
    return json.loads(text, object_hook=named, parse_constant=lambda _: None, parse_int=integer)


def converters(run: Any) -> dict[str, Callable[[Any], Any]]:
    """Find the conversions that decorators of ``run`` would make.

    Parameters
    ----------
    run : callable
        The script's.

    Returns
    -------
    dict of str to callable
        By parameter. Types of the script's own are left to the decorators.
    """
    found: dict[str, Callable[[Any], Any]] = {}
    # By identity: a decorator says that it equals what it wraps.
    left = {id(layer) for layer in layers_of(undecorated(run))}
    for layer in layers_of(run):
        kept = _decoration(layer)
        kind = kept.get("param_type")
        if kind is not None and _is_ours(kept):
            convert = partial(_convert, kind=kind, path=kept["param_name"])
            if kept.get("optional"):
                convert = partial(_unless_empty, convert)
                if id(layer) in left and hasattr(kind.sample_input, "shape"):
                    # That decorator would ask the array whether it is true, which no array answers.
                    convert = partial(_only_checked, convert)
            found[kept["param_name"]] = convert
    return found


def parameters(run: Any) -> list[str]:
    """List what ``@input_schema`` names.

    Parameters
    ----------
    run : callable
        The script's.

    Returns
    -------
    list of str
        Parameters of ``run``, if the script is right.
    """
    return [kept["param_name"] for kept in map(_decoration, layers_of(run)) if "param_name" in kept]


def undecorated(run: Any) -> Any:
    """Take off the outer decorators that have nothing left to do once :func:`converters` has converted.

    They would also fail on a parameter that was not sent, though it has a default.

    Parameters
    ----------
    run : callable
        The script's.

    Returns
    -------
    callable
        ``run`` itself where the outermost decorator is another one.
    """
    while (kept := _decoration(run)) and ("param_type" not in kept or _is_ours(kept)):
        run = run.__wrapped__
    return run


def _decoration(layer: Any) -> dict[str, Any]:
    """Return what a decorator of inference-schema was given; empty for any other function."""
    wrapper: Any = getattr(layer, "_self_wrapper", None)
    if getattr(wrapper, "__module__", "") != _DECORATORS:
        return {}
    cells = getattr(wrapper, "__closure__", None) or ()
    kept = dict(zip(wrapper.__code__.co_freevars, (cell.cell_contents for cell in cells), strict=True))
    # @output_schema keeps nothing.
    return kept or {"output": True}


def _is_ours(kept: dict[str, Any]) -> bool:
    """Tell whether a value is converted here; types of the script's own are left to the decorator."""
    kind = kept.get("param_type")
    known = type(kind).__module__.startswith(_KNOWN_TYPES)
    return kind is not None and known and bool(kept.get("convert_to_provided_type", True))


def _unless_empty(convert: Callable[[Any], Any], value: Any) -> Any:
    """Leave an optional parameter's empty value as it is, as inference-schema does."""
    return convert(value) if value else value


def _only_checked(convert: Callable[[Any], Any], value: Any) -> Any:
    """Refuse what cannot be converted, and leave the converting to the decorator."""
    convert(value)
    return value


def _convert(value: Any, kind: Any, path: str) -> Any:
    wanted = kind.sample_data_type
    inner: Any = getattr(kind, "sample_data_type_map", None)
    if wanted is dict:
        _expect(isinstance(value, dict), path, kind, value)
        return {
            key: _convert(item, inner[key], f"{path}.{key}") if key in inner else item for key, item in value.items()
        }
    if wanted in (list, tuple):
        _expect(isinstance(value, list), path, kind, value)
        items = kind.sample_data_type_list
        if not items:
            return value if wanted is list else tuple(value)
        return [_convert(item, items[0], f"{path}[{index}]") for index, item in enumerate(value)]
    try:
        if wanted is dt.date:
            # inference-schema calls date.strptime, which Python has only since 3.14.
            return dt.date.fromisoformat(value)
        if wanted in (bytes, bytearray):
            # Strictly: what is no base64 would become other bytes, silently.
            return wanted(base64.b64decode("".join(value.split()), validate=True))
        _refuse_fractions(value, kind, path)
        converted = value if isinstance(value, wanted) else kind.deserialize_input(value)
        return _in_order(converted, kind)
    except BadInput:
        raise
    except Exception as error:  # noqa: BLE001 - whatever a conversion raises, the value does not fit
        raise _mismatch(path, kind, f"{type(error).__name__}: {error}") from None


def _expect(fits: bool, path: str, kind: Any, value: Any) -> None:
    if not fits:
        raise _mismatch(path, kind, f"got {type(value).__name__}")


def _mismatch(path: str, kind: Any, what: str) -> BadInput:
    return BadInput(f"The value of {path!r} does not fit the schema: expected {expectation(kind)}; {what}"[:2000])


def _refuse_fractions(value: Any, kind: Any, path: str) -> None:
    """Refuse 1.5 for whole numbers, which numpy and pandas would cut to 1."""
    if not getattr(kind, "enforce_column_type", False):
        return
    sample = kind.sample_input
    if hasattr(sample, "columns"):
        whole = {name for name, dtype in sample.dtypes.items() if getattr(dtype, "kind", "") in _WHOLE}
        for name, cell in _cells(value, kind.orient, list(sample.columns)) if whole else ():
            if isinstance(cell, float) and not cell.is_integer() and name in whole:
                raise _mismatch(path, kind, f"got a number with a fraction in the column {name}")
        return
    if getattr(getattr(sample, "dtype", None), "kind", "") not in _WHOLE:
        return
    import numpy as np

    try:
        given = np.asarray(value)
    except ValueError:
        return
    if given.dtype.kind == "f" and (given != np.trunc(given)).any():
        raise _mismatch(path, kind, "got numbers with fractions")


def _cells(value: Any, orient: str, columns: list[Any]) -> Iterator[tuple[Any, Any]]:
    """Walk through a table's cells, each with its column, as JSON has it in pandas' orients."""
    named = {str(name): name for name in columns}
    if orient == "columns":
        for name, column in value.items():
            for cell in column.values():
                yield named.get(name), cell
        return
    rows = value.values() if orient == "index" else value["data"] if orient in {"split", "table"} else value
    order = value["columns"] if orient == "split" else columns
    for row in rows:
        for name, cell in row.items() if isinstance(row, dict) else zip(order, row, strict=False):
            yield named.get(str(name)), cell


def _in_order(converted: Any, kind: Any) -> Any:
    """Put a table's columns into the sample's order: models go by position."""
    wanted = getattr(getattr(kind, "sample_input", None), "columns", None)
    if wanted is None or not hasattr(converted, "columns") or list(converted.columns) == list(wanted):
        return converted
    if set(converted.columns) == set(wanted):
        return converted[list(wanted)]
    if kind.enforce_shape and kind.orient != "values":
        unknown = [str(name) for name in converted.columns if name not in set(wanted)]
        missing = [str(name) for name in wanted if name not in set(converted.columns)]
        raise ValueError(f"missing columns: {', '.join(missing)}; unknown columns: {', '.join(unknown)}")
    return converted


def expectation(kind: Any) -> str:
    """Say what a parameter type takes.

    Parameters
    ----------
    kind : inference_schema.parameter_types.AbstractParameterType
        With its sample.

    Returns
    -------
    str
        For example ``"an array of float64 with shape (*, 10)"``.
    """
    sample = kind.sample_input
    if hasattr(sample, "columns"):
        columns = ", ".join(f"{name} ({dtype})" for name, dtype in sample.dtypes.items())
        return f"a table with the columns {columns}"
    if hasattr(sample, "dtype") and hasattr(sample, "shape"):
        shape = ", ".join(["*", *map(str, sample.shape[1:])])
        return f"an array of {sample.dtype} with shape ({shape})"
    return _JSON_NAMES.get(kind.sample_data_type, str(kind.sample_data_type.__name__))
