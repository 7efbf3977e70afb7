"""A live handle on the rollout of a deployment, and how an endpoint begins one."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import Any

from ..deploying import EndpointChanges, Rolling
from ..endpoints import MIRRORING, Endpoints, Plan, RolloutRecord
from ..errors import NotFound, UsageProblem

_POLL_SECONDS = 0.1
_ENSURE_SECONDS = 2.0
_MOST_SHOWN = 20


class EndpointRollout:
    """One rollout, which a process beside the router carries out. Attributes are looked up when they are read.

    Parameters
    ----------
    number : int
        The rollout's.
    rows : Endpoints
        The rows of endpoints.
    rolling : Rolling
        What asks something of it.
    """

    def __init__(self, number: int, rows: Endpoints, rolling: Rolling) -> None:
        self.number = number
        self._rows = rows
        self._rolling = rolling

    def __repr__(self) -> str:
        return f"<EndpointRollout {self.number}>"

    @property
    def record(self) -> RolloutRecord:
        """Its row."""
        return self._rows.rollouts.get(self.number)

    @property
    def state(self) -> str:
        """What it does: starting, mirroring, shifting, waiting, held, complete; or has done: promoted, rolled back."""
        return self.record.state

    @property
    def reason(self) -> str:
        """What it waits for, or why it ended."""
        return self.record.reason

    @property
    def history(self) -> list[dict[str, Any]]:
        """Each event with its ``time``, ``event``, ``state``, ``share`` and ``reason``, oldest first."""
        return [dict(event) for event in self.record.history]

    def wait(self, timeout: float | None = None) -> EndpointRollout:
        """Wait until it has ended, or is complete and waits to be made final; returns itself.

        Raises
        ------
        UsageProblem
            If it takes longer than so many seconds; it goes on.
        """
        until = None if timeout is None else time.monotonic() + timeout
        ensured = time.monotonic()
        while True:
            record = self.record
            if record.state == "complete" or (not record.runs and record.cleaned):
                return self
            if until is not None and time.monotonic() > until:
                raise UsageProblem(
                    f"The rollout of {record.new} is still {record.state} after {timeout:g} s: {record.reason}.",
                    hint=f"It goes on: jupyter model rollout {record.endpoint}",
                )
            if time.monotonic() - ensured > _ENSURE_SECONDS:
                ensured = time.monotonic()
                self._rolling.supervise(record.endpoint)
            time.sleep(_POLL_SECONDS)

    def approve(self) -> None:
        """Let it take its next step, or go on after it was held."""
        self._rolling.ask(self.record, "approve")

    def hold(self) -> None:
        """Leave the traffic as it is; a breach still rolls back."""
        self._rolling.ask(self.record, "hold")

    def roll_back(self) -> None:
        """Give the old version all traffic; in force when this returns."""
        self._rolling.ask(self.record, "roll back")

    def promote(self) -> None:
        """Make it final; the old version stays as a deployment without traffic."""
        self._rolling.ask(self.record, "promote")

    def as_dict(self) -> dict[str, Any]:
        """Return its state, plan, numbers of both versions, and history, for JSON."""
        record = self.record
        if not record.cleaned:
            self._rolling.supervise(record.endpoint)
        steps, stage = record.plan.steps, record.stage
        lasted = (record.ended or time.time()) - record.stage_began if record.stage_began else 0.0
        return {
            "number": record.number,
            "endpoint": record.endpoint,
            "new": record.new,
            "old": record.old,
            "state": record.state,
            "reason": record.reason,
            "share": record.share,
            "mirrors": record.plan.mirror if record.runs and stage == MIRRORING else 0,
            "step": min(stage + 1, len(steps)),
            "seconds": round(lasted, 3),
            "left": round(max(0.0, record.plan.every - lasted), 3) if record.state in _TIMED else 0.0,
            "plan": {**asdict(record.plan), "steps": list(steps)},
            "seen": dict(record.seen),
            "history": [dict(event) for event in record.history],
            "created": record.created,
            "ended": record.ended,
        }


_TIMED = {"mirroring", "shifting"}


class RollsOut:
    """The part of an endpoint that begins rollouts."""

    name: str
    rows: Endpoints
    changes: EndpointChanges

    def rollout(self, deployment: str | None = None, *, reference: Any = None, **plan: Any) -> EndpointRollout:
        """Give a deployment all the traffic step by step, and take it back by itself if it is worse than the old one.

        First, requests are only copied to it, so that a version that crashes, fails, is slow or answers wrongly answers
        no client. It goes on without this process.

        Parameters
        ----------
        deployment : str, optional
            The deployment that gets the traffic. Without it, the endpoint's newest rollout is returned.
        reference : list or DataFrame, optional
            A training sample, rows as a request has them, with which the inputs are compared; by default those that the
            old version had before.
        **plan : optional
            ``steps="10,50,100"``, ``every="30s"``, ``max_error_rate="1%"``, ``max_p95="200ms"``,
            ``min_agreement="99%"``, ``max_drift="20%"``, ``mirror=50``, ``min_sample=100``, ``approve=False``,
            ``promote=False``, ``tolerance=1e-6``.

        Raises
        ------
        UsageProblem
            For another plan, or if another rollout runs.
        NotFound
            If there is no rollout to return.
        """
        rolling = Rolling(self.rows, self.changes)
        if deployment is not None:
            begun = rolling.begin(self.name, deployment, Plan.of(**plan), reference)
            return EndpointRollout(begun.number, self.rows, rolling)
        if plan or reference is not None:
            raise UsageProblem("Which deployment is rolled out?", hint=f"There are: {_names(self)}.")
        found = self.rows.rollouts.last(self.name)
        if found is None:
            raise NotFound(
                f"Endpoint {self.name} has had no rollout.",
                hint=f"Begin one: jupyter model rollout {self.name} green",
            )
        return EndpointRollout(found.number, self.rows, rolling)

    def _rolling_out(self) -> str:
        """Say what rollout runs, and how it is; empty for none."""
        found = self.rows.rollouts.running(self.name)
        return f"{found.new} is {found.state}: {found.reason}" if found else ""

    def _last_rollout(self) -> dict[str, Any] | None:
        """Return the facts of the rollout that runs, or of the last one, with its newest events; None for none."""
        found = self.rows.rollouts.last(self.name)
        if found is None:
            return None
        shown = EndpointRollout(found.number, self.rows, Rolling(self.rows, self.changes)).as_dict()
        return {**shown, "history": shown["history"][-_MOST_SHOWN:]}


def _names(endpoint: RollsOut) -> str:
    return ", ".join(one.name for one in endpoint.rows.deployments(endpoint.name)) or "none yet"
