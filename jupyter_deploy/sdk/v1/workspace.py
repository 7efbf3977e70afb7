"""``azureml.core.Workspace``: any name of it is the user's one workspace on this machine."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from ...errors import nearest
from ...files import in_home
from ...workspace import Label
from ..opened import opened_workspace
from .exceptions import UserErrorException, WorkspaceException
from .vocabulary import Vocabulary, of_v1

Thing = TypeVar("Thing")
# The folders that a configuration may lie in, and its names, as the SDK looks for them.
_FOLDERS = (".azureml", "aml_config", "")
_FILES = ("config.json", "project.json")
_KEYS = ("subscription_id", "resource_group", "workspace_name")


class Named(dict[str, Thing]):
    """Things by their names; the error for a name that is not there says which one is near."""

    def __init__(self, kind: str, items: Mapping[str, Thing]) -> None:
        super().__init__(items)
        self._kind = kind

    def __missing__(self, name: str) -> Thing:
        close = nearest(name, self) if isinstance(name, str) else None
        known = f"There are: {', '.join(list(self)[:10])}." if self else "There is none yet."
        raise KeyError(f"no {self._kind} {name!r}. " + (f"Did you mean {close!r}?" if close else known))


class Workspace(metaclass=Vocabulary, error=WorkspaceException):
    """A name of the local workspace. Subscription, resource group and login are labels that nothing depends on.

    Parameters
    ----------
    auth : object, optional
        Not used, and not kept.
    """

    def __init__(
        self,
        subscription_id: str | None = None,
        resource_group: str | None = None,
        workspace_name: str | None = None,
        auth: object = None,
        _location: str | None = None,
        _disable_service_check: bool = False,
        _workspace_id: str | None = None,
        sku: str = "basic",
        tags: Mapping[str, str] | None = None,
        _cloud: str = "AzureCloud",
    ) -> None:
        label = Label(
            workspace_name or "local", subscription_id or "", resource_group or "", _location or "", tags or {}
        )
        self._local = opened_workspace()
        self._label = self._local.labels.put(label)
        self._sku = sku

    def __repr__(self) -> str:
        return (
            f"Workspace.create(name={self.name!r}, subscription_id={self.subscription_id!r}, "
            f"resource_group={self.resource_group!r})"
        )

    @staticmethod
    def create(
        name: str,
        auth: object = None,
        subscription_id: str | None = None,
        resource_group: str | None = None,
        location: str | None = None,
        create_resource_group: bool = True,
        sku: str = "basic",
        tags: Mapping[str, str] | None = None,
        friendly_name: str | None = None,
        exist_ok: bool = False,
        show_output: bool = True,
        **_: Any,
    ) -> Workspace:
        """Give the local workspace a name; a name that was created before is refused unless ``exist_ok``."""
        known = opened_workspace().labels.find(name)
        if known and not exist_ok:
            raise WorkspaceException(
                f"Workspace with name '{name}' already exists.", hint=f"Workspace.get({name!r}), or exist_ok=True."
            )
        return Workspace(subscription_id, resource_group, name, _location=location, sku=sku, tags=tags)

    @staticmethod
    def get(
        name: str,
        auth: object = None,
        subscription_id: str | None = None,
        resource_group: str | None = None,
        location: str | None = None,
        cloud: str = "AzureCloud",
        id: str | None = None,  # noqa: A002 - the SDK's word
    ) -> Workspace:
        """Return the local workspace under a name; any name will do."""
        return Workspace(subscription_id, resource_group, name, _location=location)

    @staticmethod
    def list(
        subscription_id: str | None = None, auth: object = None, resource_group: str | None = None
    ) -> Named[list[Workspace]]:
        """List the names that were used, each with a list of the workspaces of that name: always one."""
        labels = [
            label
            for label in opened_workspace().labels.list()
            if (not subscription_id or label.subscription in {"", subscription_id})
            and (not resource_group or label.resource_group in {"", resource_group})
        ]
        made = {label.name: [Workspace(label.subscription, label.resource_group, label.name)] for label in labels}
        return Named("workspace", made)

    @staticmethod
    def from_config(
        path: str | Path | None = None, auth: object = None, _logger: object = None, _file_name: str | None = None
    ) -> Workspace:
        """Read a configuration: a file of any name, or the nearest ``config.json`` from a folder upwards."""
        found = _configuration(Path(path or "."), _file_name)
        try:
            said = json.loads(found.read_text())
        except (OSError, ValueError) as error:
            raise UserErrorException(f"The workspace configuration file {found} is no JSON: {error}.") from None
        values = {key.lower(): value for key, value in said.items()} if isinstance(said, dict) else {}
        if isinstance(values.get("scope"), str):
            # The older project.json: /subscriptions/S/resourceGroups/G/…/workspaces/W
            parts = values["scope"].strip("/").split("/")
            values |= dict(zip(_KEYS, (*parts[1:4:2], parts[-1]), strict=False))
        missing = [key for key in _KEYS if not isinstance(values.get(key), str)]
        if "workspace_name" in missing:
            raise UserErrorException(
                f"The workspace configuration file {found} has no {', '.join(missing)}.",
                hint="Workspace.get('local').write_config() writes one.",
            )
        return Workspace(values.get("subscription_id"), values.get("resource_group"), values["workspace_name"])

    def write_config(self, path: str | Path | None = None, file_name: str | None = None) -> None:
        """Write the file that :meth:`from_config` reads: ``.azureml/config.json`` in the folder."""
        folder = Path(path or ".")
        place = folder if folder.name in _FOLDERS[:2] else folder / _FOLDERS[0]
        place.mkdir(parents=True, exist_ok=True)
        values = dict(zip(_KEYS, (self.subscription_id, self.resource_group, self.name), strict=True))
        (place / (file_name or _FILES[0])).write_text(json.dumps(values, indent=4) + "\n")

    @property
    def name(self) -> str:
        """What this notebook calls it."""
        return self._label.name

    @property
    def resource_group(self) -> str:
        """A label."""
        return self._label.resource_group

    @property
    def subscription_id(self) -> str:
        """A label."""
        return self._label.subscription

    @property
    def location(self) -> str:
        """A label; ``"local"`` where none was given."""
        return self._label.location or "local"

    @property
    def tags(self) -> dict[str, str]:
        """The tags that it was created with."""
        return dict(self._label.tags)

    @property
    def sku(self) -> str:
        """A label."""
        return self._sku

    def get_details(self) -> dict[str, Any]:
        """Return name, place and what is in it, under the SDK's keys."""
        scope = f"/subscriptions/{self.subscription_id}/resourceGroups/{self.resource_group}"
        return {
            "id": f"{scope}/providers/Microsoft.MachineLearningServices/workspaces/{self.name}",
            "name": self.name,
            "location": self.location,
            "type": "Microsoft.MachineLearningServices/workspaces",
            "tags": self.tags,
            "sku": self.sku,
            "workspaceid": self.name,
            "creationTime": self._label.created.isoformat() if self._label.created else None,
            "friendlyName": self.name,
            "home": str(self._local.home.root),
        }

    @property
    def models(self) -> Named[Any]:
        """The newest version of each registered model, by name."""
        found = of_v1("Model").list(self, latest=True)
        return Named("model", {model.name: model for model in found})

    @property
    def webservices(self) -> Named[Any]:
        """The services that were not deployed as local ones, by name."""
        found = of_v1("Webservice").list(self)
        return Named("service", {service.name: service for service in found if service.compute_type != "Local"})

    @property
    def environments(self) -> Named[Any]:
        """The newest version of each registered environment, by name."""
        return Named("environment", of_v1("Environment").list(self))

    @property
    def compute_targets(self) -> Named[Any]:
        """The compute targets, by name."""
        found = of_v1("ComputeTarget").list(self)
        return Named("compute target", {target.name: target for target in found})

    @property
    def datasets(self) -> Named[Any]:
        """The newest version of each registered data set, by name."""
        dataset = of_v1("Dataset")
        return Named("dataset", {name: dataset.get_by_name(self, name) for name in self._local.datasets.names()})

    @property
    def datastores(self) -> Named[Any]:
        """The datastores, by name."""
        datastore = of_v1("Datastore")
        return Named("datastore", {name: datastore(self, name) for name in self._local.datastores.names()})

    @property
    def experiments(self) -> Named[Any]:
        """The experiments that have a run, by name."""
        experiment = of_v1("Experiment")
        return Named("experiment", {name: experiment(self, name) for name in self._local.runs.experiments()})

    @property
    def images(self) -> Named[Any]:
        """Always empty: services are made without images of their own."""
        return Named("image", {})

    def get_default_datastore(self) -> Any:
        """Return the datastore ``workspaceblobstore``."""
        return of_v1("Datastore").get_default(self)

    def get_run(self, run_id: str) -> Any:
        """Find a run by its id."""
        return of_v1("Run").get(self, run_id)


def _configuration(start: Path, name: str | None) -> Path:
    """Find the configuration from a file or folder, upwards to the root."""
    start = in_home(start).absolute()
    if start.is_file():
        return start
    if not start.exists():
        # The search upwards would find the configuration of something else.
        raise UserErrorException(
            f"The workspace configuration file {start.name}, could not be found: there is no {start}.",
            hint="Workspace.from_config() searches from the current folder upwards.",
        )
    names = (name,) if name else _FILES
    for folder in (start, *start.parents):
        for place in _candidates(folder, names):
            if place.is_file():
                return place
    raise UserErrorException(
        f"The workspace configuration file {names[0]}, could not be found in {start} or its parent directories.",
        hint="Workspace.create('local', exist_ok=True).write_config() writes one; "
        "Workspace.get('local') needs none: there is one workspace, whatever it is called.",
    )


def _candidates(folder: Path, names: Iterable[str]) -> Iterable[Path]:
    for inner in _FOLDERS:
        yield from (folder / inner / name for name in names)
