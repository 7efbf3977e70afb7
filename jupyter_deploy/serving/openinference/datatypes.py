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
_FORMATS = {"int32": "INT32", "int64": "INT64", "float": "FP32", "double": "FP64"}
_KINDS = {"string": "BYTES", "boolean": "BOOL", "integer": "INT64", "number": "FP64"}


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
