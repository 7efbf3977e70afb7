"""``collected``: what a service was asked and answered, and what its script's collectors were given."""

from __future__ import annotations

import argparse
from typing import Any

from ..errors import NotFound, UsageProblem
from ..serving.collection import REQUESTS
from ..workspace import CollectedData, Workspace, shown
from .verb import Done, Session, Verb, argument

_LIMIT = 20


def _run(workspace: Workspace, given: argparse.Namespace, session: Session) -> Any:
    data = _data(workspace, given.service)
    if given.clear:
        if not given.yes and not session.confirm(f"Remove all that {data.service} has collected?"):
            return Done("The data stays", {"removed": None})
        size = data.clear()
        return Done(f"{size / 1e6:,.1f} MB of collected data are removed", {"removed": size})
    limit = _LIMIT if given.limit is None else given.limit
    if given.collection in {None, REQUESTS}:
        found: Any = data.requests(given.since, failed=given.failed, limit=limit)
    elif given.failed:
        raise UsageProblem("--failed belongs to requests.", hint=f"jupyter model collected {data.service} --failed")
    else:
        found = data.rows(given.collection, since=given.since, limit=limit)
    return shown(found, bodies=given.bodies)


def _data(workspace: Workspace, name: str) -> CollectedData:
    """Find a service's data, which may have outlived it."""
    try:
        return workspace.services[name].collections
    except NotFound:
        kept = CollectedData(name, workspace.home.collected(name), "")
        if not kept.names():
            raise
        return kept


VERB = Verb(
    "collected",
    "show what a service was asked and answered, where it collects that (--set collect=requests)",
    (
        argument("service", help="the service's name", completes="services"),
        argument(
            "collection",
            nargs="?",
            help="the name of a collector of the script; the requests by default",
            completes="collections",
        ),
        argument("--limit", "-n", metavar="N", type=int, help=f"the newest N; {_LIMIT} by default"),
        argument("--since", metavar="WHEN", help="only what is newer: 15m, 2h, 1d, or a time"),
        argument("--failed", action="store_true", help="only requests that failed"),
        argument("--bodies", action="store_true", help="show inputs and outputs too, which may be personal data"),
        argument("--clear", action="store_true", help="remove all that was collected so far"),
    ),
    _run,
    asks=True,
)
