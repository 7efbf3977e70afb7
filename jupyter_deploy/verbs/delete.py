"""``delete``: end a service and remove its row."""

from __future__ import annotations

import argparse
from typing import Any

from ..workspace import Workspace
from .verb import Done, Session, Verb, argument


def _run(workspace: Workspace, given: argparse.Namespace, session: Session) -> Any:
    service = workspace.services[given.service]
    also_data = "" if given.keep_data or not service.collections.names() else ", and the data that it has collected"
    if not given.yes and not session.confirm(f"Delete service {service.name} and its log{also_data}?"):
        return Done(f"{service.name} stays", {"deleted": None})
    session.say("finishing requests in flight")
    environment = service.record.environment
    service.delete(keep_data=given.keep_data)
    removed = workspace.housekeeping.remove_images(environment) if given.image and environment else []
    also = f"; removed {', '.join(removed)}" if removed else ""
    sentence = f"{service.name} is deleted; its models and script stay registered{also}"
    return Done(sentence, {"deleted": service.name, **({"images": removed} if given.image else {})})


VERB = Verb(
    "delete",
    "end a service and remove it, with its log",
    (
        argument("service", help="the service's name", completes="services"),
        argument("--keep-data", action="store_true", help="keep what it has collected"),
        argument("--image", action="store_true", help="remove its environment's images too, if no service needs them"),
    ),
    _run,
    asks=True,
)
