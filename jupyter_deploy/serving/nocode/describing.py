"""The schema and example of a model, from its signature, for swagger documents, forms and errors."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Any

from ...frameworks import Signature, Tensor

_VERSIONS = ["2.0", "3.0", "3.1"]
_MOST_VALUES = 1000


def schemas_of(signature: Signature, example: dict[str, Any] | None) -> dict[str, Any]:
    """Describe a request and its answer, as :func:`jupyter_deploy.serving.worker.schema.schemas` does."""
    properties: dict[str, Any] = {"data": _data(signature)}
    if signature.of_rows:
        methods = [one.name for one in signature.outputs]
        properties["method"] = {"type": "string", "enum": methods, "default": signature.usual[0]}
    taken: dict[str, Any] = {"type": "object", "properties": properties, "required": ["data"]}
    if example is not None:
        taken["example"] = example
    answer: dict[str, Any] = {"type": "array", "items": {}} if len(signature.usual) == 1 else {"type": "object"}
    return {"input": taken, "output": answer, "versions": _VERSIONS}


def likely_examples(signature: Signature) -> Iterator[tuple[dict[str, Any], bool]]:
    """Make requests that the model may take, the likeliest first, each with whether it surely takes it.

    A signature that leaves sizes open, besides the number of rows, does not tell which ones the model bears.
    """
    if not signature.has_example:
        return
    if signature.of_rows:
        row = list(signature.example)
        if signature.columns:
            yield {"data": [dict(zip(signature.columns, row, strict=True))]}, True
        else:
            yield {"data": [row] if row else ["text"]}, bool(row) or signature.of_texts
        return
    sure = all(one.shape is not None and min(one.shape[1:], default=1) >= 0 for one in signature.inputs)
    choices = [[one.shape] if one.shape is not None else [*one.likely, (1, 1), (1,)] for one in signature.inputs]
    for number in range(max(map(len, choices), default=0)):
        shapes = [choice[min(number, len(choice) - 1)] for choice in choices]
        # Where the type is not told, whole numbers may be meant.
        for unknown in (0.0, 0) if not all(one.dtype for one in signature.inputs) else (0.0,):
            pairs = zip(signature.inputs, shapes, strict=True)
            values = {one.name: _zeros(one, shape, unknown) for one, shape in pairs}
            if None not in values.values():
                yield {"data": values if len(values) > 1 else next(iter(values.values()))}, sure


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
    if tensor.shape is None:
        return {"type": "array", "items": {}, "format": "numpy.ndarray"}
    for _ in tensor.shape:
        item = {"type": "array", "items": item}
    return {**item, "format": "numpy.ndarray"} if tensor.shape != () else item


def _zeros(tensor: Tensor, shape: tuple[int, ...], unknown: float) -> Any:
    """Make nested lists of that shape, of ``unknown`` where no type is known; None where they are too large to show."""
    kind = tensor.dtype
    value: Any = "" if kind == "str" else False if kind == "bool" else 0 if "int" in kind else 0.0 if kind else unknown
    sizes = [max(size, 1) for size in shape]
    if prod(sizes) > _MOST_VALUES:
        return None
    for size in reversed(sizes):
        value = [value] * size
    return value
