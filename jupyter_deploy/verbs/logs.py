"""``logs``: a service's output."""

from __future__ import annotations

import argparse
import re
from typing import Any

from ..errors import UsageProblem
from ..workspace import Workspace
from .verb import LogText, Session, Verb, argument
from .view import View

_ID = re.compile(r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} [DIWEC] \[\d+\] \S{8})\S+", re.MULTILINE)


def short_ids(text: str) -> str:
    """Shorten request ids in a log to their first 8 characters, as the live view does."""
    return _ID.sub(r"\1", text)


def _run(workspace: Workspace, given: argparse.Namespace, session: Session) -> Any:
    # A failed first deployment leaves only the log.
    known = given.service in workspace.services
    service = workspace.services[given.service] if known else None
    lines = session.defaults.log_lines if given.lines is None else given.lines
    if lines < 0:
        raise UsageProblem(f"-n must not be negative, but is {lines}.", hint="-n 20 shows the last 20 lines.")
    if given.follow and given.json:
        raise UsageProblem("--json does not go with -f: a log that goes on is no JSON.", hint="Leave one of them out.")
    if not given.follow or service is None:
        text = workspace.services.log_of(given.service, lines)
        if not given.json and not given.full_ids:
            text = short_ids(text)
        return {"service": service.name if service else given.service, "log": text} if given.json else LogText(text)
    if session.live:
        return View("log", service.name)
    try:
        for piece in service.follow(lines):
            session.emit(piece if given.full_ids else short_ids(piece))
    except KeyboardInterrupt:
        # Only the view of the log ends; the service goes on.
        session.emit("\n")
    return None


VERB = Verb(
    "logs",
    "show the end of a service's log",
    (
        argument("service", help="the service's name", completes="services"),
        argument("-f", "--follow", action="store_true", help="follow the log; Ctrl-C ends it; in a notebook, a view"),
        argument(
            "--full-ids", action="store_true", help="show the whole ids of requests, not their first 8 characters"
        ),
        argument("-n", "--lines", type=int, metavar="N", help="how many lines; 100 by default"),
    ),
    _run,
)
