"""From the body of an inference request to arrays."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..jsonbody import decode
from ..modes import BadInput
from .datatypes import TYPES, converted, with_missing

_LENGTH = struct.Struct("<I")


@dataclass(frozen=True)
class TensorRequest:
    """One inference request.

    Parameters
    ----------
    id : str
        The client's; empty where it gave none.
    inputs : dict of str to numpy.ndarray
        Texts are objects.
    outputs : tuple of str
        Those that are asked for; empty for all.
    binary : frozenset of str
        The outputs that are answered as bytes.
    all_binary : bool
        Whether those that are not named are, too.
    """

    id: str
    inputs: dict[str, Any] = field(repr=False)
    outputs: tuple[str, ...] = ()
    binary: frozenset[str] = frozenset()
    all_binary: bool = False

    def is_binary(self, output: str) -> bool:
        """Tell how an output is answered.

        Parameters
        ----------
        output : str
            Its name.

        Returns
        -------
        bool
            Whether as bytes behind the JSON.
        """
        return output in self.binary or (self.all_binary and output not in self.outputs)


def read_request(body: bytes, header: int | None) -> TensorRequest:
    """Read a request.

    Parameters
    ----------
    body : bytes
        JSON, and behind it the bytes of binary tensors.
    header : int or None
        How many bytes the JSON has (``Inference-Header-Content-Length``); None for all.

    Returns
    -------
    TensorRequest
        Checked as far as it says of itself what it is.

    Raises
    ------
    BadInput
        Naming the input, and what is wrong.
    """
    if header is not None and not 0 < header <= len(body):
        raise BadInput(f"Inference-Header-Content-Length is {header}, but the body has {len(body)} bytes")
    try:
        values = decode(body[:header])
    except (ValueError, RecursionError) as error:
        raise BadInput(f"the request is not JSON: {error}") from None
    listed = values.get("inputs") if isinstance(values, dict) else None
    if not isinstance(listed, list) or not listed:
        raise BadInput("the request must be an object with a list 'inputs'")
    at = len(body) if header is None else header
    inputs: dict[str, Any] = {}
    for one in listed:
        if not isinstance(one, dict) or not isinstance(one.get("name"), str):
            raise BadInput("each of the inputs must be an object with name, shape, datatype and data")
        name = one["name"]
        if name in inputs:
            raise BadInput(f"the input {name!r} is there twice")
        size = _parameters(one).get("binary_data_size")
        if size is None:
            inputs[name] = _of_json(one)
            continue
        if not isinstance(size, int) or size < 0 or at + size > len(body):
            raise BadInput(f"{name}: binary_data_size is {size}, but {len(body) - at} bytes are left")
        inputs[name] = _of_bytes(one, body[at : at + size])
        at += size
    if at != len(body):
        raise BadInput(f"{len(body) - at} bytes behind the last input belong to none")
    return TensorRequest(str(values.get("id") or ""), inputs, *_outputs(values))


def _outputs(values: Mapping[str, Any]) -> tuple[tuple[str, ...], frozenset[str], bool]:
    listed = values.get("outputs") or []
    if not isinstance(listed, list) or not all(
        isinstance(one, dict) and isinstance(one.get("name"), str) for one in listed
    ):
        raise BadInput("outputs must be a list of objects with a name")
    every = _parameters(values).get("binary_data_output") is True
    binary = set()
    for one in listed:
        if _parameters(one).get("classification"):
            raise BadInput(f"{one['name']}: classification is not served; ask for the values")
        if _parameters(one).get("binary_data", every):
            binary.add(one["name"])
    return tuple(one["name"] for one in listed), frozenset(binary), every


def _parameters(one: Mapping[str, Any]) -> Mapping[str, Any]:
    found = one.get("parameters") or {}
    if not isinstance(found, dict):
        raise BadInput("parameters must be an object")
    for name in found:
        if name.startswith("shared_memory"):
            raise BadInput("shared memory is not served; send the data")
    return found


def _described(one: Mapping[str, Any]) -> tuple[str, str, tuple[int, ...], int]:
    name, kind, shape = one["name"], one.get("datatype"), one.get("shape")
    if not isinstance(kind, str) or kind not in TYPES:
        raise BadInput(f"{name}: there is no datatype {kind!r}; there are {', '.join(TYPES)}")
    if not isinstance(shape, list) or not all(type(size) is int and size >= 0 for size in shape):
        raise BadInput(f"{name}: the shape must be a list of whole numbers, not {shape!r}")
    count = 1
    for size in shape:
        count *= size
    return name, kind, tuple(shape), count


def _of_json(one: Mapping[str, Any]) -> Any:
    import numpy as np

    name, kind, shape, count = _described(one)
    if not isinstance(one.get("data"), list):
        raise BadInput(f"{name}: there is no data: a list, or bytes whose binary_data_size is told")
    try:
        found = np.array(one["data"]).reshape(-1)
    except ValueError:
        raise BadInput(f"{name}: the lists of the data have different lengths") from None
    if found.size != count:
        raise BadInput(f"{name}: the data has {found.size} values, but the shape {list(shape)} has {count}")
    if kind == "BYTES":
        texts = np.array(one["data"], dtype=object).reshape(-1)
        if not all(isinstance(text, str) for text in texts):
            raise BadInput(f"{name}: the data of BYTES must be texts")
        return texts.reshape(shape)
    found = with_missing(found, TYPES[kind])
    if found.size and found.dtype.kind not in "biuf":
        raise BadInput(f"{name}: a value in the data is no number")
    made = converted(found, TYPES[kind])
    if made is None:
        raise BadInput(f"{name}: {kind} does not hold all of the values")
    return made.reshape(shape)


def _of_bytes(one: Mapping[str, Any], raw: bytes) -> Any:
    import numpy as np

    name, kind, shape, count = _described(one)
    if "data" in one:
        raise BadInput(f"{name}: there is data, and binary_data_size too")
    if kind == "BYTES":
        return _texts(name, raw, count).reshape(shape)
    form = np.dtype(TYPES[kind]).newbyteorder("<")
    if len(raw) != count * form.itemsize:
        needed = count * form.itemsize
        raise BadInput(f"{name}: there are {len(raw)} bytes, but {kind} of shape {list(shape)} has {needed}")
    return np.frombuffer(raw, form).reshape(shape)


def _texts(name: str, raw: bytes, count: int) -> Any:
    import numpy as np

    found = np.empty(count, dtype=object)
    at = 0
    for place in range(count):
        if at + _LENGTH.size > len(raw):
            raise BadInput(f"{name}: the bytes end in text {place} of {count}")
        (length,) = _LENGTH.unpack_from(raw, at)
        at += _LENGTH.size
        try:
            found[place] = raw[at : at + length].decode()
        except UnicodeDecodeError:
            raise BadInput(f"{name}: text {place} is not UTF-8") from None
        at += length
    if at != len(raw):
        raise BadInput(f"{name}: there are {len(raw)} bytes, but its {count} texts have {at}")
    return found
