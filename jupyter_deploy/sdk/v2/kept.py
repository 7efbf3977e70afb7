"""What the SDK keeps with endpoints and deployments for itself, and their entities as the workspace has them."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin

from ...files import in_home
from ...workspace import Endpoint as LiveEndpoint
from ...workspace import EndpointDeployment
from .entities import (
    BatchDeployment,
    Environment,
    KubernetesOnlineDeployment,
    KubernetesOnlineEndpoint,
    ManagedOnlineDeployment,
    ManagedOnlineEndpoint,
    OnlineDeployment,
    OnlineEndpoint,
)

LABEL = "azure.ai.ml"
_CREATION = "creation_context"
_STATES = {"Healthy": "Succeeded", "Transitioning": "Updating"}
_AUTH = {"key": "key", "token": "aml_token", "none": "key"}
# In the rows themselves, or in files for their owner only.
_NOT_KEPT = frozenset(
    {
        *("name", "endpoint_name", "tags", "properties", "description", "traffic", "mirror_traffic"),
        *("environment_variables", "instance_count"),
    }
)


def endpoint_label(given: OnlineEndpoint) -> str:
    """Write what the row of an endpoint has no place for."""
    kind = "Kubernetes" if isinstance(given, KubernetesOnlineEndpoint) else "Managed"
    kept = {key: value for key, value in given.values().items() if key not in _NOT_KEPT}
    return json.dumps({"kind": kind, "values": kept}, sort_keys=True, default=str)


def endpoint_entity(live: LiveEndpoint) -> OnlineEndpoint:
    """Make the entity of an endpoint as it is now."""
    record, health = live.record, live.health
    kept = json.loads(record.labels.get(LABEL, "{}"))
    kind = KubernetesOnlineEndpoint if kept.get("kind") == "Kubernetes" else ManagedOnlineEndpoint
    values = {key: value for key, value in kept.get("values", {}).items() if key != "auth_mode"}
    auth = kept.get("values", {}).get("auth_mode", "")
    if _AUTH.get(record.auth) != auth and not (record.auth == "token" and auth == "aad_token"):
        auth = _AUTH[record.auth]
    made: OnlineEndpoint = kind.read({"name": live.name, **values, "auth_mode": auth}, None, f"endpoint {live.name}")
    made.tags, made.properties = dict(record.tags), dict(record.properties)
    made.description = record.description or None
    made.traffic.applied(live.traffic)  # type: ignore[attr-defined]
    made.mirror_traffic.applied(live.mirror)  # type: ignore[attr-defined]
    made._facts.update(
        {
            "id": f"azureml:{live.name}",
            "scoring_uri": live.scoring_uri,
            "openapi_uri": urljoin(live.scoring_uri, "swagger.json"),
            "provisioning_state": _STATES.get(health.state, "Failed"),
            # Azure has no word for an endpoint that answers all clients: it stays one, unless the notebook says else.
            "auth": made.auth_mode,
            "kind": kept.get("kind", "Managed"),
            _CREATION: datetime.fromtimestamp(record.created, UTC) if record.created else None,
        }
    )
    return made


def deployment_label(given: OnlineDeployment, model: str | None, environment: str | None) -> str:
    """Write what the row of a deployment has no place for; references are those that were found."""
    kept = {key: value for key, value in given.values().items() if key not in _NOT_KEPT}
    if model:
        kept["model"] = f"azureml:{model}"
    if environment:
        kept["environment"] = f"azureml:{environment}"
    elif isinstance(given.environment, Environment) and isinstance(kept.get("environment"), dict):
        kept["environment"] = {key: _absolute(key, value) for key, value in kept["environment"].items()}
    if isinstance(kept.get("code_configuration"), dict):
        kept["code_configuration"] = {key: _absolute(key, each) for key, each in kept["code_configuration"].items()}
    return json.dumps({"kind": given.type, "values": kept}, sort_keys=True, default=str)


def absolute_values(given: BatchDeployment) -> dict[str, Any]:
    """Return a deployment's values with paths that mean the same from any folder."""
    found = given.values()
    for part in ("code_configuration", "environment"):
        if isinstance(found.get(part), dict):
            found[part] = {key: _absolute(key, value) for key, value in found[part].items()}
    return found


def _absolute(key: str, value: Any) -> Any:
    if key in {"code", "conda_file"} and isinstance(value, str):
        return os.path.abspath(in_home(value))  # noqa: PTH100 - resolve() would follow links
    return value


def deployment_entity(live: EndpointDeployment) -> OnlineDeployment:
    """Make the entity of a deployment as it is now; what is changed of it is what an update changes."""
    record, served = live.record, live.served
    kept: Mapping[str, Any] = json.loads(record.labels.get(LABEL, "{}"))
    kind = KubernetesOnlineDeployment if kept.get("kind") == "Kubernetes" else ManagedOnlineDeployment
    values = dict(kept.get("values", {}))
    if served is not None:
        values.setdefault("model", f"azureml:{served.models[0]}" if served.models else None)
        values["environment_variables"] = dict(served.spec.variables)
    values |= {"name": live.name, "endpoint_name": live.endpoint, "instance_count": record.wanted}
    made: OnlineDeployment = kind.read(values, None, f"deployment {live.name}")
    made.tags, made.description = dict(record.tags), record.description or None
    state, _ = live.look()
    made._facts.update(
        {
            "id": f"azureml:{live.endpoint}/{live.name}",
            # Of the last change, as in Azure: where it failed, what served before may serve on.
            "provisioning_state": "Failed" if record.failed else _STATES.get(state, "Failed"),
            _CREATION: datetime.fromtimestamp(record.created, UTC) if record.created else None,
        }
    )
    made._facts["as_it_was"] = snapshot(made)
    return made


def snapshot(given: OnlineDeployment) -> dict[str, Any]:
    """Return a deployment's values, to see later which of them a notebook has changed."""
    return {key: json.dumps(value, sort_keys=True, default=str) for key, value in given.values().items()}


def changed(given: OnlineDeployment) -> frozenset[str] | None:
    """Return the names of what a notebook has changed of a deployment of the workspace; None for one of its own."""
    before = given._facts.get("as_it_was")
    if before is None:
        return None
    now = snapshot(given)
    return frozenset(key for key in {*before, *now} if before.get(key) != now.get(key))
