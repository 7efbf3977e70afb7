"""``rollout``: give a deployment all the traffic of its endpoint step by step; look, approve, hold, take it back."""

from __future__ import annotations

import argparse
import csv
import json
from typing import Any

from ..errors import UsageProblem
from ..files import in_home
from ..workspace import EndpointRollout, Workspace
from .verb import Session, Verb, argument

_WISHES = ("approve", "hold", "roll_back", "promote")
_PLAN = (
    "steps",
    "every",
    "max_error_rate",
    "max_p95",
    "min_agreement",
    "max_drift",
    "mirror",
    "min_sample",
    "tolerance",
)
_COLUMN_SEPARATED = ".csv"


def _run(workspace: Workspace, given: argparse.Namespace, session: Session) -> EndpointRollout:
    endpoint = workspace.endpoints[given.endpoint]
    plan = {name: value for name in _PLAN if (value := getattr(given, name)) is not None}
    wishes = [name for name in _WISHES if getattr(given, name)]
    if given.deployment is None:
        reference = None if given.reference is None else read_rows(given.reference)
        found = endpoint.rollout(reference=reference, **plan)
        if len(wishes) > 1:
            raise UsageProblem(
                f"One thing at a time, not {' and '.join(map(_flag, wishes))}.",
                hint=f"For example: jupyter model rollout {given.endpoint} {_flag(wishes[0])}",
            )
        for name in wishes:
            getattr(found, name)()
        return found
    if given.hold or given.roll_back:
        raise UsageProblem(
            f"{_flag(wishes[-1])} is for a rollout that runs.",
            hint=f"jupyter model rollout {given.endpoint} {_flag('hold' if given.hold else 'roll_back')}",
        )
    reference = None if given.reference is None else read_rows(given.reference)
    plan |= {"approve": given.approve, "promote": given.promote}
    return endpoint.rollout(given.deployment, reference=reference, **plan)


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def read_rows(text: str) -> Any:
    """Read a training sample from a file."""
    path = in_home(text)
    try:
        content = path.read_text("utf-8")
        if path.suffix.lower() == _COLUMN_SEPARATED:
            return [{key: _number(value) for key, value in row.items()} for row in csv.DictReader(content.splitlines())]
        return json.loads(content)
    except (OSError, ValueError) as error:
        raise UsageProblem(
            f"{text} cannot be read as rows: {error}", hint="A CSV file with a header, or JSON."
        ) from error


def _number(text: str | None) -> str | float | None:
    try:
        return float(text or "")
    except ValueError:
        return text


VERB = Verb(
    "rollout",
    "give a deployment all the traffic step by step, and take it back if it is worse",
    (
        argument("endpoint", help="the endpoint's name", completes="endpoints"),
        argument(
            "deployment",
            nargs="?",
            help="the deployment that gets the traffic; without it, the rollout that there is",
            completes="deployments",
        ),
        argument("--steps", metavar="N,N,…", help="percentages of the traffic; 10,50,100 by default"),
        argument("--every", metavar="TIME", help="how long each step lasts at least; 30s by default"),
        argument("--max-error-rate", metavar="N%", help="the share of requests that may fail; 1%% by default"),
        argument("--max-p95", metavar="TIME", help="how long 95%% of the requests may take, for example 200ms"),
        argument("--min-agreement", metavar="N%", help="the share of answers that must be the old version's"),
        argument("--max-drift", metavar="N%", help="how far inputs may be from the reference; then it holds"),
        argument("--reference", metavar="FILE", help="a training sample, CSV or JSON, to compare inputs with"),
        argument(
            "--mirror", metavar="N", help="the percentage of requests copied before the first step; 50 by default"
        ),
        argument(
            "--min-sample", type=int, metavar="N", help="requests without which no step is judged; 100 by default"
        ),
        argument(
            "--tolerance", type=float, metavar="X", help="relative difference of numbers that agree; 1e-6 by default"
        ),
        argument(
            "--approve", action="store_true", help="wait for an approval before each step; later: approve the next"
        ),
        argument("--promote", action="store_true", help="make it final after the last step; later: make it final now"),
        argument("--hold", action="store_true", help="leave the traffic as it is until --approve"),
        argument("--roll-back", action="store_true", help="give the old version all traffic at once"),
    ),
    _run,
)
