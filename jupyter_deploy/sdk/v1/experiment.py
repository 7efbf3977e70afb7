"""``azureml.core.Experiment``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from .exceptions import ExperimentExecutionException, UserErrorException
from .vocabulary import Vocabulary, of_v1
from .workspace import Workspace

_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_\-]{0,255}")


class Experiment(metaclass=Vocabulary, error=ExperimentExecutionException):
    """A name that runs are kept under."""

    def __init__(self, workspace: Workspace, name: str, **_: Any) -> None:
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise UserErrorException(
                f"Experiment name {name!r} must be 1 to 256 letters, digits, '-' and '_', a letter or digit first.",
                hint="For example 'diabetes-training'.",
            )
        self.workspace = workspace
        self._name = name

    def __repr__(self) -> str:
        return f"Experiment(Name: {self.name},\nWorkspace: {self.workspace.name})"

    @property
    def name(self) -> str:
        """The experiment's name."""
        return self._name

    @property
    def id(self) -> str:
        """The same as its name."""
        return self._name

    def start_logging(
        self, outputs: object = None, snapshot_directory: object = None, display_name: str = "", **_: Any
    ) -> Any:
        """Start a run that is logged to from here; nothing is copied from the folder."""
        return of_v1("Run")._started(self, name=display_name)

    def get_runs(
        self,
        type: str | None = None,  # noqa: A002 - the SDK's word
        tags: Mapping[str, str] | str | None = None,
        properties: Mapping[str, str] | str | None = None,
        include_children: bool = False,
    ) -> Iterator[Any]:
        """Return its runs, newest first."""
        return iter(of_v1("Run").list(self, type, tags, properties, include_children=include_children))

    @staticmethod
    def list(workspace: Workspace, experiment_name: str | None = None, **_: Any) -> list[Experiment]:
        """List the experiments that have a run."""
        names = workspace._local.runs.experiments()
        return [Experiment(workspace, name) for name in names if experiment_name in {None, name}]

    def submit(self, config: object, tags: object = None, **_: Any) -> NoReturn:
        """Refused: there is no cluster to train on."""
        raise ExperimentExecutionException(
            "Experiment.submit runs a script on a cluster, which is not there.",
            hint="Train in this notebook, or run the script: it logs to Run.get_context() as it would there.",
        )
