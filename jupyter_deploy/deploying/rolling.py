"""Begin a rollout, or ask something of one that runs; the process that carries it out is not this one."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..endpoints import DeploymentRecord, EndpointRecord, Endpoints, Plan, RolloutRecord, columns_of, shown_shares
from ..errors import UsageProblem
from .endpoints import EndpointChanges

_TAKEN_SECONDS = 15.0
_POLL_SECONDS = 0.05
_MOST_REFERENCE = 2000


class Rolling:
    """Begins and asks."""

    def __init__(self, endpoints: Endpoints, changes: EndpointChanges) -> None:
        self._rows, self._rollouts, self._changes = endpoints, endpoints.rollouts, changes

    def begin(self, endpoint: str, new: str, plan: Plan, reference: Any = None) -> RolloutRecord:
        """Write a rollout down, and have it carried out.

        Raises
        ------
        UsageProblem
            If the endpoint has another one that runs, or there is nothing to compare with.
        """
        record = self._rows.get(endpoint)
        old = self._old(record, self._rows.get_deployment(endpoint, new))
        for name in (old, new):
            self._refuse_unfit(endpoint, name)
        columns = {} if reference is None else columns_of(_plain(reference), _MOST_REFERENCE)
        columns = {key: values[:_MOST_REFERENCE] for key, values in columns.items()}
        if reference is not None and not columns:
            raise UsageProblem("The reference has no columns.", hint="Give rows: a list of lists, or of mappings.")
        for name in (old, new):
            # While a rollout runs, neither of the two falls asleep.
            self._changes.resizing.wake(endpoint, name)
        added = self._rollouts.add(RolloutRecord(endpoint, new, old, plan, reference=columns))
        self.supervise(endpoint)
        return added

    def _old(self, record: EndpointRecord, new: DeploymentRecord) -> str:
        others = [name for name, share in record.traffic.items() if share and name != new.name]
        if len(others) == 1:
            return others[0]
        known = [one.name for one in self._rows.deployments(record.name) if one.name != new.name]
        example = f"jupyter model endpoint traffic {record.name} {(others or known or ['blue'])[0]}=100"
        if others:
            raise UsageProblem(
                f"A rollout goes from one deployment to another, but {record.name} has {shown_shares(record.traffic)}.",
                hint=f"Give one of them all the traffic first: {example}",
            )
        what = "has all the traffic already" if record.traffic.get(new.name) else "has nothing to be compared with"
        if known:
            raise UsageProblem(
                f"{new.name} {what}: no other deployment has traffic.", hint=f"Start from another one: {example}"
            )
        raise UsageProblem(
            f"{new.name} {what}: {record.name} has no other deployment.",
            hint=f"Give it the traffic: jupyter model endpoint traffic {record.name} {new.name}=100",
        )

    def _refuse_unfit(self, endpoint: str, name: str) -> None:
        members = self._changes.instances.services(self._rows.get_deployment(endpoint, name))
        if any(one.spec.image for one in members):
            raise UsageProblem(
                f"{name} runs an image of your own, whose requests are not collected: a rollout could not judge it.",
                hint=f"Shift its traffic yourself: jupyter model endpoint traffic {endpoint} {name}=10 …",
            )
        if name not in self._changes.ready(endpoint):
            raise UsageProblem(
                f"Deployment {name} is not ready.", hint=f"See why: jupyter model deployment show {endpoint} {name}"
            )

    def supervise(self, endpoint: str) -> None:
        """Have the process run that carries out the rollouts of an endpoint, where it has died."""
        self._changes.resizing.supervise(endpoint)

    def ask(self, record: RolloutRecord, wish: str) -> RolloutRecord:
        """Ask something of a rollout, and wait until it is done; a roll back is in force at once.

        Raises
        ------
        UsageProblem
            If it has ended, or is not at that point.
        """
        _refuse(record, wish)
        self._rollouts.ask(record.number, wish)
        if wish == "roll back":
            # Whatever the process does: it does not give the new version traffic again, as it sees the wish first.
            back = replace(record, state="rolled back")
            self._changes.route(back.endpoint, back.traffic, back.mirror)
        self.supervise(record.endpoint)
        until = time.monotonic() + _TAKEN_SECONDS
        while time.monotonic() < until:
            found = self._rollouts.get(record.number)
            if found.asked != wish:
                return found
            time.sleep(_POLL_SECONDS)
        return self._rollouts.get(record.number)


def _plain(reference: Any) -> Any:
    """Make lists and mappings of a data frame or an array."""
    if hasattr(reference, "to_dict"):
        return reference.to_dict("records")
    return reference.tolist() if hasattr(reference, "tolist") else reference


_FITS: Mapping[str, tuple[str, frozenset[str]]] = {
    "approve": ("waits for no approval", frozenset({"waiting", "held"})),
    "hold": ("is held already", frozenset({"starting", "mirroring", "shifting", "waiting", "complete"})),
    "promote": ("is not complete", frozenset({"complete"})),
}


def _refuse(record: RolloutRecord, wish: str) -> None:
    show = f"jupyter model rollout {record.endpoint}"
    if not record.runs:
        raise UsageProblem(
            f"The rollout of {record.new} has ended: {record.state}.",
            hint=f"Begin another one: {show} {record.new}",
        )
    if wish in _FITS and record.state not in _FITS[wish][1]:
        raise UsageProblem(
            f"The rollout of {record.new} {_FITS[wish][0]}: it is {record.state}.", hint=f"Look at it: {show}"
        )
