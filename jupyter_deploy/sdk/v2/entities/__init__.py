"""What ``azure.ai.ml.entities`` has: values that a notebook fills in, prints as YAML, and hands to ``MLClient``.

They know nothing of the workspace; ``operations`` does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ....doors import door

if TYPE_CHECKING:
    from .assets import BuildContext as BuildContext
    from .assets import Data as Data
    from .assets import Environment as Environment
    from .assets import Model as Model
    from .batch import BatchDeployment as BatchDeployment
    from .batch import BatchEndpoint as BatchEndpoint
    from .batch import BatchJob as BatchJob
    from .batch import BatchRetrySettings as BatchRetrySettings
    from .batch import Input as Input
    from .batch import ModelBatchDeployment as ModelBatchDeployment
    from .batch import ModelBatchDeploymentSettings as ModelBatchDeploymentSettings
    from .batch import Output as Output
    from .batch import ResourceConfiguration as ResourceConfiguration
    from .collecting import DataAsset as DataAsset
    from .collecting import DataCollector as DataCollector
    from .collecting import DeploymentCollection as DeploymentCollection
    from .collecting import RequestLogging as RequestLogging
    from .deployment import Deployment as Deployment
    from .deployment import KubernetesOnlineDeployment as KubernetesOnlineDeployment
    from .deployment import ManagedOnlineDeployment as ManagedOnlineDeployment
    from .deployment import OnlineDeployment as OnlineDeployment
    from .endpoint import Endpoint as Endpoint
    from .endpoint import EndpointAuthKeys as EndpointAuthKeys
    from .endpoint import EndpointAuthToken as EndpointAuthToken
    from .endpoint import KubernetesOnlineEndpoint as KubernetesOnlineEndpoint
    from .endpoint import ManagedOnlineEndpoint as ManagedOnlineEndpoint
    from .endpoint import OnlineEndpoint as OnlineEndpoint
    from .entity import Entity as Entity
    from .identity import AmlTokenConfiguration as AmlTokenConfiguration
    from .identity import IdentityConfiguration as IdentityConfiguration
    from .identity import ManagedIdentityConfiguration as ManagedIdentityConfiguration
    from .identity import UserIdentityConfiguration as UserIdentityConfiguration
    from .places import AmlCompute as AmlCompute
    from .places import ComputeInstance as ComputeInstance
    from .places import KubernetesCompute as KubernetesCompute
    from .places import Workspace as Workspace
    from .settings import CodeConfiguration as CodeConfiguration
    from .settings import DefaultScaleSettings as DefaultScaleSettings
    from .settings import OnlineRequestSettings as OnlineRequestSettings
    from .settings import OnlineScaleSettings as OnlineScaleSettings
    from .settings import ProbeSettings as ProbeSettings
    from .settings import ResourceRequirementsSettings as ResourceRequirementsSettings
    from .settings import ResourceSettings as ResourceSettings
    from .settings import TargetUtilizationScaleSettings as TargetUtilizationScaleSettings
else:
    __getattr__, __dir__ = door(
        __name__,
        {
            "assets": "BuildContext Data Environment Model",
            "batch": (
                "BatchDeployment BatchEndpoint BatchJob BatchRetrySettings Input ModelBatchDeployment "
                "ModelBatchDeploymentSettings Output ResourceConfiguration"
            ),
            "collecting": "DataAsset DataCollector DeploymentCollection RequestLogging",
            "deployment": "Deployment KubernetesOnlineDeployment ManagedOnlineDeployment OnlineDeployment",
            "endpoint": (
                "Endpoint EndpointAuthKeys EndpointAuthToken KubernetesOnlineEndpoint ManagedOnlineEndpoint "
                "OnlineEndpoint"
            ),
            "entity": "Entity",
            "identity": (
                "AmlTokenConfiguration IdentityConfiguration ManagedIdentityConfiguration UserIdentityConfiguration"
            ),
            "places": "AmlCompute ComputeInstance KubernetesCompute Workspace",
            "settings": (
                "CodeConfiguration DefaultScaleSettings OnlineRequestSettings OnlineScaleSettings ProbeSettings "
                "ResourceRequirementsSettings ResourceSettings TargetUtilizationScaleSettings"
            ),
        },
    )
