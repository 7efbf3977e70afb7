"""``view``: a live view of a service, of an endpoint's traffic or rollout, or of the models."""

from __future__ import annotations

import argparse
from dataclasses import asdict, dataclass
from typing import Any

from ..errors import UsageProblem, nearest
from ..workspace import Workspace
from .verb import Session, Verb, argument

KINDS = ("card", "log", "form", "chart", "models", "traffic", "rollout")
_OF_ENDPOINTS = ("traffic", "rollout")
# What to use in a terminal.
_INSTEAD = {
    "card": "state {service}",
    "log": "logs -f {service}",
    "form": "invoke {service} --data JSON",
    "chart": "state {service}",
    "models": "models",
    "traffic": "endpoint show {service}",
    "rollout": "rollout {service}",
}


@dataclass(frozen=True)
class View:
    """What to show; the edge makes it live."""

    kind: str  # one of KINDS
    service: str = ""  # empty for "models"; an endpoint for "traffic" and "rollout"
    captured: bool = False  # of models: show captured data, too

    def as_dict(self) -> dict[str, Any]:
        """Return all fields for JSON."""
        return asdict(self)


def _run(workspace: Workspace, given: argparse.Namespace, session: Session) -> Any:
    kind, service = given.what, given.service
    if kind not in KINDS:
        close = nearest(kind, KINDS)
        hint = f"Did you mean {close!r}?" if close else f"One of: {', '.join(KINDS)}."
        raise UsageProblem(f"There is no view {kind!r}.", hint=hint)
    if kind == "models" and service:
        raise UsageProblem("view models takes no service.", hint="All models: jupyter model view models")
    if kind != "models" and not service:
        what = "an endpoint" if kind in _OF_ENDPOINTS else "a service"
        raise UsageProblem(f"view {kind} needs {what}.", hint=f"For example: view {kind} churn")
    if kind != "models" and given.captured:
        raise UsageProblem("--captured goes with models.", hint="For example: jupyter model view models --captured")
    name = _name(workspace, kind, service)
    if not session.live:
        hint = f"Here: {_INSTEAD[kind].format(service=name)}"
        raise UsageProblem("Views are for notebooks, where they can change.", hint=hint)
    return View(kind, name, given.captured)


def _name(workspace: Workspace, kind: str, given: str) -> str:
    if kind in _OF_ENDPOINTS:
        endpoint = workspace.endpoints[given]
        if kind == "rollout":
            # There is one to show.
            endpoint.rollout()
        return endpoint.name
    if given in workspace.endpoints and given not in workspace.services:
        raise UsageProblem(f"{given} is an endpoint, not a service.", hint=f"view traffic {given}")
    return workspace.services[given].name if given else ""


VERB = Verb(
    "view",
    "show a service, an endpoint's traffic or rollout, or the models live in a notebook",
    (
        argument("what", metavar="WHAT", help=", ".join(KINDS), completes="views"),
        argument(
            "service",
            nargs="?",
            default="",
            help="the service's name; of traffic and rollout: the endpoint's",
            completes="called",
        ),
        argument(
            "--captured", action="store_true", help="of models: also the data that scripts took from their notebooks"
        ),
    ),
    _run,
    shows=False,
)
