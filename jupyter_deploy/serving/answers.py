"""From what ``run()`` returns to the bytes of a JSON answer."""

from __future__ import annotations

import math
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any

import orjson

_OPTIONS = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS


class StrictJson(ValueError):
    """The value holds NaN or infinity, and the service is told to refuse them."""


def encode(value: Any) -> bytes:
    """Encode a value as JSON.

    A ``str`` is encoded like any other, also when it is JSON already: clients of Azure ML decode twice. ``None``
    becomes ``{}`` (both as azureml-inference-server-http does). NaN and infinity become ``null``.

    Parameters
    ----------
    value : object
        Plain values, arrays and scalars of numpy, frames and series of pandas, dates, sets, and nestings of them.

    Returns
    -------
    bytes
        UTF-8.

    Raises
    ------
    TypeError
        Naming the class that has no JSON form.
    """
    return b"{}" if value is None else to_json(value)


def to_json(value: Any) -> bytes:
    """Encode a value as JSON, ``None`` as ``null``.

    Parameters
    ----------
    value : object
        As for :func:`encode`.

    Returns
    -------
    bytes
        UTF-8.

    Raises
    ------
    TypeError
        Naming the class that has no JSON form.
    """
    try:
        return bytes(orjson.dumps(value, default=_plain, option=_OPTIONS))
    except TypeError as error:
        cause = error.__cause__ or error
        raise TypeError(str(cause)) from None


def _plain(value: Any) -> Any:
    # Classes are told apart by what they can do: pandas and numpy are not imported for it.
    if hasattr(value, "to_dict") and hasattr(value, "columns"):
        return value.to_dict(orient="records")
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, (AbstractSet, tuple)):
        return list(value)
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, (bytes, bytearray)):
        raise TypeError("bytes have no JSON form: decode them, or encode them as base64 text")
    if isinstance(value, float):
        return float(value)
    raise TypeError(f"{type(value).__module__}.{type(value).__qualname__} has no JSON form")


def holds_nan(value: Any) -> bool:
    """Look for what :func:`encode` turned into ``null`` though it is not None.

    Parameters
    ----------
    value : object
        As for :func:`encode`.

    Returns
    -------
    bool
        Whether there is a NaN or an infinity in it.
    """
    if isinstance(value, float):
        return not math.isfinite(value)
    if isinstance(value, Mapping):
        return any(holds_nan(item) for item in value.values())
    if isinstance(value, (list, tuple, AbstractSet)):
        return any(holds_nan(item) for item in value)
    if getattr(getattr(value, "dtype", None), "kind", "") == "f":
        return not math.isfinite(float(abs(value).max())) if getattr(value, "size", 1) else False
    if hasattr(value, "to_dict") or hasattr(value, "tolist"):
        return holds_nan(_plain(value))
    return False
