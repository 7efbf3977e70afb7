"""A service as plain values, under the SDK's keys."""

from __future__ import annotations

from typing import Any


def serialized(service: Any) -> dict[str, Any]:
    """Return what the ``serialize()`` of a :class:`.base.Webservice` does."""
    return {
        "name": service.name,
        "computeType": service.compute_type,
        "state": service.state,
        "error": service.error,
        "scoringUri": service.scoring_uri,
        "swaggerUri": service.swagger_uri,
        "tags": service.tags,
        "properties": service.properties,
        "description": service.description,
        "createdTime": service.created_time.isoformat(),
        "updatedTime": service.updated_time.isoformat(),
        "modelIds": list(service._record.models),
        "authEnabled": service.auth_enabled,
        "tokenAuthEnabled": service.token_auth_enabled,
        "numReplicas": service.num_replicas,
        "containerResourceRequirements": {"cpu": service.cpu_cores, "memoryInGB": service.memory_gb},
        "deploymentConfig": dict(service._configured),
    }
