"""``azureml.core.webservice.AksWebservice``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any

from ..exceptions import WebserviceException
from .base import Webservice
from .configurations import PROBE, SCORING_TIMEOUT_MS, AksServiceDeploymentConfiguration
from .reloading import reload


@dataclass(frozen=True)
class AccessToken:
    """A token, when to ask for the next one, and when it ends."""

    access_token: str
    refresh_after: datetime
    expiry_on: datetime
    token_type: str = "Bearer"  # noqa: S105 - a kind, not a token

    def __repr__(self) -> str:
        return f"AccessToken(refresh_after={self.refresh_after!r}, expiry_on={self.expiry_on!r})"


@dataclass(frozen=True)
class AutoScaler:
    """The bounds of autoscaling, as they were asked for."""

    autoscale_enabled: bool
    min_replicas: int
    max_replicas: int
    refresh_period_seconds: int
    target_utilization: int


class _AksConfigured(Webservice):
    """The attributes that come from the configuration of the deployment."""

    _compute_type = "AKS"

    @property
    def compute_name(self) -> str | None:
        """The compute target that it was sent to."""
        found: str | None = self._configured.get("compute_target_name")
        return found

    @property
    def deployment_status(self) -> Mapping[str, Any]:
        """How many replicas are there, and how many serve."""
        health = self._service.health
        return {
            "replicas": self.num_replicas,
            "updatedReplicas": len(health.workers),
            "availableReplicas": len(health.workers) if health.state == "Healthy" else 0,
            "error": self.error,
        }

    @property
    def autoscaler(self) -> AutoScaler:
        """The bounds of autoscaling; they are kept, and the least is what runs."""
        said = self._configured
        enabled = said.get("autoscale_enabled")
        return AutoScaler(
            not said.get("num_replicas") if enabled is None else enabled,
            said.get("autoscale_min_replicas") or 1,
            said.get("autoscale_max_replicas") or 10,
            said.get("autoscale_refresh_seconds") or 1,
            said.get("autoscale_target_utilization") or 70,
        )

    @property
    def scoring_timeout_ms(self) -> int:
        """Milliseconds that one request may take."""
        return int(self._record.spec.settings.get("scoring_timeout_ms", SCORING_TIMEOUT_MS))

    @property
    def max_concurrent_requests_per_container(self) -> int:
        """Requests that one replica takes, as it was asked for: it runs one, the others wait in it."""
        return int(self._configured.get("replica_max_concurrent_requests") or 1)

    @property
    def max_request_wait_time(self) -> int | None:
        """Milliseconds that a request may wait for its turn; None where no limit was given, so that it may wait on."""
        found: int | None = self._configured.get("max_request_wait_time")
        return found

    @property
    def namespace(self) -> str | None:
        """A label."""
        found: str | None = self._configured.get("namespace")
        return found

    @property
    def liveness_probe(self) -> Mapping[str, int] | None:
        """The numbers of the probe that is in force; None where none of them was given, so that there is none."""
        given = {key: self._configured.get(key) for key in PROBE}
        return {key: given[key] or usual for key, usual in PROBE.items()} if any(given.values()) else None


class AksWebservice(_AksConfigured):
    """Replicas behind one address, with keys unless tokens or neither are asked for."""

    @staticmethod
    def deploy_configuration(
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
        compute_target_name: str | None = None,
        cpu_cores_limit: float | None = None,
        memory_gb_limit: float | None = None,
        blobfuse_enabled: bool | None = None,
    ) -> AksServiceDeploymentConfiguration:
        """Describe a service with replicas."""
        made = AksServiceDeploymentConfiguration(**locals())
        made.validate_configuration()
        return made

    def get_token(self) -> tuple[str, datetime]:
        """Return a token, and when to ask for the next one."""
        self._needs_tokens()
        return self._asked.get_token()

    def get_access_token(self) -> AccessToken:
        """Return a token with its times."""
        self._needs_tokens()
        import jwt

        token, refresh_after = self._asked.get_token()
        # Its own signature need not be checked: it was made here.
        ends = jwt.decode(token, options={"verify_signature": False})["exp"]
        return AccessToken(token, refresh_after, datetime.fromtimestamp(ends, UTC))

    def _needs_tokens(self) -> None:
        if not self.token_auth_enabled:
            raise WebserviceException(
                f"Service {self.name} has no token authentication.",
                hint="AksWebservice.deploy_configuration(token_auth_enabled=True), or service.get_keys().",
            )

    def reload(self, wait: bool = False) -> None:
        """Serve the script as it is now: not in the cloud, but here; one that fails leaves the old version serving."""
        reload(self._service)

    def update(
        self,
        image: Any = None,
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
        namespace: str | None = None,
        token_auth_enabled: bool | None = None,
        cpu_cores_limit: float | None = None,
        memory_gb_limit: float | None = None,
    ) -> None:
        """Change what is given, at the same address and without a failed request."""
        from .deploying import update
        from .printing import refuse_image

        given, known = locals(), {option.name for option in fields(AksServiceDeploymentConfiguration)}
        refuse_image(image)
        changed = {key: given[key] for key in known if given.get(key) is not None}
        update(self, models, inference_config, AksServiceDeploymentConfiguration(**changed) if changed else None)
