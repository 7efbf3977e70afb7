"""``azureml.core.Run``: what a training says of itself, kept on this machine."""

from __future__ import annotations

import builtins
import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from ...errors import UsageProblem
from ...files import in_home
from ...runs import Metric, RunRecord, plain_value
from .exceptions import RunEnvironmentException, UserErrorException
from .experiment import Experiment
from .metrics import read_back
from .model import Model
from .registering import lineage_of, registered
from .resource_configuration import ResourceConfiguration
from .run_files import locate, picture
from .vocabulary import Vocabulary
from .workspace import Workspace

OFFLINE = "OfflineRun_"
_OFFLINE_EXPERIMENT = "offline"
# The run that this process logs to outside of experiments; a completed one is followed by a new one.
_current: builtins.list[Run] = []


class Run(metaclass=Vocabulary, error=UserErrorException):
    """A run. Its status, tags and metrics are read when they are asked for."""

    def __new__(cls, experiment: Experiment, run_id: str, *_: Any, **__: Any) -> Run:
        """Make an object of the class of offline runs for one of those."""
        return super().__new__(_OfflineRun if cls is Run and str(run_id).startswith(OFFLINE) else cls)

    def __init__(self, experiment: Experiment, run_id: str, outputs: object = None, **_: Any) -> None:
        self.experiment = experiment
        self._runs = experiment.workspace._local.runs
        self._id = self._runs.get(run_id).id

    @classmethod
    def _started(cls, experiment: Experiment, **how: str) -> Run:
        record = experiment.workspace._local.runs.start(experiment.name, **how)
        return cls(experiment, record.id)

    @classmethod
    def get_context(cls, allow_offline: bool = True, used_for_context_manager: bool = False, **_: Any) -> Run:
        """Return the run that this process logs to: outside of a cloud, an offline one until it is completed."""
        if not allow_offline:
            raise RunEnvironmentException(
                "Could not load a submitted run, if outside of an execution context, use experiment.start_logging "
                "to initialize an azureml.core.Run.",
                hint="Run.get_context() alone gives an offline run, whose metrics are kept.",
            )
        if not _current or not _current[0]._now.live:
            experiment = Experiment(Workspace(), _OFFLINE_EXPERIMENT)
            _current[:] = [cls._started(experiment, id=f"{OFFLINE}{uuid.uuid4()}")]
        return _current[0]

    @staticmethod
    def get(workspace: Workspace, run_id: str) -> Run:
        """Find a run by its id."""
        return Run(Experiment(workspace, workspace._local.runs.get(run_id).experiment), run_id)

    @staticmethod
    def list(
        experiment: Experiment,
        type: str | None = None,  # noqa: A002 - the SDK's word
        tags: Mapping[str, str] | str | None = None,
        properties: Mapping[str, str] | str | None = None,
        status: str | None = None,
        include_children: bool = False,
        **_: Any,
    ) -> Iterator[Run]:
        """Return an experiment's runs, newest first; all filters must hold."""
        for record in experiment.workspace._local.runs.list(experiment.name):
            fits = _has(record.tags, tags) and _has(record.properties, properties) and status in {None, record.status}
            if fits and (include_children or not record.parent):
                yield Run(experiment, record.id)

    def __repr__(self) -> str:
        return f"Run(Experiment: {self.experiment.name},\nId: {self.id},\nType: {self.type},\nStatus: {self.status})"

    def __enter__(self) -> Run:
        self._say(f"[START] Run {self.id} context")
        return self

    def __exit__(
        self, kind: builtins.type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self.fail(error_details=error)
        elif self._now.live:
            self.complete()
        self._say(f"[STOP] Run {self.id} context")

    @property
    def _now(self) -> RunRecord:
        return self._runs.get(self._id)

    @property
    def _offline(self) -> bool:
        return self._id.startswith(OFFLINE)

    def _say(self, text: str) -> None:
        """Print what the SDK prints: only offline runs do."""
        if self._offline:
            print(text)  # noqa: T201

    @property
    def id(self) -> str:
        """What it is found by."""
        return self._id

    @property
    def name(self) -> str:
        """Its name in lists; its id where it was given none."""
        return self._now.name or self._id

    @name.setter
    def name(self, name: str) -> None:
        self._runs.rename(self._id, name)

    @property
    def display_name(self) -> str:
        """The same as its name."""
        return self.name

    @display_name.setter
    def display_name(self, name: str) -> None:
        self._runs.rename(self._id, name)

    @property
    def number(self) -> int:
        """Its place among the runs of its experiment, from 1."""
        return self._runs.number(self._now)

    @property
    def type(self) -> str:
        """Always ``"local"``."""
        return "local"

    @property
    def status(self) -> str:
        """``Running``, ``Completed``, ``Failed`` or ``Canceled``."""
        return self._now.status

    @property
    def tags(self) -> dict[str, str]:
        """A copy of its tags."""
        return dict(self._now.tags)

    @property
    def properties(self) -> dict[str, str]:
        """A copy of its properties."""
        return dict(self._now.properties)

    @property
    def parent(self) -> Run | None:
        """The run that it is a child of."""
        record = self._now
        return Run(self.experiment, record.parent) if record.parent else None

    def get_status(self) -> str:
        """Return the status."""
        return self.status

    def get_tags(self) -> dict[str, str]:
        """Return the tags."""
        return self.tags

    def get_properties(self) -> dict[str, str]:
        """Return the properties."""
        return self.properties

    def get_portal_url(self) -> str:
        """Return an empty text: there is no portal."""
        return ""

    def get_details(self) -> dict[str, Any]:
        """Return what is known of it, under the SDK's keys."""
        record = self._now
        return {
            "runId": record.id,
            "target": "local",
            "status": record.status,
            "startTimeUtc": record.created.isoformat(),
            "endTimeUtc": record.ended.isoformat() if record.ended else None,
            "properties": dict(record.properties),
            "error": record.error or None,
        }

    def log(self, name: str, value: Any, description: str = "", step: int | None = None) -> None:
        """Log a number or a text; several of a name make a series."""
        self._log("scalar", name, value, step)

    def log_list(self, name: str, value: Sequence[Any], description: str = "") -> None:
        """Log several values at once."""
        self._log("list", name, value)

    def log_row(self, name: str, description: str | None = None, **kwargs: Any) -> None:
        """Log one row of a table that grows; its columns are the keywords."""
        self._log("row", name, kwargs)

    def log_table(self, name: str, value: Mapping[str, Any], description: str = "") -> None:
        """Log a table by its columns."""
        self._log("table", name, value)

    def log_image(self, name: str, path: str | None = None, plot: Any = None, description: str = "") -> None:
        """Keep a picture: a file, or a figure of matplotlib's."""
        kept = picture(self._runs, self._id, name, path, plot)
        self._log("image", name, kept, shown=path if path is not None else plot)

    def log_confusion_matrix(self, name: str, value: Any, description: str = "") -> None:
        """Log a confusion matrix in the SDK's JSON."""
        self._log("confusion matrix", name, value)

    def log_accuracy_table(self, name: str, value: Any, description: str = "") -> None:
        """Log an accuracy table in the SDK's JSON."""
        self._log("accuracy table", name, value)

    def log_residuals(self, name: str, value: Any, description: str = "") -> None:
        """Log residuals in the SDK's JSON."""
        self._log("residuals", name, value)

    def log_predictions(self, name: str, value: Any, description: str = "") -> None:
        """Log predictions in the SDK's JSON."""
        self._log("predictions", name, value)

    def _log(self, kind: str, name: str, value: Any, step: int | None = None, shown: Any = None) -> None:
        self._runs.log(self._id, Metric(name, kind, plain_value(name, value), step))
        self._say(f"Attempted to log {kind} metric {name}:\n{value if shown is None else shown}")

    def get_metrics(
        self, name: str | None = None, recursive: bool = False, run_type: str | None = None, populate: bool = False
    ) -> dict[str, Any]:
        """Return what was logged, by name; of a series a list."""
        if recursive:
            runs = [self, *self.get_children(recursive=True)]
            return {run.id: read_back(self._runs.metrics(run.id, name)) for run in runs}
        return read_back(self._runs.metrics(self._id, name))

    def tag(self, key: str, value: Any = None) -> None:
        """Add a tag; without a value it is a word alone."""
        self._runs.tag(self._id, {key: "" if value is None else str(value)})
        self._say(f"Attempted to add tag {key} with value {value}")

    def set_tags(self, tags: Mapping[str, Any]) -> None:
        """Add tags; one that exists gets the new value."""
        self._runs.tag(self._id, {key: str(value) for key, value in tags.items()})
        self._say(f"Attempted to set tags {tags}")

    def remove_tags(self, tags: Sequence[str]) -> None:
        """Remove tags by their keys."""
        self._runs.untag(self._id, [tags] if isinstance(tags, str) else tags)

    def add_properties(self, properties: Mapping[str, Any]) -> None:
        """Add properties; they can never be changed."""
        self._runs.add_properties(self._id, {key: str(value) for key, value in properties.items()})
        self._say(f"Attempted to add properties {properties}")

    def complete(self, _set_status: bool = True) -> None:
        """End it well. ``Run.get_context()`` starts a new one after that."""
        self._runs.end(self._id, "Completed")

    def cancel(self) -> None:
        """End it before it was through."""
        self._runs.end(self._id, "Canceled")

    def fail(self, error_details: object = None, error_code: object = None, _set_status: bool = True) -> None:
        """End it with an error."""
        self._runs.end(self._id, "Failed", str(error_details or error_code or ""))
        self._say(f"Run failed with error code {error_code}:\n{error_details}")

    def flush(self, timeout_seconds: float = 300) -> None:
        """Do nothing: what is logged is kept at once."""
        self._say(f"Attempted to flush run with id {self._id}")

    def wait_for_completion(
        self, show_output: bool = False, wait_post_processing: bool = False, raise_on_error: bool = True
    ) -> dict[str, Any]:
        """Return the details: a run here ends when the notebook says so."""
        return self.get_details()

    def child_run(self, name: str | None = None, run_id: str | None = None, outputs: object = None) -> Run:
        """Start a run within this one."""
        made = run_id or (f"{OFFLINE}{uuid.uuid4()}" if self._offline else "")
        return type(self)._started(self.experiment, id=made, parent=self._id, name=name or "")

    def get_children(self, recursive: bool = False, **_: Any) -> Iterator[Run]:
        """Return the runs within this one, newest first."""
        for record in self._runs.list(parent=self._id):
            child = Run(self.experiment, record.id)
            yield child
            if recursive:
                yield from child.get_children(recursive=True)

    def upload_file(self, name: str, path_or_stream: str | Path | IO[bytes], datastore_name: str | None = None) -> None:
        """Keep a copy of a file, or of what a stream holds, under a name of the run."""
        if isinstance(path_or_stream, (str, Path)):
            source = in_home(path_or_stream)
            if not source.is_file():
                raise UsageProblem(f"Path does not exist: {source}", hint=f"The current folder is {Path.cwd()}.")
            self._runs.keep(self._id, name, source)
        else:
            self._runs.keep(self._id, name, path_or_stream)
        self._say(f"Attempted to track file {name} at {path_or_stream}")

    def upload_files(self, names: Sequence[str], paths: Sequence[str], *_: Any, **__: Any) -> None:
        """Keep a copy of each file under the name in the same place of the other list."""
        for name, path in zip(names, paths, strict=True):
            self.upload_file(name, path)

    def upload_folder(self, name: str, path: str | Path, datastore_name: str | None = None) -> None:
        """Keep a copy of a folder's files under a name of the run."""
        root = in_home(path)
        if not root.is_dir():
            raise UsageProblem(f"There is no folder {root}.", hint=f"The current folder is {Path.cwd()}.")
        for source in sorted(file for file in root.rglob("*") if file.is_file()):
            self._runs.keep(self._id, f"{name}/{source.relative_to(root).as_posix()}", source)
        self._say(f"Attempted to track folder {name} at {path}")

    def get_file_names(self) -> builtins.list[str]:
        """Name the files that were uploaded."""
        return [*self._runs.files(self._id)]

    def download_file(self, name: str, output_file_path: str | Path | None = None, **_: Any) -> None:
        """Copy an uploaded file to a path, by default its own name in the current folder."""
        source = self._runs.file(self._id, name)
        place = Path(output_file_path or Path(name).name)
        place = place / Path(name).name if place.is_dir() else place
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(source.read_bytes())

    def download_files(
        self,
        prefix: str | None = None,
        output_directory: str | Path | None = None,
        output_paths: Sequence[str] | None = None,
        **_: Any,
    ) -> None:
        """Copy the uploaded files whose names begin with the prefix; their folders are kept below the directory."""
        names = [name for name in self.get_file_names() if name.startswith(prefix or "")]
        places = [str(Path(output_directory or ".") / name) for name in names] if output_paths is None else output_paths
        for name, place in zip(names, places, strict=True):
            self.download_file(name, place)

    def register_model(
        self,
        model_name: str,
        model_path: str | Path | None = None,
        tags: Mapping[str, Any] | None = None,
        properties: Mapping[str, Any] | None = None,
        model_framework: str | None = None,
        model_framework_version: str | None = None,
        description: str | None = None,
        datasets: Sequence[tuple[str, Any]] | None = None,
        sample_input_dataset: Any = None,
        sample_output_dataset: Any = None,
        resource_configuration: ResourceConfiguration | None = None,
        **kwargs: Any,
    ) -> Model:
        """Register a file or folder of the run: an uploaded one, else one below the current folder."""
        workspace = self.experiment.workspace
        place = locate(self._runs, self._id, str(model_path or model_name))
        samples = (sample_input_dataset, sample_output_dataset)
        how: dict[str, Any] = {"model_framework": model_framework, "model_framework_version": model_framework_version}
        how |= {"child_paths": kwargs.get("child_paths"), "resource_configuration": resource_configuration}
        version = registered(
            workspace, place, model_name, tags=tags, properties=properties, description=description or "",
            lineage=lineage_of(workspace, datasets, *samples, experiment=self.experiment.name), run_id=self._id, **how,
        )  # fmt: skip
        return Model._of(workspace, version)


class _OfflineRun(Run, error=UserErrorException):
    """A run outside of experiments, which training scripts ask for by its class."""


def _has(pairs: Mapping[str, str], wanted: Mapping[str, str] | str | None) -> bool:
    if wanted is None:
        return True
    return (
        wanted in pairs if isinstance(wanted, str) else all(pairs.get(key) == str(text) for key, text in wanted.items())
    )
