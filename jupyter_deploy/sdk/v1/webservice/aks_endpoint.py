"""``azureml.core.webservice.AksEndpoint``: one address for several versions that share the traffic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from ....services import ServiceRecord
from ....workspace import Endpoint, Service
from ..exceptions import WebserviceException
from .aks import AksWebservice
from .aks_version import AksEndpointVersion
from .configurations import AksEndpointDeploymentConfiguration
from .known import record_of, record_of_version
from .labels import ENDPOINT
from .versions import FIRST, VersionRules, put_rules, share_of, spoken, version_named

_OF_RULES = frozenset({"version_name", "traffic_percentile", "is_default", "is_control_version_type"})


class AksEndpoint(AksWebservice):
    """An endpoint: an address and keys, and versions that share its traffic.

    What is asked of the endpoint is answered by any of them. Attributes that only a version has are those of the
    default one.
    """

    _compute_type = ENDPOINT

    @property
    def _endpoint(self) -> Endpoint:
        if self._deleted:
            raise WebserviceException(f"Endpoint {self._name} is deleted.", hint="Deploy it again: Model.deploy(…)")
        return self.workspace._local.endpoints[self._name]

    @property
    def _default(self) -> AksEndpointVersion:
        name = VersionRules.of(self._endpoint).default
        if not name:
            raise WebserviceException(
                f"Endpoint {self._name} has no version.",
                hint="endpoint.create_version('version-1', models=[model], inference_config=config)",
            )
        return AksEndpointVersion(self, name)

    @property
    def _service(self) -> Service:
        return self._default._service

    @property
    def _asked(self) -> Endpoint:
        return self._endpoint

    @property
    def _record(self) -> ServiceRecord:
        live = self._endpoint
        default = VersionRules.of(live).default
        # With or without a server.
        served = live.deployments[default].served if default else None
        return record_of(live, record_of_version(live.deployments[default], served) if served else None)

    def _describe(self, **what: Any) -> None:
        with spoken():
            self.workspace._local.endpoints.create(self._name, **what)

    @property
    def versions(self) -> dict[str, AksEndpointVersion]:
        """Its versions by name, oldest first."""
        return {name: AksEndpointVersion(self, name) for name in self._endpoint.deployments}

    @property
    def version_name(self) -> str:
        """The default version's name."""
        return self._default.name

    @property
    def traffic_percentile(self) -> float:
        """What the default version gets of the traffic."""
        return self._default.traffic_percentile

    @property
    def is_default(self) -> bool:
        """Always True: its attributes are those of the default version."""
        return True

    @property
    def version_type(self) -> str:
        """The default version's type."""
        return self._default.version_type

    @property
    def state(self) -> str:
        """Whether its address answers and its default version serves."""
        if self._deleted:
            return "Deleted"
        live = self._endpoint
        if live.state != "Healthy" or not live.deployments:
            return live.state if live.deployments else "Transitioning"
        return self._default.state

    def get_logs(self, num_lines: int = 5000, init: bool = False) -> str:
        """Return the end of what the default version has written; ``versions[name].get_logs()`` has another's."""
        return self._default.get_logs(num_lines)

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
        made = AksEndpointDeploymentConfiguration(**given | {"version_name": version_name or FIRST})
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
        """Add a version, which gets its share of the traffic once it serves; without one it gets none.

        Raises
        ------
        WebserviceException
            If it does not serve, with the script's traceback: nothing of it stays.
        """
        given = locals()
        self._put(given, new=True)

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
        """Change what is given of a version, without a failed request.

        Raises
        ------
        WebserviceException
            If it does not serve with the changes, with the script's traceback: what it served before, it serves on.
        """
        given = locals()
        self._put(given, new=False)

    def delete_version(self, version_name: str) -> None:
        """Remove a version; its share of the traffic goes to the default one, which itself is refused."""
        live = self._endpoint
        name = version_named(live, version_name)
        put_rules(self.workspace, live, VersionRules.of(live).without(name))
        with spoken():
            live.deployments[name].delete()

    def update(  # type: ignore[override]
        self,
        auth_enabled: bool | None = None,
        token_auth_enabled: bool | None = None,
        enable_app_insights: bool | None = None,
        description: str | None = None,
        tags: Mapping[str, str] | None = None,
        properties: Mapping[str, str] | None = None,
    ) -> None:
        """Change what all versions share; ``update_version(…)`` changes one of them."""
        given = {key: value for key, value in locals().items() if key != "self" and value is not None}
        if not given:
            raise WebserviceException("No parameters provided to update.", hint="endpoint.update(auth_enabled=True)")
        live = self._endpoint
        auth = _auth(live.record.auth, auth_enabled, token_auth_enabled)
        if enable_app_insights is not None:
            for version in self.versions.values():
                self._change(version, {"enable_app_insights": enable_app_insights}, None, None)
        kept = None if tags is None else {**dict.fromkeys(live.record.tags), **tags}
        self._describe(auth=auth, description=description, tags=kept, properties=properties)

    def _put(self, given: Mapping[str, Any], *, new: bool) -> None:
        """Create or change a version as the arguments of ``create_version`` and ``update_version`` say."""
        live = self._endpoint
        name = self._new_name(live, given["version_name"]) if new else version_named(live, given["version_name"])
        share = share_of(given["traffic_percentile"])
        before = VersionRules.of(live)
        # Refused before anything is started.
        rules = before.with_version(name, share, given["is_default"], given["is_control_version_type"])
        known = {option.name for option in fields(AksEndpointDeploymentConfiguration)} - _OF_RULES
        changed = {key: given[key] for key in known if given.get(key) is not None}
        models, inference = given["models"], given["inference_config"]
        if new:
            self._create(live, name, changed, models, inference)
        elif changed or models is not None or inference is not None:
            self._change(AksEndpointVersion(self, name), changed, models, inference)
        elif rules == before:
            raise WebserviceException(
                "No parameters provided to update.", hint=f"endpoint.update_version({name!r}, traffic_percentile=10)"
            )
        put_rules(self.workspace, live, rules)

    def _new_name(self, live: Endpoint, name: str | None) -> str:
        known = {one.lower() for one in live.deployments}
        if name is None:
            return next(one for number in range(1, 1000) if (one := f"version-{number}") not in known)
        if str(name).lower() in known:
            raise WebserviceException(
                f"Endpoint {live.name} has a version {name} already.",
                hint=f"endpoint.update_version({name!r}, …) changes it.",
            )
        return name

    def _create(
        self, live: Endpoint, name: str, changed: Mapping[str, Any], models: Sequence[Any] | None, inference: Any
    ) -> None:
        from .deploying import configured, deployed_as
        from .labels import labels_of
        from .versions import of_version

        if models is None and inference is None:
            raise WebserviceException(
                f"Version {name} needs a script or a model.",
                hint=f"endpoint.create_version({name!r}, inference_config=config, models=[model])",
            )
        shared = {"enable_app_insights": self.enable_app_insights or None, "version_name": name}
        configuration = AksEndpointDeploymentConfiguration(**{**shared, **changed})
        configuration.validate_configuration()
        options = deployed_as(self.workspace, f"{live.name}-{name}", models or [], inference)
        options |= configured(configuration, say=None)
        if configuration.properties:
            options["properties"] = dict(configuration.properties)
        options["labels"] = labels_of(configuration)
        with spoken():
            live.deploy(name, **of_version(options))

    def _change(
        self, version: AksEndpointVersion, changed: Mapping[str, Any], models: Sequence[Any] | None, inference: Any
    ) -> None:
        from .deploying import changes_of
        from .versions import of_version

        configuration = AksEndpointDeploymentConfiguration(**changed) if changed else None
        options = changes_of(version, f"{self._name}-{version.name}", models, inference, configuration)
        with spoken():
            self._endpoint.deploy(version.name, **of_version(options))

    def serialize(self) -> dict[str, Any]:
        """Return plain values under the SDK's keys."""
        versions = {name: version.serialize() for name, version in self.versions.items()}
        return {**super().serialize(), "versions": versions}


def _auth(now: str, keys: bool | None, tokens: bool | None) -> str | None:
    """Say what clients must show after an update; None where it stays."""
    if keys and tokens:
        raise WebserviceException("Cannot set both auth_enabled and token_auth_enabled to True.")
    if tokens:
        return "token"
    if keys:
        return "key"
    if keys is False and (tokens is False or now != "token"):
        return "none"
    if tokens is False and now == "token":
        raise WebserviceException(
            "Without tokens, the endpoint needs something in their place.",
            hint="update(token_auth_enabled=False, auth_enabled=True) asks for keys, auth_enabled=False for nothing.",
        )
    return None
