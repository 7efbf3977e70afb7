"""``deploy``: make a service be what is asked for."""

from __future__ import annotations

import argparse
from typing import Any

from ..targets import CHOICES
from ..workspace import Workspace
from .verb import SETTING, Session, Verb, argument, pairs

_SCRIPT = "a script cell's name, or a file; by default the script cell of the service's name"
_MODEL = "a model it gets; may be repeated; by default the registered model of the service's name"


def _run(workspace: Workspace, given: argparse.Namespace, session: Session) -> Any:
    return workspace.deploy(
        given.service,
        script=given.script,
        models=given.model,
        target=given.target,
        port=given.port,
        environment=given.environment,
        workers=given.workers,
        settings=pairs(given.set, "--set") if given.set else None,
        wait=not given.no_wait,
        progress=session.say,
    )


VERB = Verb(
    "deploy",
    "create, update or repair a service; what is not given stays as it is",
    (
        argument("service", help="the service's name", completes="services"),
        argument("--script", metavar="NAME_OR_FILE", help=_SCRIPT, completes="scripts"),
        argument("--model", action="append", metavar="MODEL[:VERSION]", help=_MODEL, completes="models"),
        argument("--target", metavar="|".join(CHOICES), help="where it runs", completes="targets"),
        argument("--port", type=int, metavar="N", help="its port; a free one by default"),
        argument("--environment", metavar="E", help="its interpreter: kernel"),
        argument("--workers", type=int, metavar="N", help="processes that run the script; 1 by default"),
        argument("--set", action="append", metavar="KEY=VALUE", help=SETTING, completes="settings"),
        argument("--no-wait", action="store_true", help="return before it is ready"),
    ),
    _run,
)
