"""Verbs for the panel: the same ``run`` as on the command line, with JSON values instead of words."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..display import text
from ..errors import UsageProblem
from ..invoking import Answer
from ..registry import Model
from ..services import Change
from ..verbs import NAMES, Done, Session, Verb, arguments_of, find, given_of, keeping, name_of, plain
from ..workspace import Service, Workspace
from .answers import NeedsConfirmation

# Verbs and arguments that the panel does not have, and why.
NOT_OFFERED = {
    "serve": "it runs in a terminal until Ctrl-C",
    "view": "the panel is a live view itself",
    "logs.follow": "the panel follows a log by itself",
}
# Values of these may be files; a relative one is below the server's root, as in the file browser.
_MAY_BE_FILES = {"files", "scripts", "environments", "variables"}


@dataclass(frozen=True)
class Request:
    """What the panel asks a verb."""

    verb: str
    arguments: Mapping[str, Any] = field(default_factory=dict, hash=False)
    confirmed: bool = False
    root: str = ""  # the folder that relative files are in; empty for the process's own

    @classmethod
    def read(cls, name: str, body: object, root: str) -> Request:
        """Read the body of a request, and check the verb's name and arguments before anything is done."""
        if not isinstance(body, Mapping) or not isinstance(body.get("arguments", {}), Mapping):
            raise UsageProblem("A verb gets a JSON object.", hint='For example {"arguments": {"service": "churn"}}.')
        unknown = sorted(set(body) - {"arguments", "confirmed"})
        if unknown:
            raise UsageProblem(f"There is no {unknown[0]!r} beside the arguments.", hint="There is 'confirmed'.")
        request = cls(name, dict(body.get("arguments", {})), body.get("confirmed") is True, root)
        given_of(offered(name, request.arguments), request.arguments)
        return request

    def as_dict(self) -> dict[str, Any]:
        """Return the fields for another process."""
        return {"verb": self.verb, "arguments": self.arguments, "confirmed": self.confirmed, "root": self.root}


def offered(name: str, arguments: Mapping[str, Any]) -> Verb:
    """Find a verb, and refuse what only other edges have."""
    verb = find(name)
    for key in (name, *(f"{name}.{argument}" for argument, value in arguments.items() if value)):
        if key in NOT_OFFERED:
            words = key.replace(".", " --")
            raise UsageProblem(f"The panel has no {words!r}: {NOT_OFFERED[key]}.", hint=f"jupyter model {name} --help")
    if name == "keys" and arguments.get("set") == "-":
        raise UsageProblem("A key cannot be typed here.", hint="env:VARIABLE or a file of the server's machine.")
    return verb


def table() -> list[dict[str, Any]]:
    """Describe all verbs and their arguments; ``why_not`` is the reason why the panel does not have one, or empty."""
    return [_described(find(name)) for name in NAMES]


def _described(verb: Verb) -> dict[str, Any]:
    arguments = [
        {**argument, "why_not": NOT_OFFERED.get(f"{verb.name}.{argument['name']}", "")}
        for argument in arguments_of(verb)
    ]
    about = {"name": verb.name, "help": verb.help, "long": verb.long, "quick": verb.quick, "asks": verb.asks}
    return {**about, "why_not": NOT_OFFERED.get(verb.name, ""), "arguments": arguments}


def act(workspace: Workspace, request: Request, say: Callable[[str], None] = lambda _: None) -> dict[str, Any]:
    """Run a verb, and return its value as data, a sentence about it, its text, an answer as JSON, and notes."""
    verb = offered(request.verb, request.arguments)
    notes: list[str] = []

    def confirm(question: str) -> bool:
        if not request.confirmed:
            raise NeedsConfirmation(question, hint="Send it again with 'confirmed': true.")
        return True

    session = Session(say, lambda _: None, confirm, note=notes.append, whole=True)
    given = given_of(verb, _with_paths(verb, request))
    with keeping(given, session):
        value = verb.run(workspace, given, session)
    notes += [*_about_interpreter(value), *(value.notices if isinstance(value, Model) else ())]
    return {
        "value": plain(value),
        "sentence": _sentence(value),
        "text": text(value),
        "written": _written(value),
        "notes": notes,
    }


def _written(value: Any) -> str:
    """Write an answer as the command line prints it: a browser that reads and writes its numbers rounds them."""
    return json.dumps(plain(value)["value"], indent=1, ensure_ascii=False) if isinstance(value, Answer) else ""


def _about_interpreter(value: Any) -> list[str]:
    """Say that a new service runs on the interpreter of Jupyter's server: it may have less than a notebook's."""
    change = getattr(value, "change", None)
    environment = value.record.environment if isinstance(value, Service) else None
    if not isinstance(change, Change) or change.action != "created" or not (environment and environment.is_kernel):
        return []
    own = f"It runs on the interpreter of Jupyter's server, {sys.executable}."
    return [f"{own} Environment 'inferred' gives it one of its own; deployed in a notebook, it has the notebook's."]


def _sentence(value: Any) -> str:
    change = getattr(value, "change", None)
    if isinstance(change, Change):
        return change.sentence()
    if isinstance(value, Done):
        return value.sentence
    if isinstance(value, Model):
        return f"Model {value.id}, {value.framework}"
    told = getattr(value, "sentence", None)
    return str(told()) if callable(told) else text(value).partition("\n")[0]


def _with_paths(verb: Verb, request: Request) -> dict[str, Any]:
    """Make relative files those below the server's root: the process may run anywhere."""
    arguments = dict(request.arguments)
    if not request.root:
        return arguments
    for argument in verb.arguments:
        name = name_of(argument)
        value = arguments.get(name, argument.options.get("default") if argument.completes == "files" else None)
        if argument.completes in _MAY_BE_FILES and isinstance(value, str) and value:
            arguments[name] = _below(request.root, value, always=argument.completes == "files")
    return arguments


def _below(root: str, value: str, *, always: bool) -> str:
    if len(value) > 1000 or "\0" in value or os.path.isabs(value) or value.startswith("~"):  # noqa: PTH117
        return value
    path = Path(root, value)
    looks_like_one = "." in value or "/" in value
    return str(path) if always or (looks_like_one and path.exists()) else value


def is_long(request: Request) -> bool:
    """Whether a verb runs as a job: also many requests to a service take their time."""
    verb, given = find(request.verb), request.arguments
    return (verb.long and given.get("action") not in verb.quick) or bool(given.get("requests"))
