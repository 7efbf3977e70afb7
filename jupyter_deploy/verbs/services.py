"""``services``: what there is and how it is."""

from __future__ import annotations

import argparse
from typing import Any

from ..workspace import Workspace
from .verb import Listing, Session, Verb


def _run(workspace: Workspace, given: argparse.Namespace, session: Session) -> Any:
    return Listing("services", workspace.services.values())


VERB = Verb("services", "list services with their states", (), _run)
