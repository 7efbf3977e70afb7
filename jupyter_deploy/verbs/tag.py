"""``tag``: add or change a model's tags."""

from __future__ import annotations

import argparse
from typing import Any

from ..workspace import Workspace
from .verb import Session, Verb, argument, pairs


def _run(workspace: Workspace, given: argparse.Namespace, session: Session) -> Any:
    return workspace.models.tag(given.model, pairs(given.tags, "tag"))


VERB = Verb(
    "tag",
    "add tags to a model version, or change them",
    (
        argument("model", metavar="MODEL[:VERSION]", help="the newest version without one", completes="models"),
        argument("tags", nargs="+", metavar="K=V", help="tags; one that exists gets the new value"),
    ),
    _run,
)
