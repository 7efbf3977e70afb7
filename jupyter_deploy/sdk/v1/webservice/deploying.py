"""Services of ``Model.deploy`` and ``Webservice.update``: from the SDK's arguments to one request of the workspace."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from ....deploying import Options
from ....environments import INFERRED, KERNEL
from ....errors import InUse, Unschedulable
from ....files import in_home
from ....registry import Model as Version
from ....services import ServiceRecord
from ....targets import choose, target
from ..compute import AksCompute
from ..exceptions import UserErrorException, WebserviceException
from ..inference_config import InferenceConfig
from ..model import Model
from ..workspace import Workspace
from .base import Webservice
from .configurations import (
    SCORING_TIMEOUT_MS,
    AciServiceDeploymentConfiguration,
    AksServiceDeploymentConfiguration,
    LocalWebserviceDeploymentConfiguration,
    WebserviceDeploymentConfiguration,
)
from .known import class_of, endpoint_of, found
from .labels import configuration_of, labels_of

# A path's model is named as the SDK names it: by the file, cut.
_NAME_LENGTH = 30
_GB = 1 << 30
# With overwrite, each option that is not given returns to its default.
AS_NEW: Options = {
    "port": "default",
    "workers": "default",
    "settings": "default",
    "variables": "default",
    "memory": "default",
    "cpus": "default",
    "image": "none",
    "follow_model": "none",
    "on_change": "none",
    "source": "default",
    "environment": "default",
    "tags": "default",
    "description": "",
}


def deploy_service(
    workspace: Workspace,
    name: str,
    models: Sequence[Model | str | Path],
    inference_config: Any,
    configuration: WebserviceDeploymentConfiguration,
    overwrite: bool,
    show_output: bool,
) -> Webservice:
    """Deploy models as a service of the configuration's class; returns before it serves."""
    if endpoint_of(workspace, name):
        raise WebserviceException(
            f"An endpoint is named {name!r}: a service of that name could not be told from it.",
            hint=f"Choose another name, or AksEndpoint(ws, {name!r}).delete() first.",
        )
    record = found(workspace, name)
    if record and not overwrite and configuration.compute_type != "Local":
        raise name_is_taken(name)
    options: Options = {**AS_NEW} if record else {}
    options |= deployed_as(workspace, name, models, inference_config)
    if inference_config is None:
        configuration = _with_the_models_resources(configuration, options, workspace)
    options |= configured(configuration, say=print if show_output else None)
    if record is None and configuration.properties:
        options["properties"] = dict(configuration.properties)
    options["labels"] = labels_of(configuration)
    if record:
        options = in_place_of(record, options)
    try:
        _apply(workspace, name, options, configuration, show_output)
    except Unschedulable:
        # As in the cloud, the service of a cluster is there, and its state says what is wrong.
        if record or configuration.compute_type == "Local" or not found(workspace, name):
            raise
    made: Webservice = class_of(configuration.compute_type)(workspace, name)
    if show_output and configuration.compute_type == "Local":
        print("Checking container health...")  # noqa: T201 - the SDK's own line
    return made


def _with_the_models_resources(
    configuration: WebserviceDeploymentConfiguration, options: Options, workspace: Workspace
) -> WebserviceDeploymentConfiguration:
    """Say what the model needs where the configuration leaves it open, so that the service's attributes show it."""
    if not isinstance(configuration, (AciServiceDeploymentConfiguration, AksServiceDeploymentConfiguration)):
        return configuration
    model = cast("list[str]", options["models"])[0]
    needs = workspace._local.models.get(model).resources
    return replace(
        configuration,
        cpu_cores=configuration.cpu_cores or needs.cpu or None,
        memory_gb=configuration.memory_gb or needs.memory_gb or None,
    )


def name_is_taken(name: str) -> WebserviceException:
    """Say that there is such a service already."""
    return WebserviceException(
        f"Service {name} with the same name already exists, please use a different service name or delete the "
        "existing service.",
        hint=f"Model.deploy(…, overwrite=True), or Webservice(ws, {name!r}).update(models=…, inference_config=…).",
    )


def update(
    service: Webservice,
    models: Sequence[Any] | None,
    inference_config: Any,
    configuration: WebserviceDeploymentConfiguration | None,
) -> None:
    """Change what is given; the address stays.

    No request fails, also where packages or variables change.
    """
    if models is None and inference_config is None and configuration is None:
        raise WebserviceException(
            "No parameters provided to update.", hint="service.update(models=[model], inference_config=config)"
        )
    options = changes_of(service, service.name, models, inference_config, configuration)
    service.workspace._local.deploy(service.name, **options)


def changes_of(
    service: Webservice,
    name: str,
    models: Sequence[Any] | None,
    inference_config: Any,
    configuration: WebserviceDeploymentConfiguration | None,
) -> Options:
    """Say as options what an update gives; ``name`` is what an environment without a name is called after."""
    options: Options = {}
    if models is not None or inference_config is not None:
        record = service._record
        kept = [service.workspace._local.models.get(reference) for reference in record.models]
        given = kept if models is None else models
        options |= deployed_as(service.workspace, name, given, inference_config, keeps_script=inference_config is None)
    if configuration is not None:
        options |= _changed(service._record, configuration)
    return options


def _changed(record: ServiceRecord, configuration: WebserviceDeploymentConfiguration) -> Options:
    """Say what an update gives as options, checked together with what the service has already."""
    given = _given(configuration)
    before = dict(configuration_of(record))
    if record.spec.tls:
        # Where they are, from whichever folder the notebook runs in now.
        before |= {"ssl_cert_pem_file": record.spec.tls, "ssl_key_pem_file": record.spec.tls_key}
    if given.get("autoscale_enabled"):
        before.pop("num_replicas", None)
    elif given.get("autoscale_enabled") is False:
        before = {key: value for key, value in before.items() if not key.startswith("autoscale_")}
    if given.get("token_auth_enabled") is False and "auth_enabled" not in given and record.spec.auth == "token":
        raise WebserviceException(
            f"Without tokens, {record.name} needs something in their place.",
            hint="update(token_auth_enabled=False, auth_enabled=True) asks for keys, auth_enabled=False for nothing.",
        )
    if given.get("auth_enabled") and "token_auth_enabled" not in given:
        before.pop("token_auth_enabled", None)
    if given.get("token_auth_enabled"):
        before.pop("auth_enabled", None)
    said = {key: value for key, value in {**before, **given}.items() if _known(configuration, key)}
    merged = type(configuration)(**said)
    merged.validate_configuration()
    if any(key.startswith("ssl_") for key in given):
        # Files alone renew a certificate.
        files = {key: value for key, value in said.items() if key.startswith("ssl_")}
        configuration = replace(configuration, **files)
    options = configured(configuration, say=None, given_only=True)
    # A size or a setting may be of several options, of which only some are given.
    sizes = {"cpus": getattr(merged, "cpus", None), "memory": getattr(merged, "memory", None)}
    options |= {key: size for key, size in sizes.items() if key in options}  # type: ignore[typeddict-item]
    settings = {key: merged.settings().get(key, value) for key, value in configuration.settings().items()}
    if "queue_limit" in merged.settings() and configuration.sizes():
        settings["queue_limit"] = merged.settings()["queue_limit"]
    if settings:
        options["settings"] = settings
    if configuration.sizes():
        options["workers"] = merged.replicas()
    if configuration.tags is not None:
        options["tags"] = {**dict.fromkeys(record.spec.tags), **configuration.tags}
    if configuration.properties:
        options["properties"] = dict(configuration.properties)
    return options | {"labels": labels_of(merged)}


def in_place_of(record: ServiceRecord, options: Options) -> Options:
    """Have tags, settings and variables replaced: given alone, they would be added to those of the service."""
    spec, found = record.spec, options.copy()
    if isinstance(tags := found.get("tags"), Mapping):
        found["tags"] = {**dict.fromkeys(spec.tags), **tags}
    if isinstance(settings := found.get("settings"), Mapping):
        found["settings"] = {**dict.fromkeys(spec.settings), **settings}
    if isinstance(variables := found.get("variables"), Mapping):
        found["variables"] = {**dict.fromkeys(spec.variables, ""), **variables}
    return found


def deployed_again(
    service: Webservice, name: str, configuration: WebserviceDeploymentConfiguration | None, compute: Any
) -> Webservice:
    """Deploy what a service serves once more, under another name and class."""
    spec, workspace = service._record.spec, service.workspace
    configuration = checked_configuration(configuration, compute)
    options: Options = {"script": Path(spec.script) if spec.script_is_file else spec.script}
    options |= {
        "models": service._record.models,
        "environment": spec.environment or None,
        "source": spec.source or None,
    }
    options |= configured(configuration, say=None)
    options["labels"] = labels_of(configuration)
    _apply(workspace, name, options, configuration, False)
    made: Webservice = class_of(configuration.compute_type)(workspace, name)
    return made


def _apply(
    workspace: Workspace,
    name: str,
    options: Options,
    configuration: WebserviceDeploymentConfiguration,
    show_output: bool,
) -> None:
    say = print if show_output else lambda _: None
    given = {
        "primary": getattr(configuration, "primary_key", None),
        "secondary": getattr(configuration, "secondary_key", None),
    }
    workspace._local.deploy(name, wait=False, progress=say, keys=given, **options)


def checked_configuration(given: object, compute: Any) -> WebserviceDeploymentConfiguration:
    """Check a configuration together with its compute target; the class of the service follows from both."""
    if compute is not None and not isinstance(compute, AksCompute):
        raise WebserviceException(
            f"deployment_target must be an AksCompute, not of the class {type(compute).__name__}.",
            hint="deployment_target=AksCompute(ws, name), or none.",
        )
    if given is None:
        return AksServiceDeploymentConfiguration() if compute is not None else AciServiceDeploymentConfiguration()
    if not isinstance(given, WebserviceDeploymentConfiguration):
        raise WebserviceException(
            f"deployment_config must come from deploy_configuration(), not be of the class {type(given).__name__}.",
            hint="deployment_config=LocalWebservice.deploy_configuration()",
        )
    given.validate_configuration()
    if isinstance(given, AksServiceDeploymentConfiguration) and isinstance(compute, AksCompute):
        given.compute_target_name = given.compute_target_name or compute.name
    return given


def deployed_as(
    workspace: Workspace, name: str, models: Sequence[Any], inference_config: Any, *, keeps_script: bool = False
) -> Options:
    """Say as options what models and configuration ask for.

    ``keeps_script`` has a service that there is keep its script where no configuration is given.
    """
    if isinstance(models, (str, Path, Model)):
        models = [models]
    if models is None:
        raise UserErrorException("models must be a list, not None.", hint="models=[] for a script without a model.")
    versions = [_version(workspace, model) for model in models]
    options: Options = {"models": [version.id for version in versions] or "none"}
    if inference_config is not None:
        if not isinstance(inference_config, InferenceConfig):
            raise UserErrorException(
                f"inference_config must be an InferenceConfig, not of the class {type(inference_config).__name__}.",
                hint="Model.deploy(ws, name, models, InferenceConfig(entry_script='score.py'), deployment_config)",
            )
        return _with_packages({**inference_config._options(name), **options})
    if keeps_script:
        return options
    if len(versions) != 1:
        raise UserErrorException("You must provide an InferenceConfig when deploying zero or multiple models.")
    # The model's own resources are the service's, unless its deployment says something else.
    needs = versions[0].resources
    if needs.cpu:
        options["cpus"] = needs.cpu
    if needs.memory_gb:
        options["memory"] = int(needs.memory_gb * _GB)
    return _only_what_can_be(options)


def _with_packages(options: Options) -> Options:
    """Take the packages that script and model need where the notebook's own interpreter cannot be used."""
    if options.get("environment") == KERNEL and not target(choose("auto")).capabilities.kernel:
        return {**options, "environment": INFERRED}
    return options


def _version(workspace: Workspace, given: Any) -> Version:
    local = workspace._local
    if isinstance(given, Model):
        return local.models.get(given.id)
    if isinstance(given, Version):
        return given
    if not isinstance(given, (str, os.PathLike)):
        raise UserErrorException(
            f"models cannot hold an object of the class {type(given).__name__}.",
            hint="models=[Model(ws, name)], ['name:1'] or a path: ['outputs/model.pkl'].",
        )
    text = os.fspath(given)
    path = in_home(text)
    if isinstance(given, Path) or (path.exists() and text not in local.models):
        return _of_path(workspace, path)
    return local.models.get(text)


def _of_path(workspace: Workspace, path: Path) -> Version:
    """Register a path that is no model yet; the same bytes are registered once."""
    name = path.resolve().name[:_NAME_LENGTH]
    local = workspace._local
    before = local.models.get(name) if name in local.models else None
    made = local.register(name, path)
    if before is not None and before.digest == made.digest:
        # A service that follows the model may serve it already.
        with suppress(InUse):
            local.unregister(made.id)
            return before
    return made


def configured(configuration: WebserviceDeploymentConfiguration, *, say: Any, given_only: bool = False) -> Options:
    """Say a configuration as options: all of it with the defaults, or what it gives only."""
    options: Options = {}
    if configuration.tags:
        options["tags"] = dict(configuration.tags)
    if configuration.description is not None:
        options["description"] = configuration.description
    if isinstance(configuration, LocalWebserviceDeploymentConfiguration):
        if configuration.port is not None:
            options["port"] = configuration.port
        return options
    cpus, memory = getattr(configuration, "cpus", None), getattr(configuration, "memory", None)
    if cpus is not None:
        options["cpus"] = cpus
    if memory is not None:
        options["memory"] = memory
    options = _only_what_can_be(options, say)
    settings = dict(configuration.settings())
    if not given_only and isinstance(configuration, AksServiceDeploymentConfiguration):
        settings.setdefault("scoring_timeout_ms", SCORING_TIMEOUT_MS)
    if settings:
        options["settings"] = settings
    if not given_only:
        options["workers"] = configuration.replicas()
    return options | _auth(configuration, given_only)


def _auth(configuration: WebserviceDeploymentConfiguration, given_only: bool) -> Options:
    keys = getattr(configuration, "auth_enabled", None)
    options: Options = {}
    if getattr(configuration, "token_auth_enabled", None):
        options["auth"] = "token"
    elif keys is not None or not given_only:
        by_default = isinstance(configuration, AksServiceDeploymentConfiguration)
        options["auth"] = "key" if (by_default if keys is None else keys) else "none"
    if isinstance(configuration, AciServiceDeploymentConfiguration) and configuration.ssl_enabled is not None:
        options["tls"] = configuration.ssl_cert_pem_file if configuration.ssl_enabled else "none"
        options["tls_key"] = configuration.ssl_key_pem_file if configuration.ssl_enabled else None
    return options


def _only_what_can_be(options: Options, say: Any = None) -> Options:
    """Leave limits out where services are plain processes: the notebook runs there, too."""
    limited = target(choose("auto")).capabilities.limits
    if limited or not {"cpus", "memory"} & set(options):
        return options
    if say:
        say("cpu and memory are not limited: the service is a process of this machine, not a container")
    return {key: value for key, value in options.items() if key not in {"cpus", "memory"}}  # type: ignore[return-value]


def _given(configuration: WebserviceDeploymentConfiguration) -> dict[str, Any]:
    return {key: value for key, value in configuration.kept().items() if value is not None}


def _known(configuration: WebserviceDeploymentConfiguration, key: str) -> bool:
    return key in configuration.__dataclass_fields__
