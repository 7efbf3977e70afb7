"""Scripts whose type hints say what ``run()`` takes: several parameters, each by its name in the request's JSON.

A single parameter is the request's text, as in Azure ML's contract, and so is a first one that the script decodes by
hand.
"""

from __future__ import annotations

import ast
import inspect
import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from ..conversion import Hinted, Misfit, hinted, or_null, refusal
from ..modes import HEADERS

_DECODERS = frozenset({"loads", "literal_eval", "read_json", "read_csv", "StringIO", "BytesIO"})
_RAW = frozenset({"raw_data", "raw", "body"})
_VARIABLE = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)


def typed_parameters(run: Callable[..., Any], source: Callable[[], str]) -> dict[str, inspect.Parameter]:
    """Find the parameters of a ``run()`` that takes them by name; empty if the first one is the request's text.

    ``source`` reads the script's text, only if it is needed.
    """
    found = {name: one for name, one in _signature(run).parameters.items() if name != HEADERS}
    if len(found) < 2:
        return {}
    first, *_ = found.values()
    required = [one for one in found.values() if one.default is one.empty]
    says = first.annotation is not first.empty and _is_json(_evaluated(first.annotation, run))
    if not says and len(required) < 2:
        return {}
    by_hand = first.name in _RAW or decodes(source(), getattr(run, "__name__", "run"), first.name)
    return {} if by_hand and len(required) < 2 else found


def _signature(run: Callable[..., Any]) -> inspect.Signature:
    """Return a decorator's signature, or the decorated function's if the decorator takes anything."""
    own = inspect.signature(run, follow_wrapped=False)
    free = any(one.kind in _VARIABLE for one in own.parameters.values())
    return inspect.signature(run) if free else own


def _evaluated(annotation: Any, run: Callable[..., Any]) -> Any:
    names = getattr(inspect.unwrap(run), "__globals__", {})
    # Twice, for a quoted hint below "from __future__ import annotations".
    for _ in range(2):
        if not isinstance(annotation, str):
            break
        try:
            annotation = eval(annotation, names)  # noqa: S307 - the script's own hint, as typing.get_type_hints does
        except Exception:  # noqa: BLE001 - a name that exists only for type checkers says nothing
            return Any
    return annotation


def _is_json(hint: Any) -> bool:
    return hint is Any or hint is object or hinted(hint) is not None


def decodes(source: str, function: str, parameter: str) -> bool:
    """Whether a function decodes a parameter by hand, or passes it to a function of the script that does.

    ``json.loads(parameter)`` and its like count.
    """
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return False
    known = {node.name: node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))}
    waiting, seen = [(function, parameter)], set()
    while waiting:
        name, wanted = waiting.pop()
        if name not in known or (name, wanted) in seen:
            continue
        seen.add((name, wanted))
        for call in (node for node in ast.walk(known[name]) if isinstance(node, ast.Call)):
            called = getattr(call.func, "attr", getattr(call.func, "id", ""))
            places = [place for place, argument in enumerate(call.args) if getattr(argument, "id", "") == wanted]
            if places and called in _DECODERS:
                return True
            inner = known[called].args.args if called in known else []
            waiting += [(called, inner[place].arg) for place in places if place < len(inner)]
    return False


def conversions(run: Callable[..., Any], parameters: Mapping[str, inspect.Parameter]) -> dict[str, Hinted]:
    """Read the hints that say something about JSON; a default of None allows null."""
    found = {}
    for name, one in parameters.items():
        hint = Any if one.annotation is one.empty else _evaluated(one.annotation, run)
        said = hinted(hint)
        if said is not None:
            found[name] = or_null(said) if one.default is None else said
    return found


def converters(found: Mapping[str, Hinted]) -> dict[str, Callable[[Any], Any]]:
    """Make the conversions of a request's values; they raise :class:`~jupyter_deploy.serving.modes.BadInput`."""
    return {name: partial(_converted, name, said) for name, said in found.items()}


def _converted(name: str, said: Hinted, value: Any) -> Any:
    try:
        return said.convert(value)
    except Misfit as misfit:
        raise refusal(name, said.expected, misfit) from None


def schemas(parameters: Mapping[str, inspect.Parameter], found: Mapping[str, Hinted]) -> dict[str, Any]:
    """Describe what ``run()`` takes, as :func:`jupyter_deploy.serving.worker.schema.schemas` does."""
    properties: dict[str, Any] = {}
    example: dict[str, Any] = {}
    required = []
    for name, one in parameters.items():
        said = found.get(name)
        schema = dict(said.schema) if said else {}
        example[name] = said.example if said else ""
        if one.default is one.empty:
            required.append(name)
        elif _in_json(one.default):
            schema["default"] = example[name] = one.default
        properties[name] = schema
    whole: dict[str, Any] = {"type": "object", "properties": properties, "example": example}
    if required:
        whole["required"] = required
    return {"input": whole, "output": {"type": "object", "example": {}}, "versions": ["2.0", "3.0", "3.1"]}


def _in_json(value: Any) -> bool:
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return False
    return True


def source_of(run: Callable[..., Any]) -> str:
    """Read the file of a function, under any decorators; empty if it cannot be read."""
    try:
        return Path(inspect.getfile(inspect.unwrap(run))).read_text("utf-8")
    except (OSError, TypeError, UnicodeDecodeError):
        return ""
