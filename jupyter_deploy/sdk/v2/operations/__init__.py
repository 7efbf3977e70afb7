"""What ``MLClient``'s attributes do: each translates to the workspace, and keeps nothing itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ....doors import door

if TYPE_CHECKING:
    from .batch import BatchDeploymentOperations as BatchDeploymentOperations
    from .batch import BatchEndpointOperations as BatchEndpointOperations
    from .data import DataOperations as DataOperations
    from .environments import EnvironmentOperations as EnvironmentOperations
    from .jobs import JobOperations as JobOperations
    from .lacking import INSTEAD as INSTEAD
    from .lacking import Lacking as Lacking
    from .models import ModelOperations as ModelOperations
    from .online_deployments import OnlineDeploymentOperations as OnlineDeploymentOperations
    from .online_endpoints import OnlineEndpointOperations as OnlineEndpointOperations
    from .places import ComputeOperations as ComputeOperations
    from .places import WorkspaceOperations as WorkspaceOperations
else:
    __getattr__, __dir__ = door(
        __name__,
        {
            "batch": "BatchDeploymentOperations BatchEndpointOperations",
            "data": "DataOperations",
            "environments": "EnvironmentOperations",
            "jobs": "JobOperations",
            "lacking": "INSTEAD Lacking",
            "models": "ModelOperations",
            "online_deployments": "OnlineDeploymentOperations",
            "online_endpoints": "OnlineEndpointOperations",
            "places": "ComputeOperations WorkspaceOperations",
        },
    )
