"""One rollout, carried out: look at both versions, judge, shift the traffic or take it back, and write it down."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from ..endpoints import MIRRORING, Endpoints, Observed, RolloutRecord, Verdict, decide
from ..errors import DeployError, NotFound
from ..routing import PoolNumbers, router_of
from ..services import ServiceRecord, Setting
from ..serving.collection import REQUESTS, forget
from .endpoints import EndpointChanges
from .observing import Observer
from .replaying import Replayer

_LOOK_SECONDS = 0.2
_HEALTH_SECONDS = 1.0
_WRITE_SECONDS = 1.0
# Without traffic for so long, captured requests are sent; where there is enough, none are needed.
_THIN_SECONDS = 1.0
# How often one is sent once there are enough.
_TRICKLE_SECONDS = 0.25
_AT_ONCE = 10
_COLLECT: dict[str, Setting | None] = {"collect": "requests", "collect_sampling_rate": 1.0}
# With these, a server collects no requests.
_NO_REQUESTS = {None, "off", "script"}
_DEAD = {"Failed", "Stopped"}


class RolloutRun:
    """Carries out the rollout of a row until it ends; started again after a crash, it goes on from the row.

    Parameters
    ----------
    number : int
        The rollout's.
    endpoints, changes : Endpoints, EndpointChanges
        The rows, and what changes them.
    health : callable
        Returns the state of a service, and why.
    say : callable
        Gets what goes wrong beside the rollout.
    """

    def __init__(
        self,
        number: int,
        endpoints: Endpoints,
        changes: EndpointChanges,
        health: Callable[[ServiceRecord], tuple[str, str]],
        say: Callable[[str], None],
    ) -> None:
        self._rows, self._rollouts, self._changes = endpoints, endpoints.rollouts, changes
        self._health, self._say = health, say
        self.record = self._rollouts.get(number)
        self._looked = self._written = self._sent = 0.0
        self._failed = self._changed = ""
        self._observer: Observer | None = None
        self._replayer: Replayer | None = None

    def run(self) -> None:
        """Work until the rollout has ended and all else is as it was before."""
        while True:
            began = time.monotonic()
            try:
                if not self.record.runs:
                    self._clean_up()
                    return
                self._tick()
            except NotFound as error:
                if self._rows.find(self.record.endpoint) is None:
                    return
                self._say(str(error))
            except DeployError as error:
                # The router may be being started again, the disk full for a moment: the next look may do better.
                self._say(str(error))
                self._tell(error)
            time.sleep(max(0.02, _LOOK_SECONDS - (time.monotonic() - began)))

    def _tick(self) -> None:
        self.record = replace(self.record, asked=self._rollouts.get(self.record.number).asked)
        if self._observer is None and not self._prepare():
            return
        if self.record.asked:
            self._do_asked()
            return
        now = time.time()
        numbers = self._numbers()
        observer, replayer = self._looking()
        observer.unreachable = replayer.unreachable
        observer.read(now)
        seen = replace(observer.observed(now, numbers), failed=self._dead(now), changed=self._changed)
        verdict = decide(self.record.plan, seen, now - self.record.stage_began)
        self._follow(verdict, seen, now)
        if self.record.runs:
            self._replay(now, seen)

    def _tell(self, error: DeployError) -> None:
        """Have who looks at the rollout see what keeps it, as far as that can be written."""
        words = f"tried again: {error.message}"
        if self.record.runs and error.message not in self.record.reason:
            with contextlib.suppress(DeployError):
                self._put(replace(self.record, reason=words))

    def _looking(self) -> tuple[Observer, Replayer]:
        assert self._observer is not None
        assert self._replayer is not None
        return self._observer, self._replayer

    def _prepare(self) -> bool:
        """Have both versions collect their requests, and the router as the row says; begin to observe."""
        record = self.record
        members = {name: self._members(name) for name in (record.old, record.new)}
        if not record.collected:
            before = {name: _collecting(found) for name, found in members.items()}
            serves = {name: found[0].bundle if found else "" for name, found in members.items()}
            # Before anything is changed: after a crash, the row says what to take back.
            self._put(replace(record, collected=before, serves=serves))
        if record.asked == "roll back":
            self._rollouts.done(record.number, "roll back")
            self._roll_back("asked for", None)
            return False
        try:
            for name in members:
                self._changes.collect(record.endpoint, name, _COLLECT)
        except DeployError as error:
            self._roll_back(f"the requests cannot be collected: {error.message}", None)
            return False
        if record.state == "starting":
            words = f"{record.plan.mirror} % of the requests are copied to {record.new}"
            self.record = self.record.noted("mirror", words, state="mirroring", stage_began=time.time())
        self._apply_rules()
        self._put(self.record)
        sides = {"old": record.old, "new": record.new}
        self._observer = Observer(
            record.plan,
            lambda side: self._folders(sides[side]),
            {side: self.record.serves[name] for side, name in sides.items()},
            record.created,
            record.reference,
        )
        self._replayer = Replayer(lambda: self._changes.inner_key(record.endpoint))
        self._observer.begin(self.record.stage_began, self._numbers(), mirrors=self.record.stage == MIRRORING)
        return True

    def _members(self, name: str) -> list[ServiceRecord]:
        deployment = self._rows.find_deployment(self.record.endpoint, name)
        return self._changes.instances.services(deployment) if deployment else []

    def _folders(self, name: str) -> Iterable[Path]:
        return [self._changes.home.collected(one.name) for one in self._members(name)]

    def _apply_rules(self) -> None:
        rules = self._rows.get(self.record.endpoint)
        wanted, mirror = self.record.traffic, self.record.mirror
        if (rules.traffic, rules.mirror) != (wanted, mirror):
            self._changes.route(self.record.endpoint, wanted, mirror)

    def _numbers(self) -> PoolNumbers:
        running = self._rows.get(self.record.endpoint).router
        found = router_of(running.kind).numbers(running) if running else {}
        return found.get(self.record.new, PoolNumbers())

    def _dead(self, now: float) -> str:
        """Say why the new version cannot answer at all; note what else has been changed. Looked at each second."""
        if now - self._looked > _HEALTH_SECONDS:
            self._looked = now
            members = self._members(self.record.new)
            found = [self._health(one) for one in members]
            self._failed = ""
            if all(state in _DEAD for state, _ in found):
                why = found[0][1] if found else "it has no instance"
                self._failed = f"{self.record.new} is {found[0][0] if found else 'gone'}: {why}"
            for name, bundle in self.record.serves.items():
                if any(one.bundle != bundle for one in self._members(name)):
                    self._changed = f"{name} serves something else since the rollout began"
        return self._failed

    def _do_asked(self) -> None:
        record, wish = self.record, self.record.asked
        if wish == "roll back":
            self._roll_back("asked for", None)
        elif wish == "hold" and record.state != "held":
            self._put(record.noted("hold", "asked for", state="held"))
        elif wish == "approve" and record.state == "waiting":
            self._advance("approved")
        elif wish == "approve" and record.state == "held":
            self._put(record.noted("go on", "asked for", state=self._state()))
        elif wish == "promote" and record.state in {"complete", "held", "waiting"} and record.share == 100:
            self._promote("asked for")
        self._rollouts.done(record.number, wish)

    def _state(self) -> str:
        """Return what a rollout of that stage does when it is not held."""
        if self.record.stage == MIRRORING:
            return "mirroring"
        return "shifting" if self.record.stage < len(self.record.plan.steps) else "complete"

    def _follow(self, verdict: Verdict, seen: Observed, now: float) -> None:
        record, last = self.record, self.record.stage == len(self.record.plan.steps) - 1
        if verdict.kind == "roll back":
            self._roll_back(verdict.reason, seen)
        elif verdict.kind == "hold" and record.state in {"mirroring", "shifting"}:
            self._put(record.noted("hold", verdict.reason, state="held", seen=_shown(seen)))
        elif verdict.kind == "advance" and record.state in {"mirroring", "shifting"}:
            record = self.record = replace(record, seen=_shown(seen))
            if last and record.plan.promote:
                self._promote(verdict.reason)
            elif last:
                words = f"{verdict.reason}; promote makes it final"
                self._put(record.noted("complete", words, state="complete", stage=len(record.plan.steps)))
            elif record.plan.approve:
                self._put(record.noted("wait", f"{verdict.reason}; approve goes on", state="waiting"))
            else:
                self._advance(verdict.reason)
        elif now - self._written > _WRITE_SECONDS:
            reason = verdict.reason if record.state in {"mirroring", "shifting"} else record.reason
            self._put(replace(record, reason=reason, seen=_shown(seen)))

    def _advance(self, reason: str) -> None:
        """Give the new version its next share; in force before it is written down, so a crash repeats it."""
        stage = self.record.stage + 1
        after = replace(self.record, state="shifting", stage=stage)
        self._changes.route(after.endpoint, after.traffic, after.mirror)
        now = time.time()
        self._put(after.noted(f"{after.share} %", reason, stage_began=now))
        self._looking()[0].begin(now, self._numbers(), mirrors=False)
        self._looking()[1].unreachable = 0

    def _roll_back(self, reason: str, seen: Observed | None) -> None:
        back = replace(self.record, state="rolled back")
        try:
            self._changes.route(back.endpoint, back.traffic, back.mirror)
        except DeployError as error:
            self._put(replace(self.record, reason=f"{reason}; going back is tried again: {error.message}"))
            raise
        shown = _shown(seen) if seen else self.record.seen
        self._put(self.record.noted("roll back", reason, state="rolled back", seen=shown, ended=time.time()))

    def _promote(self, reason: str) -> None:
        self._put(self.record.noted("promote", reason, state="promoted", ended=time.time()))

    def _put(self, record: RolloutRecord) -> None:
        self._rollouts.put(record)
        self.record, self._written = record, time.time()

    def _clean_up(self) -> None:
        """Give both versions the settings that they had; what was collected for the rollout alone goes."""
        if self._replayer is not None:
            self._replayer.close()
        forgotten = []
        for name, settings in self.record.collected.items():
            if self._rows.find_deployment(self.record.endpoint, name) is None:
                continue
            try:
                self._changes.collect(self.record.endpoint, name, settings)
            except DeployError as error:
                self.record = self.record.noted("note", f"{name} still collects its requests: {error.message}")
                continue
            if settings.get("collect") in _NO_REQUESTS:
                forgotten.append(name)
        for name in forgotten:
            for one in self._changes.instances.services(self._rows.get_deployment(self.record.endpoint, name)):
                # A server that answers has written what it collected until then.
                self._health(one)
            self._forget(name)
        self._put(replace(self.record, cleaned=True))

    def _forget(self, name: str) -> None:
        for folder in self._folders(name):
            forget(folder, REQUESTS, self.record.created)

    def _replay(self, now: float, seen: Observed) -> None:
        """Send a captured request to the other version where live ones or copies are too few to judge it soon."""
        observer, replayer = self._looking()
        lacking = self.record.plan.min_sample - min(seen.new.requests, seen.compared)
        mirrored = self.record.stage == MIRRORING and now - self.record.stage_began < _THIN_SECONDS
        if mirrored or not replayer.idle or (lacking <= 0 and now - self._sent < _TRICKLE_SECONDS):
            return
        # With all the traffic, the new version's requests show what the old one would have answered.
        alone = self.record.share == 100 and seen.new.requests >= self.record.plan.min_sample
        for source, other in (("new", self.record.old), ("old", self.record.new))[0 if alone else 1 :]:
            addresses = self._changes.addresses(self._rows.get_deployment(self.record.endpoint, other))
            for _ in range(max(1, min(lacking, _AT_ONCE))):
                record = observer.next_captured(source)
                if record is None:
                    break
                replayer.send(addresses, record)
                self._sent = now


def _collecting(members: list[ServiceRecord]) -> dict[str, Any]:
    settings: Mapping[str, Any] = members[0].spec.settings if members else {}
    return {key: settings.get(key) for key in _COLLECT}


def _shown(seen: Observed) -> dict[str, Any]:
    return {**asdict(seen), "agreement": seen.agreement}
