"""The format of ONNX Runtime's server, which Azure ML's services without a script use: protobuf messages as JSON.

A request is ``{"inputs": {NAME: TENSOR}, "outputFilter": [NAME]}``, an answer ``{"outputs": {NAME: TENSOR}}``; a
tensor is ``{"dims": […], "dataType": N}`` with ``rawData`` (base64, little-endian) or a list, by its type.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from ..modes import BadInput

# The numbers of onnx.TensorProto.DataType, and the field that lists such values one by one.
_TYPES = {
    1: ("float32", "floatData"),
    2: ("uint8", "int32Data"),
    3: ("int8", "int32Data"),
    4: ("uint16", "int32Data"),
    5: ("int16", "int32Data"),
    6: ("int32", "int32Data"),
    7: ("int64", "int64Data"),
    8: ("str", "stringData"),
    9: ("bool", "int32Data"),
    10: ("float16", "int32Data"),
    11: ("float64", "doubleData"),
    12: ("uint32", "uint64Data"),
    13: ("uint64", "uint64Data"),
}
_NUMBERS = {name: number for number, (name, _) in _TYPES.items()}


def is_protobuf(body: Mapping[str, Any]) -> bool:
    """Whether a request has this format: its inputs are tensors."""
    inputs = body.get("inputs")
    return isinstance(inputs, Mapping) and any(
        isinstance(one, Mapping) and not one.keys().isdisjoint(("dims", "dataType", "data_type"))
        for one in inputs.values()
    )


def read_tensor(value: Any, name: str) -> Any:
    """Read the tensor of an input; it must have the type and shape that it states."""
    import numpy as np

    if not isinstance(value, Mapping):
        raise BadInput(f"{name}: a tensor is an object with dims, dataType and rawData")
    # Readers of protobuf's JSON take a field by either of its names: rawData and raw_data.
    value = {_camel(str(field)): item for field, item in value.items()}
    number = value.get("dataType", 1)
    if not isinstance(number, int) or number not in _TYPES:
        raise BadInput(f"{name}: there is no dataType {number!r}; 1 is float, 7 is int64, 8 is text")
    kind, field = _TYPES[number]
    try:
        shape = tuple(int(size) for size in value.get("dims", ()))
        if value.get("rawData") and kind != "str":
            raw = base64.b64decode(value["rawData"], validate=True)
            return np.frombuffer(raw, np.dtype(kind).newbyteorder("<")).astype(kind).reshape(shape)
        listed = value.get(field, [])
        if kind == "str":
            texts = [base64.b64decode(text, validate=True).decode() for text in listed]
            return np.array(texts, dtype=object).reshape(shape)
        if kind == "float16":
            return np.array([int(item) for item in listed], dtype="uint16").view(kind).reshape(shape)
        # Whole numbers of 64 bits are texts in protobuf's JSON.
        values = [float(item) for item in listed] if kind.startswith("float") else [int(item) for item in listed]
        return np.array(values, dtype=kind).reshape(shape)
    except (TypeError, ValueError, OverflowError, binascii.Error) as error:
        raise BadInput(f"{name}: the tensor cannot be read: {error}") from None


def _camel(field: str) -> str:
    first, *others = field.split("_")
    return first + "".join(map(str.capitalize, others))


def output_filter(body: Mapping[str, Any], known: tuple[str, ...]) -> tuple[str, ...]:
    """Read the requested outputs; all if none are named."""
    names = body.get("outputFilter", body.get("output_filter")) or list(known)
    unknown = [name for name in names if name not in known] if isinstance(names, list) else [names]
    if unknown:
        raise BadInput(f"there is no output {unknown[0]!r}; the model has {', '.join(map(repr, known))}")
    return tuple(names)


def written(found: Mapping[str, Any]) -> dict[str, Any]:
    """Write the outputs as an answer for JSON."""
    return {"outputs": {name: _tensor(value) for name, value in found.items()}}


def _tensor(value: Any) -> dict[str, Any]:
    import numpy as np

    array = np.asarray(value)
    if array.dtype.kind == "O" and array.size and isinstance(array.reshape(-1)[0], Mapping):
        # A list of maps, one for each row: their values, in the order of the keys.
        array = np.array([list(row.values()) for row in value], dtype="float32")
    dims = [str(size) for size in array.shape]
    if array.dtype.kind in "OU":
        texts = [base64.b64encode(str(item).encode()).decode() for item in array.reshape(-1)]
        return {"dims": dims, "dataType": _NUMBERS["str"], "stringData": texts}
    raw = np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes()
    return {"dims": dims, "dataType": _NUMBERS[str(array.dtype)], "rawData": base64.b64encode(raw).decode()}
