"""Where an endpoint's router runs: beside its first deployment, in a container if that one is in a container."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace

from ..endpoints import DeploymentRecord, EndpointRecord, Endpoints, RunningRouter
from ..errors import DeployError
from ..home import Home
from ..routing import Rules, contained_in_place_of, router_of
from ..services import ServiceRecord, Target
from .rollout import Progress


class RouterBeside:
    """Lets a container take the place of a router once its endpoint has its first deployment, and that one is one, too.

    No client has had an answer of a deployment yet, and none is refused. Later deployments change nothing: a router in
    a container reaches plain processes, and the other way round.
    """

    def __init__(
        self,
        home: Home,
        endpoints: Endpoints,
        services: Callable[[DeploymentRecord], Sequence[ServiceRecord]],
        target: Callable[[str], Target],
        rules: Callable[[EndpointRecord], Rules],
        lock: Callable[[str], AbstractContextManager[None]],
    ) -> None:
        self._home = home
        self._endpoints = endpoints
        self._services = services
        self._target = target
        self._rules = rules
        self._lock = lock

    def __call__(self, endpoint: str, progress: Progress) -> None:
        """Move the router of an endpoint; where no container can take its place, it stays, and the user is told."""
        with self._lock(endpoint):
            record = self._endpoints.get(endpoint)
            running = record.router
            if running is None or not self._should(endpoint, running):
                return

            def commit(new: RunningRouter) -> None:
                self._endpoints.put(replace(record, router=new))

            progress("starting the router's container")
            try:
                contained = router_of(contained_in_place_of(running.kind, running.port))
                contained.take_over(self._home, running, self._rules(record), commit)
            except (DeployError, OSError) as error:
                progress(f"the router stays a process of this machine: {error}")

    def _should(self, endpoint: str, running: RunningRouter) -> bool:
        found = self._endpoints.deployments(endpoint)
        if len(found) != 1 or not contained_in_place_of(running.kind, running.port):
            return False
        servers = [one.active for one in self._services(found[0])]
        return bool(servers) and all(one and self._target(one.target).capabilities.contains for one in servers)
