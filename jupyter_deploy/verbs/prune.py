"""``prune``: remove what no service needs."""

from __future__ import annotations

import argparse
from typing import Any

from ..workspace import Workspace
from .verb import Done, Listing, Session, Verb, argument


def _run(workspace: Workspace, given: argparse.Namespace, session: Session) -> Any:
    session.say("looking for what no service needs")
    found = workspace.housekeeping.leftovers(cache=given.cache)
    if given.dry_run:
        return Listing("leftovers", found)
    if not found:
        return Done("Nothing to remove: everything is in use", {"removed": []})
    names = ", ".join(f"{item.kind} {item.name}" for item in found)
    if not given.yes and not session.confirm(f"Remove {names}?"):
        return Done("Nothing was removed", {"removed": []})
    session.say("removing")
    gone = workspace.housekeeping.remove(found)
    data = [item.as_dict() for item in gone]
    size = sum(item.size for item in gone) / 1e6
    return Done(f"Removed {len(gone)} of {len(found)}, up to {size:,.0f} MB: {names}", {"removed": data})


VERB = Verb(
    "prune",
    "list and remove environments, images, containers and files that no service needs",
    (
        argument("--dry-run", "-n", action="store_true", help="only list them"),
        argument("--cache", action="store_true", help="also the installer's downloads"),
    ),
    _run,
    asks=True,
)
