"""What is recorded of an endpoint, and what it looks like where it cannot be asked."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from ..endpoints import DeploymentRecord, EndpointRecord
from ..services import ServiceRecord


@dataclass(frozen=True)
class EndpointRows:
    """An endpoint's row, those of its deployments, and those of their instances; nothing is asked."""

    record: EndpointRecord
    deployments: tuple[DeploymentRecord, ...] = ()
    members: tuple[ServiceRecord, ...] = ()

    def unasked(self, why: str) -> dict[str, Any]:
        """Return the facts that the rows alone have, with the names of :meth:`.Endpoint.as_dict`."""
        record = self.record
        scheme = "https" if record.tls else "http"
        return {
            "name": record.name,
            "state": "Unhealthy",
            "reason": why,
            "scoring_uri": f"{scheme}://127.0.0.1:{record.router.port}/score" if record.router else "",
            "auth": record.auth,
            "traffic": {one.name: record.traffic.get(one.name, 0) for one in self.deployments},
            "mirror": dict(record.mirror),
            "rollout": None,
            "last_rollout": None,
            "deployments": [self._deployment(one) for one in self.deployments],
            "tags": dict(record.tags),
            "properties": dict(record.properties),
            "description": record.description,
            "created": record.created,
            "uptime_seconds": 0,
        }

    def _deployment(self, one: DeploymentRecord) -> dict[str, Any]:
        served = next((member for member in self.members if member.name in one.instances), None)
        image = served.spec.image if served else None
        return {
            "name": one.name,
            "endpoint": one.endpoint,
            "state": "Unhealthy",
            "reason": "",
            "traffic": self.record.traffic.get(one.name, 0),
            "mirror": self.record.mirror.get(one.name, 0),
            "instances": list(one.instances),
            "wanted": one.wanted,
            "sleeps": one.sleeps,
            "scaling": asdict(one.scaling) if one.scaling else None,
            "script": served.spec.script if served and not image else "",
            "image": image.name if image else "",
            "models": list(served.models) if served else [],
            "target": served.spec.target if served else "",
            "environment": {},
            "limits": asdict(one.limits),
            "tags": dict(one.tags),
            "description": one.description,
            "created": one.created,
            "change": None,
            "numbers": {},
        }
