"""``inferenceconfig.json`` and ``deploymentconfig.json`` (or YAML), as ``az ml model deploy`` takes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...errors import ConfigProblem, DeployError, nearest, refuse_unknown_keys
from .environment import Environment
from .exceptions import UserErrorException, translated
from .inference_config import InferenceConfig
from .vocabulary import of_v1

_INFERENCE = ("entryScript", "sourceDirectory", "environment", "description")
_OLD = {
    "runtime": "runtime",
    "condaFile": "conda_file",
    "extraDockerfileSteps": "extra_docker_file_steps",
    "enableGpu": "enable_gpu",
    "baseImage": "base_image",
    "cudaVersion": "cuda_version",
}
_RESOURCES = {"containerResourceRequirements.cpu": "cpu_cores", "containerResourceRequirements.memoryInGB": "memory_gb"}
_ACI = _RESOURCES | {
    "location": "location",
    "authEnabled": "auth_enabled",
    "sslEnabled": "ssl_enabled",
    "sslCertificate": "ssl_cert_pem_file",
    "sslKey": "ssl_key_pem_file",
    "cname": "ssl_cname",
    "dnsNameLabel": "dns_name_label",
    "appInsightsEnabled": "enable_app_insights",
    "keys.primaryKey": "primary_key",
    "keys.secondaryKey": "secondary_key",
    "vaultBaseUrl": "cmk_vault_base_url",
    "keyName": "cmk_key_name",
    "keyVersion": "cmk_key_version",
    "vnetName": "vnet_name",
    "subnetName": "subnet_name",
}
_AKS = _RESOURCES | {
    "containerResourceRequirements.cpuLimit": "cpu_cores_limit",
    "containerResourceRequirements.memoryInGBLimit": "memory_gb_limit",
    "autoScaler.autoscaleEnabled": "autoscale_enabled",
    "autoScaler.minReplicas": "autoscale_min_replicas",
    "autoScaler.maxReplicas": "autoscale_max_replicas",
    "autoScaler.refreshPeriodInSeconds": "autoscale_refresh_seconds",
    "autoScaler.targetUtilization": "autoscale_target_utilization",
    "dataCollection.storageEnabled": "collect_model_data",
    "authEnabled": "auth_enabled",
    "tokenAuthEnabled": "token_auth_enabled",
    "appInsightsEnabled": "enable_app_insights",
    "scoringTimeoutMs": "scoring_timeout_ms",
    "maxConcurrentRequestsPerContainer": "replica_max_concurrent_requests",
    "maxQueueWaitMs": "max_request_wait_time",
    "numReplicas": "num_replicas",
    "keys.primaryKey": "primary_key",
    "keys.secondaryKey": "secondary_key",
    "gpuCores": "gpu_cores",
    "livenessProbeRequirements.periodSeconds": "period_seconds",
    "livenessProbeRequirements.initialDelaySeconds": "initial_delay_seconds",
    "livenessProbeRequirements.timeoutSeconds": "timeout_seconds",
    "livenessProbeRequirements.successThreshold": "success_threshold",
    "livenessProbeRequirements.failureThreshold": "failure_threshold",
    "namespace": "namespace",
    "computeTargetName": "compute_target_name",
}
_COMMON = {"tags": "tags", "properties": "properties", "description": "description"}
_AT_ONE_ENDPOINT = {"versionName": "version_name", "trafficPercentile": "traffic_percentile"}
# The kind of target → its class, and which key is which argument of deploy_configuration.
_KINDS: dict[str, tuple[str, dict[str, str]]] = {
    "local": ("LocalWebservice", {"port": "port"}),
    "aci": ("AciWebservice", _ACI | _COMMON),
    "aks": ("AksWebservice", _AKS | _COMMON),
    "aksendpoint": ("AksEndpoint", _AKS | _COMMON | _AT_ONE_ENDPOINT),
}


@dataclass(frozen=True)
class DeploymentFile:
    """What a deploymentconfig says.

    Parameters
    ----------
    compute_type : str
        ``"local"``, ``"aci"``, ``"aks"`` or ``"aksendpoint"``.
    webservice : str
        The class whose ``deploy_configuration`` takes the arguments. They may hold keys of a service.
    """

    compute_type: str
    webservice: str
    arguments: Mapping[str, Any] = field(repr=False, hash=False)

    def configuration(self) -> Any:
        """Make the deployment configuration."""
        return of_v1(self.webservice).deploy_configuration(**self.arguments)


def load_inference_config(path: str | Path) -> InferenceConfig:
    """Read an inferenceconfig; ``sourceDirectory`` is looked for in the current folder, then beside the file."""
    place, where = Path(path).expanduser(), str(path)
    try:
        values = _read(place, where)
        refuse_unknown_keys(values, (*_INFERENCE, *_OLD, "baseImageRegistry"), where)
        if not values.get("entryScript"):
            raise ConfigProblem(f"{where}: entryScript is missing.", hint='{"entryScript": "score.py"}')
        source = values.get("sourceDirectory")
        folder = _found_folder(source, place)
        given: dict[str, Any] = {argument: values[key] for key, argument in _OLD.items() if values.get(key) is not None}
        described = values.get("environment")
        if described:
            given["environment"] = Environment._of_file(described, folder or Path(), f"{where}: environment")
        return InferenceConfig(
            values["entryScript"], source_directory=folder, description=values.get("description"), **given
        )
    except UserErrorException:
        raise
    except DeployError as error:
        raise translated(error, UserErrorException) from error


def load_deployment_config(path: str | Path) -> DeploymentFile:
    """Read a deploymentconfig."""
    place, where = Path(path).expanduser(), str(path)
    try:
        values = _read(place, where)
        kind = str(values.pop("computeType", "")).lower()
        if kind not in _KINDS:
            close = nearest(kind, _KINDS)
            hint = f"Did you mean {close!r}?" if close else f"One of {', '.join(_KINDS)}."
            raise ConfigProblem(f"{where}: computeType cannot be {kind!r}.", hint=hint)
        webservice, keys = _KINDS[kind]
        groups = {key.partition(".")[0] for key in keys if "." in key}
        flat: dict[str, Any] = {}
        for key, value in values.items():
            if key in groups and isinstance(value, Mapping):
                flat |= {f"{key}.{inner}": one for inner, one in value.items()}
            elif value is not None:
                flat[key] = value
        refuse_unknown_keys(flat, keys, where)
        arguments = {keys[key]: value for key, value in flat.items() if value is not None}
        return DeploymentFile(kind, webservice, arguments)
    except DeployError as error:
        raise translated(error, UserErrorException) from error


def _read(path: Path, where: str) -> dict[str, Any]:
    import yaml  # type: ignore[import-untyped, unused-ignore]

    try:
        # JSON is YAML, but for tabs.
        values = yaml.safe_load(path.read_text().replace("\t", "    "))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigProblem(f"{where} cannot be read.", hint=f"The current folder is {Path.cwd()}.") from error
    except yaml.YAMLError as error:
        raise ConfigProblem(f"{where} is neither JSON nor YAML: {error}") from error
    if not isinstance(values, dict):
        raise ConfigProblem(f"{where} holds no keys and values.", hint='For example {"computeType": "local"}')
    return {str(key): value for key, value in values.items()}


def _found_folder(source: str | None, file: Path) -> Path | None:
    if source is None:
        return None
    here, beside = Path(source).expanduser(), file.parent / source
    return beside if not here.is_dir() and beside.is_dir() else here
