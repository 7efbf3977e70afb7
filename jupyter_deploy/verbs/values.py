"""Arguments as JSON values: for edges that have forms instead of lines of words."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from ..errors import UsageProblem, nearest
from .verb import Argument, Verb

_MANY = ("*", "+")


def arguments_of(verb: Verb) -> list[dict[str, Any]]:
    """Describe a verb's arguments as plain data; how results are shown is the edge's matter, so ``--json`` is left out.

    Each has ``name``, ``flags``, ``help``, ``kind`` (``"flag"``, ``"integer"``, ``"number"`` or ``"text"``), ``many``,
    ``required``, ``choices``, ``default``, ``metavar`` and ``completes``.
    """
    return [_described(argument) for argument in verb.all_arguments() if name_of(argument) != "json"]


def name_of(argument: Argument) -> str:
    """Return the name that an argument's value has for the verb, as argparse would derive it."""
    long = next((flag for flag in argument.flags if flag.startswith("--")), argument.flags[0])
    return str(argument.options.get("dest") or long.lstrip("-").replace("-", "_"))


def _described(argument: Argument) -> dict[str, Any]:
    options = argument.options
    return {
        "name": name_of(argument),
        "flags": list(argument.flags) if argument.flags[0].startswith("-") else [],
        "help": options["help"],
        "kind": _kind(argument),
        "many": _takes_many(argument),
        "required": _is_required(argument),
        "choices": list(options.get("choices", ())),
        "default": options.get("default"),
        "metavar": options.get("metavar", ""),
        "completes": argument.completes,
    }


def _kind(argument: Argument) -> str:
    if str(argument.options.get("action", "")).startswith("store_"):
        return "flag"
    return {int: "integer", float: "number"}.get(argument.options.get("type"), "text")  # type: ignore[arg-type]


def _takes_many(argument: Argument) -> bool:
    return argument.options.get("action") == "append" or argument.options.get("nargs") in _MANY


def _is_required(argument: Argument) -> bool:
    if argument.flags[0].startswith("-"):
        return bool(argument.options.get("required"))
    return argument.options.get("nargs") not in {"?", "*"}


def given_of(verb: Verb, values: Mapping[str, Any]) -> argparse.Namespace:
    """Make what a verb's ``run`` takes from JSON values by name; the others have their defaults.

    Raises
    ------
    UsageProblem
        For a name or a value that the verb does not take, or a value that is missing.
    """
    known = {name_of(argument): argument for argument in verb.all_arguments()}
    for name in values:
        if name not in known:
            close = nearest(name, known)
            hint = f"Did you mean {close!r}?" if close else f"It takes {', '.join(known)}."
            raise UsageProblem(f"{verb.name} takes no {name!r}.", hint=hint)
    given = argparse.Namespace()
    for name, argument in known.items():
        value = values.get(name)
        if value is None and _is_required(argument):
            raise UsageProblem(f"{verb.name} needs {name!r}.", hint=f"It is {argument.options['help']}.")
        setattr(given, name, _default(argument) if value is None else _read(verb, argument, value))
    return given


def _default(argument: Argument) -> Any:
    default: Any = False if argument.options.get("action") == "store_true" else None
    return argument.options.get("default", [] if argument.options.get("nargs") == "*" else default)


def _read(verb: Verb, argument: Argument, value: Any) -> Any:
    if _kind(argument) == "flag":
        if not isinstance(value, bool):
            raise _refused(verb, argument, value, "true or false")
        return argument.options.get("const", True) if value else _default(argument)
    if _takes_many(argument):
        items = value if isinstance(value, list) else [value]
        if not items and argument.options.get("nargs") == "+":
            raise _refused(verb, argument, value, "at least one value")
        return [_one(verb, argument, item) for item in items]
    return _one(verb, argument, value)


def _one(verb: Verb, argument: Argument, value: Any) -> Any:
    kind = _kind(argument)
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise _refused(verb, argument, value, {"integer": "a whole number", "number": "a number"}.get(kind, "a text"))
    read = argument.options.get("type", str)
    try:
        found = read(str(value))
    except ValueError as error:
        raise _refused(verb, argument, value, f"{read.__name__}") from error
    choices = argument.options.get("choices")
    if choices is not None and found not in choices:
        raise _refused(verb, argument, value, f"one of {', '.join(map(str, choices))}")
    return found


def _refused(verb: Verb, argument: Argument, value: Any, wanted: str) -> UsageProblem:
    words = {"int": "a whole number", "float": "a number"}.get(wanted, wanted)
    return UsageProblem(
        f"{verb.name}: {name_of(argument)!r} takes {words}, not {str(value)[:80]!r}.",
        hint=f"It is {argument.options['help']}.",
    )
