"""``services``: list the services and their states."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from ..errors import NotFound
from .verb import Listing, Verb

if TYPE_CHECKING:
    import argparse

    from ..workspace import LiveServices, Service, Workspace
    from .verb import Session


def _run(workspace: Workspace, given: argparse.Namespace, session: Session) -> Any:
    return Listing("services", facts_of_all(workspace.services), {})


def facts_of_all(services: LiveServices) -> list[dict[str, Any]]:
    """Return the facts of all services; one that was deleted meanwhile is left out."""
    handles = [services.handle(name) for name in services]
    # In parallel: it takes seconds to find out that a service does not answer.
    with ThreadPoolExecutor(8) as pool:
        return [fact for fact in pool.map(_facts_of, handles) if fact]


def _facts_of(service: Service) -> dict[str, Any] | None:
    try:
        return service.as_dict()
    except NotFound:
        # Deleted since it was listed.
        return None


VERB = Verb("services", "list services with their states", (), _run)
