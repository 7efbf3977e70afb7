"""From a model's outputs to the body of an inference answer."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import orjson

from ..modes import BadInput
from .datatypes import NAMES
from .requests import TensorRequest

_LENGTH = struct.Struct("<I")
# numpy puts a type's name together at each call, which takes a tenth of an answer's time.
_name_of = lru_cache(maxsize=64)(str)
_OPTIONS = orjson.OPT_SERIALIZE_NUMPY
LENGTH_HEADER = "inference-header-content-length"


def write_answer(outputs: Any, request: TensorRequest, model: str, version: str) -> tuple[bytes, list[list[str]]]:
    """Write an answer.

    Parameters
    ----------
    outputs : object
        By name; anything else is one output, ``"output"``, and a table one for each column.
    request : TensorRequest
        Tells which are asked for, and in which form.
    model, version : str
        As the client called them.

    Returns
    -------
    tuple of (bytes, list of [str, str])
        The body, and its headers.

    Raises
    ------
    TypeError
        If an output is no array, or of a type that the protocol does not have.
    BadInput
        If an output is asked for that there is not.
    """
    named = _named(outputs)
    missing = [name for name in request.outputs if name not in named]
    if missing:
        raise BadInput(f"There is no output {missing[0]!r}; there is {', '.join(map(repr, named))}.")
    written: list[dict[str, Any]] = []
    behind: list[bytes] = []
    for name in request.outputs or named:
        array = _array(name, named[name])
        kind = NAMES["str" if array.dtype.kind == "O" else _name_of(array.dtype)]
        one: dict[str, Any] = {"name": name, "datatype": kind, "shape": list(array.shape)}
        if request.is_binary(name):
            raw = _raw(array)
            one["parameters"] = {"binary_data_size": len(raw)}
            behind.append(raw)
        else:
            flat = array.reshape(-1)
            one["data"] = flat.tolist() if array.dtype.kind in "Oe" else flat
        written.append(one)
    head: dict[str, Any] = {"model_name": model, "model_version": version, "outputs": written}
    if request.id:
        head["id"] = request.id
    body = orjson.dumps(head, option=_OPTIONS)
    if not behind:
        return body, []
    headers = [["content-type", "application/octet-stream"], [LENGTH_HEADER, str(len(body))]]
    return b"".join((body, *behind)), headers


def _named(outputs: Any) -> Mapping[str, Any]:
    if isinstance(outputs, Mapping):
        return {str(name): value for name, value in outputs.items()}
    if hasattr(outputs, "columns") and hasattr(outputs, "iloc"):
        return {str(name): outputs[name].to_numpy() for name in outputs.columns}
    if isinstance(outputs, list) and outputs and all(isinstance(row, Mapping) for row in outputs):
        # Records, a table, too.
        names = list(outputs[0])
        if all(row.keys() == outputs[0].keys() for row in outputs):
            return {str(name): [row[name] for row in outputs] for name in names}
    return {"output": outputs}


def _array(name: str, value: Any) -> Any:
    import numpy as np

    found = np.asarray(value.toarray() if hasattr(value, "toarray") else value)
    if found.dtype.kind == "O" and found.size and isinstance(found.reshape(-1)[0], Mapping):
        # A list of maps, one for each row: their values, in the order of the keys.
        found = np.array([list(row.values()) for row in value], dtype="float64")
    if found.dtype.kind in "US":
        found = found.astype(object)
    if found.dtype.kind == "O" and not all(isinstance(item, (str, bytes)) for item in found.reshape(-1)):
        raise TypeError(f"the output {name!r} is no array of numbers or texts")
    if found.dtype.kind != "O" and _name_of(found.dtype) not in NAMES:
        raise TypeError(f"the output {name!r} is of {found.dtype}, which the protocol does not have")
    return np.ascontiguousarray(found).reshape(found.shape)


def _raw(array: Any) -> bytes:
    if array.dtype.kind != "O":
        return bytes(array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes())
    parts: list[bytes] = []
    for item in array.reshape(-1):
        text = item.encode() if isinstance(item, str) else item
        parts += [_LENGTH.pack(len(text)), text]
    return b"".join(parts)
