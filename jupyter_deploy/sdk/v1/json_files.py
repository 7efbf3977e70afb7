"""``inferenceconfig.json`` and ``deploymentconfig.json`` (or YAML), as ``az ml model deploy`` takes them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...errors import ConfigProblem, DeployError, nearest, refuse_unknown_keys
from ...files import in_home
from .environment import Environment
from .exceptions import UserErrorException, WebserviceException, translated
from .inference_config import InferenceConfig
from .vocabulary import of_v1

_INFERENCE = ("entryScript", "sourceDirectory", "environment", "description")
_FOR_EXAMPLE = '{"entryScript": "score.py"}'
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
    path : str
        The file, as it was named.
    """

    compute_type: str
    webservice: str
    arguments: Mapping[str, Any] = field(repr=False, hash=False)

    path: str = ""

    def configuration(self) -> Any:
        """Make the deployment configuration; errors name the file's keys."""
        try:
            return of_v1(self.webservice).deploy_configuration(**self.arguments)
        except WebserviceException as error:
            keys = {argument: key for key, argument in _KINDS[self.compute_type][1].items()}
            message = in_other_words(error.message, keys)
            message = message.replace("True or False", "true or false")
            raise UserErrorException(f"{self.path}: {message}", inner_exception=error) from None


def load_inference_config(path: str | Path) -> InferenceConfig:
    """Read an inferenceconfig; scripts and folders are looked for in the current folder, then beside the file."""
    place, where = in_home(path), str(path)
    try:
        values = _read(place, where)
        refuse_unknown_keys(values, (*_INFERENCE, *_OLD, "baseImageRegistry"), where)
        for key in ("entryScript", "sourceDirectory", "condaFile", "description", "baseImage", "extraDockerfileSteps"):
            if values.get(key) is not None and not isinstance(values[key], str):
                raise ConfigProblem(f"{where}: {key} must be a text, not {values[key]!r}.", hint=_FOR_EXAMPLE)
        if not isinstance(values.get("environment") or {}, Mapping):
            hint = 'For example {"name": "my-env", "python": {"condaDependenciesFile": "env.yml"}}'
            raise ConfigProblem(f"{where}: environment must be an object, not {values['environment']!r}.", hint=hint)
        if not values.get("entryScript"):
            raise ConfigProblem(f"{where}: entryScript is missing.", hint=_FOR_EXAMPLE)
        source = values.get("sourceDirectory")
        folder = _found_folder(source, place)
        if (
            folder is None
            and not Path(values["entryScript"]).is_file()
            and (place.parent / values["entryScript"]).is_file()
        ):
            # Beside the file that names it, with the folder that it is in.
            folder = place.parent
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
    place, where = in_home(path), str(path)
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
        refuse_unknown_keys(values, {*groups, *(key for key in keys if "." not in key)}, where)
        for key, value in values.items():
            if key in groups and value is not None:
                inside = [name.partition(".")[2] for name in keys if name.startswith(f"{key}.")]
                if not isinstance(value, Mapping):
                    hint = f"It has: {', '.join(inside)}."
                    raise ConfigProblem(f"{where}: {key} must be an object.", hint=hint)
                refuse_unknown_keys({str(name): one for name, one in value.items()}, inside, f"{where}: {key}")
                flat |= {f"{key}.{inner}": one for inner, one in value.items()}
            elif value is not None:
                flat[key] = value
        arguments = {keys[key]: value for key, value in flat.items() if value is not None}
        return DeploymentFile(kind, webservice, arguments, where)
    except DeployError as error:
        raise translated(error, UserErrorException) from error


def in_other_words(message: str, words: Mapping[str, str]) -> str:
    """Say what an error says with other names for the arguments: a file's keys, or flags."""
    return re.sub(r"\b[a-z]+(?:_[a-z]+)*\b", lambda found: words.get(found[0], found[0]), message)


def _read(path: Path, where: str) -> dict[str, Any]:
    import yaml  # type: ignore[import-untyped, unused-ignore]

    try:
        raw = path.read_bytes()
        # As JSON is recognised: with a mark of its encoding, as some editors write, or without one.
        text = raw.decode(json.detect_encoding(raw))
        # JSON is YAML, but for tabs.
        values = yaml.load(text.replace("\t", "    "), _loader())  # noqa: S506 - safe: it derives from the safe one
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigProblem(f"{where} cannot be read.", hint=f"The current folder is {Path.cwd()}.") from error
    except yaml.YAMLError as error:
        # Not the lines around it, which may hold keys.
        mark = getattr(error, "problem_mark", None)
        said = f"{getattr(error, 'problem', error)}{f', in line {mark.line + 1}' if mark else ''}"
        raise ConfigProblem(f"{where} is neither JSON nor YAML: {said}.") from None
    if not isinstance(values, dict):
        raise ConfigProblem(f"{where} holds no keys and values.", hint='For example {"computeType": "local"}')
    return {str(key): value for key, value in values.items()}


def _loader() -> Any:
    """Make a safe loader that refuses a key that is there twice: YAML forbids it, and the library takes the last."""
    import yaml  # type: ignore[import-untyped, unused-ignore]

    class Loader(yaml.SafeLoader):  # type: ignore[misc, unused-ignore]
        def construct_mapping(self, node: Any, deep: bool = False) -> Any:
            seen = set()
            for key, _ in node.value:
                if key.value in seen and key.tag != "tag:yaml.org,2002:merge":
                    raise yaml.constructor.ConstructorError(
                        None, None, f"the key {key.value!r} is there twice", key.start_mark
                    )
                seen.add(key.value)
            return super().construct_mapping(node, deep)

    return Loader


def _found_folder(source: str | None, file: Path) -> Path | None:
    if source is None:
        return None
    here, beside = in_home(source), file.parent / source
    return beside if not here.is_dir() and beside.is_dir() else here
