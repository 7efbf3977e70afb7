"""``azure.ai.ml.MLClient``: any names and any credential are the user's one workspace on this machine."""

from __future__ import annotations

import os
from typing import Any

from ...workspace import Label
from ..opened import opened_workspace
from ..v1 import UserErrorException as NoConfiguration
from ..v1 import Workspace as Named
from .entities import (
    AmlCompute,
    BatchDeployment,
    BatchEndpoint,
    ComputeInstance,
    Data,
    Environment,
    KubernetesCompute,
    Model,
    OnlineDeployment,
    OnlineEndpoint,
    Workspace,
)
from .exceptions import ValidationException
from .operations import (
    INSTEAD,
    BatchDeploymentOperations,
    BatchEndpointOperations,
    ComputeOperations,
    DataOperations,
    EnvironmentOperations,
    JobOperations,
    Lacking,
    ModelOperations,
    OnlineDeploymentOperations,
    OnlineEndpointOperations,
    WorkspaceOperations,
)
from .poller import LROPoller, entity_of
from .vocabulary import WORDS, Vocabulary


class MLClient(metaclass=Vocabulary):
    """The workspace in the SDK's words. Subscription, resource group and workspace are labels.

    Parameters
    ----------
    credential : object, optional
        Any; it is neither used nor kept.
    """

    def __init__(
        self,
        credential: object = None,
        subscription_id: str | None = None,
        resource_group_name: str | None = None,
        workspace_name: str | None = None,
        registry_name: str | None = None,
        *,
        show_progress: bool = True,
        enable_telemetry: bool = False,
        cloud: str | None = None,
        base_url: str | None = None,
        logging_enable: bool = False,
        user_agent: str | None = None,
    ) -> None:
        self._workspace = opened_workspace()
        self._label = Label(
            workspace_name or registry_name or "local", subscription_id or "", resource_group_name or ""
        )
        self._workspace.labels.put(self._label)

    def __repr__(self) -> str:
        return (
            f"MLClient(subscription_id={self.subscription_id!r}, resource_group_name={self.resource_group_name!r}, "
            f"workspace_name={self.workspace_name!r})"
        )

    @classmethod
    def from_config(
        cls,
        credential: object = None,
        *,
        path: str | os.PathLike[str] | None = None,
        file_name: str | None = None,
        show_progress: bool = True,
        enable_telemetry: bool = False,
        cloud: str | None = None,
    ) -> MLClient:
        """Read a configuration: a file of any name, or the nearest ``config.json`` from a folder upwards."""
        try:
            found = Named.from_config(os.fspath(path) if path is not None else None, _file_name=file_name)
        except NoConfiguration as error:
            raise ValidationException(
                error.problem,
                hint="MLClient(None, 'subscription', 'group', 'workspace') needs no file: there is one workspace here.",
            ) from None
        return cls(None, found.subscription_id, found.resource_group, found.name)

    @property
    def workspace_name(self) -> str:
        """A label."""
        return self._label.name

    @property
    def resource_group_name(self) -> str:
        """A label."""
        return self._label.resource_group

    @property
    def subscription_id(self) -> str:
        """A label."""
        return self._label.subscription

    @property
    def models(self) -> ModelOperations:
        """Models."""
        return ModelOperations(self._workspace)

    @property
    def environments(self) -> EnvironmentOperations:
        """Environments."""
        return EnvironmentOperations(self._workspace)

    @property
    def online_endpoints(self) -> OnlineEndpointOperations:
        """Endpoints."""
        return OnlineEndpointOperations(self._workspace)

    @property
    def online_deployments(self) -> OnlineDeploymentOperations:
        """Deployments of endpoints."""
        return OnlineDeploymentOperations(self._workspace)

    @property
    def batch_endpoints(self) -> BatchEndpointOperations:
        """Endpoints that score files."""
        return BatchEndpointOperations(self._workspace)

    @property
    def batch_deployments(self) -> BatchDeploymentOperations:
        """Deployments of batch endpoints."""
        return BatchDeploymentOperations(self._workspace)

    @property
    def jobs(self) -> JobOperations:
        """Jobs of batch endpoints."""
        return JobOperations(self._workspace)

    @property
    def data(self) -> DataOperations:
        """Data assets."""
        return DataOperations(self._workspace)

    @property
    def workspaces(self) -> WorkspaceOperations:
        """Names of the workspace."""
        return WorkspaceOperations(self._workspace, self.workspace_name)

    @property
    def compute(self) -> ComputeOperations:
        """Names and sizes of compute targets."""
        return ComputeOperations(self._workspace)

    def create_or_update(self, entity: Any, **_: Any) -> Any:
        """Register a model, an environment or data."""
        given = entity_of(entity)
        if isinstance(given, Model):
            return self.models.create_or_update(given)
        if isinstance(given, Environment):
            return self.environments.create_or_update(given)
        if isinstance(given, Data):
            return self.data.create_or_update(given)
        raise ValidationException(
            f"create_or_update takes no {type(given).__name__}.",
            hint="It takes a Model, an Environment or Data; for endpoints and deployments: begin_create_or_update(…).",
        )

    def begin_create_or_update(self, entity: Any, **how: Any) -> LROPoller[Any]:
        """Create or change an endpoint, a deployment or a compute target; the result is there when the work ends."""
        given = entity_of(entity)
        if isinstance(given, OnlineEndpoint):
            return self.online_endpoints.begin_create_or_update(given, **how)
        if isinstance(given, OnlineDeployment):
            return self.online_deployments.begin_create_or_update(given, **how)
        if isinstance(given, BatchEndpoint):
            return self.batch_endpoints.begin_create_or_update(given)
        if isinstance(given, BatchDeployment):
            return self.batch_deployments.begin_create_or_update(given, **how)
        if isinstance(given, (AmlCompute, ComputeInstance, KubernetesCompute)):
            return self.compute.begin_create_or_update(given)
        if isinstance(given, Workspace):
            return self.workspaces.begin_create(given)
        raise ValidationException(
            f"begin_create_or_update takes no {type(given).__name__}.",
            hint="It takes an endpoint or a deployment; for models, environments and data: create_or_update(…).",
        )

    def __getattr__(self, name: str) -> Any:
        if name in INSTEAD:
            return Lacking(name)
        raise AttributeError(WORDS.no_attribute(type(self), name, [*vars(self), *INSTEAD]))
