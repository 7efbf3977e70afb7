"""What inference-schema's decorators know about ``run()``: conversions that blame the right side, and the two schemas.

The server converts before the decorators do, by its own rules (``conversion``). That separates a bad request (400)
from a failing script (500), and inference-schema's rules lose values silently. So the decorators are told not to
convert.
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
    """What one decorator of inference-schema, or of its stand-in, says about a function."""

    parameter: str  # empty for @output_schema
    kind: Any = None  # the parameter's type, with a sample
    converts: bool = True
    optional: bool = False  # whether the parameter may be None

    @property
    def is_known(self) -> bool:
        """Whether the server converts the value; types of the script's own are left to the decorator."""
        return type(self.kind).__module__.startswith(_KNOWN_TYPES) and self.converts


def schema_function(run: Any) -> Any:
    """Find the innermost function that inference-schema knows, under any other decorators.

    None if there is no schema.
    """
    registry = getattr(sys.modules.get("inference_schema.schema_util"), "__functions_schema__", {})
    for layer in layers_of(run):
        name = f"{getattr(layer, '__module__', '')}.{getattr(layer, '__name__', '')}"
        if name in registry or isinstance(layer, SchemaFunction):
            return layer
    return None


def schemas(function: Any) -> dict[str, Any]:
    """Return ``input``, ``output`` and ``versions`` (``"2.0"``, ``"3.0"``, ``"3.1"``) for swagger documents."""
    from inference_schema import schema_util as known

    return {
        "input": _plain(known.get_input_schema(function)),
        "output": _plain(known.get_output_schema(function)),
        "versions": known.get_supported_versions(function),
    }


def _plain(schema: Any) -> Any:
    """Keep what every JSON reader takes: no NaN of a sample, only text keys, no integers beyond 64 bits."""

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
    """Find the conversions of ``run``'s decorators by parameter.

    Types of the script's own are left to the decorators.
    """
    found: dict[str, Callable[[Any], Any]] = {}
    for _, decoration in _decorations(run):
        if decoration.is_known:
            convert = converter(decoration.kind, decoration.parameter)
            found[decoration.parameter] = partial(_unless_null, convert) if decoration.optional else convert
    return found


def parameters(run: Any) -> list[str]:
    """List the parameters of ``run`` that ``@input_schema`` names."""
    return [decoration.parameter for _, decoration in _decorations(run) if decoration.parameter]


def undecorated(run: Any) -> Any:
    """Switch off the conversions that :func:`converters` does; call it once, after that function.

    The result is ``run`` itself if its outermost decorator is another one.
    """
    inner = run
    while (found := _decoration(inner)) and (found.is_known or not found.parameter):
        inner = inner.__wrapped__
    # They cannot be removed below another decorator, but can be told to pass their arguments on.
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
    """Convert, but leave an optional parameter's null as it is."""
    return None if value is None else convert(value)
