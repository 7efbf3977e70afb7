"""The instances of an endpoint's deployments follow its requests: a loop in the endpoint's supervisor."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field

from ..endpoints import SUSTAINED_SECONDS, DeploymentRecord, Endpoints, Load, instances_for, needed_for
from ..errors import DeployError, NotFound
from ..routing import Address, Holding, PoolNumbers, router_of
from .changing import Busy
from .endpoints import EndpointChanges
from .warmth import Warmth

_LOOK_SECONDS = 0.25
_MEND_SECONDS = 1.0
# After an instance could not be started.
_PAUSE_SECONDS = 10.0


@dataclass
class _Seen:
    """What is known of one deployment's requests."""

    loads: deque[Load] = field(default_factory=deque)
    needed: deque[tuple[float, int]] = field(default_factory=deque)
    answered: int = -1
    asked: float = field(default_factory=time.monotonic)  # when there was a request last
    paused: float = 0.0  # until when nothing is changed
    mended: float = 0.0  # when its instances were looked at

    def note(self, numbers: PoolNumbers, each: int, cool_down: float) -> None:
        now, answered = time.monotonic(), numbers.requests + numbers.mirrored
        if numbers.active or answered != self.answered:
            self.asked = now
        self.answered = answered
        self.loads.append(Load(now, numbers.active))
        while len(self.loads) > 2 and self.loads[1].at <= now - SUSTAINED_SECONDS:
            self.loads.popleft()
        found = needed_for(self.loads, each)
        if found is not None:
            self.needed.append((now, found))
        while len(self.needed) > 2 and self.needed[1][0] <= now - cool_down:
            self.needed.popleft()


class Autoscaler:
    """Looks at the router's numbers, asks the rule, and changes the number of instances; and replaces dead ones.

    Parameters
    ----------
    endpoint : str
        The endpoint that it looks after.
    endpoints, changes : Endpoints, EndpointChanges
        The rows, and what changes them.
    say : callable
        Gets what is done, and what goes wrong.
    """

    def __init__(
        self, endpoint: str, endpoints: Endpoints, changes: EndpointChanges, say: Callable[[str], None]
    ) -> None:
        self._endpoint = endpoint
        self._rows = endpoints
        self._changes = changes
        self._say = say
        self._seen: dict[str, _Seen] = {}
        self._busy: set[str] = set()
        self._holding = Holding(self._wake)
        self._warmth = Warmth(changes.instances.services, changes.resizing.keep_warm, say)

    def run(self) -> None:
        """Look again and again; the process ends when there is nothing to look after."""
        while True:
            try:
                if found := [one for one in self._rows.deployments(self._endpoint) if one.scaling]:
                    self._look(found)
            except DeployError as error:
                # The router may be being started again: the next look may do better.
                self._say(error.message)
            time.sleep(_LOOK_SECONDS)

    def _look(self, found: list[DeploymentRecord]) -> None:
        router = self._rows.get(self._endpoint).router
        if router is None:
            return
        numbers = router_of(router.kind).numbers(router)
        for one in found:
            if one.scaling and one.scaling.least == 0:
                self._holding.listen(one.name, router_of(router.kind).held_at(router, one.name))
            self._follow(one, numbers.get(one.name, PoolNumbers()))

    def _follow(self, one: DeploymentRecord, numbers: PoolNumbers) -> None:
        scaling = one.scaling
        assert scaling is not None
        seen = self._seen.setdefault(one.name, _Seen())
        seen.note(numbers, self._each(one), scaling.cool_down)
        now = time.monotonic()
        self._warmth.look(one, now - seen.asked)
        if one.name in self._busy or now < seen.paused:
            return
        count = instances_for(scaling, one.wanted, seen.needed, now - seen.asked)
        rollout = self._rows.rollouts.running(self._endpoint) if count == 0 else None
        if rollout and one.name in {rollout.old, rollout.new}:
            # It looks at both versions all the time.
            count = one.wanted
        if count != one.wanted:
            self._say(f"{one.name}: {one.wanted} -> {count} instances")
            self._beside(one.name, lambda: self._changes.resizing.resize(self._endpoint, one.name, count))
        elif now - seen.mended > _MEND_SECONDS:
            seen.mended = now
            self._beside(one.name, lambda: self._changes.resizing.mend(one))

    def _each(self, one: DeploymentRecord) -> int:
        """Return how many requests one instance is for: those that it is told to run, or has workers for."""
        given = (one.scaling.requests if one.scaling else 0) or one.limits.concurrency
        return given or max((member.spec.workers for member in self._changes.instances.services(one)), default=1)

    def _beside(self, name: str, act: Callable[[], None]) -> None:
        """Change a deployment while the others are looked at."""

        def run() -> None:
            try:
                act()
            except (Busy, NotFound):
                # Another process changes it: the next look sees the result.
                pass
            except DeployError as error:
                self._seen[name].paused = time.monotonic() + _PAUSE_SECONDS
                self._say(f"{name}: {error.message}")
            finally:
                self._busy.discard(name)

        self._busy.add(name)
        threading.Thread(target=run, daemon=True).start()

    def _wake(self, name: str) -> Address:
        """Start a deployment; returns while the router is still being told."""
        found: Future[Address] = Future()

        def run() -> None:
            began = time.monotonic()
            try:
                self._changes.resizing.wake(self._endpoint, name, found.set_result)
                self._say(f"{name}: woken in {time.monotonic() - began:.2f} s")
            except BaseException as error:  # noqa: BLE001 - see below
                # Those whose requests are held must get an answer, whatever it was.
                self._say(f"{name}: {error}")
                if not found.done():
                    found.set_exception(error)

        threading.Thread(target=run, daemon=True).start()
        return found.result()
