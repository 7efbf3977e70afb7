"""Azure ML's SDK v2 (``azure.ai.ml``) over :class:`jupyter_deploy.Workspace`: its client, entities and YAML files.

It translates and keeps nothing: models, environments and endpoints are the workspace's own. No cloud is involved, and
there is no login. ``jupyter_deploy.azureml`` offers these names as ``azure.ai.ml`` and ``azure.identity``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...doors import door

if TYPE_CHECKING:
    from .client import MLClient as MLClient
    from .commands import az_verb as az_verb
    from .constants import AssetTypes as AssetTypes
    from .constants import BatchDeploymentOutputAction as BatchDeploymentOutputAction
    from .constants import InputOutputModes as InputOutputModes
    from .constants import ListViewType as ListViewType
    from .constants import ModelType as ModelType
    from .credentials import AccessToken as AccessToken
    from .credentials import AzureCliCredential as AzureCliCredential
    from .credentials import AzureDeveloperCliCredential as AzureDeveloperCliCredential
    from .credentials import AzureKeyCredential as AzureKeyCredential
    from .credentials import AzurePowerShellCredential as AzurePowerShellCredential
    from .credentials import CertificateCredential as CertificateCredential
    from .credentials import ChainedTokenCredential as ChainedTokenCredential
    from .credentials import ClientAssertionCredential as ClientAssertionCredential
    from .credentials import ClientSecretCredential as ClientSecretCredential
    from .credentials import DefaultAzureCredential as DefaultAzureCredential
    from .credentials import DeviceCodeCredential as DeviceCodeCredential
    from .credentials import EnvironmentCredential as EnvironmentCredential
    from .credentials import InteractiveBrowserCredential as InteractiveBrowserCredential
    from .credentials import ManagedIdentityCredential as ManagedIdentityCredential
    from .credentials import OnBehalfOfCredential as OnBehalfOfCredential
    from .credentials import SharedTokenCacheCredential as SharedTokenCacheCredential
    from .credentials import TokenCredential as TokenCredential
    from .credentials import UsernamePasswordCredential as UsernamePasswordCredential
    from .credentials import VisualStudioCodeCredential as VisualStudioCodeCredential
    from .credentials import WorkloadIdentityCredential as WorkloadIdentityCredential
    from .credentials import get_bearer_token_provider as get_bearer_token_provider
    from .entities import AmlCompute as AmlCompute
    from .entities import AmlTokenConfiguration as AmlTokenConfiguration
    from .entities import BatchDeployment as BatchDeployment
    from .entities import BatchEndpoint as BatchEndpoint
    from .entities import BatchJob as BatchJob
    from .entities import BatchRetrySettings as BatchRetrySettings
    from .entities import BuildContext as BuildContext
    from .entities import CodeConfiguration as CodeConfiguration
    from .entities import ComputeInstance as ComputeInstance
    from .entities import Data as Data
    from .entities import DataAsset as DataAsset
    from .entities import DataCollector as DataCollector
    from .entities import DefaultScaleSettings as DefaultScaleSettings
    from .entities import Deployment as Deployment
    from .entities import DeploymentCollection as DeploymentCollection
    from .entities import Endpoint as Endpoint
    from .entities import EndpointAuthKeys as EndpointAuthKeys
    from .entities import EndpointAuthToken as EndpointAuthToken
    from .entities import Environment as Environment
    from .entities import IdentityConfiguration as IdentityConfiguration
    from .entities import Input as Input
    from .entities import KubernetesCompute as KubernetesCompute
    from .entities import KubernetesOnlineDeployment as KubernetesOnlineDeployment
    from .entities import KubernetesOnlineEndpoint as KubernetesOnlineEndpoint
    from .entities import ManagedIdentityConfiguration as ManagedIdentityConfiguration
    from .entities import ManagedOnlineDeployment as ManagedOnlineDeployment
    from .entities import ManagedOnlineEndpoint as ManagedOnlineEndpoint
    from .entities import Model as Model
    from .entities import ModelBatchDeployment as ModelBatchDeployment
    from .entities import ModelBatchDeploymentSettings as ModelBatchDeploymentSettings
    from .entities import OnlineDeployment as OnlineDeployment
    from .entities import OnlineEndpoint as OnlineEndpoint
    from .entities import OnlineRequestSettings as OnlineRequestSettings
    from .entities import OnlineScaleSettings as OnlineScaleSettings
    from .entities import Output as Output
    from .entities import ProbeSettings as ProbeSettings
    from .entities import RequestLogging as RequestLogging
    from .entities import ResourceConfiguration as ResourceConfiguration
    from .entities import ResourceRequirementsSettings as ResourceRequirementsSettings
    from .entities import ResourceSettings as ResourceSettings
    from .entities import TargetUtilizationScaleSettings as TargetUtilizationScaleSettings
    from .entities import UserIdentityConfiguration as UserIdentityConfiguration
    from .entities import Workspace as Workspace
    from .exceptions import AssetException as AssetException
    from .exceptions import AssetPathException as AssetPathException
    from .exceptions import AuthenticationRequiredError as AuthenticationRequiredError
    from .exceptions import AzureError as AzureError
    from .exceptions import ClientAuthenticationError as ClientAuthenticationError
    from .exceptions import CredentialUnavailableError as CredentialUnavailableError
    from .exceptions import DeploymentException as DeploymentException
    from .exceptions import EmptyDirectoryError as EmptyDirectoryError
    from .exceptions import HttpResponseError as HttpResponseError
    from .exceptions import JobException as JobException
    from .exceptions import LocalEndpointInFailedStateError as LocalEndpointInFailedStateError
    from .exceptions import LocalEndpointNotFoundError as LocalEndpointNotFoundError
    from .exceptions import MlException as MlException
    from .exceptions import ModelException as ModelException
    from .exceptions import ResourceExistsError as ResourceExistsError
    from .exceptions import ResourceNotFoundError as ResourceNotFoundError
    from .exceptions import ServiceRequestError as ServiceRequestError
    from .exceptions import ServiceResponseError as ServiceResponseError
    from .exceptions import UnsupportedOperationError as UnsupportedOperationError
    from .exceptions import UserErrorException as UserErrorException
    from .exceptions import ValidationException as ValidationException
    from .files import load_batch_deployment as load_batch_deployment
    from .files import load_batch_endpoint as load_batch_endpoint
    from .files import load_data as load_data
    from .files import load_environment as load_environment
    from .files import load_model as load_model
    from .files import load_online_deployment as load_online_deployment
    from .files import load_online_endpoint as load_online_endpoint
    from .poller import LROPoller as LROPoller
else:
    __getattr__, __dir__ = door(
        __name__,
        {
            "client": "MLClient",
            "commands": "az_verb",
            "constants": "AssetTypes BatchDeploymentOutputAction InputOutputModes ListViewType ModelType",
            "credentials": (
                "AccessToken AzureCliCredential AzureDeveloperCliCredential AzureKeyCredential "
                "AzurePowerShellCredential CertificateCredential ChainedTokenCredential "
                "ClientAssertionCredential ClientSecretCredential DefaultAzureCredential DeviceCodeCredential "
                "EnvironmentCredential InteractiveBrowserCredential ManagedIdentityCredential "
                "OnBehalfOfCredential SharedTokenCacheCredential TokenCredential UsernamePasswordCredential "
                "VisualStudioCodeCredential WorkloadIdentityCredential get_bearer_token_provider"
            ),
            "entities": (
                "AmlCompute AmlTokenConfiguration BatchDeployment BatchEndpoint BatchJob BatchRetrySettings "
                "BuildContext CodeConfiguration ComputeInstance Data DataAsset DataCollector "
                "DefaultScaleSettings Deployment DeploymentCollection Endpoint EndpointAuthKeys "
                "EndpointAuthToken Environment IdentityConfiguration Input KubernetesCompute "
                "KubernetesOnlineDeployment KubernetesOnlineEndpoint ManagedIdentityConfiguration "
                "ManagedOnlineDeployment ManagedOnlineEndpoint Model ModelBatchDeployment "
                "ModelBatchDeploymentSettings OnlineDeployment OnlineEndpoint OnlineRequestSettings "
                "OnlineScaleSettings Output ProbeSettings RequestLogging ResourceConfiguration "
                "ResourceRequirementsSettings ResourceSettings TargetUtilizationScaleSettings "
                "UserIdentityConfiguration Workspace"
            ),
            "exceptions": (
                "AssetException AssetPathException AuthenticationRequiredError AzureError "
                "ClientAuthenticationError CredentialUnavailableError DeploymentException EmptyDirectoryError "
                "HttpResponseError JobException LocalEndpointInFailedStateError LocalEndpointNotFoundError "
                "MlException ModelException ResourceExistsError ResourceNotFoundError ServiceRequestError "
                "ServiceResponseError UnsupportedOperationError UserErrorException ValidationException"
            ),
            "files": (
                "load_batch_deployment load_batch_endpoint load_data load_environment load_model "
                "load_online_deployment load_online_endpoint"
            ),
            "poller": "LROPoller",
        },
    )
