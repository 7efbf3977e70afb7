"""What is kept of rollouts: one row each, with every step and its reason."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

import sqlalchemy as sa

from ..errors import NotFound, UsageProblem
from ..store import Database, rollouts
from .rollouts import MIRRORING, Plan

# What each state means is in the guide; a rollout ends in one of the last two.
STATES = ("starting", "mirroring", "shifting", "waiting", "held", "complete", "promoted", "rolled back")
ENDED = frozenset({"promoted", "rolled back"})
# What people can ask of a rollout that runs.
WISHES = ("approve", "hold", "roll back", "promote")
_MOST_EVENTS = 1000
_COLUMNS = {"number", "endpoint", "created", "asked"}


@dataclass(frozen=True)
class RolloutRecord:
    """A rollout's row.

    Parameters
    ----------
    number : int
        Numbers grow; 0 before it is stored.
    new, old : str
        The deployment that gets the traffic, and the one that has had it.
    stage : int
        The number of the step, from 0; -1 while requests are mirrored.
    stage_began, ended : float
        Seconds since the epoch; ``ended`` is 0 while it runs.
    reason : str
        What it waits for, or why it ended.
    serves : mapping
        Which bundle each of both deployments served when it began.
    collected : mapping
        The settings for collected data, by deployment, as they were before.
    seen : mapping
        What was seen last of both versions, for faces.
    reference : mapping
        Columns of a training sample, with which inputs are compared.
    history : tuple of mapping
        Each event with its time, state, traffic and reason, oldest first.
    cleaned : bool
        Whether, after its end, everything else is as it was before.
    asked : str
        What was asked of it and is not done yet.
    """

    endpoint: str
    new: str
    old: str
    plan: Plan = field(default_factory=Plan)
    number: int = 0
    state: str = "starting"
    stage: int = MIRRORING
    stage_began: float = 0.0
    ended: float = 0.0
    reason: str = ""
    serves: Mapping[str, str] = field(default_factory=dict, hash=False)
    collected: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, hash=False)
    seen: Mapping[str, Any] = field(default_factory=dict, hash=False)
    reference: Mapping[str, list[Any]] = field(default_factory=dict, hash=False, repr=False)
    history: tuple[Mapping[str, Any], ...] = field(default=(), hash=False)
    cleaned: bool = False
    created: float = 0.0
    asked: str = ""

    @property
    def runs(self) -> bool:
        """Whether it has not ended."""
        return self.state not in ENDED

    @property
    def share(self) -> int:
        """The new version's percentage of the traffic."""
        if self.state == "rolled back" or self.stage == MIRRORING:
            return 0
        return self.plan.steps[min(self.stage, len(self.plan.steps) - 1)]

    @property
    def traffic(self) -> dict[str, int]:
        """The rules that it wants."""
        return {name: share for name, share in ((self.old, 100 - self.share), (self.new, self.share)) if share}

    @property
    def mirror(self) -> dict[str, int]:
        """The mirror that it wants."""
        return {self.new: self.plan.mirror} if self.runs and self.stage == MIRRORING else {}

    def noted(self, event: str, reason: str = "", **changes: Any) -> RolloutRecord:
        """Return the row with changes, and with an event at the end of its history."""
        after = replace(self, reason=reason, **changes)
        line = {"time": time.time(), "event": event, "state": after.state, "share": after.share, "reason": reason}
        return replace(after, history=(*self.history, line)[-_MOST_EVENTS:])


class Rollouts:
    """The rows of rollouts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, endpoint: str) -> list[RolloutRecord]:
        """Return all rollouts of an endpoint, oldest first."""
        with self._database.read() as connection:
            query = sa.select(rollouts).where(rollouts.c.endpoint == endpoint).order_by(rollouts.c.number)
            return [_record(row) for row in connection.execute(query).mappings()]

    def last(self, endpoint: str) -> RolloutRecord | None:
        """Return the newest rollout of an endpoint."""
        with self._database.read() as connection:
            query = sa.select(rollouts).where(rollouts.c.endpoint == endpoint).order_by(rollouts.c.number.desc())
            row = connection.execute(query.limit(1)).mappings().first()
        return _record(row) if row else None

    def running(self, endpoint: str) -> RolloutRecord | None:
        """Return the rollout of an endpoint that has not ended."""
        found = self.last(endpoint)
        return found if found and found.runs else None

    def unfinished(self, endpoint: str) -> RolloutRecord | None:
        """Return the oldest rollout of an endpoint that runs, or after which not all is as it was."""
        return next((one for one in self.of(endpoint) if not one.cleaned), None)

    def get(self, number: int) -> RolloutRecord:
        """Return one by its number."""
        with self._database.read() as connection:
            row = connection.execute(sa.select(rollouts).where(rollouts.c.number == number)).mappings().first()
        if row is None:
            raise NotFound(f"There is no rollout {number} any more.", hint="Its endpoint was deleted.")
        return _record(row)

    def add(self, record: RolloutRecord) -> RolloutRecord:
        """Store a new one; an endpoint has one at a time that runs."""
        with self._database.write() as connection:
            query = sa.select(rollouts).where(rollouts.c.endpoint == record.endpoint)
            for row in connection.execute(query.order_by(rollouts.c.number.desc()).limit(1)).mappings():
                refuse_while_running(_record(row), "start another rollout")
            created = time.time()
            values = {"endpoint": record.endpoint, "content": _content(record), "asked": "", "created": created}
            added = rollouts.insert().values(**values).returning(rollouts.c.number)
            return replace(record, number=connection.execute(added).scalar_one(), created=created)

    def put(self, record: RolloutRecord) -> None:
        """Store what the process that carries it out has found or done; what was asked meanwhile stays."""
        with self._database.write() as connection:
            this = rollouts.c.number == record.number
            connection.execute(rollouts.update().where(this).values(content=_content(record)))

    def ask(self, number: int, wish: str) -> None:
        """Ask something of one that runs; a later wish replaces an earlier one, but nothing replaces a roll back."""
        with self._database.write() as connection:
            this = (rollouts.c.number == number) & (rollouts.c.asked != "roll back")
            connection.execute(rollouts.update().where(this).values(asked=wish))

    def done(self, number: int, wish: str) -> None:
        """Note that something has been done that was asked."""
        with self._database.write() as connection:
            this = (rollouts.c.number == number) & (rollouts.c.asked == wish)
            connection.execute(rollouts.update().where(this).values(asked=""))


def refuse_while_running(record: RolloutRecord | None, what: str) -> None:
    """Refuse a change by hand of what a rollout is changing; the hint ends that."""
    if record is not None and record.runs:
        how = "--promote" if record.state == "complete" else "--roll-back"
        raise UsageProblem(
            f"{record.new} is being rolled out at {record.endpoint} ({record.state}): you cannot {what} meanwhile.",
            hint=f"jupyter model rollout {record.endpoint} {how}",
        )


def _content(record: RolloutRecord) -> dict[str, Any]:
    return {key: value for key, value in asdict(record).items() if key not in _COLUMNS}


def _record(row: Any) -> RolloutRecord:
    known = {one.name for one in fields(RolloutRecord)}
    content = {key: value for key, value in row["content"].items() if key in known - _COLUMNS}
    plan = {key: value for key, value in content.pop("plan", {}).items() if key in Plan.__dataclass_fields__}
    plan["steps"] = tuple(plan.get("steps", (100,)))
    content["history"] = tuple(content.get("history", ()))
    own = {key: row[key] for key in _COLUMNS}
    return RolloutRecord(plan=Plan(**plan), **content, **own)
