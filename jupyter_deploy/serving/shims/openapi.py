"""OpenAPI schemas of samples, as inference-schema makes them, each with an example."""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections.abc import Iterable
from typing import Any

_PLAIN: dict[type, dict[str, str]] = {
    bool: {"type": "boolean"},
    int: {"type": "integer", "format": "int64"},
    float: {"type": "number", "format": "double"},
    str: {"type": "string"},
}
_FLOATS = {2: "float", 4: "float"}
# Types of pandas, and their formats in a schema.
_TIMES = (("datetime", "date-time"), ("timedelta", "timedelta"))


def mixes_types(example: Any) -> bool:
    """Whether a list anywhere in an example mixes types, which version 2 of OpenAPI cannot express."""
    if isinstance(example, dict):
        return any(map(mixes_types, example.values()))
    if not isinstance(example, list):
        return False
    return len(set(map(type, example))) > 1 or any(isinstance(item, list) and mixes_types(item) for item in example)


def value_schema(sample: Any) -> dict[str, Any]:
    """Describe a plain value or a parameter type, with an ``example``."""
    if hasattr(sample, "input_to_swagger"):
        return dict(sample.input_to_swagger())
    kind = type(sample)
    if kind in _PLAIN:
        return {**_PLAIN[kind], "example": sample}
    if kind in (bytes, bytearray):
        return {"type": "string", "format": "byte", "example": base64.b64encode(sample).decode()}
    if kind is dt.date:
        return {"type": "string", "format": "date", "example": sample.isoformat()}
    if kind in (dt.datetime, dt.time):
        zoned = sample if sample.tzinfo else sample.replace(tzinfo=dt.UTC)
        date, name = ("%Y-%m-%d ", "date-time") if kind is dt.datetime else ("", "time")
        return {"type": "string", "format": name, "example": zoned.strftime(f"{date}%H:%M:%S.%f %z")}
    if kind in (list, tuple, range):
        return _list_schema(sample)
    if kind is dict:
        return _object_schema(sample)
    return {"type": "object", "example": sample}


def _without_example(schema: dict[str, Any]) -> dict[str, Any]:
    return {key: item for key, item in schema.items() if key != "example"}


def _list_schema(sample: Iterable[Any]) -> dict[str, Any]:
    schemas = [value_schema(item) for item in sample]
    items = _without_example(schemas[-1]) if schemas else {"type": "object"}
    return {"type": "array", "items": items, "example": [schema["example"] for schema in schemas]}


def _object_schema(sample: dict[Any, Any]) -> dict[str, Any]:
    schemas = {key: value_schema(item) for key, item in sample.items()}
    return {
        "type": "object",
        "required": list(schemas),
        "properties": {key: _without_example(schema) for key, schema in schemas.items()},
        "example": {key: schema["example"] for key, schema in schemas.items()},
    }


def array_schema(sample: Any) -> dict[str, Any]:
    """Describe a NumPy array as nested lists of its rank."""
    schema = _dtype_schema(sample.dtype)
    for _ in range(max(1, sample.ndim)):
        schema = {"type": "array", "items": schema}
    return {**schema, "example": _example(sample), "format": "numpy.ndarray"}


def _dtype_schema(dtype: Any) -> dict[str, Any]:
    if dtype.names:
        return {"type": "object", "properties": {name: _dtype_schema(dtype[name]) for name in dtype.names}}
    if dtype.subdtype is not None:
        schema = _dtype_schema(dtype.subdtype[0])
        for _ in dtype.subdtype[1]:
            schema = {"type": "array", "items": schema}
        return schema
    if dtype.kind in "iu":
        return {"type": "integer", "format": dtype.name}
    if dtype.kind == "f":
        return {"type": "number", "format": _FLOATS.get(dtype.itemsize, "double")}
    kinds: dict[str, dict[str, Any]] = {
        "b": {"type": "boolean"},
        "M": {"type": "string", "format": "date-time"},
        "m": {"type": "string", "format": "timedelta"},
        "U": {"type": "string"},
        "S": {"type": "string", "format": "binary"},
        "V": {"type": "string", "format": "binary"},
        "c": {"type": "number"},
    }
    return dict(kinds.get(dtype.kind, {"type": "object"}))


def _example(sample: Any) -> Any:
    """Write an array as JSON."""
    if getattr(sample, "ndim", 0):
        return [_example(item) for item in sample]
    dtype = getattr(sample, "dtype", None)
    if dtype is None:
        return sample if isinstance(sample, (bool, int, float, str)) else str(sample)
    if dtype.names:
        return {name: _example(sample[name]) for name in dtype.names}
    if dtype.kind in "SV":
        return base64.b64encode(bytes(sample)).decode()
    if dtype.kind in "biufU":
        return sample.item()
    return _example(sample.item()) if dtype.kind == "O" else str(sample)


def frame_schema(sample: Any, orient: str) -> dict[str, Any]:
    """Describe a pandas table by the orient of its JSON."""
    schema = value_schema(json.loads(sample.to_json(orient=orient, date_format="iso")))
    for name, dtype in zip(sample.columns, sample.dtypes, strict=True):
        wanted = next((form for start, form in _TIMES if str(dtype).startswith(start)), None)
        for cell in _cells(schema, orient, str(name)) if wanted else ():
            cell["format"] = wanted
    return {**schema, "format": f"pandas.DataFrame:{orient}"}


def _cells(schema: dict[str, Any], orient: str, name: str) -> Iterable[dict[str, Any]]:
    """Yield the schemas of a column's cells."""
    if orient == "columns":
        return schema["properties"].get(name, {}).get("properties", {}).values()  # type: ignore[no-any-return]
    if orient == "records":
        rows = [schema["items"]]
    elif orient == "index":
        rows = list(schema["properties"].values())
    elif orient == "table":
        rows = [schema["properties"]["data"]["items"]]
    else:
        return ()
    return [row["properties"][name] for row in rows if name in row.get("properties", {})]
