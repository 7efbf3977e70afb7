"""``ml_client.models``."""

from __future__ import annotations

import builtins
import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from ....errors import NotFound
from ....files import in_home, walk_tree
from ....registry import Model as Version
from ....workspace import Workspace
from ..constants import ListViewType
from ..entities import Model
from ..exceptions import ResourceNotFoundError, UnsupportedOperationError, ValidationException
from ..poller import entity_of
from ..references import reference_of
from ..vocabulary import Vocabulary
from .versions import Archive, known_as, meant, texts

_KIND = "model"
_NOTED = ("type", "stage", "flavors")


class ModelOperations(metaclass=Vocabulary):
    """Models of the workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._archive = Archive(workspace, _KIND)

    def create_or_update(self, model: Model) -> Model:
        """Register a model's files as the next version, or under the number that it has.

        A model that is there already gets its tags, description and stage. A version's files never change.

        Raises
        ------
        ValidationException
            If the path is not there, or the version has other content.
        """
        model = entity_of(model)
        if not isinstance(model, Model):
            raise ValidationException(
                f"A {type(model).__name__} is no model.", hint="Model(name='churn', path='model.pkl')"
            )
        known = self._known(model)
        found = self._described(known, model) if known else self._registered(model)
        noted = {key: getattr(model, key) for key in _NOTED}
        self._workspace.labels.notes.put(_KIND, found.name, found.version, {k: v for k, v in noted.items() if v})
        return self._entity(found)

    def _known(self, model: Model) -> Version | None:
        """Find the version that an entity of the workspace is."""
        if model.id and model.name and model.version:
            return self._workspace.models.get(model.name, model.version)
        return None

    def _described(self, known: Version, model: Model) -> Version:
        return self._workspace.models.change(known.id, tags=texts(model.tags), description=model.description or "")

    def _registered(self, model: Model) -> Version:
        source = model.source()
        name = model.name or _anonymous(source)
        registry = self._workspace.models
        # A name that is the content's has one version, whoever registers it at the same time.
        number = int(model.version) if model.version else 1 if model.name is None else None
        made = self._workspace.register(
            name,
            source,
            tags=texts(model.tags),
            properties=texts(model.properties),
            description=model.description or "",
            version=number,
        )
        # Where the content was there already, the rest is what the notebook says now.
        if number and (model.tags or model.description):
            return registry.change(made.id, tags=texts(model.tags), description=model.description)
        return made

    def get(self, name: str, version: str | int | None = None, label: str | None = None) -> Model:
        """Find a version; ``label="latest"`` is the newest.

        Raises
        ------
        ResourceNotFoundError
            With the nearest name, or the versions that there are.
        """
        registry = self._workspace.models
        versions = [each.version for each in registry.list(name)] if isinstance(name, str) else []
        number = meant(name, version, label, sorted(versions)[-10:])
        try:
            return self._entity(registry.get(name, number))
        except NotFound as error:
            raise ResourceNotFoundError(error.message, hint=str(error.hint), status_code=404) from error

    def list(
        self,
        name: str | None = None,
        stage: str | None = None,
        *,
        list_view_type: ListViewType = ListViewType.ACTIVE_ONLY,
    ) -> builtins.list[Model]:
        """List the newest version of each model, or all versions of one, newest first."""
        shown = self._archive.shows(list_view_type)
        found = [each for each in self._workspace.models.list(name) if shown(each.name, each.version)]
        if name is None:
            newest: dict[str, Version] = {}
            for each in sorted(found, key=lambda one: -one.version):
                newest.setdefault(each.name, each)
            found = [newest[key] for key in sorted(newest)]
        else:
            found.sort(key=lambda one: -one.version)
        notes = self._workspace.labels.notes.of(_KIND)
        made = [self._entity(each, notes.get((each.name, each.version), {})) for each in found]
        return [each for each in made if stage is None or each.stage == stage]

    def download(self, name: str, version: str | int, download_path: str | os.PathLike[str] = ".") -> None:
        """Copy a version's files into ``download_path/NAME``; files that are there are replaced."""
        found = self._workspace.models.get(name, version)
        self._workspace.models.download(found.id, in_home(download_path) / name, exist_ok=True)

    def archive(self, name: str, version: str | int | None = None, label: str | None = None, **_: Any) -> None:
        """Leave a version, or all versions, out of lists; it can be deployed as before."""
        self._mark(name, version, label, archived=True)

    def restore(self, name: str, version: str | int | None = None, label: str | None = None, **_: Any) -> None:
        """Take :meth:`archive` back."""
        self._mark(name, version, label, archived=False)

    def _mark(self, name: str, version: str | int | None, label: str | None, *, archived: bool) -> None:
        found = self._workspace.models.get(name, version)
        self._archive.mark(name, found.version if version or label else None, archived)

    def package(self, name: str, version: str | int, package_request: object = None, **_: Any) -> NoReturn:
        """Refused: an image is made of a deployment."""
        raise UnsupportedOperationError(
            "Models are not packaged by this call.", hint=f"jupyter model package {name} makes an image that serves."
        )

    def share(self, name: str, version: str | int, **_: Any) -> NoReturn:
        """Refused: there is no registry to share with."""
        raise UnsupportedOperationError("There is no registry here.", hint=f"jupyter model download {name}:{version}")

    def _entity(self, found: Version, noted: Mapping[str, Any] | None = None) -> Model:
        note = self._workspace.labels.notes.get(_KIND, found.name, found.version) if noted is None else noted
        guess = "mlflow_model" if "mlflow" in found.framework.lower() else "custom_model"
        made = Model(
            name=found.name,
            version=str(found.version),
            type=note.get("type", guess),
            path=f"azureml://models/{found.name}/versions/{found.version}/{found.entry}",
            description=found.description or None,
            tags=dict(found.tags),
            properties=dict(found.properties),
            stage=note.get("stage"),
            flavors=note.get("flavors"),
        )
        return known_as(made, _KIND, found.name, found.version, found.created)  # type: ignore[no-any-return]

    def _reference(self, given: Model | str) -> str:
        """Return the ``name:version`` of what a deployment names; a model that is only a path is registered."""
        given = entity_of(given)
        if isinstance(given, str):
            wanted = reference_of(given, _KIND)
            if wanted.foreign:
                raise ResourceNotFoundError(
                    f"{given} is in Azure's registry, and nothing is loaded from there.",
                    hint="Download it, then: Model(path=…)",
                    status_code=404,
                )
            return self._workspace.models.get(wanted.name, wanted.version).id
        if given.path is None and given.name:
            return self._workspace.models.get(given.name, given.version).id
        if given.id:
            return self._workspace.models.get(str(given.name), given.version).id
        made = self.create_or_update(given)
        return f"{made.name}:{made.version}"


def _anonymous(source: Path) -> str:
    """Name a model after its content, as Azure does with one that has no name."""
    total = hashlib.sha256(source.name.encode())
    for path, empty in [("", False)] if source.is_file() else list(walk_tree(source)):
        total.update(path.encode())
        if not empty:
            with (source / path if path else source).open("rb") as file:
                total.update(hashlib.file_digest(file, "sha256").digest())
    return f"anonymous-{total.hexdigest()[:16]}"
