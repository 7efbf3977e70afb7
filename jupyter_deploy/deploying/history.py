"""What was done to a service, and when: its last changes, in a file beside its keys."""

from __future__ import annotations

import contextlib
import json
import os
import time
from typing import Any

from ..errors import DeployError
from ..files import write_atomic
from ..home import Home
from ..services import Change

_FILE = "history.jsonl"
_KEPT, _MOST_BYTES = 100, 1 << 18


def note(home: Home, change: Change) -> Change:
    """Write a change down, unless it changed nothing; returns it."""
    if change.action != "unchanged":
        _append(home, change.service, {"at": time.time(), **change.as_dict(), "sentence": change.clause()})
    return change


def note_failure(home: Home, name: str, error: DeployError) -> None:
    """Write down that a change was tried, and failed; what was refused before is no part of the history."""
    _append(home, name, {"at": time.time(), "service": name, "action": "failed", "sentence": error.problem})


def history_of(home: Home, name: str) -> list[dict[str, Any]]:
    """Return a service's last changes, newest first: ``at`` (seconds since the epoch), ``action``, ``sentence``."""
    found = []
    for line in reversed(_lines(home, name)[-_KEPT:]):
        # A line that a full disk has cut tells nothing.
        with contextlib.suppress(ValueError):
            found.append(json.loads(line))
    return found


def _lines(home: Home, name: str) -> list[str]:
    try:
        return (home.service(name) / _FILE).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return []


def _append(home: Home, name: str, entry: dict[str, Any]) -> None:
    folder = home.service(name)
    # A first deployment that failed leaves no folder. The change is made: what is told of it must not undo it.
    with contextlib.suppress(OSError):
        if folder.is_dir():
            handle = os.open(folder / _FILE, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            with os.fdopen(handle, "ab") as file:
                file.write(json.dumps(entry).encode() + b"\n")
                long = file.tell() > _MOST_BYTES
            if long:
                write_atomic(folder / _FILE, "\n".join(_lines(home, name)[-_KEPT:]) + "\n", mode=0o600)
