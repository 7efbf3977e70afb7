"""What the operations of all assets share: which version is meant, and which are archived."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from ....workspace import Workspace
from ..constants import ListViewType
from ..entities import Entity
from ..exceptions import ResourceNotFoundError, ValidationException
from ..references import CREATION, asset_id

Thing = TypeVar("Thing")
_ARCHIVED = "archived"


@dataclass(frozen=True)
class SystemData:
    """When an asset was made; nobody's name is kept."""

    created_at: datetime | None = None
    created_by: str | None = None
    created_by_type: str | None = None
    last_modified_at: datetime | None = None


def meant(name: Any, version: Any, label: Any, known: Iterable[int]) -> int | None:
    """Return the version that a call names: a number, or None for the newest.

    Raises
    ------
    ValidationException
        If it names neither version nor label, or both; with the versions that there are.
    """
    listed = ", ".join(map(str, known))
    there = f"Versions of {name}: {listed}." if listed else ""
    if not isinstance(name, str) or not name:
        raise ValidationException("Which one? get() needs a name.", hint="get(name='churn', label='latest')")
    if version is not None and label is not None:
        raise ValidationException("Cannot provide both version and label.", hint=there)
    if version is None and label is None:
        raise ValidationException(
            "Must provide either version or label.",
            hint=f"get({name!r}, label='latest'), or version='1'. {there}".strip(),
        )
    if label is not None:
        if str(label).lower() == "latest":
            return None
        raise ResourceNotFoundError(
            f"{name} has no label {label!r}.", hint="The label here is 'latest'.", status_code=404
        )
    text = str(version)
    if not text.isdecimal() or isinstance(version, bool):
        raise ResourceNotFoundError(f"{name} has no version {version!r}.", hint=there, status_code=404)
    return int(text)


class Archive:
    """Which versions of a kind of asset are archived: they are left out of lists, and nothing else.

    Parameters
    ----------
    workspace : Workspace
        The workspace.
    kind : str
        ``"model"``, ``"environment"`` or ``"data"``.
    """

    def __init__(self, workspace: Workspace, kind: str) -> None:
        self.notes = workspace.labels.notes
        self.kind = kind

    def mark(self, name: str, version: int | None, archived: bool) -> None:
        """Archive a version, or all of a name where it is None; or take that back."""
        self.notes.put(self.kind, name, version or 0, {_ARCHIVED: archived or None})

    def shows(self, view: Any) -> Any:
        """Return a function that says of a name and a version whether a list shows it."""
        notes = self.notes.of(self.kind)
        wanted = str(getattr(view, "value", view) or ListViewType.ACTIVE_ONLY.value).replace("_", "").lower()

        def shown(name: str, version: int) -> bool:
            hidden = any(notes.get((name, number), {}).get(_ARCHIVED) for number in (0, version))
            return wanted == "all" or hidden == (wanted == "archivedonly")

        return shown


def known_as(entity: Entity, kind: str, name: str, version: int, created: datetime | None) -> Any:
    """Mark an entity as one that the workspace has."""
    entity._facts.update({"id": asset_id(kind, name, version), CREATION: SystemData(created_at=created)})
    return entity


def texts(values: Mapping[str, Any] | None) -> dict[str, str]:
    """Write tags as they are kept."""
    return {str(key): str(value) for key, value in (values or {}).items()}


def found(things: Mapping[str, Thing], name: str) -> Thing | None:
    """Return the thing of a name, or None: their own ``get`` raises the error with the nearest name."""
    return things[name] if name in things else None  # noqa: SIM401
