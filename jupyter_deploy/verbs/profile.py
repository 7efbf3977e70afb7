"""``profile``: measure what ``deploy`` would serve, before it serves."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import Any

from ..errors import UsageProblem
from ..workspace import Profile, Workspace
from . import deploy
from .verb import Session, Verb, agreed, argument, evaluate, existing_path

_DATA = (
    "the requests: a notebook variable, a file with one a line, a folder with one a file; without it, the latest "
    "profile is shown"
)
_WRITTEN = "A variable with a list of requests, or a file; an expression with spaces goes into quotes."
# What a server of its own has in common with one that stays.
_TAKEN = {
    *("--script", "--source", "--model", "--target", "--environment", "--workers", "--set", "--env"),
    *("--memory", "--cpus", "--image", "--image-port", "--scoring", "--liveness", "--readiness", "--description"),
}
_OPTIONS = tuple(one for one in deploy.VERB.arguments if one.flags[0] in _TAKEN)


def _run(workspace: Workspace, given: argparse.Namespace, session: Session) -> Profile:
    if given.data is None:
        _refuse_options(given)
        return workspace.profiles[given.service]
    # The options of deploy that a server for a moment has no use for.
    known = {option.flags[0].lstrip("-").replace("-", "_"): None for option in deploy.VERB.arguments}
    everything = argparse.Namespace(**{**known, **vars(given)})
    asked = deploy.asked_of(everything, session, given.service not in workspace.services)
    rows = _rows(given.data, session)
    found: Profile = agreed(
        partial(workspace.profile, given.service, rows, asked, progress=session.say), given.yes, session
    )
    _say_what_moved_on(workspace, given.script or given.service, session)
    return found


def _refuse_options(given: argparse.Namespace) -> None:
    for option in _OPTIONS:
        if getattr(given, option.flags[0].lstrip("-").replace("-", "_")) is not None:
            raise UsageProblem(f"{option.flags[0]} needs --data: nothing is measured.", hint="Add --data FILE.")


def _rows(text: str, session: Session) -> object:
    path = existing_path(text, session)
    if path is not None or session.variables is None:
        return path or Path(text)
    return evaluate(text, session.variables, written=_WRITTEN)


def _say_what_moved_on(workspace: Workspace, name: str, session: Session) -> None:
    """Say which of the notebook's names have changed since the script was stored: it is measured as stored."""
    script: Any = workspace.scripts.find(name)
    moved = session.living.moved_on(name, script.source) if script and session.living.knows(name) else ()
    if moved:
        session.note(f"measured as stored; moved on in the notebook since: {', '.join(moved)}")


VERB = Verb(
    "profile",
    "measure a model before it serves: each row of a data set is sent once",
    (
        argument("service", help="the name of a service, script or model", completes="served"),
        argument("--data", metavar="DATA", help=_DATA, completes="variables"),
        *_OPTIONS,
    ),
    _run,
    asks=True,
    long=True,
)
