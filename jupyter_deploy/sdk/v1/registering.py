"""Register a model, for ``Model.register`` and ``Run.register_model``."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ...errors import nearest
from ...files import in_home
from ...registry import Lineage, Resources
from ...registry import Model as Version
from .exceptions import UserErrorException, WebserviceException
from .resource_configuration import ResourceConfiguration
from .workspace import Workspace


def registered(
    workspace: Workspace,
    path: str | Path,
    name: str,
    *,
    tags: Mapping[str, Any] | None,
    properties: Mapping[str, Any] | None,
    description: str,
    model_framework: str | None,
    model_framework_version: str | None,
    child_paths: Sequence[str] | None,
    resource_configuration: ResourceConfiguration | None,
    lineage: Lineage,
    run_id: str = "",
) -> Version:
    """Register a file or folder as the next version, and say so as the SDK does."""
    for what, given in (("Tags", tags), ("Properties", properties)):
        if given is not None and not isinstance(given, dict):
            raise WebserviceException(
                f"{what} must be a dict.", hint=f"For example {what.lower()}={{'area': 'mnist'}}."
            )
    if not isinstance(name, str):
        raise WebserviceException(
            f"model_name must be a text, not {name!r}.", hint="Model.register(ws, model_path, model_name='churn')"
        )
    if not isinstance(path, (str, os.PathLike)):
        raise UserErrorException(
            f"model_path must be a path, not {path!r}.",
            hint="Save the model first, for example joblib.dump(model, 'outputs/model.pkl'); its path is model_path.",
        )
    place = in_home(path)
    if not place.exists():
        raise FileNotFoundError(
            f'Error, provided model path "{path}" cannot be found. Path does not exist.{_near(place)}'
        )
    print(f"Registering model {name}")  # noqa: T201 - the SDK's own line
    return workspace._local.register(
        name,
        place,
        tags=tags,
        properties=properties,
        description=description,
        framework=model_framework or "",
        framework_version=model_framework_version or "",
        child_paths=child_paths,
        run_id=run_id,
        lineage=lineage,
        resources=resources_of(resource_configuration),
        progress=print,
    )


def lineage_of(
    workspace: Workspace,
    datasets: Sequence[tuple[str, Any]] | None,
    sample_input: Any,
    sample_output: Any,
    experiment: str = "",
) -> Lineage:
    """Write down what a model was made of; a data set counts by its registered name and version."""
    pairs = []
    for item in datasets or ():
        if not isinstance(item, (tuple, list)) or len(item) != 2:
            raise WebserviceException("datasets is a list of pairs.", hint="datasets=[('training', dataset)]")
        pairs.append((str(item[0]), _reference(item[1], "datasets")))
    samples = [
        _reference(given, what) if given is not None else ""
        for what, given in (("sample_input_dataset", sample_input), ("sample_output_dataset", sample_output))
    ]
    return Lineage(experiment, tuple(pairs), *samples)


def resources_of(configuration: ResourceConfiguration | None) -> Resources | None:
    """Read a resource configuration; another kind of object is refused."""
    if configuration is None:
        return None
    if not isinstance(configuration, ResourceConfiguration):
        raise WebserviceException(
            f"resource_configuration cannot be a {type(configuration).__name__}.",
            hint="ResourceConfiguration(cpu=1, memory_in_gb=0.5)",
        )
    return Resources(configuration.cpu, configuration.memory_in_gb, configuration.gpu)


def _reference(dataset: Any, what: str) -> str:
    name, version = getattr(dataset, "name", None), getattr(dataset, "version", None)
    if not name or not version:
        raise WebserviceException(f"{what}: the dataset is not registered.", hint="dataset.register(ws, name)")
    return f"{name}:{version}"


def _near(place: Path) -> str:
    folder = place.absolute().parent
    if not folder.is_dir():
        return f" There is no folder {folder} either; the current folder is {Path.cwd()}."
    names = sorted(entry.name for entry in folder.iterdir() if not entry.name.startswith("."))
    close = nearest(place.name, names)
    if close:
        return f" Did you mean {place.with_name(close)}?"
    return f" {folder} holds: {', '.join(names[:10]) or 'nothing'}{', …' if len(names) > 10 else ''}."
