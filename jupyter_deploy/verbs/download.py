"""``download``: copy a model's files to a folder."""

from __future__ import annotations

import argparse
from typing import Any

from ..workspace import Workspace
from .verb import Done, Session, Verb, argument


def _run(workspace: Workspace, given: argparse.Namespace, session: Session) -> Any:
    path = workspace.models.download(given.model, given.to, exist_ok=given.exist_ok)
    return Done(f"{given.model} is now in {path}", {"path": str(path)})


VERB = Verb(
    "download",
    "copy a model version's files to a folder",
    (
        argument("model", metavar="MODEL[:VERSION]", help="the newest version without one", completes="models"),
        argument("--to", metavar="DIR", default=".", help="the folder; the current one by default", completes="files"),
        argument("--exist-ok", action="store_true", help="replace files that are there"),
    ),
    _run,
)
