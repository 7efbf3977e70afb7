"""inference-schema's parameter types, and those that stand in for them, for tests of what they convert."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import pytest

from jupyter_deploy.serving.conversion import converter
from jupyter_deploy.serving.modes import BadInput
from jupyter_deploy.serving.shims import parameter_types as shim

_NAMES = {"numpy": "NumpyParameterType", "pandas": "PandasParameterType", "standard_py": "StandardPythonParameterType"}


def real(module: str) -> Any:
    """A type of the real package."""
    package = importlib.import_module(f"inference_schema.parameter_types.{module}_parameter_type")
    return getattr(package, _NAMES[module])


def ours(module: str) -> Any:
    """The type that stands in for it."""
    return getattr(shim, _NAMES[module])


PROVIDERS: dict[str, Callable[[str], Any]] = {"real": real, "shim": ours}


def converted(kind: Any, sent: Any) -> Any:
    """What a script gets."""
    return converter(kind, "data")(sent)


def refused(kind: Any, sent: Any) -> str:
    """The first line of the error; the second says what to do."""
    with pytest.raises(BadInput) as caught:
        converter(kind, "data")(sent)
    assert caught.value.status == 400
    first, second = caught.value.message.split("\n")
    assert first.startswith("The value of 'data")
    assert second.endswith(".")
    return first


def named(value: Any) -> str:
    """A test's name for a value."""
    return repr(value)[:50] if isinstance(value, (list, tuple)) else str(getattr(value, "dtype", value))[:50]
