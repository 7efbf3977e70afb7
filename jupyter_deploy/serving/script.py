"""Load an entry script and call it."""

from __future__ import annotations

import importlib.util
import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .layout import Layout
from .libraries import forget_shadowed

MODULE = "entry_module"


@dataclass(frozen=True)
class EntryScript:
    """A loaded script.

    Parameters
    ----------
    init : callable
        Called once, without arguments.
    run : callable
        Called with the request's text.
    parameter : str
        The name of ``run``'s parameter for the text.
    """

    init: Callable[[], Any]
    run: Callable[..., Any]
    parameter: str


def load(layout: Layout) -> EntryScript:
    """Import the script as a module of its own.

    The script's folder is first on ``sys.path``, and the module is in ``sys.modules``, so that its siblings import
    and its classes pickle.

    Parameters
    ----------
    layout : Layout
        Where it is.

    Returns
    -------
    EntryScript
        Not yet initialised.

    Raises
    ------
    AttributeError
        If it has no ``run``.
    TypeError
        If ``run`` cannot take a request.
    BaseException
        Whatever the script raises.
    """
    path = Path(layout.entry)
    sys.path[:] = [str(path.parent), *(entry for entry in sys.path if entry != str(path.parent))]
    forget_shadowed(path.parent)
    if layout.app_root not in sys.path:
        sys.path.append(layout.app_root)
    spec = importlib.util.spec_from_file_location(MODULE, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[MODULE] = module
    spec.loader.exec_module(module)
    run = getattr(module, "run", None)
    if not callable(run):
        raise AttributeError("the script has no run() function")
    return EntryScript(getattr(module, "init", lambda: None), run, _parameter(run))


def _parameter(run: Callable[..., Any]) -> str:
    signature = inspect.signature(run)
    allowed = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    for parameter in signature.parameters.values():
        if parameter.kind not in allowed:
            raise TypeError("run() cannot have *args, **kwargs or positional-only parameters")
        if parameter.name != "request_headers":
            return parameter.name
    raise TypeError("run() has no parameter for the request's data")
