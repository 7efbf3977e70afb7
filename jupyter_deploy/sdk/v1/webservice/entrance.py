"""``Model.deploy``: a service of its own, or an endpoint with its first version."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ....errors import UsageProblem
from ....services import check_service_name
from ..exceptions import WebserviceException
from ..model import Model
from ..workspace import Workspace
from .base import Webservice
from .configurations import AksEndpointDeploymentConfiguration, WebserviceDeploymentConfiguration
from .deploying import checked_configuration, deploy_service
from .versions import deploy_endpoint


def deploy(
    workspace: Workspace,
    name: str,
    models: Sequence[Model | str | Path],
    inference_config: Any = None,
    deployment_config: WebserviceDeploymentConfiguration | None = None,
    deployment_target: Any = None,
    overwrite: bool = False,
    show_output: bool = False,
) -> Webservice:
    """Deploy models as the configuration's class says; a service is returned before it serves."""
    configuration = checked_configuration(deployment_config, deployment_target)
    try:
        check_service_name(name)
    except UsageProblem as error:
        raise WebserviceException(error.message, hint=str(error.hint)) from error
    if isinstance(configuration, AksEndpointDeploymentConfiguration):
        return deploy_endpoint(workspace, name, models, inference_config, configuration, overwrite, show_output)
    return deploy_service(workspace, name, models, inference_config, configuration, overwrite, show_output)
