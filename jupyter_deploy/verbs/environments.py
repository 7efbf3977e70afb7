"""``environments``: list the registered environments, or register one from a file."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..environments import Environment, read_file
from ..errors import UsageProblem
from ..workspace import Workspace
from .verb import Listing, Session, Verb, argument, pairs


def _run(workspace: Workspace, given: argparse.Namespace, session: Session) -> Any:
    if given.name is None:
        return Listing("environments", [workspace.environments[name] for name in workspace.environments], {})
    if given.file is None and given.base_image is None:
        return workspace.environments[given.name]
    described = read_file(Path(given.file)) if given.file else None
    if described is not None and described.dockerfile and given.base_image:
        raise UsageProblem("A Dockerfile and a base image exclude each other.", hint="Give one of the two.")
    variables = {key: value or "" for key, value in pairs(given.env, "--env").items()}
    return workspace.environments.register(
        replace(described, name=given.name, variables=variables, base_image=given.base_image or "")
        if described
        else Environment(given.name, base_image=given.base_image, variables=variables)
    )


VERB = Verb(
    "environments",
    "list registered environments, show one, or register one from a file",
    (
        argument("name", nargs="?", help="show this one, or register it", completes="environments"),
        argument("file", nargs="?", help="a conda file, requirements or a Dockerfile", completes="files"),
        argument("--base-image", metavar="IMAGE", help="the image to install into"),
        argument("--env", action="append", metavar="KEY=VALUE", help="a variable that scripts get; may be repeated"),
    ),
    _run,
)
