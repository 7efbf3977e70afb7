"""How the cell's ``run()`` gets its value: as the contract's text, decoded, or converted by a schema."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..errors import ScriptProblem, nearest
from ..script_check import quiet_parse
from .schemas import ParameterType, hints_of, of_hint, of_sample
from .taken import Taken

_HEADERS = "request_headers"
_TEXT_METHODS = frozenset(
    {"encode", "split", "splitlines", "strip", "lower", "upper", "startswith", "endswith", "casefold"}
)
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Contract:
    """What is put around ``run()``.

    Parameters
    ----------
    kind : str
        ``"text"``, ``"json"`` (decoded) or ``"schema"``.
    run : ast.FunctionDef, ast.AsyncFunctionDef or None
        The cell's.
    types : mapping of str to ParameterType
        By parameter, of a schema.
    """

    kind: str
    run: Function | None = None
    types: Mapping[str, ParameterType] | None = None

    @property
    def optional(self) -> set[str]:
        """The parameters that a caller may leave out."""
        if self.run is None:
            return set()
        return {one.arg for one in (*self.run.args.args, *self.run.args.kwonlyargs)} - set(_required(self.run))

    @property
    def sentence(self) -> str:
        """What a caller has to send, in one line."""
        if self.kind == "schema" and self.types:
            return f"run() gets {', '.join(self.types)} from the request's JSON, converted and checked"
        if self.run is not None and self.run.decorator_list:
            # Its decorators say.
            return ""
        return "run() gets the request's JSON, decoded" if self.kind == "json" else "run() gets the request's text"


def contract_of(
    tree: ast.Module, taken: Sequence[Taken], variables: Mapping[str, object], samples: Mapping[str, object] | object
) -> Contract:
    """Decide it.

    A script with an ``init()``, or with decorators on ``run()``, is the contract's own and stays as it is.

    Parameters
    ----------
    tree : ast.Module
        The cell.
    taken : sequence of Taken
        What it takes from the notebook.
    variables : mapping
        The notebook's, for type hints.
    samples : object
        ``--sample``'s value; None where there was none.

    Returns
    -------
    Contract
        How ``run()`` is called.

    Raises
    ------
    ScriptProblem
        If the sample does not go with ``run()``.
    """
    functions = {node.name: node for node in tree.body if isinstance(node, Function)}
    run = functions.get("run")
    if samples is not None:
        return Contract("schema", run, _sampled(run, samples))
    if run is None or run.decorator_list or "init" in functions or "run_batch" in functions:
        return Contract("text", run)
    arguments = (*run.args.args, *run.args.kwonlyargs)
    first = next((argument.arg for argument in arguments if argument.arg != _HEADERS), "")
    definitions = {one.name: node for one in taken if (node := _function(one))} | functions
    if _takes_text(run, first, definitions, set()):
        return Contract("text", run)
    values = _receivers_first(run, {one.name: one.value for one in taken if one.kind == "data"})
    hints = dict(hints_of(run, variables))
    types = {name: kind for name, hint in hints.items() if (kind := of_hint(hint, values, variables))}
    if types and all(name in types or name == _HEADERS for name in _required(run)):
        return Contract("schema", run, types)
    said = hints.get(first)
    return Contract("text" if said in (str, bytes) or not taken else "json", run)


def _sampled(run: Function | None, samples: object) -> dict[str, ParameterType]:
    if run is None:
        raise ScriptProblem(
            "--sample describes the parameters of run(), and there is none.", hint="Add: def run(data): …"
        )
    said = {getattr(node, "id", getattr(node, "attr", "")) for one in run.decorator_list for node in ast.walk(one)}
    if said & {"input_schema", "rawhttp"}:
        raise ScriptProblem(
            "--sample describes the parameters of run(), but its decorators do so already.",
            hint="Leave --sample or the decorators out.",
        )
    names = [argument.arg for argument in (*run.args.args, *run.args.kwonlyargs) if argument.arg != _HEADERS]
    required = [name for name in _required(run) if name != _HEADERS]
    by_name = isinstance(samples, Mapping) and set(samples) <= set(names)
    if len(names) == 1 or (len(required) == 1 and not by_name):
        name = names[0] if len(names) == 1 else required[0]
        return {name: of_sample(name, samples)}
    if not isinstance(samples, Mapping):
        raise ScriptProblem(
            f"run() has {len(names)} parameters ({', '.join(names)}), but the sample is one value.",
            hint="Give a dict: --sample '{\"" + (names[0] if names else "data") + "\": …}'",
        )
    for key in samples:
        if key not in names:
            close = nearest(str(key), names)
            raise ScriptProblem(
                f"The sample has {key!r}, but run() has no such parameter.",
                hint=f"Did you mean {close!r}?" if close else f"It has: {', '.join(names)}.",
            )
    missing = [name for name in required if name not in samples]
    if missing:
        raise ScriptProblem(
            f"The sample says nothing of {', '.join(missing)}, which run() requires.",
            hint=f"Give a value for each: {', '.join(required)}.",
        )
    return {str(name): of_sample(str(name), value) for name, value in samples.items()}


def _required(run: Function) -> list[str]:
    arguments = run.args
    without_default = arguments.args[: len(arguments.args) - len(arguments.defaults)]
    keywords = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    return [argument.arg for argument in [*without_default, *(key for key, default in keywords if default is None)]]


def _function(one: Taken) -> Function | None:
    if one.kind != "function":
        return None
    node = quiet_parse(one.text).body[0]
    return node if isinstance(node, Function) else None


def _takes_text(function: Function, parameter: str, known: Mapping[str, Function], seen: set[str]) -> bool:
    """Tell whether a function decodes a parameter itself, or hands it to one that does."""
    seen.add(function.name)
    for node in ast.walk(function):
        if isinstance(node, ast.Attribute) and _is(node.value, parameter) and node.attr in _TEXT_METHODS:
            return True
        if not isinstance(node, ast.Call):
            continue
        place = next((index for index, argument in enumerate(node.args) if _is(argument, parameter)), None)
        if place is None:
            continue
        called = node.func
        if (isinstance(called, ast.Attribute) and called.attr == "loads") or _is(called, "loads"):
            return True
        inner = known.get(called.id) if isinstance(called, ast.Name) else None
        unseen = inner is not None and inner.name not in seen and place < len(inner.args.args)
        if inner and unseen and _takes_text(inner, inner.args.args[place].arg, known, seen):
            return True
    return False


def _is(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _receivers_first(run: Function, values: dict[str, object]) -> dict[str, object]:
    """Put what run()'s parameter is handed to before the rest: that one knows what the data looks like."""
    parameters = {argument.arg for argument in run.args.args}
    first = [
        node.func.value.id
        for node in ast.walk(run)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and any(isinstance(argument, ast.Name) and argument.id in parameters for argument in node.args)
    ]
    return {name: values[name] for name in [*(name for name in first if name in values), *values]}
