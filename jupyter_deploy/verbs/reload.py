"""``reload``: load a service's script again, without a failed request."""

from __future__ import annotations

import argparse
from functools import partial
from typing import Any

from ..workspace import Workspace
from .verb import STORED, Session, Verb, agreed, argument


def _run(workspace: Workspace, given: argparse.Namespace, session: Session) -> Any:
    session.say("reloading")
    options = {"script": given.script, "model": given.model, "sample": given.sample, "progress": session.say}
    living = None if given.stored else session.living
    return agreed(partial(workspace.reload, given.service, living=living, **options), given.yes, session)


VERB = Verb(
    "reload",
    "load a service's script again, or another model version; a failing one changes nothing",
    (
        argument("service", help="the service's name", completes="services"),
        argument("--script", metavar="FILE", help="serve this file from now on", completes="files"),
        argument("--model", metavar="MODEL[:VERSION]", help="serve this model version from now on", completes="models"),
        argument("--sample", metavar="JSON", help="a request that this and every later version must answer first"),
        argument("--stored", action="store_true", help=STORED),
    ),
    _run,
    asks=True,
    long=True,
)
