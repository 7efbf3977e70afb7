"""``azureml.core.webservice.LocalWebservice``."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from ..exceptions import WebserviceException
from ..workspace import Workspace
from .base import Webservice
from .configurations import LocalWebserviceDeploymentConfiguration, WebserviceDeploymentConfiguration
from .known import found, not_found
from .labels import LOCAL, compute_type_of
from .reloading import reload

_NO_KEYS = "Local web services do not support auth keys."
_NO_TOKENS = "Local web services do not support Token Authentication."


class LocalWebservice(Webservice):
    """A service on a port of this machine, reloaded as its script is edited."""

    _compute_type = LOCAL
    _running = "Checking container health..."

    def __init__(self, workspace: Workspace, name: str, must_exist: bool = True) -> None:
        if found(workspace, name) is None:
            if must_exist:
                raise not_found(workspace, name)
            self.workspace, self._name, self._deleted = workspace, name, True
            return
        super().__init__(workspace, name)

    @property
    def port(self) -> str | None:
        """Its port, as text, as in the SDK."""
        return str(self._record.port) if self._record.port else None

    @property
    def auth_enabled(self) -> bool:
        """Always False."""
        return False

    @property
    def token_auth_enabled(self) -> bool:
        """Always False."""
        return False

    @staticmethod
    def deploy_configuration(port: int | None = None) -> LocalWebserviceDeploymentConfiguration:
        """Describe a local service: on a free port where none is given."""
        made = LocalWebserviceDeploymentConfiguration(port=port)
        made.validate_configuration()
        return made

    def _finished(self) -> str:
        return f"Local webservice is running at http://localhost:{self.port}"

    def run(self, input_data: str | bytes) -> Any:
        """Send a body as it is, and return its answer decoded from JSON; waits while it is deploying."""
        self._wait_while_deploying()
        state = self.state
        if state != "running":
            why = (self.error or {}).get("message", "")
            raise WebserviceException(
                "\n".join(filter(None, (f"Cannot call run() when service is {state}.", why))),
                details=self.get_logs(20),
                hint="service.reload() starts it again; a script that is broken must be corrected before.",
            )
        return super().run(input_data)

    def reload(self, wait: bool = False) -> None:
        """Serve the script as it is now, and return when it does; one that fails leaves the old version serving."""
        reload(self._service)

    def update(
        self,
        models: Sequence[Any] | None = None,
        image_config: Any = None,
        deployment_config: LocalWebserviceDeploymentConfiguration | None = None,
        wait: bool = False,
        inference_config: Any = None,
    ) -> None:
        """Serve other models, another script or on another port; an inference config may come second, too."""
        from .deploying import update

        if isinstance(image_config, WebserviceDeploymentConfiguration):
            image_config, deployment_config = None, image_config
        update(self, models, inference_config or image_config, deployment_config)

    def delete(self, delete_cache: bool = True, delete_image: bool = False, delete_volume: bool = True) -> None:
        """End it and forget it, with its log."""
        super().delete()

    def get_logs(self, num_lines: int = 5000, raw: bool = False) -> str:
        """Return the end of what it has written, of every server that it had."""
        return super().get_logs(num_lines)

    def get_keys(self) -> tuple[str, str]:
        """Refused."""
        raise NotImplementedError(_NO_KEYS)

    def regen_key(self, key: str, set_key: str | None = None) -> None:
        """Refused."""
        raise NotImplementedError(_NO_KEYS)

    def get_token(self) -> tuple[str, datetime]:
        """Refused."""
        raise NotImplementedError(_NO_TOKENS)

    def get_access_token(self) -> Any:
        """Refused."""
        raise NotImplementedError(_NO_TOKENS)

    def update_deployment_state(self, must_exist: bool = False) -> None:
        """Do nothing, unless it must exist and does not."""
        if must_exist and found(self.workspace, self._name) is None:
            raise not_found(self.workspace, self._name)

    def deploy_to_cloud(
        self, name: str | None = None, deployment_config: Any = None, deployment_target: Any = None
    ) -> Webservice:
        """Deploy the same models and script once more, as a service of the configuration's class."""
        from .deploying import deployed_again

        return deployed_again(self, name or f"{self.name}-cloud", deployment_config, deployment_target)

    @staticmethod
    def list(  # type: ignore[override]
        workspace: Workspace,
        model_name: str | None = None,
        model_id: str | None = None,
        all: bool | None = None,  # noqa: A002 - the SDK's word
    ) -> builtins.list[LocalWebservice]:
        """List local services, those that do not run only with ``all``."""
        services = Webservice.list(workspace, LOCAL, model_name=model_name, model_id=model_id)
        return [service for service in services if isinstance(service, LocalWebservice) and (all or service._is_up())]

    def _is_up(self) -> bool:
        return compute_type_of(self._record) == LOCAL and self.state in {"running", "deploying"}
