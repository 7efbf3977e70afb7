"""Deployments: a model, a script and an environment behind an endpoint."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from ....errors import nearest
from ..exceptions import ValidationException
from .assets import Environment, Model
from .collecting import DataCollector
from .entity import Entity, Part
from .settings import (
    CodeConfiguration,
    OnlineRequestSettings,
    OnlineScaleSettings,
    ProbeSettings,
    ResourceRequirementsSettings,
    whole,
)

_READ_ONLY = ("id", "provisioning_state", "creation_context", "type")
_ACCESS = ("enabled", "disabled")


@dataclass(kw_only=True, repr=False)
class Deployment(Entity):
    """What online and batch deployments share.

    Parameters
    ----------
    endpoint_name : str, optional
        Its endpoint.
    model : Model or str, optional
        An entity; ``"azureml:name:1"``, ``"azureml:name@latest"``; or ``Model(path=…)``, which is registered.
    code_configuration : CodeConfiguration, optional
        The script. A model that can be served by itself needs none.
    environment : Environment or str, optional
        An entity, or ``"azureml:name:1"``. Not given, it is as for any new service here.
    environment_variables : mapping, optional
        Variables of the script.
    code_path, scoring_script : str, optional
        The same as a code configuration.
    """

    PARTS: ClassVar[Mapping[str, type[Part]]] = {
        "model": Model,
        "code_configuration": CodeConfiguration,
        "environment": Environment,
    }

    endpoint_name: str | None = None
    model: Any = None
    code_configuration: Any = None
    environment: Any = None
    environment_variables: dict[str, Any] | None = None
    code_path: str | os.PathLike[str] | None = None
    scoring_script: str | os.PathLike[str] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.code_configuration is None and (self.code_path or self.scoring_script):
            self.code_configuration = CodeConfiguration(self.code_path, self.scoring_script)
        self.code_path = self.scoring_script = None
        variables = self.environment_variables
        if variables is not None and not isinstance(variables, Mapping):
            raise ValidationException(
                "environment_variables must be a dictionary.", hint="environment_variables={'LIMIT': '7'}"
            )
        self.environment_variables = {str(key): str(value) for key, value in (variables or {}).items()}

    @classmethod
    def read(cls, values: Mapping[str, Any], folder: Path | None, where: str) -> Any:
        """Make it of a file's values; what the workspace says of a deployment is left out."""
        return super().read({key: each for key, each in values.items() if key not in _READ_ONLY}, folder, where)

    @property
    def provisioning_state(self) -> str | None:
        """``"Succeeded"``, ``"Creating"``, ``"Updating"``, ``"Failed"``…; None before it was created."""
        found: str | None = self._facts.get("provisioning_state")
        return found

    @property
    def type(self) -> str:
        """``"Managed"``, ``"Kubernetes"`` or ``"Batch"``."""
        return "Managed"

    def check(self) -> None:
        """Refuse what no deployment can have, before anything is made."""
        if self.code_configuration is not None:
            self.code_configuration.check()


@dataclass(kw_only=True, repr=False)
class OnlineDeployment(Deployment):
    """A deployment behind an online endpoint.

    Parameters
    ----------
    instance_count : int, optional
        How many servers answer; one where it is not given.
    request_settings : OnlineRequestSettings, optional
        What it takes at once, and how long.
    app_insights_enabled : bool
        Collect requests and answers.
    data_collector : DataCollector, optional
        What is collected.
    scale_settings, liveness_probe, readiness_probe, instance_type, model_mount_path : optional
        Checked, kept and shown; a notice says what has no effect here.
    """

    PARTS: ClassVar[Mapping[str, type[Part]]] = {
        **Deployment.PARTS,
        "scale_settings": OnlineScaleSettings,
        "request_settings": OnlineRequestSettings,
        "liveness_probe": ProbeSettings,
        "readiness_probe": ProbeSettings,
        "data_collector": DataCollector,
    }

    instance_type: str | None = None
    instance_count: int | None = None
    request_settings: Any = None
    app_insights_enabled: bool = False
    scale_settings: Any = None
    liveness_probe: Any = None
    readiness_probe: Any = None
    data_collector: Any = None
    model_mount_path: str | None = None

    def check(self) -> None:
        """Refuse what no deployment can have, before anything is made."""
        super().check()
        whole(self.instance_count, "instance_count", 1)
        if not isinstance(self.app_insights_enabled, (bool, type(None))):
            raise ValidationException(f"app_insights_enabled must be True or False, not {self.app_insights_enabled!r}.")
        for name in ("liveness_probe", "readiness_probe"):
            if getattr(self, name) is not None:
                getattr(self, name).check(name)
        for part in (self.request_settings, self.scale_settings):
            if part is not None:
                part.check()


@dataclass(kw_only=True, repr=False)
class ManagedOnlineDeployment(OnlineDeployment):
    """A deployment on machines that Azure manages; here they are this machine."""

    egress_public_network_access: str | None = None
    private_network_connection: bool | None = None

    def check(self) -> None:
        """Refuse what no deployment can have, before anything is made."""
        super().check()
        access = self.egress_public_network_access
        if access is not None and str(access).lower() not in _ACCESS:
            close = nearest(str(access), _ACCESS)
            raise ValidationException(
                f"egress_public_network_access cannot be {access!r}.",
                hint=f"Did you mean {close!r}?" if close else f"One of: {', '.join(_ACCESS)}.",
            )


@dataclass(kw_only=True, repr=False)
class KubernetesOnlineDeployment(OnlineDeployment):
    """A deployment on a cluster; here it is on this machine, with limits where it is a container."""

    PARTS: ClassVar[Mapping[str, type[Part]]] = {**OnlineDeployment.PARTS, "resources": ResourceRequirementsSettings}

    resources: Any = None

    @property
    def type(self) -> str:
        """``"Kubernetes"``."""
        return "Kubernetes"

    def check(self) -> None:
        """Refuse what no deployment can have, before anything is made."""
        super().check()
        if self.resources is not None:
            self.resources.check()
