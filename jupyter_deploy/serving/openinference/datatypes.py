"""The protocol's names of types, and what its metadata says of inputs and outputs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ...frameworks import Tensor

# The protocol's name, numpy's name.
TYPES = {
    "BOOL": "bool",
    **{f"{sign}INT{bits}": f"{sign.lower()}int{bits}" for sign in ("", "U") for bits in (8, 16, 32, 64)},
    "FP16": "float16",
    "FP32": "float32",
    "FP64": "float64",
    "BYTES": "str",
}
NAMES = {numpy: name for name, numpy in TYPES.items()}
# From it on, a float of 64 bits may stand for another whole number.
_WHOLE = 2**53
_FORMATS = {"int32": "INT32", "int64": "INT64", "float": "FP32", "double": "FP64"}
_KINDS = {"string": "BYTES", "boolean": "BOOL", "integer": "INT64", "number": "FP64"}


def converted(found: Any, kind: str) -> Any:
    """Convert an array of numbers without loss; only floats may be rounded.

    Parameters
    ----------
    found : numpy.ndarray
        Numbers or truth values.
    kind : str
        NumPy's name of the type.

    Returns
    -------
    numpy.ndarray or None
        None where the type does not hold all of the values.
    """
    import numpy as np

    with np.errstate(all="ignore"):
        made = found.astype(kind)
        if made.dtype.kind == "f":
            return None if (np.isinf(made) & np.isfinite(found)).any() else made
        # A sign may turn, and turn back again.
        same = (made.astype(found.dtype) == found) & ((made < 0) == (found < 0))
        if found.dtype.kind == "f" and made.dtype.itemsize == found.dtype.itemsize:
            same &= np.abs(found) < _WHOLE
    return made if same.all() else None


def with_missing(found: Any, kind: str) -> Any:
    """Read null among numbers as NaN, for a type of floats: this package writes NaN so.

    Parameters
    ----------
    found : numpy.ndarray
        As NumPy makes it of JSON: with null, of objects.
    kind : str
        NumPy's name of the type.

    Returns
    -------
    numpy.ndarray
        The same array where something else is in it.
    """
    import numpy as np

    if found.dtype.kind != "O" or not kind.startswith("float"):
        return found
    if not all(item is None or isinstance(item, (int, float)) for item in found.reshape(-1)):
        return found
    try:
        return np.array([np.nan if item is None else item for item in found.reshape(-1)], float).reshape(found.shape)
    except OverflowError:
        return found


def described(tensors: Iterable[Tensor]) -> list[dict[str, Any]]:
    """Write what metadata says of a model's tensors.

    Parameters
    ----------
    tensors : iterable of Tensor
        Inputs or outputs.

    Returns
    -------
    list of dict
        Name, datatype and shape; where the model says neither, numbers of any shape.
    """
    return [
        {
            "name": one.name,
            "datatype": NAMES.get(one.dtype, "FP32" if one.shape is None else "FP64"),
            "shape": list(one.shape) if one.shape is not None else [-1],
        }
        for one in tensors
    ]


def schema_inputs(properties: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Write what metadata says of the parameters of a script's ``run()``.

    Parameters
    ----------
    properties : mapping
        Of the schema that swagger documents show.

    Returns
    -------
    list of dict
        As :func:`described`; of a table, one input a column.
    """
    found: list[dict[str, Any]] = []
    for name, schema in properties.items():
        columns = table_columns(schema)
        if columns:
            found += [{"name": column, **_typed(inner, 1)} for column, inner in columns.items()]
        else:
            found.append({"name": name, **_typed(schema, 0)})
    return found


def schema_outputs(schema: Any) -> list[dict[str, Any]]:
    """Write what metadata says of what a script returns.

    Parameters
    ----------
    schema : object
        Of its answer, as swagger documents show it.

    Returns
    -------
    list of dict
        As :func:`described`: of a table, one output a column, of an object, one a key.
    """
    if not isinstance(schema, Mapping) or not schema.get("type"):
        return [{"name": "output", "datatype": "FP64", "shape": [-1]}]
    columns = table_columns(schema)
    if columns:
        return [{"name": name, **_typed(inner, 1)} for name, inner in columns.items()]
    properties = schema.get("properties")
    if properties:
        return [{"name": name, **_typed(inner, 0)} for name, inner in properties.items()]
    return [{"name": "output", **_typed(schema, 0)}]


def table_columns(schema: Any) -> Mapping[str, Any]:
    """Tell the columns of a parameter that is a table of records.

    Parameters
    ----------
    schema : object
        The parameter's.

    Returns
    -------
    mapping
        Empty for any other parameter.
    """
    if not isinstance(schema, Mapping) or schema.get("format") != "pandas.DataFrame:records":
        return {}
    return (schema.get("items") or {}).get("properties") or {}


def _typed(schema: Any, rank: int) -> dict[str, Any]:
    while isinstance(schema, Mapping) and schema.get("type") == "array":
        schema, rank = schema.get("items", {}), rank + 1
    schema = schema if isinstance(schema, Mapping) else {}
    kind = _FORMATS.get(str(schema.get("format")), _KINDS.get(str(schema.get("type")), "FP64"))
    return {"datatype": kind, "shape": [-1] * rank or [1]}
