"""``deployment``: the deployments of an endpoint: list, look, scale, read logs, delete. ``deploy`` makes them."""

from __future__ import annotations

import argparse
from typing import Any

from ..errors import UsageProblem
from ..workspace import EndpointDeployment, Workspace
from .verb import Done, Listing, LogText, Session, Verb, argument

_ACTIONS = ("show", "list", "scale", "logs", "delete")


def _run(workspace: Workspace, given: argparse.Namespace, session: Session) -> Any:
    endpoint = workspace.endpoints[given.endpoint]
    if given.action == "list":
        return Listing("deployments", [one.as_dict() for one in endpoint.deployments.values()])
    if given.deployment is None:
        there = ", ".join(endpoint.deployments) or "none yet"
        raise UsageProblem("Which deployment?", hint=f"Those of {endpoint.name}: {there}.")
    return _ACTS[given.action](endpoint.deployments[given.deployment], given, session)


def _show(deployment: EndpointDeployment, given: argparse.Namespace, session: Session) -> EndpointDeployment:
    return deployment


def _scale(deployment: EndpointDeployment, given: argparse.Namespace, session: Session) -> EndpointDeployment:
    asked = (given.instances, given.min_instances, given.max_instances)
    if asked == (None, None, None):
        raise UsageProblem("How many instances?", hint="For example --instances 2, or --max-instances 4.")
    deployment.scale(given.instances, min_instances=given.min_instances, max_instances=given.max_instances)
    return deployment


def _logs(deployment: EndpointDeployment, given: argparse.Namespace, session: Session) -> LogText:
    return LogText(deployment.logs(session.defaults.log_lines if given.lines is None else given.lines))


def _delete(deployment: EndpointDeployment, given: argparse.Namespace, session: Session) -> Done:
    name = f"{deployment.name} of {deployment.endpoint}"
    if not given.yes and not session.confirm(f"Delete deployment {name}?"):
        return Done(f"{name} stays", {"deleted": None})
    session.say("finishing requests in flight")
    deployment.delete()
    return Done(f"{name} is deleted", {"deleted": deployment.name, "endpoint": deployment.endpoint})


_ACTS = {"show": _show, "scale": _scale, "logs": _logs, "delete": _delete}

VERB = Verb(
    "deployment",
    "the deployments of an endpoint: list, scale, delete; deploy --endpoint makes them",
    (
        argument("action", choices=_ACTIONS, metavar="|".join(_ACTIONS), help="what to do"),
        argument("endpoint", help="the endpoint's name", completes="endpoints"),
        argument("deployment", nargs="?", help="the deployment's name", completes="deployments"),
        argument("--instances", type=int, metavar="N", help="scale: how many servers run it"),
        argument(
            "--min-instances", type=int, metavar="N", help="scale: from here on it follows the requests; may be 0"
        ),
        argument("--max-instances", type=int, metavar="N", help="scale: up to here"),
        argument("--lines", "-n", type=int, metavar="N", help="logs: how many lines"),
    ),
    _run,
    asks=True,
    long=True,
    quick=("show", "list", "logs"),
)
