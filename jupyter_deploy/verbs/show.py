"""``show``: everything about one version of a model, or about a stored script."""

from __future__ import annotations

import argparse
from typing import Any

from ..errors import NotFound
from ..registry import parse_reference
from ..workspace import Workspace
from .verb import Session, Verb, argument


def _run(workspace: Workspace, given: argparse.Namespace, session: Session) -> Any:
    name = given.model
    is_script = name in workspace.scripts.names()
    if given.script and not is_script and name in workspace.services:
        service = workspace.services[name]
        if not service.record.spec.script_is_file and not service.record.spec.image:
            return service.script
    if given.script or (is_script and not workspace.models.list(name)):
        return workspace.scripts.get(name)
    if name in workspace.services and not workspace.models.list(parse_reference(name)[0]):
        raise NotFound(f"No model named {name!r}: it is a service.", hint=f"jupyter model state {name}")
    model = workspace.models.get(name)
    if is_script:
        told = workspace.scripts.get(name).contract.partition("\n")[0]
        session.note(f"The script {name}: {told}. Its card: show {name} --script")
    return model


VERB = Verb(
    "show",
    "show one model version (tags, properties, requirements, how to load it) or a script",
    (
        argument("model", metavar="NAME[:VERSION]", help="the newest version without one", completes="models"),
        argument(
            "--script",
            action="store_true",
            help="the script of that name, or the one that was written for a model without",
        ),
    ),
    _run,
)
