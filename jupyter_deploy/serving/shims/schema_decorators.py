"""``@input_schema`` and ``@output_schema`` where inference-schema is not installed."""

from __future__ import annotations

import copy
import functools
import inspect
from collections.abc import Callable
from typing import Any

from ..conversion import converter
from .parameter_types import AbstractParameterType

_OURS = AbstractParameterType.__module__
_VERSIONS = ("2.0", "3.0", "3.1")


class SchemaFunction:
    """A function under one decorator; ``function`` may be another :class:`SchemaFunction`.

    ``parameter`` is empty for the output. ``converts`` says whether values are converted, ``optional`` whether the
    parameter may be None.
    """

    def __init__(
        self, function: Callable[..., Any], parameter: str, kind: Any, *, converts: bool = True, optional: bool = False
    ) -> None:
        functools.update_wrapper(self, function)
        self._function, self._kind = function, kind
        self.schema_parameter, self.schema_type = parameter, kind
        self.schema_converts, self.schema_optional = converts, optional
        self.schema_enabled = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function, with a converted argument."""
        name = self.schema_parameter
        if not name or not self.schema_converts or not self.schema_enabled:
            return self._function(*args, **kwargs)
        names = list(inspect.signature(self._function).parameters)
        place = names.index(name) if name in names else len(args)
        if name in kwargs:
            kwargs[name] = self._converted(kwargs[name])
        elif place < len(args):
            args = (*args[:place], self._converted(args[place]), *args[place + 1 :])
        return self._function(*args, **kwargs)

    def _converted(self, value: Any) -> Any:
        if self.schema_optional and value is None:
            return value
        if isinstance(value, self._kind.sample_data_type) and not isinstance(value, (dict, list)):
            return value
        if not type(self._kind).__module__.startswith(_OURS):
            return self._kind.deserialize_input(value)
        return converter(self._kind, self.schema_parameter)(value)


def input_schema(
    param_name: str, param_type: Any, convert_to_provided_type: bool = True, optional: bool = False
) -> Callable[[Callable[..., Any]], SchemaFunction]:
    """Describe a parameter of ``run()``; an ``optional`` one may be left out, or None."""
    _check(param_type, "input_schema")

    def decorate(function: Callable[..., Any]) -> SchemaFunction:
        return SchemaFunction(function, param_name, param_type, converts=convert_to_provided_type, optional=optional)

    return decorate


def output_schema(output_type: Any) -> Callable[[Callable[..., Any]], SchemaFunction]:
    """Describe what ``run()`` returns."""
    _check(output_type, "output_schema")

    def decorate(function: Callable[..., Any]) -> SchemaFunction:
        if any(not layer.schema_parameter for layer in _layers(function)):
            raise ValueError(f"{function.__name__}() has several @output_schema.")
        return SchemaFunction(function, "", output_type)

    return decorate


def _check(kind: Any, decorator: str) -> None:
    if not isinstance(kind, AbstractParameterType):
        shown = getattr(kind, "__name__", type(kind).__name__)
        raise TypeError(f"@{decorator} takes a parameter type with a sample, such as NumpyParameterType; not {shown}.")
    # A sample without a schema is reported when the script is loaded.
    kind.input_to_swagger()


def _layers(function: Any) -> list[SchemaFunction]:
    """List the decorators of a function, the outermost first."""
    found = []
    while function is not None:
        if isinstance(function, SchemaFunction):
            found.append(function)
        function = getattr(function, "__wrapped__", None)
    return found


def is_schema_decorated(func: Any) -> bool:
    """Whether a function has a schema."""
    return bool(_layers(func))


def get_input_schema(func: Any) -> dict[str, Any]:
    """Describe a function's parameters as an OpenAPI object."""
    described = [layer for layer in _layers(func) if layer.schema_parameter]
    if not described:
        return {"type": "object"}
    names = inspect.getfullargspec(inspect.unwrap(func)).args
    properties: dict[str, Any] = {name: {} for name in names}
    example: dict[str, Any] = dict.fromkeys(names, "")
    for layer in reversed(described):
        schema = copy.deepcopy(layer.schema_type.input_to_swagger())
        example[layer.schema_parameter] = schema.pop("example")
        properties[layer.schema_parameter] = schema
    return {"type": "object", "properties": properties, "example": example}


def get_output_schema(func: Any) -> dict[str, Any]:
    """Describe a function's result as an OpenAPI schema."""
    found = next((layer for layer in _layers(func) if not layer.schema_parameter), None)
    return copy.deepcopy(found.schema_type.input_to_swagger()) if found else {"type": "object"}


def get_supported_versions(func: Any) -> list[str]:
    """List the versions of OpenAPI that can describe a function, of ``"2.0"``, ``"3.0"`` and ``"3.1"``."""
    found = set(_VERSIONS).intersection(*(layer.schema_type.supported_versions() for layer in _layers(func)))
    return sorted(found)
