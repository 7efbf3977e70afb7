"""Find what the SDK's filters and references mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...errors import NotFound, UsageProblem
from ...registry import Model as Version
from .exceptions import WebserviceException
from .workspace import Workspace

if TYPE_CHECKING:
    from .dataset import TabularDataset

Filter = Sequence[str | Sequence[str]] | Mapping[str, str | None]


def found_version(workspace: Workspace, name: str, version: int | str | None, filters: Mapping[str, Any]) -> Version:
    """Find the version of that number, or the newest one that passes all filters."""
    models = workspace._local.models
    try:
        if version is not None or not any(filters.values()):
            return models.get(name, version)
        found = models.list(name, **filters)
        if found:
            return found[0]
        # The name itself may be wrong: that error has the nearest one.
        models.get(name)
    except (NotFound, UsageProblem) as error:
        text = error.message.replace("in this workspace", "in provided workspace")
        raise WebserviceException(text, status_code=404, hint=str(error.hint)) from error
    said = ", ".join(f"{key} {value}" for key, value in filters.items() if value)
    known = ", ".join(str(model.version) for model in models.list(name)[:10])
    raise WebserviceException(
        f"ModelNotFound: Model with name {name} and {said} not found in provided workspace",
        status_code=404,
        hint=f"Versions of {name}: {known}.",
    )


def names_of_models(workspace: Workspace) -> str:
    """List some models, for a hint."""
    names = workspace._local.models.names()
    return f"Models here: {', '.join(names[:10])}." if names else "Register one: Model.register(ws, path, name)."


def dataset_of(workspace: Workspace, reference: str) -> TabularDataset:
    """Load a data set by its ``NAME:VERSION``."""
    from .dataset import Dataset

    name, _, version = reference.rpartition(":")
    return Dataset.get_by_name(workspace, name, int(version))
