"""``models``: search the registry."""

from __future__ import annotations

import argparse
from typing import Any

from ..workspace import Workspace
from .verb import Listing, Session, Verb, argument, pairs


def _run(workspace: Workspace, given: argparse.Namespace, session: Session) -> Any:
    tags = pairs(given.tag, "--tag", bare=True)
    asked = {"name": given.name, "tags": tags, "captured": given.captured}
    return Listing("models", workspace.models.list(**asked), asked)


VERB = Verb(
    "models",
    "list registered models, newest first",
    (
        argument("--name", metavar="N", help="only this model's versions", completes="models"),
        argument("--tag", action="append", metavar="K[=V]", help="only those with this tag; may be repeated"),
        argument("--captured", action="store_true", help="also the data that scripts took from their notebooks"),
    ),
    _run,
)
