"""Which names of Azure ML's packages there are, and where each comes from."""

from __future__ import annotations

from ..errors import nearest
from ..serving.shims import MODULES as IN_SERVICES
from ..serving.shims import SCHEMA_MODULES

_V1, _V2 = "jupyter_deploy.sdk.v1", "jupyter_deploy.sdk.v2"
_HERE = "jupyter_deploy.azureml.constants"
_EXCEPTIONS = (
    "ActivityFailedException AuthenticationException AzureMLException ComputeTargetException "
    "ExperimentExecutionException ModelNotFoundException ModelPathNotFoundException ProjectSystemException "
    "RunConfigurationException RunEnvironmentException ServiceException TrainingException UserErrorException "
    "WebserviceException WorkspaceException"
)
_AUTHENTICATION = (
    "AbstractAuthentication ArcTokenAuthentication AzureCliAuthentication InteractiveLoginAuthentication "
    "MsiAuthentication ServicePrincipalAuthentication TokenAuthentication"
)
_NAMES = {
    "azureml": "",
    "azureml.core": (
        "ComputeTarget ContainerRegistry Dataset Datastore Environment Experiment Model Run Webservice Workspace"
    ),
    "azureml.core.authentication": _AUTHENTICATION,
    "azureml.core.compute": "AksCompute AmlCompute ComputeInstance ComputeTarget",
    "azureml.core.compute.aks": "AksCompute",
    "azureml.core.compute.amlcompute": "AmlCompute",
    "azureml.core.compute.computeinstance": "ComputeInstance",
    "azureml.core.compute.compute": "ComputeTarget",
    "azureml.core.compute_target": "ComputeTarget ComputeTargetException",
    "azureml.core.conda_dependencies": "CondaDependencies",
    "azureml.core.container_registry": "ContainerRegistry",
    "azureml.core.dataset": "Dataset",
    "azureml.core.datastore": "Datastore",
    "azureml.core.environment": "CondaDependencies DockerBuildContext DockerSection Environment PythonSection",
    "azureml.core.experiment": "Experiment",
    "azureml.core.image": "",
    "azureml.core.keyvault": "",
    "azureml.core.model": "InferenceConfig Model ModelPackage ModelProfile",
    "azureml.core.profile": "ModelProfile",
    "azureml.core.resource_configuration": "ResourceConfiguration",
    "azureml.core.run": "Run _OfflineRun",
    "azureml.core.runconfig": "CondaDependencies",
    "azureml.core.script_run_config": "",
    "azureml.core.webservice": "AciWebservice AksEndpoint AksWebservice LocalWebservice Webservice",
    "azureml.core.webservice.aci": "AciServiceDeploymentConfiguration AciWebservice",
    "azureml.core.webservice.aks": (
        "AksEndpoint AksEndpointDeploymentConfiguration AksServiceDeploymentConfiguration AksWebservice AutoScaler"
    ),
    "azureml.core.webservice.local": "LocalWebservice LocalWebserviceDeploymentConfiguration",
    "azureml.core.webservice.webservice": "Webservice WebserviceDeploymentConfiguration",
    "azureml.core.workspace": "Workspace",
    "azureml.data": "TabularDataset",
    "azureml.data.datapath": "DataPath",
    "azureml.data.dataset_factory": "TabularDatasetFactory",
    "azureml.data.dataset_type_definitions": "PromoteHeadersBehavior",
    "azureml.data.tabular_dataset": "TabularDataset",
    "azureml.exceptions": _EXCEPTIONS,
    "azureml.train": "",
    "azureml.train.automl": "",
    "azureml.train.automl.run": "AutoMLRun",
}
_ENTITIES = (
    "AmlCompute AmlTokenConfiguration BatchDeployment BatchEndpoint BatchJob BatchRetrySettings BuildContext "
    "CodeConfiguration ComputeInstance Data DataAsset DataCollector DefaultScaleSettings Deployment "
    "DeploymentCollection Endpoint EndpointAuthKeys EndpointAuthToken Environment IdentityConfiguration "
    "KubernetesCompute KubernetesOnlineDeployment KubernetesOnlineEndpoint ManagedIdentityConfiguration "
    "ManagedOnlineDeployment ManagedOnlineEndpoint Model ModelBatchDeployment ModelBatchDeploymentSettings "
    "OnlineDeployment OnlineEndpoint OnlineRequestSettings OnlineScaleSettings ProbeSettings RequestLogging "
    "ResourceConfiguration ResourceRequirementsSettings ResourceSettings TargetUtilizationScaleSettings "
    "UserIdentityConfiguration Workspace"
)
_CREDENTIALS = (
    "AuthenticationRequiredError AzureCliCredential AzureDeveloperCliCredential AzurePowerShellCredential "
    "CertificateCredential ChainedTokenCredential ClientAssertionCredential ClientSecretCredential "
    "CredentialUnavailableError DefaultAzureCredential DeviceCodeCredential EnvironmentCredential "
    "InteractiveBrowserCredential ManagedIdentityCredential OnBehalfOfCredential SharedTokenCacheCredential "
    "UsernamePasswordCredential VisualStudioCodeCredential WorkloadIdentityCredential get_bearer_token_provider"
)
_CORE_ERRORS = (
    "AzureError ClientAuthenticationError HttpResponseError ResourceExistsError ResourceNotFoundError "
    "ServiceRequestError ServiceResponseError"
)
_ML_ERRORS = (
    "AssetException AssetPathException DeploymentException EmptyDirectoryError JobException "
    "LocalEndpointInFailedStateError LocalEndpointNotFoundError MlException ModelException "
    "UnsupportedOperationError UserErrorException ValidationException"
)
_LOADED = (
    "Input MLClient Output load_batch_deployment load_batch_endpoint load_data load_environment load_model "
    "load_online_deployment load_online_endpoint"
)
_NAMES_V2 = {
    "azure": "",
    "azure.ai": "",
    "azure.ai.ml": _LOADED,
    "azure.ai.ml.constants": "AssetTypes BatchDeploymentOutputAction InputOutputModes ListViewType ModelType",
    "azure.ai.ml.entities": _ENTITIES,
    "azure.ai.ml.exceptions": _ML_ERRORS,
    "azure.core": "",
    "azure.core.credentials": "AccessToken AzureKeyCredential TokenCredential",
    "azure.core.exceptions": _CORE_ERRORS,
    "azure.core.polling": "LROPoller",
    "azure.identity": _CREDENTIALS,
}
_CONSTANTS = {
    "azureml.core": "VERSION __version__",
    "azureml.core.runconfig": "DEFAULT_CPU_IMAGE DEFAULT_GPU_IMAGE",
    "azureml.core.environment": "DEFAULT_CPU_IMAGE DEFAULT_GPU_IMAGE",
}
# What notebooks ask for that is not there, and what does it here.
_INSTEAD = {
    "ContainerImage": "Services are deployed from scripts: Model.deploy(…). Model.package makes images.",
    "ImageConfig": "InferenceConfig takes its place.",
    "Image": "Model.package(…) makes images.",
    "ScriptRunConfig": "Nothing is submitted to a cluster: run the training in this notebook.",
    "RunConfiguration": "Nothing is submitted to a cluster: run the training in this notebook.",
    "AutoMLConfig": "No model is searched for here: train one in this notebook.",
    "Keyvault": "Secrets come from environment variables here.",
    "RunDetails": "run.get_metrics() has what was logged.",
    "widgets": "run.get_metrics() has what was logged, and service.get_logs() what a service wrote: leave it out.",
    "telemetry": "No data leaves this machine: leave it out.",
    "pipeline": "Nothing is submitted to a cluster: run the steps in this notebook.",
    "opendatasets": "Data sets are files of this machine: Dataset.Tabular.from_delimited_files(path).",
    "interpret": "Models are not explained here: use their own package, shap for example.",
    "Estimator": "Nothing is submitted to a cluster: run the training in this notebook.",
    "Pipeline": "Nothing is submitted to a cluster: run the steps in this notebook.",
    "IotContainerImage": "Model.package(…) makes images.",
    "Traffic": "Traffic is a dictionary: endpoint.traffic = {'blue': 90, 'green': 10}, then "
    "ml_client.online_endpoints.begin_create_or_update(endpoint).result().",
    "command": "Nothing is submitted to a cluster: run the training in this notebook.",
    "CommandJob": "Nothing is submitted to a cluster: run the training in this notebook.",
    "sweep": "Nothing is submitted to a cluster: run the training in this notebook.",
    "automl": "No model is searched for here: train one in this notebook.",
    "dsl": "Nothing is submitted to a cluster: run the steps in this notebook.",
    "PipelineComponentBatchDeployment": "Pipelines are not run here: ModelBatchDeployment scores files with a model.",
}


def _table() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = dict(SCHEMA_MODULES)
    # All of them are packages: only below a package can an import be answered with what there is instead.
    found |= {f"{name.rstrip('.')}.": sources for name, sources in IN_SERVICES.items()}
    # A script's own stand-ins give way: in a notebook these classes work.
    found = {name: sources for name, sources in found.items() if not name.startswith("azure.ai.ml.")}
    for version, table in ((_V1, _NAMES), (_V2, _NAMES_V2)):
        for name, names in table.items():
            found[f"{name}."] = dict.fromkeys(names.split(), version)
    for name, names in _CONSTANTS.items():
        found[f"{name}."] = found[f"{name}."] | dict.fromkeys(names.split(), _HERE)
    return found


MODULES = _table()


def lacking(module: str, name: str) -> object:
    """Refuse an attribute, saying what there is."""
    raise AttributeError(unknown(f"{module}.{name}"))


def unknown(dotted: str) -> str:
    """Say that a name is not there, which ones are, and the nearest of them."""
    module, _, name = dotted.rpartition(".")
    if name.startswith("__"):
        return f"module {module!r} has no attribute {name!r}"
    inner = {known[len(module) + 1 :].split(".")[0] for known in MODULES if known.startswith(f"{module}.")} - {""}
    own = MODULES.get(f"{module}.", {})
    known = sorted({*own, *inner})
    text = f"{dotted} is not one of the names that jupyter_deploy has of Azure ML."
    if module in {"azure", "azure.ai", "azure.core"} and not name[:1].isupper():
        return f"No module named {dotted!r}: {text}"
    homes = [
        home.rstrip(".") for home, names in MODULES.items() if name in names and home.startswith(("azureml.", "azure."))
    ]
    close = nearest(name, own if name[:1].isupper() else known)
    if name in _INSTEAD:
        return f"{text} {_INSTEAD[name]}"
    if homes:
        return f"{text} Use: from {min(homes, key=len)} import {name}"
    if close:
        return f"{text} Did you mean {close!r}?"
    return f"{text} {module} has: {', '.join(known) or 'nothing'}."
