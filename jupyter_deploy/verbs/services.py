"""``services``: what there is and how it is."""

from __future__ import annotations

import argparse
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ..client import Service
from ..errors import NotFound
from ..workspace import Workspace
from .verb import Listing, Session, Verb


def _run(workspace: Workspace, given: argparse.Namespace, session: Session) -> Any:
    names = list(workspace.services)
    # Side by side: one that does not answer takes seconds to find out.
    with ThreadPoolExecutor(8) as pool:
        facts = list(pool.map(facts_of, (workspace.services.handle(name) for name in names)))
    return Listing("services", [fact for fact in facts if fact])


def facts_of(service: Service) -> dict[str, Any] | None:
    """Ask a service that may be deleted meanwhile.

    Parameters
    ----------
    service : Service
        Its handle.

    Returns
    -------
    dict or None
        Its facts; None where it is gone.
    """
    try:
        return service.as_dict()
    except NotFound:
        # Deleted since it was listed.
        return None


VERB = Verb("services", "list services with their states", (), _run)
