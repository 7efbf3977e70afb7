"""``stop``: end a service, keeping its specification."""

from __future__ import annotations

import argparse
from typing import Any

from ..workspace import Workspace
from .verb import Done, Session, Verb, argument


def _run(workspace: Workspace, given: argparse.Namespace, session: Session) -> Any:
    service = workspace.services[given.service]
    session.say("finishing requests in flight")
    service.stop()
    return Done(f"{service.name} is stopped; deploy {service.name} starts it again", {"stopped": service.name})


VERB = Verb(
    "stop",
    "finish requests in flight and end a service; deploy starts it again",
    (argument("service", help="the service's name", completes="services"),),
    _run,
)
