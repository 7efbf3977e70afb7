"""``delete``: end a service and forget it."""

from __future__ import annotations

import argparse
from typing import Any

from ..workspace import Workspace
from .verb import Done, Session, Verb, argument


def _run(workspace: Workspace, given: argparse.Namespace, session: Session) -> Any:
    service = workspace.services[given.service]
    if not given.yes and not session.confirm(f"Delete service {service.name} and its log?"):
        return Done(f"{service.name} stays", {"deleted": None})
    session.say("finishing requests in flight")
    service.delete()
    return Done(f"{service.name} is deleted; its models and script stay registered", {"deleted": service.name})


VERB = Verb(
    "delete",
    "end a service and forget it, with its log",
    (argument("service", help="the service's name", completes="services"),),
    _run,
    asks=True,
)
