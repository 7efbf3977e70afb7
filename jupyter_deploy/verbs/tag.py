"""``tag``: add, change or remove a model's tags."""

from __future__ import annotations

import argparse
from typing import Any

from ..errors import UsageProblem
from ..workspace import Workspace
from .verb import Session, Verb, argument, pairs


def _run(workspace: Workspace, given: argparse.Namespace, session: Session) -> Any:
    if not given.tags and not given.remove:
        raise UsageProblem("tag: which tags?", hint="K=V sets one; --remove K takes one away.")
    model = workspace.models.get(given.model)
    gone = given.remove or []
    missing = [key for key in gone if key not in model.tags]
    if missing:
        known = ", ".join(model.tags) or "none"
        raise UsageProblem(f"{model.id} has no tag {missing[0]!r}.", hint=f"Its tags: {known}.")
    tags = pairs(given.tags, "tag")
    # Of one version: another may become the newest meanwhile.
    model = workspace.models.tag(model.id, tags) if tags else model
    return workspace.models.untag(model.id, gone)[0] if gone else model


VERB = Verb(
    "tag",
    "add, change or remove tags of a model version",
    (
        argument("model", metavar="MODEL[:VERSION]", help="the newest version without one", completes="models"),
        argument("tags", nargs="*", metavar="K=V", help="tags; one that exists gets the new value"),
        argument("--remove", action="append", metavar="K", help="take this tag away; may be repeated"),
    ),
    _run,
)
