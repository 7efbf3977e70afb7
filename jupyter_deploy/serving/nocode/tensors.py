"""Values for the named tensors of a model: of the right type and shape, without loss."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...frameworks import Signature, Tensor
from ..modes import BadInput
from ..openinference import converted, with_missing


def tensors_of(value: Any, signature: Signature) -> dict[str, Any]:
    """Read the inputs from JSON, by the model's names.

    The value is nested lists for a model with one input, otherwise an object with one entry per input. The error
    names the input, and what is expected.
    """
    names = [one.name for one in signature.inputs]
    if isinstance(value, list) and value and all(isinstance(row, Mapping) and set(row) == set(names) for row in value):
        # As TensorFlow Serving takes rows: an object each.
        value = {name: [row[name] for row in value] for name in names}
    if len(names) == 1 and not (isinstance(value, Mapping) and set(value) == set(names)):
        return {names[0]: _read(value, signature.inputs[0])}
    return named(value if isinstance(value, Mapping) else {}, signature, _read)


def named(given: Mapping[str, Any], signature: Signature, read: Any) -> dict[str, Any]:
    """Read each input by its name; ``read`` makes an array of a value for a :class:`Tensor`."""
    names = [one.name for one in signature.inputs]
    missing = [name for name in names if name not in given]
    unknown = [str(name) for name in given if name not in names]
    if missing or unknown:
        told = f"there is no input {unknown[0]!r}" if unknown else f"the input {missing[0]!r} is missing"
        raise BadInput(f"{told}; the model takes {', '.join(map(repr, names))}")
    return {one.name: read(given[one.name], one) for one in signature.inputs}


def _read(value: Any, wanted: Tensor) -> Any:
    import numpy as np

    try:
        found = np.array(value)
    except ValueError:
        raise BadInput(f"{wanted.name}: its lists have different lengths") from None
    if not found.size and wanted.shape and wanted.shape[0] == -1 and min(wanted.shape[1:], default=0) >= 0:
        found = found.reshape(0, *wanted.shape[1:])
    if wanted.dtype == "str":
        found = np.array(value, dtype=object).reshape(found.shape)
        if not all(isinstance(text, str) for text in found.reshape(-1)):
            raise BadInput(f"{wanted.name}: the model takes texts")
    else:
        found = with_missing(found, wanted.dtype or "float32")
        if found.dtype.kind not in "biuf":
            raise BadInput(f"{wanted.name}: the model takes numbers, and something in it is none")
    if not wanted.dtype and found.dtype.kind == "f":
        # Of a model that does not say, these: that is what weights are.
        found = found.astype(np.float32)
    return fitted(found, wanted)


def fitted(found: Any, wanted: Tensor) -> Any:
    """Check an array, and convert it to the model's type; only floats may be rounded."""
    _check_shape(found, wanted)
    if wanted.dtype in {"", "str"}:
        if wanted.dtype and found.dtype.kind not in "OU":
            raise BadInput(f"{wanted.name}: the model takes texts")
        return found
    if found.dtype == wanted.dtype:
        return found
    if found.dtype.kind in "OU":
        raise BadInput(f"{wanted.name}: the model takes {wanted.dtype}, not texts")
    made = converted(found, wanted.dtype)
    if made is None:
        raise BadInput(f"{wanted.name}: the model takes {wanted.dtype}, which does not hold all of the values")
    return made


def _check_shape(found: Any, wanted: Tensor) -> None:
    shape = wanted.shape
    if shape is None:
        return
    if len(shape) == found.ndim and all(size in {-1, given} for size, given in zip(shape, found.shape, strict=True)):
        return
    advice = ": one row is a list in the list" if len(shape) == found.ndim + 1 and shape[0] in {-1, 1} else ""
    raise BadInput(f"{wanted.name} has the shape {shown(found.shape)}, but the model takes {shown(shape)}{advice}")


def shown(shape: tuple[int, ...]) -> str:
    """Write a shape, for example as ``"[any, 28, 28]"``; -1 means any."""
    return f"[{', '.join('any' if size < 0 else str(size) for size in shape)}]"
