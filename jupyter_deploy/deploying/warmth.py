"""Warm processes for deployments that sleep, kept by the endpoint's supervisor."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress

from ..endpoints import DeploymentRecord
from ..errors import DeployError
from ..services import KeptWarm, ServiceRecord

# A deployment that sleeps again soon finds it there.
_AWAKE_SECONDS = 60.0
_PAUSE_SECONDS = 10.0


class Warmth:
    """Keeps a warm process for each deployment that sleeps, or is about to.

    ``services`` returns the instances of a deployment. ``keep`` has a process ready for an instance; None where its
    target has none. ``say`` gets what goes wrong.
    """

    def __init__(
        self,
        services: Callable[[DeploymentRecord], list[ServiceRecord]],
        keep: Callable[[ServiceRecord], KeptWarm | None],
        say: Callable[[str], None],
    ) -> None:
        self._services = services
        self._keep = keep
        self._say = say
        self._kept: dict[str, KeptWarm] = {}
        self._for: dict[str, ServiceRecord] = {}
        self._wanted: dict[str, float] = {}  # when it was wanted last
        self._paused: dict[str, float] = {}  # until when none is started

    def look(self, deployment: DeploymentRecord, idle: float) -> None:
        """Keep one for a deployment without a request for ``idle`` seconds, or let it go."""
        name, scaling, now = deployment.name, deployment.scaling, time.monotonic()
        if scaling is not None and scaling.least == 0 and (deployment.sleeps or idle > scaling.idle / 2):
            self._wanted[name] = now
        elif scaling is None or scaling.least or now - self._wanted.get(name, now) > _AWAKE_SECONDS:
            self._drop(name)
        if self._wanted.get(name) == now:
            self._have(deployment, now)

    def _have(self, deployment: DeploymentRecord, now: float) -> None:
        name, services = deployment.name, self._services(deployment)
        if not services or now < self._paused.get(name, 0.0):
            return
        before, kept = self._for.get(name), self._kept.get(name)
        same = before and (before.bundle, before.environment) == (services[0].bundle, services[0].environment)
        if same and (kept is None or kept.lives):
            return
        self._drop(name)
        try:
            found = self._keep(services[0])
        except DeployError as error:
            self._paused[name] = now + _PAUSE_SECONDS
            self._say(f"{name}: {error.message}")
            return
        self._wanted[name], self._for[name] = now, services[0]
        if found is not None:
            self._kept[name] = found

    def _drop(self, name: str) -> None:
        self._for.pop(name, None)
        self._wanted.pop(name, None)
        with suppress(KeyError):
            self._kept.pop(name).close()
