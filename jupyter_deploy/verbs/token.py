"""``token``: a token for the clients of a service."""

from __future__ import annotations

import argparse
from datetime import timedelta
from typing import Any

from ..workspace import Workspace
from .verb import Done, LogText, Session, Verb, argument


def _run(workspace: Workspace, given: argparse.Namespace, session: Session) -> Any:
    service = workspace.services[given.service]
    token, refresh = service.get_token(timedelta(minutes=given.minutes))
    if given.show and not given.json:
        # Alone, so that a shell can take it: "Bearer $(jupyter model token NAME --show)".
        return LogText(token)
    data = {"name": service.name, "token": token if given.show else "********", "refresh_after": refresh.isoformat()}
    when = refresh.astimezone().strftime("%H:%M")
    return Done(
        f"A token was made; ask for another after {when}. --show shows it; in Python: service.get_token()", data
    )


VERB = Verb(
    "token",
    "make a token that lets a client in for an hour",
    (
        argument("service", help="the service's name", completes="services"),
        argument(
            "--minutes", type=float, default=60, metavar="N", help="how long it is good; 60 by default, at most a day"
        ),
        argument("--show", action="store_true", help="the token itself, and nothing else"),
    ),
    _run,
)
