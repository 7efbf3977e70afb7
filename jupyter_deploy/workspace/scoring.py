"""Tables through a service: the façade's calls that read rows from a file and write their predictions to another."""

from __future__ import annotations

import json
import shlex
import tempfile
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from ..errors import UsageProblem
from ..files import in_home

if TYPE_CHECKING:
    from ..deploying import Progress
    from ..invoking import Invocation
    from ..scoring import Asked, Hosted, HttpAsker, Job, Lanes, Plan, Scored, ScoreOptions
    from ..services import ServiceRecord

_MOST_BY_DEFAULT = 16
# A row a request: the server batches what waits, and a connection costs little.
_LEAST_FOR_ROWS = 8


class Scores:
    """What scores tables; how its service is reached, its class says."""

    name: str
    _named = ""  # the deployment of an endpoint that must answer

    def _invocation(self) -> Invocation:
        raise NotImplementedError

    @property
    def health(self) -> Any:
        """How it is; a look starts again what has died as a whole."""
        raise NotImplementedError

    def _writing(self, output: Path) -> AbstractContextManager[None]:
        """Keep other processes from scoring into the same file."""
        raise NotImplementedError

    def score(
        self,
        data: Any,
        out: str | Path | None = None,
        *,
        progress: Progress = lambda _: None,
        **options: Unpack[ScoreOptions],
    ) -> Scored:
        """Score each row of a table; the output has a row for each, in the same order.

        A run that was interrupted or killed leaves a journal beside the output, and the same call goes on behind it.
        The output is there once it is whole. Rows that fail are in ``OUT.failed.jsonl``, each with its reason.

        Parameters
        ----------
        data : str, pathlib.Path or data frame
            A ``.csv``, ``.tsv``, ``.parquet`` or ``.jsonl`` file, which may be larger than the memory, or a data frame.
        out : str or pathlib.Path, optional
            Where the output goes; its ending says in which form. Without it, a data frame is scored in memory, and
            ``table()`` of the result is the frame with its predictions.
        rows, concurrency : int, optional
            Rows a request, by default many where the service has a schema of a table, else one; requests at once.
        columns, kinds : sequence of str, mapping, optional
            The columns that are sent; how columns of a CSV file are read: ``"text"``, ``"integer"``, ``"number"``,
            ``"boolean"`` or ``"json"``. By default the schema says it, else what all cells of the column are.
        form, key : str, optional
            How rows are written for a service without a schema: ``"record"``, ``"records"``, ``"values"`` or
            ``"split"``; the key of a JSON object that they are put under.
        prediction, only : str, bool, optional
            The name of the new column; leave the input's columns out.
        timeout, patience : float, optional
            Seconds for an answer, five minutes by default; seconds that the service may be away or busy, 60 by default.
        max_failures : int, optional
            One failed row more ends the run. By default it ends only where the first hundred rows all fail.
        engine, scheduler : str, str or dask.distributed.Client, optional
            ``"dask"`` runs the service's script on a Dask cluster instead of asking the service: a scheduler's, or
            workers on this machine.
        fresh : bool, optional
            Throw away what an interrupted run has left.

        Raises
        ------
        UsageProblem
            If the input, the output or an option does not fit; nothing was sent.
        InvokeProblem, ServiceDown
            If too many rows fail, or the service is away for too long; what was done is kept.
        """
        from ..scoring import Asked

        asked = Asked.of(**options)
        if out is None and hasattr(data, "columns"):
            return self._in_memory(data, asked, progress)
        job = self._job(data, out, asked)
        with self._writing(job.output):
            return self._run(job, progress)

    def _job(self, data: Any, out: str | Path | None, asked: Asked) -> Job:
        from ..scoring import Job, output_of, source_of

        source = source_of(data)
        if out is None:
            raise UsageProblem("The output of a file goes into a file.", hint="For example: --out scores.csv")
        output, form = output_of(out)
        if isinstance(data, (str, Path)) and output.exists() and output.samefile(in_home(data)):
            raise UsageProblem("The output would replace the input.", hint="Give another --out. Nothing was sent.")
        record = self._invocation().record
        called = (self.name, self._named)
        return Job(
            "/".join(filter(None, called)),
            source,
            output,
            form,
            asked,
            record.bundle,
            _concurrency(record, asked),
            _command(called, data, output, asked),
            self._doubts(record, asked),
            lambda: self._invocation().record.bundle,
        )

    def _run(self, job: Job, progress: Progress) -> Scored:
        from ..scoring import Cluster, Run, processes_here

        asked = job.asked
        if asked.engine == "dask":
            hosted = self._hosted(asked)
            with Cluster(hosted, asked.scheduler, processes_here(asked.concurrency), progress) as cluster:
                counted = replace(job, concurrency=cluster.processes)
                return Run(counted, cluster.signature(), progress).run(cluster.tasks)
        return Run(job, self._invocation().signature(), progress).run(partial(self._lanes, job))

    def _doubts(self, record: ServiceRecord, asked: Asked) -> tuple[str, ...]:
        own = record.environment
        if asked.engine != "dask" or own is None or own.is_kernel:
            return ()
        return ("the script ran on the cluster's own Python and packages, not on the service's environment",)

    def _lanes(self, job: Job, plan: Plan) -> Lanes:
        from ..scoring import HttpAsker, Lanes

        def asker(stopped: Callable[[], bool]) -> HttpAsker:
            return HttpAsker(self._found_again, job.asked.timeout, job.asked.patience, stopped)

        return Lanes(plan, job.concurrency, asker)

    def _hosted(self, asked: Asked) -> Hosted:
        """Find what a cluster needs to run the service's script; the service itself need not run."""
        from ..scoring import Hosted
        from ..serving import ServingConfig, with_settings

        invocation = self._invocation()
        record = invocation.record
        if record.spec.image:
            raise UsageProblem(f"{self.name} is an image: it has no script to run.", hint="Leave --engine out.")
        settings = with_settings(ServingConfig(), record.spec.settings, f"settings of {self.name}")
        variables = {**(record.environment.variables if record.environment else {}), **record.spec.variables}
        timeout = settings.scoring_timeout_ms / 1000 if asked.timeout is None else asked.timeout
        # No front is there to keep what it collects.
        options = replace(settings.options(1), copies=0, sampling_rate=0.0)
        return Hosted(self.name, invocation.bundle, options, variables, timeout)

    def _found_again(self) -> Invocation:
        # A server that was killed as a whole is started again by this look.
        _ = self.health
        found = self._invocation()
        found.health()
        return self._invocation()

    def _in_memory(self, frame: Any, asked: Asked, progress: Progress) -> Scored:
        with tempfile.TemporaryDirectory(prefix="jupyter_deploy-score-") as folder:
            path = Path(folder, "scores.jsonl")
            options: Mapping[str, Any] = {**vars(asked), "only": True}
            found = self.score(frame, path, progress=progress, **options)
            again = "A frame that is scored in memory begins again; out='scores.parquet' keeps what is done."
            kept = replace(found, output="", failed_file="", again=again if found.interrupted else "")
            return kept if found.interrupted else replace(kept, _frame=_with_predictions(frame, path, asked))


def _concurrency(record: ServiceRecord, asked: Asked) -> int:
    if asked.concurrency is not None:
        return asked.concurrency
    spec = record.spec
    return min(_MOST_BY_DEFAULT, max(_LEAST_FOR_ROWS, 2 * spec.workers * spec.replicas))


def _with_predictions(frame: Any, path: Path, asked: Asked) -> Any:
    import pandas as pd

    with path.open("rb") as file:
        values = [json.loads(line)[asked.prediction] for line in file]
    present = [value for value in values if value is not None]
    if present and all(isinstance(value, dict) for value in present):
        keys = dict.fromkeys(key for value in present for key in value)
        made = {f"{asked.prediction}.{key}": [(value or {}).get(key) for value in values] for key in keys}
    else:
        made = {asked.prediction: values}
    found = pd.DataFrame({name: _series(column, frame.index) for name, column in made.items()}, index=frame.index)
    return found if asked.only else pd.concat([frame, found], axis=1)


def _series(values: list[Any], index: Any) -> Any:
    """Make a column: whole numbers beside missing ones stay whole, and what is mixed stays as it is."""
    import pandas as pd

    if any(value is None for value in values):
        if all(value is None or (type(value) is int and -(1 << 63) <= value < 1 << 63) for value in values):
            return pd.Series(values, index=index, dtype="Int64")
        if any(isinstance(value, (bool, int)) for value in values):
            return pd.Series(values, index=index, dtype=object)
    return pd.Series(values, index=index)


def _command(called: tuple[str, str], data: Any, output: Path, asked: Asked) -> str:
    """Write the command that goes on."""
    if not isinstance(data, (str, Path)):
        return f"service.score(frame, {str(output)!r}) with the same frame and options"
    words = [str(data), "--service", called[0], "--out", str(output)]
    for flag, value in (
        ("deployment", called[1] or None),
        ("rows", asked.rows),
        ("concurrency", asked.concurrency),
        ("columns", ",".join(asked.columns) if asked.columns else None),
        *(("kind", f"{column}={kind}") for column, kind in asked.kinds.items()),
        ("form", asked.form),
        ("key", asked.key),
        ("prediction", asked.prediction if asked.prediction != "prediction" else None),
        ("timeout", asked.timeout),
        ("patience", asked.patience if asked.patience != type(asked).patience else None),
        ("max-failures", asked.max_failures),
        ("engine", asked.engine if asked.engine != "threads" else None),
        ("scheduler", asked.scheduler if isinstance(asked.scheduler, str) else None),
    ):
        if value is not None:
            words += [f"--{flag}", f"{value:g}" if isinstance(value, float) else str(value)]
    words += ["--only"] if asked.only else []
    return f"jupyter model score {shlex.join(words)}"
