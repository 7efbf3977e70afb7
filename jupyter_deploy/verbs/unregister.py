"""``unregister``: remove one version of a model."""

from __future__ import annotations

import argparse
from typing import Any

from ..workspace import Workspace
from .verb import Done, Session, Verb, argument


def _run(workspace: Workspace, given: argparse.Namespace, session: Session) -> Any:
    model = workspace.models.get(given.model)
    if not given.yes and not session.confirm(f"Remove {model.id} and its files for good?"):
        return Done(f"{model.id} stays", {"unregistered": None})
    workspace.unregister(model.id)
    return Done(f"{model.id} is unregistered", {"unregistered": model.id})


VERB = Verb(
    "unregister",
    "remove one model version; refused while a service uses it",
    (argument("model", metavar="MODEL[:VERSION]", help="the newest version without one", completes="models"),),
    _run,
    asks=True,
)
