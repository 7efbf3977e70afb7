"""``show``: everything about one version of a model."""

from __future__ import annotations

import argparse
from typing import Any

from ..workspace import Workspace
from .verb import Session, Verb, argument


def _run(workspace: Workspace, given: argparse.Namespace, session: Session) -> Any:
    return workspace.models.get(given.model)


VERB = Verb(
    "show",
    "show one model version: tags, properties, requirements, how to load it",
    (argument("model", metavar="MODEL[:VERSION]", help="the newest version without one", completes="models"),),
    _run,
)
