"""``azureml.core.webservice.AciWebservice``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from ....errors import in_notebook
from ..exceptions import WebserviceException
from .base import Webservice
from .configurations import AciServiceDeploymentConfiguration


class AciWebservice(Webservice):
    """One replica with limits; no keys unless they are asked for."""

    _compute_type = "ACI"

    @property
    def location(self) -> str | None:
        """A label."""
        found: str | None = self._configured.get("location")
        return found

    @property
    def ip_address(self) -> str:
        """Where it listens."""
        return "127.0.0.1"

    @property
    def public_fqdn(self) -> str:
        """The name that it is reached by."""
        return "localhost"

    @property
    def ssl_enabled(self) -> bool:
        """Whether it answers by https only."""
        return bool(self._record.spec.tls)

    @property
    def dns_name_label(self) -> str | None:
        """A label."""
        found: str | None = self._configured.get("dns_name_label")
        return found

    @staticmethod
    def deploy_configuration(
        cpu_cores: float | None = None,
        memory_gb: float | None = None,
        tags: Mapping[str, str] | None = None,
        properties: Mapping[str, str] | None = None,
        description: str | None = None,
        location: str | None = None,
        auth_enabled: bool | None = None,
        ssl_enabled: bool | None = None,
        enable_app_insights: bool | None = None,
        ssl_cert_pem_file: str | None = None,
        ssl_key_pem_file: str | None = None,
        ssl_cname: str | None = None,
        dns_name_label: str | None = None,
        primary_key: str | None = None,
        secondary_key: str | None = None,
        collect_model_data: bool | None = None,
        cmk_vault_base_url: str | None = None,
        cmk_key_name: str | None = None,
        cmk_key_version: str | None = None,
        vnet_name: str | None = None,
        subnet_name: str | None = None,
    ) -> AciServiceDeploymentConfiguration:
        """Describe a service of one replica; limits are in force where they are given and the target has them."""
        made = AciServiceDeploymentConfiguration(**locals())
        made.validate_configuration()
        return made

    def reload(self, wait: bool = False) -> None:
        """Refused, as in the cloud: an edited script is deployed by :meth:`update`."""
        raise WebserviceException(
            "Only local web services reload.",
            hint=f"service.update(inference_config=config), or in a notebook: "
            f"{in_notebook(f'jupyter model reload {self.name}')}",
        )

    def update(
        self,
        image: Any = None,
        tags: Mapping[str, str] | None = None,
        properties: Mapping[str, str] | None = None,
        description: str | None = None,
        auth_enabled: bool | None = None,
        ssl_enabled: bool | None = None,
        ssl_cert_pem_file: str | None = None,
        ssl_key_pem_file: str | None = None,
        ssl_cname: str | None = None,
        enable_app_insights: bool | None = None,
        models: Sequence[Any] | None = None,
        inference_config: Any = None,
    ) -> None:
        """Change what is given, at the same address and without a failed request."""
        from .deploying import update
        from .printing import refuse_image

        given, known = locals(), {option.name for option in fields(AciServiceDeploymentConfiguration)}
        refuse_image(image)
        changed = {key: given[key] for key in known if given.get(key) is not None}
        update(self, models, inference_config, AciServiceDeploymentConfiguration(**changed) if changed else None)
