"""``try``: run a script on a value in a fresh process, before anything is deployed."""

from __future__ import annotations

import argparse
from typing import Any

from ..workspace import Workspace
from .invoke import NOTHING, payload_of
from .verb import Session, Verb, argument


def _run(workspace: Workspace, given: argparse.Namespace, session: Session) -> Any:
    value = payload_of(given, session)
    return workspace.try_script(given.script, "" if value is NOTHING else value, session.say)


VERB = Verb(
    "try",
    "run a stored script on a value in a fresh process, on its service's environment",
    (
        argument("script", help="the script cell's name", completes="scripts"),
        argument("value", nargs="?", help="a notebook variable; on the command line, JSON", completes="variables"),
        argument("--data", metavar="JSON", help="the request's body"),
        argument("--file", metavar="F", help="a file with the request's body", completes="files"),
    ),
    _run,
    raw_tail=True,
    long=True,
)
