"""Parameter types of inference-schema, or of its stand-in, as conversions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import partial
from typing import Any

from ..modes import BadInput
from .misfit import Misfit, shown
from .values import rule

_NAMES = {
    int: "an integer",
    float: "a number",
    str: "a text",
    bool: "true or false",
    dict: "an object",
    list: "a list",
    tuple: "a list",
    bytes: "base64 text",
    bytearray: "base64 text",
    dt.date: "a date (YYYY-MM-DD)",
    dt.datetime: "a date and time (ISO 8601)",
    dt.time: "a time (ISO 8601)",
}
_OURS = "jupyter_deploy.serving.shims.parameter_types"
_COLUMNS = 12
_LONGEST = 1000


def converter(kind: Any, path: str) -> Callable[[Any], Any]:
    """Make the conversion of a parameter from its JSON value; it raises ``BadInput``."""
    sample = kind.sample_input
    if hasattr(kind, "sample_data_type_map"):
        return _standard(kind, path)
    convert: Callable[[Any], Any]
    if hasattr(sample, "columns") and hasattr(kind, "orient"):
        from .frames import Frames

        convert = Frames(kind)
    elif hasattr(sample, "dtype") and hasattr(sample, "shape"):
        from .arrays import array

        convert = partial(array, kind=kind)
    else:
        convert = partial(_own, kind=kind)

    def converted(value: Any) -> Any:
        try:
            return convert(value)
        except Misfit as misfit:
            raise refusal(path, expectation(kind), misfit) from None

    return converted


def _own(value: Any, kind: Any) -> Any:
    """Use the conversion of a type that is neither NumPy's nor pandas'."""
    if isinstance(value, kind.sample_data_type):
        return value
    if type(kind).__module__ == _OURS:
        name = kind.sample_data_type.__name__
        raise Misfit(f"no JSON can be {name}", "Give the parameter a sample of another type in the script.")
    try:
        return kind.deserialize_input(value)
    except Exception as error:  # noqa: BLE001 - whatever a conversion raises, the value does not fit
        raise Misfit(f"{type(error).__name__}: {error}", "Send a value like the sample.") from None


def _standard(kind: Any, path: str) -> Callable[[Any], Any]:
    wanted = kind.sample_data_type
    if wanted is dict:
        return _object(kind, path)
    if wanted in (list, tuple):
        return _list(kind, path)
    convert = rule(kind.sample_input)

    def converted(value: Any) -> Any:
        if type(value) is wanted:
            return value
        try:
            return _own(value, kind) if convert is None else convert(value)
        except Misfit as misfit:
            raise refusal(path, expectation(kind), misfit) from None

    return converted


def _object(kind: Any, path: str) -> Callable[[Any], Any]:
    inner = {key: converter(item, f"{path}.{key}") for key, item in kind.sample_data_type_map.items()}
    plain = {key: item for key, item in kind.sample_input.items() if key not in inner and _has_parts(item)}

    def converted(value: Any) -> Any:
        if not isinstance(value, dict):
            raise refusal(path, expectation(kind), Misfit(f"got {shown(value)}", "Send an object."))
        for key in plain.keys() & value.keys():
            _check_parts(value[key], plain[key], f"{path}.{key}")
        return {key: inner[key](item) if key in inner else item for key, item in value.items()} if inner else value

    return converted


def _list(kind: Any, path: str) -> Callable[[Any], Any]:
    items = kind.sample_data_type_list

    def converted(value: Any) -> Any:
        if not isinstance(value, (list, tuple)):
            raise refusal(path, expectation(kind), Misfit(f"got {shown(value)}", "Send a list."))
        if first is None:
            _check_parts(value, kind.sample_input, path)
            return value if kind.sample_data_type is list else tuple(value)
        try:
            return [first(item) for item in value]
        except BadInput:
            # The place matters only if an item fails.
            return [converter(items[0], f"{path}[{index}]")(item) for index, item in enumerate(value)]

    first = converter(items[0], path) if items else None
    return converted


def _has_parts(sample: object) -> bool:
    return isinstance(sample, (dict, list, tuple)) and bool(sample)


def _check_parts(value: Any, sample: Any, path: str) -> None:
    """Refuse what has other parts than a plain sample: no object where it has one, no list where it has one.

    Plain values and null pass as they are, as in inference-schema, and so do keys that the sample lacks.
    """
    if value is None or not _has_parts(sample):
        return
    named = isinstance(sample, dict)
    if not isinstance(value, dict if named else (list, tuple)):
        what = _NAMES[dict if named else list]
        raise refusal(path, what, Misfit(f"got {shown(value)}", f"Send {what}."))
    if isinstance(sample, dict):
        for key in {*sample} & {*value}:
            _check_parts(value[key], sample[key], f"{path}.{key}")
    # Only where all items of the sample are alike, it says how one of them is.
    elif len({type(item) for item in sample}) == 1:
        for index, item in enumerate(value):
            _check_parts(item, sample[0], f"{path}[{index}]")


def refusal(path: str, expected: str, misfit: Misfit) -> BadInput:
    """Make the client's error: one line with what is wrong, one with what to do."""
    text = f"The value of {path!r} does not fit the schema: expected {expected[:_LONGEST]}; {misfit}"
    return BadInput(f"{text}\n{misfit.advice}" if misfit.advice else text)


def expectation(kind: Any) -> str:
    """Say what a parameter type takes, for example ``"an array of float64 with shape (*, 10)"``."""
    sample = kind.sample_input
    if hasattr(sample, "columns"):
        named = [f"{name} ({dtype})" for name, dtype in sample.dtypes.items()]
        more = f" and {len(named) - _COLUMNS} more" if len(named) > _COLUMNS else ""
        return f"a table with the columns {', '.join(named[:_COLUMNS])}{more}" if named else "a table"
    if hasattr(sample, "dtype") and hasattr(sample, "shape"):
        shape = ", ".join(["*", *map(str, sample.shape[1:])])
        return f"an array of {sample.dtype} with shape ({shape})"
    return _NAMES.get(kind.sample_data_type, str(kind.sample_data_type.__name__))
