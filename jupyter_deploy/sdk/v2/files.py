"""YAML files of entities, as ``az ml`` takes them; paths in them are relative to the file."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from ...errors import ConfigProblem, DeployError
from ...files import in_home
from .entities import (
    BatchDeployment,
    BatchEndpoint,
    Data,
    Environment,
    KubernetesOnlineDeployment,
    KubernetesOnlineEndpoint,
    ManagedOnlineDeployment,
    ManagedOnlineEndpoint,
    Model,
    ModelBatchDeployment,
    OnlineDeployment,
    OnlineEndpoint,
)
from .exceptions import AzureError, ValidationException, translated

Source = str | os.PathLike[str] | IO[str]
Overrides = Sequence[Mapping[str, Any]] | None


def load_online_endpoint(
    source: Source, *, relative_origin: str | None = None, params_override: Overrides = None
) -> OnlineEndpoint:
    """Read an endpoint; one with ``compute`` is on a cluster.

    Parameters
    ----------
    source : str, pathlib.Path or file
        The YAML file, or an open one.
    relative_origin : str, optional
        A file, in place of the source, that paths are relative to.
    params_override : list of dict, optional
        Values in place of the file's: ``[{"name": "other"}, {"traffic.blue": 100}]``.
    """
    values, folder, where = _read(source, relative_origin, params_override)
    kind = KubernetesOnlineEndpoint if values.get("compute") else ManagedOnlineEndpoint
    return _made(kind, values, folder, where)  # type: ignore[no-any-return]


def load_online_deployment(
    source: Source, *, relative_origin: str | None = None, params_override: Overrides = None
) -> OnlineDeployment:
    """Read a deployment; ``type: kubernetes`` is one on a cluster."""
    values, folder, where = _read(source, relative_origin, params_override)
    cluster = str(values.get("type", "")).lower() == "kubernetes" or "resources" in values
    return _made(KubernetesOnlineDeployment if cluster else ManagedOnlineDeployment, values, folder, where)  # type: ignore[no-any-return]


def load_batch_endpoint(
    source: Source, relative_origin: str | None = None, *, params_override: Overrides = None
) -> BatchEndpoint:
    """Read a batch endpoint."""
    return _made(BatchEndpoint, *_read(source, relative_origin, params_override))  # type: ignore[no-any-return]


def load_batch_deployment(
    source: Source, *, relative_origin: str | None = None, params_override: Overrides = None
) -> BatchDeployment:
    """Read a batch deployment of a model."""
    values, folder, where = _read(source, relative_origin, params_override)
    return _made(ModelBatchDeployment if "settings" in values else BatchDeployment, values, folder, where)  # type: ignore[no-any-return]


def load_model(source: Source, *, relative_origin: str | None = None, params_override: Overrides = None) -> Model:
    """Read a model."""
    return _made(Model, *_read(source, relative_origin, params_override))  # type: ignore[no-any-return]


def load_environment(
    source: Source, *, relative_origin: str | None = None, params_override: Overrides = None
) -> Environment:
    """Read an environment."""
    return _made(Environment, *_read(source, relative_origin, params_override))  # type: ignore[no-any-return]


def load_data(source: Source, *, relative_origin: str | None = None, params_override: Overrides = None) -> Data:
    """Read a data asset."""
    return _made(Data, *_read(source, relative_origin, params_override))  # type: ignore[no-any-return]


def _made(kind: Any, values: Mapping[str, Any], folder: Path, where: str) -> Any:
    try:
        return kind.read(values, folder, where)
    except AzureError:
        raise
    except DeployError as error:
        raise translated(error) from error


def _read(source: Source, origin: str | None, overrides: Overrides) -> tuple[dict[str, Any], Path, str]:
    """Return a file's values, the folder that its paths are relative to, and what errors call the file."""
    try:
        text, name = _text(source)
        values = _values(text, name)
    except ConfigProblem as error:
        raise translated(error) from error
    values.pop("$schema", None)
    for changed in overrides or ():
        for key, value in changed.items():
            put(values, key, value)
    beside = in_home(origin or name)
    return values, beside.absolute().parent if origin or Path(name).is_file() else Path.cwd(), name


def put(values: dict[str, Any], key: str, value: Any) -> None:
    """Set a value at a dotted place; groups on the way are made, and a text on the way is refused."""
    *groups, last = key.split(".")
    inner = values
    for group in groups:
        step = inner.setdefault(group, {})
        if not isinstance(step, dict):
            raise ValidationException(f"{key} cannot be set: {group} is {step!r} in the file, and has no parts.")
        inner = step
    inner[last] = value


def _text(source: Source) -> tuple[str, str]:
    if not isinstance(source, (str, os.PathLike)):
        return source.read(), str(getattr(source, "name", "the file"))
    place = in_home(source)
    try:
        return place.read_text(), str(source)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise ConfigProblem(
            f"{source} cannot be read: {reason}.", hint=f"The current folder is {Path.cwd()}."
        ) from None


def _values(text: str, where: str) -> dict[str, Any]:
    import yaml  # type: ignore[import-untyped, unused-ignore]

    try:
        values = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise ConfigProblem(
            f"{where}{line}: this is not YAML: {getattr(error, 'problem', None) or error}.",
            hint="Indent with spaces, and put a space behind each '-' and ':'.",
        ) from None
    if not isinstance(values, dict):
        raise ConfigProblem(f"{where} holds no keys and values.", hint="For example: name: churn")
    return {str(key): value for key, value in values.items()}
