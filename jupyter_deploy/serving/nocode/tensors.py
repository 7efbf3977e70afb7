"""Values for the named tensors of a model: of the right type and shape, without loss."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...frameworks import Signature, Tensor
from ..modes import BadInput


def tensors_of(value: Any, signature: Signature) -> dict[str, Any]:
    """Read the inputs from JSON, by the model's names.

    The value is nested lists for a model with one input, otherwise an object with one entry per input. The error
    names the input, and what is expected.
    """
    names = [one.name for one in signature.inputs]
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
    if wanted.dtype == "str":
        if found.dtype.kind != "U":
            raise BadInput(f"{wanted.name}: the model takes texts")
        found = found.astype(object)
    elif found.dtype.kind not in "biuf":
        raise BadInput(f"{wanted.name}: the model takes numbers, and something in it is none")
    elif not wanted.dtype and found.dtype.kind in "iuf":
        # Of a model that does not say, floats: that is what weights are.
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
    import numpy as np

    with np.errstate(all="ignore"):
        made = found.astype(wanted.dtype)
        same = made.dtype.kind == "f" or bool((made.astype(found.dtype) == found).all())
    if not same:
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
