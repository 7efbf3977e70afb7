"""What an endpoint's supervisor does with instances: more, fewer, none, and others for those that died."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import replace

from ..endpoints import DeploymentRecord, Endpoints
from ..errors import DeployError, ServiceDown
from ..home import Home
from ..routing import Backend, router_of
from ..services import Health, KeptWarm, ServiceRecord, Services
from .changing import Busy
from .instances import Instances

_WAIT_SECONDS = 60.0
# A start that takes longer is ended by what it is waited for.
_STILL_SECONDS = 10.0
# The module of the process that looks after an endpoint, with the workspace and the endpoint behind it.
SUPERVISING = "jupyter_deploy.workspace.supervisor"


class Resizing:
    """Changes how many instances there are.

    ``lock`` takes a deployment's lock. ``backend`` returns where a router finds an instance. ``push`` tells an
    endpoint's router where its instances are. ``keep_warm`` has a process ready from which an instance starts at once.
    ``health`` finds out how a service is, and starts one again that died.
    """

    def __init__(
        self,
        home: Home,
        endpoints: Endpoints,
        rows: Services,
        instances: Instances,
        health: Callable[[ServiceRecord], Health],
        lock: Callable[[str, str, float], AbstractContextManager[None]],
        backend: Callable[[ServiceRecord], Backend | None],
        push: Callable[[str], None],
        keep_warm: Callable[[ServiceRecord], KeptWarm | None],
    ) -> None:
        self.keep_warm = keep_warm
        self._home = home
        self._endpoints = endpoints
        self._rows = rows
        self._instances = instances
        self._health = health
        self._lock = lock
        self._backend = backend
        self._push = push

    def resize(self, endpoint: str, name: str, count: int, patience: float = 0.0) -> None:
        """Have another number of instances, where the bounds of a deployment allow it; with 0 it sleeps.

        Raises
        ------
        Busy
            If something else is being changed there for so many seconds.
        StartFailed
            With the script's traceback; those that serve serve on.
        """
        with self._lock(f"{endpoint}.{name}", "deployment", patience):
            record = self._endpoints.get_deployment(endpoint, name)
            if record.scaling is None or record.sleeps:
                return
            count = max(record.scaling.least, min(count, record.scaling.most))
            if count == 0:
                self._instances.sleep(record)
                return
            try:
                self._endpoints.put_deployment(self._instances.scale(replace(record, wanted=count), lambda _: None))
            except DeployError as error:
                # The number is what there is, so that the rule asks for more again.
                now = self._endpoints.get_deployment(endpoint, name)
                self._endpoints.put_deployment(replace(now, wanted=len(now.instances) or 1, failed=error.message[:500]))
                raise

    def wake(self, endpoint: str, name: str, awake: Callable[[tuple[str, int]], None] = lambda _: None) -> None:
        """Start a deployment that sleeps; ``awake`` gets the address of an instance as soon as it is ready.

        Raises
        ------
        StartFailed
            With the script's traceback; it sleeps on.
        """
        with self._lock(f"{endpoint}.{name}", "deployment", _WAIT_SECONDS):
            record = self._endpoints.get_deployment(endpoint, name)

            def ready() -> None:
                found = [one for member in self._instances.services(record) if (one := self._backend(member))]
                if not found:
                    raise ServiceDown(f"{record.title} has no instance that answers.")
                awake((found[0].host, found[0].port))

            if not record.sleeps:
                ready()
                return
            try:
                self._instances.wake(record, ready)
            except DeployError as error:
                now = self._endpoints.get_deployment(endpoint, name)
                self._endpoints.put_deployment(replace(now, failed=error.message[:500]))
                raise

    @contextmanager
    def still(self, endpoint: str) -> Iterator[None]:
        """Let instances that are being started or ended get there, and let no others begin meanwhile.

        An instance that is recorded after its endpoint was deleted would be left behind. One that takes long to start
        is not waited for.
        """
        end = time.monotonic() + _STILL_SECONDS
        with ExitStack() as stack:
            for one in self._endpoints.deployments(endpoint):
                left = max(end - time.monotonic(), 0.0)
                with suppress(Busy):
                    stack.enter_context(self._lock(f"{endpoint}.{one.name}", "deployment", left))
            yield

    def mend(self, deployment: DeploymentRecord) -> None:
        """Start again the instances that have died, and tell the router where they are if that is another place."""
        before = [(one, self._backend(one)) for one in self._instances.services(deployment) if not one.is_stopped]
        for one, _ in before:
            self._health(one)
        if any(self._backend(now) != place for one, place in before if (now := self._rows.find(one.name))):
            self._push(deployment.endpoint)

    def stop_sleeping(self, deployment: DeploymentRecord) -> None:
        """End the instance of a deployment that sleeps, where a killed process has left it."""
        if any(not one.is_stopped for one in self._instances.services(deployment)):
            with self._lock(f"{deployment.endpoint}.{deployment.name}", "deployment", 0.0):
                now = self._endpoints.get_deployment(deployment.endpoint, deployment.name)
                if now.sleeps:
                    self._instances.sleep(now)

    def supervise(self, endpoint: str) -> None:
        """Have the process run that looks after an endpoint, if that is wanted."""
        router = self._endpoints.get(endpoint).router
        if router is not None and self.wanted(endpoint):
            command = [sys.executable, "-m", SUPERVISING, str(self._home.root), endpoint]
            router_of(router.kind).supervise(self._home, router, command)

    def wanted(self, endpoint: str) -> bool:
        """Whether the number of instances of any deployment follows its requests, or a rollout runs."""
        if self._endpoints.rollouts.unfinished(endpoint) is not None:
            return True
        return any(one.scaling for one in self._endpoints.deployments(endpoint))
