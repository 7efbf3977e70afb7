"""``package``: a self-contained image of a service, or a build context for one."""

from __future__ import annotations

import argparse
from typing import Any

from ..errors import UsageProblem
from ..workspace import Workspace
from .verb import Session, Verb, argument


def _run(workspace: Workspace, given: argparse.Namespace, session: Session) -> Any:
    if given.image and given.dockerfile:
        raise UsageProblem("--image and --dockerfile exclude each other.", hint="Give one of the two, or none.")
    return workspace.package(
        given.service,
        script=given.script,
        models=given.model,
        environment=given.environment,
        image=given.image,
        folder=given.dockerfile,
        progress=session.say,
    )


VERB = Verb(
    "package",
    "make an image that serves on its own, or a build context for one",
    (
        argument("service", help="a service, or script and model of that name", completes="services"),
        argument("--image", metavar="NAME:TAG", help="the image's name; the service's and the bundle's by default"),
        argument(
            "--dockerfile",
            metavar="DIR",
            help="write a build context for docker build there instead",
            completes="files",
        ),
        argument("--script", metavar="NAME_OR_FILE", help="instead of the service's", completes="scripts"),
        argument("--model", action="append", metavar="MODEL[:VERSION]", help="instead of its own", completes="models"),
        argument("--environment", metavar="E", help="instead of the service's", completes="environments"),
    ),
    _run,
    long=True,
)
