"""What ``MLClient`` has in the cloud and not here: it says so by name."""

from __future__ import annotations

from typing import Any

from ..exceptions import UnsupportedOperationError

# What does the same here.
INSTEAD = {
    "jobs": "Nothing is submitted to a cluster: train in this notebook, then ml_client.models.create_or_update(…).",
    "components": "Nothing is submitted to a cluster: run the steps in this notebook.",
    "schedules": "Nothing runs on a schedule here.",
    "datastores": "Files are on this machine: give their paths.",
    "registries": "There is one workspace: models are in ml_client.models.",
    "connections": "Nothing here connects to other services of the cloud.",
    "feature_stores": "There is no feature store here.",
    "feature_sets": "There is no feature store here.",
    "feature_store_entities": "There is no feature store here.",
    "serverless_endpoints": "Models are served by this machine: ml_client.online_endpoints.",
    "marketplace_subscriptions": "Models are served by this machine: ml_client.online_endpoints.",
    "deployment_templates": "A deployment says everything itself: ManagedOnlineDeployment(…).",
    "evaluators": "There are no evaluators here.",
    "indexes": "There are no indexes here.",
    "azure_openai_deployments": "Models are served by this machine: ml_client.online_endpoints.",
    "capability_hosts": "There are no agents here.",
    "workspace_outbound_rules": "Nothing leaves this machine.",
}


class Lacking:
    """Any call of it is refused, saying what there is instead."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return f"<{self._name}: not on this machine>"

    def __getattr__(self, wanted: str) -> Any:
        if wanted.startswith("_"):
            raise AttributeError(wanted)

        def refuse(*_: Any, **__: Any) -> Any:
            raise UnsupportedOperationError(
                f"ml_client.{self._name}.{wanted} is Azure's: this machine has no {self._name}.",
                hint=INSTEAD[self._name],
            )

        return refuse
