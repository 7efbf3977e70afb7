"""``stats``: show what a service uses at present."""

from __future__ import annotations

import argparse
from typing import Any

from ..workspace import Workspace
from .verb import Session, Verb, argument


def _run(workspace: Workspace, given: argparse.Namespace, session: Session) -> Any:
    return workspace.services[given.service].stats()


VERB = Verb(
    "stats",
    "show what a service uses: processor, memory, network",
    (argument("service", help="the service's name", completes="services"),),
    _run,
)
