"""What goes over HTTP: JSON, and errors as data; here alone it is decided which error has which status."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

import orjson

from ..display import as_json
from ..errors import (
    ConfigProblem,
    DeployError,
    InUse,
    Locked,
    ModelProblem,
    NotFound,
    ScriptProblem,
    StoreProblem,
    TargetProblem,
    TooMuchToShip,
    Unschedulable,
    UsageProblem,
    command_in,
)


class NeedsConfirmation(UsageProblem):
    """The verb asks a question first; its text is the message."""


# The first class that fits decides. What failed by the state of a service or by the user's code is a conflict.
_STATUSES: tuple[tuple[type[DeployError], HTTPStatus], ...] = (
    (NotFound, HTTPStatus.NOT_FOUND),
    (NeedsConfirmation, HTTPStatus.CONFLICT),
    (TooMuchToShip, HTTPStatus.CONFLICT),
    (InUse, HTTPStatus.CONFLICT),
    (Locked, HTTPStatus.CONFLICT),
    (Unschedulable, HTTPStatus.CONFLICT),
    (UsageProblem, HTTPStatus.BAD_REQUEST),
    (ConfigProblem, HTTPStatus.BAD_REQUEST),
    (ModelProblem, HTTPStatus.BAD_REQUEST),
    (ScriptProblem, HTTPStatus.BAD_REQUEST),
    (StoreProblem, HTTPStatus.INTERNAL_SERVER_ERROR),
    (TargetProblem, HTTPStatus.INTERNAL_SERVER_ERROR),
    (DeployError, HTTPStatus.CONFLICT),
)


def status_of(error: DeployError) -> int:
    """Return the HTTP status of an error."""
    return next(int(status) for kind, status in _STATUSES if isinstance(error, kind))


def error_facts(error: DeployError) -> dict[str, Any]:
    """Turn an error into data: ``code``, ``message``, ``hint``, ``command`` and ``lines``."""
    lines = error.details.splitlines() if error.details else []
    return told(type(error).__name__, error.message, str(error.hint), lines)


def told(code: str, message: str, hint: str = "", lines: list[str] | None = None) -> dict[str, Any]:
    """Make the data of an error; the command is the one in the hint, empty if there is none."""
    return {"code": code, "message": message, "hint": hint, "command": command_in(hint), "lines": lines or []}


def encoded(value: Any) -> bytes:
    """Write JSON for a browser: infinity and NaN become null, half a surrogate pair a sign for it."""
    try:
        return orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS)
    except TypeError:
        return json.dumps(as_json(value)).encode()
