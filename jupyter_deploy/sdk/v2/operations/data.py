"""``ml_client.data``."""

from __future__ import annotations

import builtins
from pathlib import Path
from typing import Any

from ....datasets import DatasetRecord, Reading
from ....errors import NotFound
from ....files import in_home
from ....workspace import Workspace
from ..constants import ListViewType
from ..entities import Data
from ..exceptions import ResourceExistsError, ResourceNotFoundError, UnsupportedOperationError, ValidationException
from ..poller import entity_of
from ..references import reference_of
from ..vocabulary import Vocabulary
from .versions import Archive, known_as, meant, texts

_KIND = "data"


class DataOperations(metaclass=Vocabulary):
    """Data assets: a copy of their files."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._archive = Archive(workspace, _KIND)

    def create_or_update(self, data: Data) -> Data:
        """Keep a copy of a file, or of a folder's files; the same content is the same version again."""
        data = entity_of(data)
        if not isinstance(data, Data):
            raise ValidationException(f"A {type(data).__name__} is no data.", hint="Data(name='rows', path='rows.csv')")
        if not data.name:
            raise ValidationException("The data has no name.", hint="Data(name='rows', path='rows.csv')")
        files = _files(data)
        store = self._workspace.datasets
        known = store.versions(data.name)
        about: dict[str, Any] = {"description": data.description or "", "tags": texts(data.tags)}
        new = bool(known) and store.is_other(known[-1], files, Reading())
        number = known[-1].version + new if known else 1
        if data.version and int(data.version) != number:
            raise ResourceExistsError(
                f"{data.name}:{data.version} cannot be made of these files: the next version is {number}.",
                hint="Leave the version out.",
                status_code=409,
            )
        made = store.register(data.name, "file", files, Reading(), new_version=new, **about)
        self._workspace.labels.notes.put(_KIND, made.name, made.version, {"type": data.type})
        return self._entity(made)

    def get(self, name: str, version: str | int | None = None, label: str | None = None) -> Data:
        """Find a version; ``label="latest"`` is the newest."""
        store = self._workspace.datasets
        number = meant(name, version, label, [each.version for each in store.versions(name)][-10:])
        try:
            return self._entity(store.get(name, number))
        except NotFound as error:
            raise ResourceNotFoundError(error.message, hint=str(error.hint), status_code=404) from error

    def list(
        self, name: str | None = None, *, list_view_type: ListViewType = ListViewType.ACTIVE_ONLY
    ) -> builtins.list[Data]:
        """List the newest version of each data asset, or all versions of one, newest first."""
        shown, store = self._archive.shows(list_view_type), self._workspace.datasets
        found: list[DatasetRecord] = []
        for each_name in store.names() if name is None else (name,):
            versions = [each for each in reversed(store.versions(each_name)) if shown(each_name, each.version)]
            found += versions[:1] if name is None else versions
        return [self._entity(each) for each in found]

    def archive(self, name: str, version: str | int | None = None, label: str | None = None, **_: Any) -> None:
        """Leave a version, or all versions, out of lists."""
        self._mark(name, version, label, archived=True)

    def restore(self, name: str, version: str | int | None = None, label: str | None = None, **_: Any) -> None:
        """Take :meth:`archive` back."""
        self._mark(name, version, label, archived=False)

    def _mark(self, name: str, version: str | int | None, label: str | None, *, archived: bool) -> None:
        found = self._workspace.datasets.get(name, int(version) if version else None)
        self._archive.mark(name, found.version if version or label else None, archived)

    def _entity(self, found: DatasetRecord) -> Data:
        note = self._workspace.labels.notes.get(_KIND, found.name, found.version)
        files = self._workspace.datasets.files(found)
        kind = note.get("type", "uri_file" if len(files) == 1 else "uri_folder")
        made = Data(
            name=found.name,
            version=str(found.version),
            type=kind,
            path=str(files[0] if kind == "uri_file" else files[0].parent),
            description=found.description or None,
            tags=dict(found.tags),
        )
        return known_as(made, _KIND, found.name, found.version, found.created)  # type: ignore[no-any-return]

    def _path(self, given: str) -> Path:
        """Return the path of what a batch endpoint is given: a path, or a data asset."""
        if given.startswith("azureml:") and "://" not in given:
            wanted = reference_of(given, _KIND)
            return Path(str(self._entity(self._workspace.datasets.get(wanted.name, wanted.version)).path))
        return in_home(given)


def _files(data: Data) -> list[Path]:
    source = data.source()
    if data.type == "uri_file":
        if source.is_dir():
            raise ValidationException(f"{source} is a folder.", hint="type='uri_folder'")
        return [source]
    if source.is_file():
        raise ValidationException(f"{source} is a file.", hint="type='uri_file'")
    held = sorted(each for each in source.iterdir() if not each.name.startswith("."))
    inner = [each.name for each in held if each.is_dir()]
    if inner:
        raise UnsupportedOperationError(
            f"{source} has folders in it ({', '.join(inner[:5])}), and a data asset here is files only.",
            hint="A Model takes folders; or give one of the inner folders.",
        )
    if not held:
        raise ValidationException(f"{source} is empty.")
    return held
