"""A live handle on one deployment of an endpoint."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from typing import Any, Unpack

from ..deploying import Asked, Bounds, EndpointChanges, Wanted
from ..endpoints import DeploymentRecord, Endpoints, refuse_while_running
from ..errors import not_found
from ..services import Change, ServiceRecord
from .service import Service

# From the worst to the best: a deployment is as well as the best of its instances.
_STATES = ("Failed", "Stopped", "Unschedulable", "Unhealthy", "Transitioning", "Healthy")


class EndpointDeployment:
    """One deployment of an endpoint. Attributes are looked up when they are read.

    Parameters
    ----------
    endpoint, name : str
        Its endpoint's name, and its own within that.
    rows : Endpoints
        The rows of endpoints.
    changes : EndpointChanges
        What changes them.
    service : callable
        Returns the handle of a service, by name.
    change : Change, optional
        The last change, for those who show it.
    """

    def __init__(
        self,
        endpoint: str,
        name: str,
        rows: Endpoints,
        changes: EndpointChanges,
        service: Callable[[str], Service],
        change: Change | None = None,
    ) -> None:
        self.endpoint = endpoint
        self.name = name
        self.change = change
        self._rows = rows
        self._changes = changes
        self._service = service

    def __repr__(self) -> str:
        return f"<EndpointDeployment {self.name} of {self.endpoint}>"

    @property
    def record(self) -> DeploymentRecord:
        """Its row."""
        return self._rows.get_deployment(self.endpoint, self.name)

    @property
    def instances(self) -> list[Service]:
        """Its instances, as services."""
        return [self._service(one.name) for one in self._changes.instances.services(self.record)]

    @property
    def state(self) -> str:
        """Healthy as soon as one instance is; otherwise the state of the best one, Failed without any."""
        return self.look()[0]

    def look(self) -> tuple[str, str]:
        """Return its state, and why it is not Healthy."""
        record = self.record
        if record.failed and not record.instances:
            return "Failed", record.failed
        if record.sleeps:
            return "Healthy", "it sleeps; the first request starts an instance"
        # One that has died is started again by this look, maybe at another place.
        self._changes.resizing.mend(record)
        found = [(health.state, health.reason) for one in self.instances for health in (one.health,)]
        return max(found, key=lambda one: _STATES.index(one[0])) if found else ("Failed", "it has no instance")

    @property
    def traffic(self) -> int:
        """Its share of the requests, in percent."""
        return self._rows.get(self.endpoint).traffic.get(self.name, 0)

    @property
    def served(self) -> ServiceRecord | None:
        """The row of one instance: all serve the same. None without any."""
        found = self._changes.instances.services(self.record)
        return found[0] if found else None

    def logs(self, lines: int = 100) -> str:
        """Return the last lines of its log; of several instances one after the other, each with its name."""
        texts = {one.name: one.logs(lines) for one in self.instances}
        if len(texts) == 1:
            return next(iter(texts.values()))
        return "\n".join(f"== {name}\n{text}" for name, text in texts.items())

    def scale(self, instances: int | None = None, **bounds: Unpack[Bounds]) -> Change:
        """Have that many instances, or bounds for their number; those that stay are not touched."""
        self.change = self._changes.deploy(self.endpoint, self.name, Asked(), Wanted(instances=instances, **bounds))
        return self.change

    def delete(self) -> None:
        """Remove it; refused while it has traffic."""
        running = self._rows.rollouts.running(self.endpoint)
        if running and self.name in {running.new, running.old}:
            refuse_while_running(running, f"delete {self.name}")
        self._changes.undeploy(self.endpoint, self.name)

    def as_dict(self) -> dict[str, Any]:
        """Return its state, shares, what it serves, and its instances, for JSON."""
        record, served = self.record, self.served
        state, reason = self.look()
        rules = self._rows.get(self.endpoint)
        own = served.spec if served else None
        environment = served.environment if served and not served.spec.image else None
        return {
            "name": self.name,
            "endpoint": self.endpoint,
            "state": state,
            "reason": record.failed or reason if state == "Healthy" else reason,
            "traffic": rules.traffic.get(self.name, 0),
            "mirror": rules.mirror.get(self.name, 0),
            "instances": list(record.instances),
            "wanted": record.wanted,
            "sleeps": record.sleeps,
            "scaling": asdict(record.scaling) if record.scaling else None,
            "script": own.script if own and not own.image else "",
            "image": own.image.name if own and own.image else "",
            "models": list(served.models) if served else [],
            "target": own.target if own else "",
            "environment": environment.as_dict() if environment else {},
            "limits": asdict(record.limits),
            "tags": dict(record.tags),
            "description": record.description,
            "created": record.created,
            "change": self.change.as_dict() if self.change else None,
        }


class Deployments(Mapping[str, EndpointDeployment]):
    """The deployments of an endpoint by name, oldest first; ``rows`` lists them, ``handle`` makes one's handle."""

    def __init__(self, rows: Callable[[], list[DeploymentRecord]], handle: Callable[[str], EndpointDeployment]) -> None:
        self._rows = rows
        self._handle = handle

    def __getitem__(self, name: str) -> EndpointDeployment:
        if name not in list(self):
            raise not_found("deployment", str(name), list(self), empty="It has none yet.")
        return self._handle(name)

    def __contains__(self, name: object) -> bool:
        return name in list(self)

    def __iter__(self) -> Iterator[str]:
        return (one.name for one in self._rows())

    def __len__(self) -> int:
        return len(self._rows())
