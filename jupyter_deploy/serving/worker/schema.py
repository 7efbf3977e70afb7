"""What inference-schema's decorators know about ``run()``: conversions that blame the right side, and the two schemas.

The server converts ahead of the decorators, by its own rules (``conversion``): that tells a bad request (400) from a
failing script (500), and inference-schema's rules lose values silently. So the decorators are told not to convert.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from ..conversion import converter
from ..modes import layers_of
from ..shims import SchemaFunction

_DECORATORS = "inference_schema.schema_decorators"
_KNOWN_TYPES = ("inference_schema.parameter_types.", "jupyter_deploy.serving.shims.")


@dataclass(frozen=True)
class Decoration:
    """What one decorator of inference-schema, or of its stand-in, says of a function.

    Parameters
    ----------
    parameter : str
        The parameter that it describes; empty for ``@output_schema``.
    kind : object
        The parameter's type, with a sample.
    converts : bool
        Whether it converts.
    optional : bool
        Whether the parameter may be None.
    """

    parameter: str
    kind: Any = None
    converts: bool = True
    optional: bool = False

    @property
    def is_known(self) -> bool:
        """Whether a value is converted here; types of the script's own are left to the decorator."""
        return type(self.kind).__module__.startswith(_KNOWN_TYPES) and self.converts


def schema_function(run: Any) -> Any:
    """Find the function that inference-schema knows.

    Parameters
    ----------
    run : callable
        The script's, under any other decorators.

    Returns
    -------
    callable or None
        The innermost function; None where the script has no schema.
    """
    registry = getattr(sys.modules.get("inference_schema.schema_util"), "__functions_schema__", {})
    for layer in layers_of(run):
        name = f"{getattr(layer, '__module__', '')}.{getattr(layer, '__name__', '')}"
        if name in registry or isinstance(layer, SchemaFunction):
            return layer
    return None


def schemas(function: Any) -> dict[str, Any]:
    """Return what swagger documents show of a function.

    Parameters
    ----------
    function : callable
        From :func:`schema_function`.

    Returns
    -------
    dict
        ``input``, ``output`` and ``versions`` (a list of ``"2.0"``, ``"3.0"``, ``"3.1"``).
    """
    from inference_schema import schema_util as known

    return {
        "input": _plain(known.get_input_schema(function)),
        "output": _plain(known.get_output_schema(function)),
        "versions": known.get_supported_versions(function),
    }


def _plain(schema: Any) -> Any:
    """Leave what every reader of JSON takes: no NaN of a sample, no keys but texts, no integers beyond 64 bits."""

    def integer(text: str) -> float | int:
        value = int(text)
        return value if -(2**63) <= value < 2**63 else float(value)

    def named(found: dict[str, Any]) -> dict[str, Any]:
        if "properties" in found and isinstance(found.get("required"), list):
            found["required"] = [str(name) for name in found["required"]]
        return found

    text = json.dumps(schema, default=str)
    return json.loads(text, object_hook=named, parse_constant=lambda _: None, parse_int=integer)


def converters(run: Any) -> dict[str, Callable[[Any], Any]]:
    """Find the conversions that decorators of ``run`` would make.

    Parameters
    ----------
    run : callable
        The script's.

    Returns
    -------
    dict of str to callable
        By parameter. Types of the script's own are left to the decorators.
    """
    found: dict[str, Callable[[Any], Any]] = {}
    for _, decoration in _decorations(run):
        if decoration.is_known:
            convert = converter(decoration.kind, decoration.parameter)
            found[decoration.parameter] = partial(_unless_null, convert) if decoration.optional else convert
    return found


def parameters(run: Any) -> list[str]:
    """List what ``@input_schema`` names.

    Parameters
    ----------
    run : callable
        The script's.

    Returns
    -------
    list of str
        Parameters of ``run``, if the script is right.
    """
    return [decoration.parameter for _, decoration in _decorations(run) if decoration.parameter]


def undecorated(run: Any) -> Any:
    """Leave the decorators nothing to do that :func:`converters` does: call it once, after that one.

    Parameters
    ----------
    run : callable
        The script's.

    Returns
    -------
    callable
        ``run`` itself where the outermost decorator is another one.
    """
    inner = run
    while (found := _decoration(inner)) and (found.is_known or not found.parameter):
        inner = inner.__wrapped__
    # Below another decorator of the script's they cannot be taken off, but told to pass their arguments on.
    for layer, decoration in list(_decorations(inner)):
        if decoration.is_known:
            _disable(layer)
    return inner


def _disable(layer: Any) -> None:
    if isinstance(layer, SchemaFunction):
        layer.schema_enabled = False
        return
    wrapper = layer._self_wrapper
    cells = dict(zip(wrapper.__code__.co_freevars, wrapper.__closure__, strict=True))
    cells["convert_to_provided_type"].cell_contents = False


def _decorations(run: Any) -> Iterator[tuple[Any, Decoration]]:
    for layer in layers_of(run):
        decoration = _decoration(layer)
        if decoration is not None:
            yield layer, decoration


def _decoration(layer: Any) -> Decoration | None:
    """Return what a decorator was given; None for any other function."""
    if isinstance(layer, SchemaFunction):
        return Decoration(layer.schema_parameter, layer.schema_type, layer.schema_converts, layer.schema_optional)
    wrapper: Any = getattr(layer, "_self_wrapper", None)
    if getattr(wrapper, "__module__", "") != _DECORATORS:
        return None
    cells = getattr(wrapper, "__closure__", None) or ()
    kept = dict(zip(wrapper.__code__.co_freevars, (cell.cell_contents for cell in cells), strict=True))
    if "param_name" not in kept:  # @output_schema keeps nothing
        return Decoration("")
    return Decoration(
        kept["param_name"],
        kept.get("param_type"),
        bool(kept.get("convert_to_provided_type", True)),
        bool(kept.get("optional")),
    )


def _unless_null(convert: Callable[[Any], Any], value: Any) -> Any:
    """Leave an optional parameter's null as it is."""
    return None if value is None else convert(value)
