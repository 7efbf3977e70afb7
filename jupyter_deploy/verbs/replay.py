"""``replay``: run a collected request again, and compare the answers."""

from __future__ import annotations

import argparse
from typing import Any

from ..workspace import Workspace
from .verb import Session, Verb, argument


def _run(workspace: Workspace, given: argparse.Namespace, session: Session) -> Any:
    counterpart = {"script": given.script, "version": given.version, "against": given.against}
    return workspace.services[given.service].replay(given.id, **counterpart, progress=session.say)


VERB = Verb(
    "replay",
    "run a collected request again: now, with another script or model version, or by another service",
    (
        argument("service", help="the service that collected it", completes="services"),
        argument("id", help="the request's id, or its beginning", completes="requests"),
        argument(
            "--script", metavar="SCRIPT", help="a stored script or a file, in a fresh process", completes="scripts"
        ),
        argument("--version", metavar="[NAME:]V", help="another version of the service's model, in a fresh process"),
        argument("--against", metavar="SERVICE", help="another service answers", completes="services"),
    ),
    _run,
    long=True,
)
