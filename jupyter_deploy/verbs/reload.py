"""``reload``: load a service's script anew, without a failed request."""

from __future__ import annotations

import argparse
from functools import partial
from typing import Any

from ..workspace import Workspace
from .verb import Session, Verb, agreed, argument


def _run(workspace: Workspace, given: argparse.Namespace, session: Session) -> Any:
    service = workspace.services[given.service]
    session.say("reloading")
    agreed(partial(service.reload, given.script, given.model, given.sample), given.yes, session)
    return service


VERB = Verb(
    "reload",
    "load a service's script anew, or another model version; a failing one changes nothing",
    (
        argument("service", help="the service's name", completes="services"),
        argument("--script", metavar="FILE", help="serve this file from now on", completes="files"),
        argument("--model", metavar="MODEL[:VERSION]", help="serve this model version from now on", completes="models"),
        argument("--sample", metavar="JSON", help="a request that this and every later version must answer first"),
    ),
    _run,
    asks=True,
)
