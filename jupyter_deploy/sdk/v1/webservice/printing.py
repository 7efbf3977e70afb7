"""``Model.print_configuration``, and what is said of images that older notebooks name."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ..exceptions import WebserviceException
from ..inference_config import InferenceConfig
from .configurations import WebserviceDeploymentConfiguration
from .deploying import checked_configuration


def print_configuration(models: Sequence[Any], inference_config: Any, deployment_config: Any, target: Any) -> None:
    """Print as JSON what a service would be made of; what :func:`deploy` refuses is refused."""
    configuration: WebserviceDeploymentConfiguration = checked_configuration(deployment_config, target)
    given = {key: value for key, value in configuration.kept().items() if value is not None}
    said = {
        "models": [str(getattr(model, "id", model)) for model in models or ()],
        "inferenceConfig": _described(inference_config),
        "deploymentConfig": {"computeType": configuration.compute_type, **given},
        "deploymentTarget": getattr(target, "name", None),
    }
    print(json.dumps(said, indent=2, default=str))  # noqa: T201 - what it is for


def _described(config: Any) -> dict[str, Any] | None:
    if config is None:
        return None
    if not isinstance(config, InferenceConfig):
        raise WebserviceException(
            f"inference_config must be an InferenceConfig, not of the class {type(config).__name__}.",
            hint="InferenceConfig(entry_script='score.py', environment=environment)",
        )
    environment = config.environment
    return {
        "entryScript": str(config.entry_script),
        "sourceDirectory": None if config.source_directory is None else str(config.source_directory),
        "environment": environment and {"name": environment.name, "version": environment.version},
    }


def refuse_image(image: object) -> None:
    """Refuse ``update(image=…)``: the images of SDK versions before 1.0.85 were made in the cloud."""
    if image is None:
        return
    raise WebserviceException(
        "image= is not taken: images for it were made in the cloud, by a class that the SDK has dropped.",
        hint="service.update(models=[model], inference_config=config) brings models, script and packages. An image "
        "with packages in it is an environment: InferenceConfig('score.py', environment=Environment.from_docker_image("
        "'mine', 'IMAGE')).",
    )
