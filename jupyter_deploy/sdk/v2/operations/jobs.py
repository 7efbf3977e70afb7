"""``ml_client.jobs``: the jobs of batch endpoints. They are runs of the workspace."""

from __future__ import annotations

import builtins
import os
import shutil
import threading
import time
from pathlib import Path
from typing import Any, NoReturn

import psutil

from ....files import in_home
from ....runs import RunRecord
from ....workspace import Workspace
from ..batching import OUTPUT, BatchRun, run_batch
from ..entities import BatchJob
from ..exceptions import JobException, UnsupportedOperationError
from ..telling import TELLER
from ..vocabulary import Vocabulary
from .lacking import INSTEAD
from .versions import known_as

_LOOK_SECONDS = 0.3
_PROCESS, _SERVICE, _FOLDER = "process", "service", "folder"
_OF, _BY = "endpoint", "deployment"
# Jobs of this process whose end a notebook waits for.
_asked: set[str] = set()
_ENDED = ("Completed", "Failed", "Canceled")


class JobOperations(metaclass=Vocabulary):
    """Jobs of batch endpoints; nothing else is submitted here."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def start(self, name: str, experiment: str, run: BatchRun) -> BatchJob:
        """Begin a job in a thread, for ``invoke``; a program that ends goes on until it is done."""
        given, runs = run.deployment, self._workspace.runs
        runs.start(experiment, id=name, name=f"{given.endpoint_name}/{given.name}")
        about = {_OF: str(given.endpoint_name), _BY: str(given.name), _FOLDER: str(run.output.absolute())}
        runs.add_properties(name, {**about, _SERVICE: run.name, _PROCESS: f"{os.getpid()}"})

        def work() -> None:
            try:
                run_batch(self._workspace, run, lambda _: None)
            except BaseException as error:  # noqa: BLE001 - the run tells of it
                text = str(error)
                runs.end(name, "Failed", text)
                TELLER.at_the_end(lambda: "" if name in _asked else f"The job {name} failed: {text}")
            else:
                runs.end(name, "Completed")

        TELLER.attend()
        threading.Thread(target=work, name=f"jupyter_deploy {name}").start()
        return self.get(name)

    def get(self, name: str) -> BatchJob:
        """Find a job; ``status`` is ``"Running"``, ``"Completed"`` or ``"Failed"``."""
        return self._entity(self._workspace.runs.get(name))

    def list(self, **_: Any) -> builtins.list[BatchJob]:
        """List the jobs, newest first."""
        return [self._entity(each) for each in self._workspace.runs.list() if _OF in each.properties]

    def of_endpoint(self, endpoint: str, deployment: str | None = None) -> builtins.list[BatchJob]:
        """List the jobs of an endpoint, or of one deployment of it, newest first."""
        found = [each for each in self._workspace.runs.list() if each.properties.get(_OF) == endpoint]
        return [self._entity(each) for each in found if deployment in {None, each.properties.get(_BY)}]

    def stream(self, name: str) -> None:
        """Wait until a job has ended.

        Raises
        ------
        JobException
            If it failed, with why.
        """
        _asked.add(name)
        print(f"RunId: {name}")  # noqa: T201 - the SDK's own line
        while (job := self.get(name)).status not in _ENDED:
            time.sleep(_LOOK_SECONDS)
        print(f"Execution Summary\n=================\nRunId: {name}\nStatus: {job.status}")  # noqa: T201
        if job.status != "Completed":
            raise JobException(f"The job {name} failed.", details=self._workspace.runs.get(name).error)

    def download(
        self,
        name: str,
        *,
        download_path: str | os.PathLike[str] = ".",
        output_name: str | None = None,
        all: bool = False,  # noqa: A002
    ) -> None:
        """Copy a job's answers to ``download_path/named-outputs/score``."""
        record = self._workspace.runs.get(name)
        if output_name not in {None, OUTPUT, "default"}:
            raise JobException(f"The job has no output {output_name!r}.", hint=f"output_name={OUTPUT!r}")
        output = Path(record.properties.get(_FOLDER, ""))
        held = sorted(output.parent.glob(f"{output.name}*")) if record.properties.get(_FOLDER) else []
        if not held:
            raise JobException(
                f"The job {name} has no answers; it is {record.status}.", hint=f"ml_client.jobs.stream({name!r}) waits."
            )
        place = in_home(download_path) / "named-outputs" / OUTPUT
        place.mkdir(parents=True, exist_ok=True)
        for each in held:
            shutil.copyfile(each, place / each.name)

    def create_or_update(self, job: Any = None, **_: Any) -> NoReturn:
        """Refused: nothing is submitted to a cluster."""
        raise UnsupportedOperationError("Jobs are Azure's: this machine has no cluster.", hint=INSTEAD["jobs"])

    def begin_cancel(self, name: str, **_: Any) -> NoReturn:
        """Refused: a job ends by itself."""
        raise UnsupportedOperationError("A job is not cancelled.", hint="It ends with its process.")

    def _entity(self, record: RunRecord) -> BatchJob:
        record = self._settled(record)
        made = BatchJob(name=record.id, display_name=record.name, experiment_name=record.experiment)
        known_as(made, "job", record.id, 1, record.created)
        output = record.properties.get(_FOLDER)
        made._facts.update({"id": record.id, "status": record.status, **({"output": output} if output else {})})
        return made

    def _settled(self, record: RunRecord) -> RunRecord:
        """End a job whose process has ended before it."""
        process = record.properties.get(_PROCESS, "")
        if not record.live or not process.isdecimal() or psutil.pid_exists(int(process)):
            return record
        service = record.properties.get(_SERVICE, "")
        if service in self._workspace.services:
            self._workspace.services[service].delete()
        return self._workspace.runs.end(record.id, "Failed", "Its process ended before it was done.")
