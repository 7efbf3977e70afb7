"""``ml_client.environments``."""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from typing import Any, NoReturn

from ....environments import INFERRED
from ....environments import Environment as Described
from ....errors import NotFound
from ....services import OwnImage
from ....workspace import Workspace
from ...notices import notice as tell
from ..constants import ListViewType
from ..described import conda_of, meaning_of, own_image
from ..entities import Environment
from ..exceptions import ResourceNotFoundError, UnsupportedOperationError, ValidationException
from ..poller import entity_of
from ..references import reference_of
from ..vocabulary import Vocabulary
from .versions import Archive, known_as, meant, texts

_KIND = "environment"
_NOTED = ("image", "inference_config", "description", "os_type")
_FOREIGN = "is Azure's own: the packages that script and model need are installed instead."


class EnvironmentOperations(metaclass=Vocabulary):
    """Environments of the workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._archive = Archive(workspace, _KIND)

    def create_or_update(self, environment: Environment) -> Environment:
        """Register an environment as the next version, or under the number that it has.

        The same content is the same version. An environment that is there already gets its tags and description.
        """
        environment = entity_of(environment)
        if not isinstance(environment, Environment):
            raise ValidationException(
                f"A {type(environment).__name__} is no environment.",
                hint="Environment(name='sklearn', conda_file='env.yml')",
            )
        if not environment.name:
            raise ValidationException("The environment has no name.", hint="Environment(name='sklearn', …)")
        if environment.id and environment.version:
            found = self._workspace.environments.get_version(environment.name, int(environment.version))
            self._note(found, environment, {})
            return self._entity(found)
        meaning = meaning_of(environment, environment.name)
        _tell(environment.name, meaning.notices)
        number = int(environment.version) if environment.version else None
        found = self._workspace.environments.register(meaning.described, number=number)
        self._note(found, environment, {"inferred": meaning.inferred or None})
        return self._entity(found)

    def _note(self, found: Described, environment: Environment, more: Mapping[str, Any]) -> None:
        noted = {key: getattr(environment, key) for key in _NOTED}
        pairs = {key: texts(getattr(environment, key)) or None for key in ("tags", "properties")}
        self._workspace.labels.notes.put(_KIND, found.name, found.version, {**noted, **pairs, **more})

    def get(self, name: str, version: str | int | None = None, label: str | None = None) -> Environment:
        """Find a version; ``label="latest"`` is the newest. Azure's own (``AzureML-…``) stand for what is inferred.

        Raises
        ------
        ResourceNotFoundError
            With the nearest name, or the versions that there are.
        """
        if isinstance(name, str) and reference_of(name, _KIND).foreign:
            tell(f"{name} {_FOREIGN}")
            made = Environment(name=name)
            made._facts["id"] = f"azureml:{name}@latest"
            return made
        known = self._workspace.environments
        versions = [each.version for each in known.versions(name)] if isinstance(name, str) else []
        number = meant(name, version, label, versions[-10:])
        try:
            return self._entity(known.get_version(name, number))
        except NotFound as error:
            raise ResourceNotFoundError(error.message, hint=str(error.hint), status_code=404) from error

    def list(
        self, name: str | None = None, *, list_view_type: ListViewType = ListViewType.ACTIVE_ONLY
    ) -> builtins.list[Environment]:
        """List the newest version of each environment, or all versions of one, newest first."""
        shown, known = self._archive.shows(list_view_type), self._workspace.environments
        names = list(known) if name is None else [name]
        found = [
            [each for each in reversed(known.versions(each_name)) if shown(each_name, each.version)]
            for each_name in names
        ]
        notes = self._workspace.labels.notes.of(_KIND)
        listed = [each for versions in found for each in (versions[:1] if name is None else versions)]
        return [self._entity(each, notes.get((each.name, each.version), {})) for each in listed]

    def archive(self, name: str, version: str | int | None = None, label: str | None = None, **_: Any) -> None:
        """Leave a version, or all versions, out of lists; it can be used as before."""
        self._mark(name, version, label, archived=True)

    def restore(self, name: str, version: str | int | None = None, label: str | None = None, **_: Any) -> None:
        """Take :meth:`archive` back."""
        self._mark(name, version, label, archived=False)

    def _mark(self, name: str, version: str | int | None, label: str | None, *, archived: bool) -> None:
        found = self._workspace.environments.get_version(name, int(version) if version else None)
        self._archive.mark(name, found.version if version or label else None, archived)

    def share(self, name: str, version: str | int, **_: Any) -> NoReturn:
        """Refused: there is no registry to share with."""
        raise UnsupportedOperationError("There is no registry here.", hint="print(environment) shows it as YAML.")

    def _entity(self, found: Described, noted: Mapping[str, Any] | None = None) -> Environment:
        note = self._workspace.labels.notes.get(_KIND, found.name, found.version) if noted is None else noted
        # A Dockerfile's folder is not kept, and its text has no place in Azure's entity.
        made = Environment(
            name=found.name,
            version=str(found.version),
            image=note.get("image") or found.base_image or None,
            conda_file=conda_of(found),
            description=note.get("description"),
            tags=dict(note.get("tags", {})),
            properties=dict(note.get("properties", {})),
            inference_config=note.get("inference_config"),
            os_type=note.get("os_type"),
        )
        return known_as(made, _KIND, found.name, found.version, None)  # type: ignore[no-any-return]

    def _reference(self, given: Environment | str | None, name: str) -> tuple[str | Described | None, OwnImage | None]:
        """Return what a deployment asks for: an environment, or an image that serves by itself."""
        given = entity_of(given)
        if given is None:
            return None, None
        if isinstance(given, Environment) and not given.id and (given.image or given.build or given.conda_file):
            if given.name:
                return self._registered(self.create_or_update(given))
            meaning = meaning_of(given, name)
            _tell(name, meaning.notices)
            return (None, meaning.image) if meaning.image else (meaning.reference, None)
        text = given if isinstance(given, str) else given.id or _named(given)
        wanted = reference_of(text, _KIND)
        if wanted.foreign:
            tell(f"{text} {_FOREIGN}")
            return INFERRED, None
        return self._registered(self._entity(self._workspace.environments.get_version(wanted.name, wanted.version)))

    def _registered(self, found: Environment) -> tuple[str | Described | None, OwnImage | None]:
        own = own_image(found.image, found.inference_config)
        if own is not None:
            return None, own
        note = self._workspace.labels.notes.get(_KIND, str(found.name), int(found.version or 0))
        return (INFERRED if note.get("inferred") else f"{found.name}:{found.version}"), None


def _named(environment: Environment) -> str:
    if not environment.name:
        environment.validate()
    return f"azureml:{environment.name}:{environment.version}" if environment.version else f"azureml:{environment.name}"


def _tell(name: str, notices: tuple[str, ...]) -> None:
    for notice in notices:
        tell(f"{name}: {notice}")
