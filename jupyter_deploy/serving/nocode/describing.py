"""The schema and example of a model, from its signature, for swagger documents, forms and errors."""

from __future__ import annotations

from typing import Any

from ...frameworks import Signature, Tensor

_VERSIONS = ["2.0", "3.0", "3.1"]
_MOST_VALUES = 1000


def schemas_of(signature: Signature) -> dict[str, Any]:
    """Describe a request and its answer, as :func:`jupyter_deploy.serving.worker.schema.schemas` does."""
    properties: dict[str, Any] = {"data": _data(signature)}
    if signature.of_rows:
        methods = [one.name for one in signature.outputs]
        properties["method"] = {"type": "string", "enum": methods, "default": signature.usual[0]}
    taken: dict[str, Any] = {"type": "object", "properties": properties, "required": ["data"]}
    if signature.has_example:
        taken["example"] = example_of(signature)
    answer: dict[str, Any] = {"type": "array", "items": {}} if len(signature.usual) == 1 else {"type": "object"}
    return {"input": taken, "output": answer, "versions": _VERSIONS}


def example_of(signature: Signature) -> dict[str, Any]:
    """Make a request that the model takes."""
    if signature.of_rows:
        row = list(signature.example)
        if signature.columns:
            return {"data": [dict(zip(signature.columns, row, strict=True))]}
        return {"data": [row] if row else ["text"]}
    values = {one.name: _zeros(one) for one in signature.inputs}
    return {"data": values if len(values) > 1 else next(iter(values.values()))}


def _data(signature: Signature) -> dict[str, Any]:
    if not signature.of_rows:
        parts = {one.name: _nested(one) for one in signature.inputs}
        if len(parts) > 1:
            return {"type": "object", "properties": parts, "required": list(parts)}
        return next(iter(parts.values()))
    if signature.columns:
        columns = {
            name: {"type": "string" if isinstance(value, str) else "number"}
            for name, value in zip(signature.columns, signature.example, strict=True)
        }
        row = {"type": "object", "properties": columns, "required": list(columns)}
        return {"type": "array", "items": row, "format": "pandas.DataFrame:records"}
    if signature.width < 0:
        return {"type": "array", "items": {"type": "string"} if signature.of_texts else {}}
    values = {"type": "array", "items": {"type": "number", "format": "double"}}
    return {"type": "array", "items": values, "format": "numpy.ndarray"}


def _nested(tensor: Tensor) -> dict[str, Any]:
    kind = tensor.dtype
    item: dict[str, Any] = {"type": "number", **({"format": "float"} if kind == "float32" else {})}
    if kind == "str":
        item = {"type": "string"}
    elif kind == "bool":
        item = {"type": "boolean"}
    elif kind.startswith(("int", "uint")):
        item = {"type": "integer", **({"format": kind} if kind in {"int32", "int64"} else {})}
    for _ in tensor.shape or (1,):
        item = {"type": "array", "items": item}
    return {**item, "format": "numpy.ndarray"} if tensor.shape != () else item


def _zeros(tensor: Tensor) -> Any:
    kind = tensor.dtype
    value: Any = "" if kind == "str" else False if kind == "bool" else 0 if "int" in kind else 0.0
    sizes, count = [], 1
    for size in tensor.shape if tensor.shape is not None else (1, 1):
        sizes.append(max(size, 1))
        count *= sizes[-1]
    if count > _MOST_VALUES:
        return []
    for size in reversed(sizes):
        value = [value] * size
    return value
