"""``azureml.core.webservice.AksEndpoint``: its surface, with one version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..exceptions import WebserviceException
from .aks import AksWebservice
from .configurations import AksEndpointDeploymentConfiguration

_FIRST = "version-1"


class AksEndpoint(AksWebservice):
    """An endpoint on AKS. It has the version that it was deployed with; traffic between versions needs an endpoint."""

    @property
    def versions(self) -> dict[str, AksEndpoint]:
        """Its versions by name: one."""
        return {self._configured.get("version_name") or _FIRST: self}

    @property
    def version_name(self) -> str:
        """Its version's name; one that was given none has ``version-1``."""
        return next(iter(self.versions))

    @property
    def traffic_percentile(self) -> float:
        """What of the traffic its version gets: all of it."""
        return 100.0

    @property
    def is_default(self) -> bool:
        """Always True: the first version is the default."""
        return True

    @property
    def version_type(self) -> str:
        """Always ``"control"``: the first version is."""
        return "control"

    @staticmethod
    def deploy_configuration(  # type: ignore[override]
        autoscale_enabled: bool | None = None,
        autoscale_min_replicas: int | None = None,
        autoscale_max_replicas: int | None = None,
        autoscale_refresh_seconds: int | None = None,
        autoscale_target_utilization: int | None = None,
        collect_model_data: bool | None = None,
        auth_enabled: bool | None = None,
        cpu_cores: float | None = None,
        memory_gb: float | None = None,
        enable_app_insights: bool | None = None,
        scoring_timeout_ms: int | None = None,
        replica_max_concurrent_requests: int | None = None,
        max_request_wait_time: int | None = None,
        num_replicas: int | None = None,
        primary_key: str | None = None,
        secondary_key: str | None = None,
        tags: Mapping[str, str] | None = None,
        properties: Mapping[str, str] | None = None,
        description: str | None = None,
        gpu_cores: int | None = None,
        period_seconds: int | None = None,
        initial_delay_seconds: int | None = None,
        timeout_seconds: int | None = None,
        success_threshold: int | None = None,
        failure_threshold: int | None = None,
        namespace: str | None = None,
        token_auth_enabled: bool | None = None,
        version_name: str | None = None,
        traffic_percentile: float | None = None,
        compute_target_name: str | None = None,
        cpu_cores_limit: float | None = None,
        memory_gb_limit: float | None = None,
    ) -> AksEndpointDeploymentConfiguration:
        """Describe an endpoint's first version: the options of AksWebservice, its name and its share."""
        given = locals()
        made = AksEndpointDeploymentConfiguration(**given | {"version_name": version_name or _FIRST})
        made.validate_configuration()
        return made

    def create_version(
        self,
        version_name: str,
        autoscale_enabled: bool | None = None,
        autoscale_min_replicas: int | None = None,
        autoscale_max_replicas: int | None = None,
        autoscale_refresh_seconds: int | None = None,
        autoscale_target_utilization: int | None = None,
        collect_model_data: bool | None = None,
        cpu_cores: float | None = None,
        memory_gb: float | None = None,
        scoring_timeout_ms: int | None = None,
        replica_max_concurrent_requests: int | None = None,
        max_request_wait_time: int | None = None,
        num_replicas: int | None = None,
        tags: Mapping[str, str] | None = None,
        properties: Mapping[str, str] | None = None,
        description: str | None = None,
        models: Sequence[Any] | None = None,
        inference_config: Any = None,
        gpu_cores: int | None = None,
        period_seconds: int | None = None,
        initial_delay_seconds: int | None = None,
        timeout_seconds: int | None = None,
        success_threshold: int | None = None,
        failure_threshold: int | None = None,
        traffic_percentile: float | None = None,
        is_default: bool | None = None,
        is_control_version_type: bool | None = None,
        cpu_cores_limit: float | None = None,
        memory_gb_limit: float | None = None,
    ) -> None:
        """Refused: traffic between versions comes with endpoints."""
        raise self._no_traffic()

    def update_version(
        self,
        version_name: str,
        autoscale_enabled: bool | None = None,
        autoscale_min_replicas: int | None = None,
        autoscale_max_replicas: int | None = None,
        autoscale_refresh_seconds: int | None = None,
        autoscale_target_utilization: int | None = None,
        collect_model_data: bool | None = None,
        cpu_cores: float | None = None,
        memory_gb: float | None = None,
        scoring_timeout_ms: int | None = None,
        replica_max_concurrent_requests: int | None = None,
        max_request_wait_time: int | None = None,
        num_replicas: int | None = None,
        tags: Mapping[str, str] | None = None,
        properties: Mapping[str, str] | None = None,
        description: str | None = None,
        models: Sequence[Any] | None = None,
        inference_config: Any = None,
        gpu_cores: int | None = None,
        period_seconds: int | None = None,
        initial_delay_seconds: int | None = None,
        timeout_seconds: int | None = None,
        success_threshold: int | None = None,
        failure_threshold: int | None = None,
        traffic_percentile: float | None = None,
        is_default: bool | None = None,
        is_control_version_type: bool | None = None,
        cpu_cores_limit: float | None = None,
        memory_gb_limit: float | None = None,
    ) -> None:
        """Refused, as :meth:`create_version`."""
        raise self._no_traffic()

    def delete_version(self, version_name: str) -> None:
        """Refused, as :meth:`create_version`."""
        raise self._no_traffic()

    def _no_traffic(self) -> WebserviceException:
        return WebserviceException(
            f"{self.name} has one version: this package does not split traffic between versions yet.",
            hint="Deploy the other version as a service of its own: Model.deploy(ws, 'other-name', models, …).",
        )

    def serialize(self) -> Mapping[str, Any]:  # type: ignore[override]
        """Return plain values under the SDK's keys."""
        return {**super().serialize(), "versionName": self.version_name, "trafficPercentile": self.traffic_percentile}
