"""What a registered version is: the attributes of ``azureml.core.Model``."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from ...errors import NotFound
from ...registry import Model as Version
from .lookup import dataset_of
from .resource_configuration import ResourceConfiguration
from .vocabulary import Vocabulary, of_v1
from .workspace import Workspace

if TYPE_CHECKING:
    from .dataset import TabularDataset


class ModelFacts(metaclass=Vocabulary):
    """A version's attributes, read when they are asked for."""

    workspace: Workspace
    _version: Version

    @property
    def _now(self) -> Version:
        """The version as it is now; as it was last, once it is unregistered."""
        try:
            self._version = self.workspace._local.models.get(self._version.id)
        except NotFound:
            return self._version
        return self._version

    @property
    def name(self) -> str:
        """The model's name."""
        return self._version.name

    @property
    def id(self) -> str:
        """``name:version``."""
        return self._version.id

    @property
    def version(self) -> int:
        """1, 2, 3… in the order of registration."""
        return self._version.version

    @property
    def tags(self) -> dict[str, str]:
        """A copy of its tags."""
        return dict(self._now.tags)

    @property
    def properties(self) -> dict[str, str]:
        """A copy of its properties."""
        return dict(self._now.properties)

    @property
    def description(self) -> str | None:
        """Free text; None where none was given."""
        return self._now.description or None

    @property
    def model_framework(self) -> str:
        """One of :class:`Framework`, or what it was registered with."""
        return self._version.framework

    @property
    def model_framework_version(self) -> str | None:
        """The framework's version, where it is known."""
        return self._version.framework_version or None

    @property
    def created_time(self) -> datetime:
        """When it was registered, in UTC."""
        return self._version.created

    @property
    def created_by(self) -> None:
        """None: no user's name is kept."""
        return

    @property
    def url(self) -> str:
        """Names its content: versions with the same bytes have the same."""
        return f"aml://asset/{self._version.digest}"

    @property
    def unpack(self) -> bool:
        """Always False: folders are kept as folders."""
        return False

    @property
    def mime_type(self) -> str:
        """The same for all models."""
        return "application/octet-stream"

    @property
    def run_id(self) -> str | None:
        """The id of the run that registered it."""
        return self._version.run_id or None

    @property
    def run(self) -> Any:
        """The run that registered it."""
        return of_v1("Run").get(self.workspace, self.run_id) if self.run_id else None

    @property
    def experiment_name(self) -> str | None:
        """The experiment of that run."""
        return self._version.lineage.experiment or None

    @property
    def datasets(self) -> dict[str, list[TabularDataset]]:
        """The data sets that it was registered with, by purpose."""
        found: dict[str, list[TabularDataset]] = {}
        for purpose, reference in self._now.lineage.datasets:
            found.setdefault(purpose, []).append(dataset_of(self.workspace, reference))
        return found

    @property
    def sample_input_dataset(self) -> TabularDataset | None:
        """Requests to try it with."""
        reference = self._now.lineage.sample_input
        return dataset_of(self.workspace, reference) if reference else None

    @property
    def sample_output_dataset(self) -> TabularDataset | None:
        """What it answers to those."""
        reference = self._now.lineage.sample_output
        return dataset_of(self.workspace, reference) if reference else None

    @property
    def resource_configuration(self) -> ResourceConfiguration | None:
        """What its service gets; None where nothing was said."""
        needs = self._now.resources
        made = ResourceConfiguration(needs.cpu, needs.memory_gb, needs.gpu)
        return made if any(value is not None for value in made.serialize().values()) else None

    @property
    def parent_id(self) -> None:
        """Always None: models are not converted."""
        return

    @property
    def derived_model_ids(self) -> list[str]:
        """Always empty."""
        return []
