"""Azure ML's SDK v1 (``azureml.core``) over :class:`jupyter_deploy.Workspace`: its classes, words and exceptions.

It translates and keeps nothing: models, runs, data sets and services are the workspace's own. No cloud is involved, and
there is no login. ``jupyter_deploy.azureml`` offers these names as ``azureml.core``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...doors import door

if TYPE_CHECKING:
    from .authentication import AbstractAuthentication as AbstractAuthentication
    from .authentication import ArcTokenAuthentication as ArcTokenAuthentication
    from .authentication import AzureCliAuthentication as AzureCliAuthentication
    from .authentication import InteractiveLoginAuthentication as InteractiveLoginAuthentication
    from .authentication import MsiAuthentication as MsiAuthentication
    from .authentication import ServicePrincipalAuthentication as ServicePrincipalAuthentication
    from .authentication import TokenAuthentication as TokenAuthentication
    from .automl import AutoMLRun as AutoMLRun
    from .commands import az_verb as az_verb
    from .compute import AksCompute as AksCompute
    from .compute import AmlCompute as AmlCompute
    from .compute import ComputeInstance as ComputeInstance
    from .compute import ComputeTarget as ComputeTarget
    from .conda_dependencies import CondaDependencies as CondaDependencies
    from .container_registry import ContainerRegistry as ContainerRegistry
    from .dataset import Dataset as Dataset
    from .dataset import PromoteHeadersBehavior as PromoteHeadersBehavior
    from .dataset import TabularDataset as TabularDataset
    from .dataset import TabularDatasetFactory as TabularDatasetFactory
    from .datastore import DataPath as DataPath
    from .datastore import Datastore as Datastore
    from .environment import Environment as Environment
    from .environment_sections import DockerBuildContext as DockerBuildContext
    from .environment_sections import DockerSection as DockerSection
    from .environment_sections import PythonSection as PythonSection
    from .exceptions import ActivityFailedException as ActivityFailedException
    from .exceptions import AuthenticationException as AuthenticationException
    from .exceptions import AzureMLException as AzureMLException
    from .exceptions import ComputeTargetException as ComputeTargetException
    from .exceptions import ExperimentExecutionException as ExperimentExecutionException
    from .exceptions import ModelNotFoundException as ModelNotFoundException
    from .exceptions import ModelPathNotFoundException as ModelPathNotFoundException
    from .exceptions import ProjectSystemException as ProjectSystemException
    from .exceptions import RunConfigurationException as RunConfigurationException
    from .exceptions import RunEnvironmentException as RunEnvironmentException
    from .exceptions import ServiceException as ServiceException
    from .exceptions import TrainingException as TrainingException
    from .exceptions import UserErrorException as UserErrorException
    from .exceptions import WebserviceException as WebserviceException
    from .exceptions import WorkspaceException as WorkspaceException
    from .experiment import Experiment as Experiment
    from .inference_config import InferenceConfig as InferenceConfig
    from .json_files import DeploymentFile as DeploymentFile
    from .json_files import load_deployment_config as load_deployment_config
    from .json_files import load_inference_config as load_inference_config
    from .model import Model as Model
    from .profile import ModelProfile as ModelProfile
    from .resource_configuration import ResourceConfiguration as ResourceConfiguration
    from .run import Run as Run
    from .run import _OfflineRun as _OfflineRun
    from .webservice import AciServiceDeploymentConfiguration as AciServiceDeploymentConfiguration
    from .webservice import AciWebservice as AciWebservice
    from .webservice import AksEndpoint as AksEndpoint
    from .webservice import AksEndpointDeploymentConfiguration as AksEndpointDeploymentConfiguration
    from .webservice import AksServiceDeploymentConfiguration as AksServiceDeploymentConfiguration
    from .webservice import AksWebservice as AksWebservice
    from .webservice import AutoScaler as AutoScaler
    from .webservice import LocalWebservice as LocalWebservice
    from .webservice import LocalWebserviceDeploymentConfiguration as LocalWebserviceDeploymentConfiguration
    from .webservice import ModelPackage as ModelPackage
    from .webservice import Webservice as Webservice
    from .webservice import WebserviceDeploymentConfiguration as WebserviceDeploymentConfiguration
    from .workspace import Workspace as Workspace
else:
    __getattr__, __dir__ = door(
        __name__,
        {
            "authentication": (
                "AbstractAuthentication ArcTokenAuthentication AzureCliAuthentication InteractiveLoginAuthentication "
                "MsiAuthentication ServicePrincipalAuthentication TokenAuthentication"
            ),
            "automl": "AutoMLRun",
            "commands": "az_verb",
            "compute": "AksCompute AmlCompute ComputeInstance ComputeTarget",
            "conda_dependencies": "CondaDependencies",
            "container_registry": "ContainerRegistry",
            "dataset": "Dataset PromoteHeadersBehavior TabularDataset TabularDatasetFactory",
            "datastore": "DataPath Datastore",
            "environment": "Environment",
            "environment_sections": "DockerBuildContext DockerSection PythonSection",
            "exceptions": (
                "ActivityFailedException AuthenticationException AzureMLException ComputeTargetException "
                "ExperimentExecutionException ModelNotFoundException ModelPathNotFoundException "
                "ProjectSystemException RunConfigurationException RunEnvironmentException ServiceException "
                "TrainingException UserErrorException WebserviceException WorkspaceException"
            ),
            "experiment": "Experiment",
            "inference_config": "InferenceConfig",
            "json_files": "DeploymentFile load_deployment_config load_inference_config",
            "model": "Model",
            "profile": "ModelProfile",
            "resource_configuration": "ResourceConfiguration",
            "run": "Run _OfflineRun",
            "webservice": (
                "AciServiceDeploymentConfiguration AciWebservice AksEndpoint AksEndpointDeploymentConfiguration "
                "AksServiceDeploymentConfiguration AksWebservice AutoScaler LocalWebservice "
                "LocalWebserviceDeploymentConfiguration ModelPackage Webservice WebserviceDeploymentConfiguration"
            ),
            "workspace": "Workspace",
        },
    )
