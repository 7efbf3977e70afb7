"""Where the files of a model are, for ``Model.get_model_path``."""

from __future__ import annotations

from pathlib import Path

from ...serving.shims import Model as Served
from ...serving.shims import ModelNotFoundException as NotServed
from ...serving.shims import WebserviceException as NotOne
from .exceptions import ModelNotFoundException, WebserviceException
from .lookup import found_version
from .workspace import Workspace

_CACHE = "azureml-models"


def in_cache_or_here(name: str, version: int | None) -> str:
    """Find a model as a service does, by the same rule."""
    if version is not None and (isinstance(version, bool) or not isinstance(version, int)):
        raise WebserviceException("version should be an int")
    try:
        return Served.get_model_path(name, version)
    except NotServed as error:
        kind = ModelNotFoundException if version is None else WebserviceException
        raise kind(error.message, hint="From the workspace: Model(ws, name).download().") from error
    except NotOne as error:
        raise WebserviceException(error.message) from error


def in_workspace(workspace: Workspace, name: str, version: int | None) -> str:
    """Copy a version to ``azureml-models/NAME/VERSION`` in the current folder, unless it is there."""
    found = found_version(workspace, name, version, {})
    place = Path(_CACHE) / found.name / str(found.version)
    if not (place / found.entry).exists():
        workspace._local.models.download(found.id, place, exist_ok=True)
    return str(place / found.entry)
