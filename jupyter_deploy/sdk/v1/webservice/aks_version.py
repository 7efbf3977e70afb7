"""One version of an ``azureml.core.webservice.AksEndpoint``."""

from __future__ import annotations

from typing import Any, Protocol

from ....services import ServiceRecord
from ....workspace import Endpoint, EndpointDeployment, Service
from ..exceptions import WebserviceException
from ..workspace import Workspace
from .aks import AksWebservice
from .known import record_of_version
from .states import told
from .versions import VersionRules, spoken, version_named


class Whole(Protocol):
    """What a version asks of its endpoint."""

    workspace: Workspace

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def _endpoint(self) -> Endpoint: ...
    @property
    def auth_enabled(self) -> bool: ...  # noqa: D102
    @property
    def token_auth_enabled(self) -> bool: ...  # noqa: D102
    def delete_version(self, version_name: str) -> None: ...  # noqa: D102
    @property
    def update_version(self) -> Any: ...  # noqa: D102


class AksEndpointVersion(AksWebservice):
    """One version of an endpoint: what is asked through it is answered by this version, whatever its share is."""

    _compute_type = "AKS"

    def __new__(cls, endpoint: Whole, name: str) -> AksEndpointVersion:
        """Make the object; the version is looked up by the endpoint."""
        return object.__new__(cls)

    def __init__(self, endpoint: Whole, name: str) -> None:
        self.workspace, self._name, self._deleted = endpoint.workspace, name, False
        self._of = endpoint

    @property
    def _deployment(self) -> EndpointDeployment:
        live = self._of._endpoint
        return live.deployments[version_named(live, self._name)]

    @property
    def _service(self) -> Service:
        instances = self._deployment.instances
        if not instances:
            raise WebserviceException(
                f"Version {self._name} of {self._of.name} has no server.",
                hint=f"endpoint.update_version({self._name!r}, models=…, inference_config=…) starts one.",
            )
        return instances[0]

    @property
    def _asked(self) -> Endpoint:
        return self._of._endpoint.only(self._name)

    @property
    def _record(self) -> ServiceRecord:
        return record_of_version(self._deployment, self._service.record)

    def _describe(self, **what: Any) -> None:
        with spoken():
            self._of._endpoint.deploy(self._name, **what)

    @property
    def version_name(self) -> str:
        """Its name within the endpoint."""
        return self._name

    @property
    def state(self) -> str:
        """How it is now."""
        return "Deleted" if self._deleted else told(self._deployment.state, self._compute_type)

    @property
    def traffic_percentile(self) -> float:
        """What it gets of the traffic; the default gets what no other version is given."""
        return float(self._of._endpoint.traffic[self._name])

    @property
    def is_default(self) -> bool:
        """Whether it gets what no other version is given."""
        return VersionRules.of(self._of._endpoint).default == self._name

    @property
    def version_type(self) -> str:
        """``"control"`` for one version, ``"treatment"`` for those that are compared with it."""
        return "control" if VersionRules.of(self._of._endpoint).control == self._name else "treatment"

    @property
    def auth_enabled(self) -> bool:
        """Whether the endpoint's clients need a key."""
        return self._of.auth_enabled

    @property
    def token_auth_enabled(self) -> bool:
        """Whether the endpoint's clients need a token."""
        return self._of.token_auth_enabled

    def get_logs(self, num_lines: int = 5000, init: bool = False) -> str:
        """Return the end of what it has written."""
        return self._deployment.logs(num_lines)

    def update(self, **changes: Any) -> None:  # type: ignore[override]
        """Change what is given: the options of :meth:`AksEndpoint.update_version`."""
        self._of.update_version(self._name, **changes)

    def delete(self) -> None:
        """Remove it from its endpoint."""
        if not self._deleted:
            self._of.delete_version(self._name)
            self._deleted = True

    def serialize(self) -> dict[str, Any]:
        """Return plain values under the SDK's keys."""
        own = {"versionName": self._name, "trafficPercentile": self.traffic_percentile}
        return {**super().serialize(), **own, "isDefault": self.is_default, "type": self.version_type}
