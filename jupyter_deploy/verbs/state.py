"""``state``: show the state of one service."""

from __future__ import annotations

import argparse
from typing import Any

from ..workspace import Workspace
from .verb import Session, Verb, argument


def _run(workspace: Workspace, given: argparse.Namespace, session: Session) -> Any:
    return workspace.services[given.service]


VERB = Verb(
    "state",
    "show one service: state and why, address, script, models, workers",
    (argument("service", help="the service's name", completes="services"),),
    _run,
)
