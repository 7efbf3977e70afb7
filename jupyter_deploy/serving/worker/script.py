"""Load an entry script and decide, once, how it is called."""

from __future__ import annotations

import importlib.util
import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from ..layout import Layout
from ..libraries import forget_shadowed
from ..modes import HEADERS, RAW_MARK, Mode, PlainMode, RawMode, SchemaMode, layers_of
from ..options import WorkerOptions
from ..shims import install
from . import schema, typed

if TYPE_CHECKING:
    import asyncio
    from importlib.abc import InspectLoader
    from importlib.machinery import ModuleSpec
    from types import ModuleType

    from ..nocode import ServedModel

MODULE = "entry_module"
_CHILDREN = str(Path(__file__).parent / "children")
# It loads frameworks: only scripts that import it have it.
_NOCODE = "jupyter_deploy.serving.nocode"
_ALLOWED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


class Loop:
    """The event loop of scripts with ``async def``: made on first use, and idle between requests."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None

    def __call__(self) -> asyncio.AbstractEventLoop:
        """Return the loop, the same each time."""
        import asyncio

        if self._loop is None:
            self._loop = asyncio.new_event_loop()
        return self._loop


@dataclass(frozen=True)
class EntryScript:
    """A loaded script."""

    init: Callable[[], Any]  # called once, without arguments
    run: Callable[..., Any]  # called with the arguments that the mode makes of a request
    mode: Mode
    takes_headers: bool = False  # whether run() has a parameter request_headers
    # called with a list of texts instead of run(); returns as many results
    run_batch: Callable[[list[Any]], Any] | None = None
    batches: bool = False  # whether waiting requests are predicted together
    schemas: dict[str, Any] | None = None  # for swagger documents; None without a schema
    served: ServedModel | None = None  # the model that answers without run()
    loop: Loop = field(default_factory=Loop)  # returns the event loop for async def

    def facts(self) -> dict[str, Any]:
        """Tell the front the mode, the schemas, and whether requests have headers and are batched.

        For a model that answers without ``run()``, it must be loaded.
        """
        wants = self.takes_headers or self.mode.name == "raw"
        schemas = self.served.schemas() if self.served else self.schemas
        return {"mode": self.mode.name, "headers": wants, "batches": self.batches, "schemas": schemas}


def load(layout: Layout, options: WorkerOptions) -> EntryScript:
    """Import the script as a module of its own; it is not yet initialised.

    The script's folder is first on ``sys.path``, and the module is in ``sys.modules``, so its siblings import and its
    classes pickle. A script with a schema is called for several requests at once if ``max_batch`` is above 1.
    Whatever the script raises is passed on; a missing ``run`` is an AttributeError, one that cannot take a request a
    TypeError.
    """
    path = Path(layout.entry)
    sys.path[:] = [str(path.parent), *(entry for entry in sys.path if entry != str(path.parent))]
    forget_shadowed(path.parent)
    # Processes that the script starts find the entry module in _CHILDREN by its name.
    for folder in (*layout.search, _CHILDREN):
        if folder not in sys.path:
            sys.path.append(folder)
    install()
    spec = importlib.util.spec_from_file_location(MODULE, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[MODULE] = module
    if options.debug_port:
        _execute(spec, module, layout, options)
    else:
        spec.loader.exec_module(module)
    return _inspect(module, options.max_batch)


def _execute(spec: ModuleSpec, module: ModuleType, layout: Layout, options: WorkerOptions) -> None:
    from .debugging import execute

    code = cast("InspectLoader", spec.loader).get_code(spec.name)
    assert code is not None
    execute(module, code, layout, options)


def _inspect(module: Any, max_batch: int) -> EntryScript:
    init = getattr(module, "init", lambda: None)
    # Scripts of Azure ML's designer have run() in another module.
    run = getattr(getattr(module, "driver_module", module), "run", None)
    run_batch = getattr(module, "run_batch", None)
    if not callable(run):
        if callable(run_batch):
            return _batching(init, run_batch, run_batch)
        raise AttributeError("the script has no run() function")
    parameters = _parameters(run)
    takes_headers = HEADERS in inspect.signature(run).parameters
    known = schema.schema_function(run)
    first = next(iter(parameters))
    if any(getattr(layer, RAW_MARK, False) for layer in layers_of(run)):
        if known is not None:
            raise TypeError("run() cannot have both @rawhttp and @input_schema or @output_schema")
        from .rawhttp import request_object

        return EntryScript(init, run, RawMode(first, request_object), takes_headers)
    if known is None:
        # If run() takes more than text, a function named run_batch is the script's own.
        if callable(run_batch) and not takes_headers:
            return _batching(init, run, run_batch)
        named = typed.typed_parameters(run, partial(typed.source_of, run))
        if named:
            return _typed(init, run, named, takes_headers)
        return EntryScript(init, run, PlainMode(first), takes_headers)
    unknown = [name for name in schema.parameters(run) if name not in parameters]
    if unknown:
        raise TypeError(f"@input_schema names {unknown[0]!r}, which is not a parameter of run()")
    facts = schema.schemas(known)
    mode = SchemaMode(parameters, schema.converters(run), facts["input"].get("example"))
    batches = max_batch > 1 and not takes_headers
    return EntryScript(init, schema.undecorated(run), mode, takes_headers, batches=batches, schemas=facts)


def _typed(
    init: Callable[[], Any], run: Callable[..., Any], named: dict[str, inspect.Parameter], takes_headers: bool
) -> EntryScript:
    hints = typed.conversions(run, named)
    facts = typed.schemas(named, hints)
    required = {name: one.default is one.empty for name, one in named.items()}
    mode = SchemaMode(required, typed.converters(hints), facts["input"]["example"], closed=True)
    return EntryScript(init, run, mode, takes_headers, schemas=facts)


def _batching(init: Callable[[], Any], run: Callable[..., Any], run_batch: Callable[[list[Any]], Any]) -> EntryScript:
    try:
        inspect.signature(run_batch).bind([])
    except TypeError as error:
        raise TypeError(f"run_batch() is called with one list, but {error}") from None
    served = _served(run_batch) if run is run_batch else None
    return EntryScript(init, run, PlainMode("data"), run_batch=run_batch, batches=True, served=served)


def _served(run_batch: Callable[..., Any]) -> ServedModel | None:
    """Find the model that answers without ``run()``; a script that does more with a request describes itself."""
    owner = getattr(run_batch, "__self__", None)
    if type(owner).__module__.startswith(f"{_NOCODE}."):
        return owner
    return None


def _parameters(run: Callable[..., Any]) -> dict[str, bool]:
    """Return the parameters for the request's data, and whether each is required."""
    found = {}
    for parameter in inspect.signature(run).parameters.values():
        if parameter.kind not in _ALLOWED:
            raise TypeError("run() cannot have *args, **kwargs or positional-only parameters")
        if parameter.name != HEADERS:
            found[parameter.name] = parameter.default is inspect.Parameter.empty
    if not found:
        raise TypeError("run() has no parameter for the request's data")
    return found
