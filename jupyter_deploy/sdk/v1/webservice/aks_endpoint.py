"""``azureml.core.webservice.AksEndpoint``: its surface, with one version."""

from __future__ import annotations

from collections.abc import Mapping
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
        version_name: str | None = None, traffic_percentile: float | None = None, **options: Any
    ) -> AksEndpointDeploymentConfiguration:
        """Describe an endpoint's first version: the options of AksWebservice, its name and its share."""
        try:
            made = AksEndpointDeploymentConfiguration(
                version_name=version_name or _FIRST, traffic_percentile=traffic_percentile, **options
            )
        except TypeError as error:
            raise WebserviceException(
                f"AksEndpoint.deploy_configuration: {str(error).partition('() ')[2]}.",
                hint="The options are those of AksWebservice.deploy_configuration, version_name, traffic_percentile.",
            ) from error
        made.validate_configuration()
        return made

    def create_version(self, version_name: str, *_: Any, **__: Any) -> None:
        """Refused: traffic between versions comes with endpoints."""
        raise self._no_traffic()

    def update_version(self, version_name: str, *_: Any, **__: Any) -> None:
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
