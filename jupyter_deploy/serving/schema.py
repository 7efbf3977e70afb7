"""What inference-schema's decorators know about ``run()``: conversions that blame the right side, and the two schemas.

The decorators convert again when they are called; a value that has the sample's type already passes through them, so
converting ahead costs nothing and tells a bad request (400) from a failing script (500).
"""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

from .modes import BadInput, layers_of

_DECORATORS = "inference_schema.schema_decorators"
_KNOWN_TYPES = "inference_schema.parameter_types."
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
        "input": known.get_input_schema(function),
        "output": known.get_output_schema(function),
        "versions": known.get_supported_versions(function),
    }


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
    for layer in layers_of(run):
        wrapper: Any = getattr(layer, "_self_wrapper", None)
        if getattr(wrapper, "__module__", "") != _DECORATORS or not getattr(wrapper, "__closure__", None):
            continue
        kept = dict(
            zip(wrapper.__code__.co_freevars, (cell.cell_contents for cell in wrapper.__closure__), strict=True)
        )
        kind = kept.get("param_type")
        if kind is None or not kept.get("convert_to_provided_type", True):
            continue
        if type(kind).__module__.startswith(_KNOWN_TYPES):
            convert = partial(_convert, kind=kind, path=kept["param_name"])
            found[kept["param_name"]] = partial(_unless_empty, convert) if kept.get("optional") else convert
    return found


def _unless_empty(convert: Callable[[Any], Any], value: Any) -> Any:
    """Leave an optional parameter's empty value as it is, as inference-schema does."""
    return convert(value) if value else value


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
    """Refuse 1.5 for an array of whole numbers, which numpy would cut to 1."""
    dtype = getattr(getattr(kind, "sample_input", None), "dtype", None)
    if getattr(dtype, "kind", "") not in {"i", "u"} or not getattr(kind, "enforce_column_type", False):
        return
    import numpy as np

    try:
        given = np.asarray(value)
    except ValueError:
        return
    if given.dtype.kind == "f" and (given != np.trunc(given)).any():
        raise _mismatch(path, kind, "got numbers with fractions")


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
