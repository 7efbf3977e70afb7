"""Run a batch deployment: a service of its own scores the files, and goes when they are done."""

from __future__ import annotations

import csv
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...deploying import Options
from ...files import in_home
from ...workspace import Service, Workspace
from .entities import BatchDeployment
from .exceptions import ValidationException
from .plan import Parts

OUTPUT = "score"
FILE = "predictions.csv"
_ADAPTER = "jupyter_deploy_batch.py"
_TABLES = (".csv", ".tsv", ".parquet", ".jsonl")
_AZURES_MINI_BATCH, _MOST_WORKERS = 10, 16
# A request is one mini batch: the script's run() takes a list of paths, and answers a row for each.
_SCRIPT = '''\
"""Calls a batch deployment's script for the files that a request names."""

import importlib.util
import json
import os
import sys

_folder = os.path.dirname(os.path.abspath(__file__))
_path = os.path.join(_folder, {script!r})


def init():
    global _own
    for folder in (_folder, os.path.dirname(_path)):
        if folder not in sys.path:
            sys.path.insert(0, folder)
    spec = importlib.util.spec_from_file_location("batch_script", _path)
    _own = importlib.util.module_from_spec(spec)
    sys.modules["batch_script"] = _own
    spec.loader.exec_module(_own)
    if hasattr(_own, "init"):
        _own.init()


def _plain(value):
    if hasattr(value, "tolist"):
        return value.tolist()
    return list(value) if isinstance(value, tuple) else value


def run(data):
    found = _own.run(json.loads(data)["mini_batch"])
    if hasattr(found, "itertuples"):
        return {{"rows": [[_plain(cell) for cell in row] for row in found.itertuples(index=False)]}}
    return {{"rows": [_plain(row) for row in found]}}
'''


@dataclass(frozen=True)
class BatchRun:
    """What is scored, and where the answers go."""

    name: str  # of the service that does it
    deployment: BatchDeployment
    parts: Parts
    model: str | None
    files: Sequence[Path]
    folder: Path  # of the answers

    @property
    def output(self) -> Path:
        """The file of the answers."""
        return self.folder / (self.deployment.output_file_name or FILE)

    @property
    def by_file(self) -> bool:
        """Whether a script gets the files themselves; else a model gets their rows."""
        return self.deployment.code_configuration is not None


def check_output(deployment: BatchDeployment) -> None:
    """Refuse a file of answers whose ending says no form."""
    name = deployment.output_file_name
    by_file = deployment.code_configuration is not None
    known = _TABLES[:1] if by_file else _TABLES
    if name is not None and Path(name).suffix not in known:
        raise ValidationException(
            f"output_file_name {name!r} says no form that can be written.", hint=f"It ends in {', '.join(known)}."
        )


def run_batch(workspace: Workspace, run: BatchRun, say: Callable[[str], None]) -> None:
    """Start the service, score, and remove it; the answers are there when this returns."""
    run.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="jupyter_deploy-batch-") as folder:
        options = _options(run, Path(folder))
        say("starting what scores")
        service = workspace.deploy(run.name, progress=say, **options)
        try:
            if run.by_file:
                _score_files(service, run, Path(folder), say)
            else:
                _score_rows(service, run, Path(folder), say)
        finally:
            service.delete()


def _options(run: BatchRun, folder: Path) -> Options:
    given = run.deployment
    options: Options = {"models": [run.model] if run.model else "none", "workers": _workers(given)}
    if run.parts.environment is not None:
        options["environment"] = run.parts.environment
    if given.environment_variables:
        options["variables"] = dict(given.environment_variables)
    if run.by_file:
        code = in_home(given.code_configuration.code)
        shutil.copytree(code, folder / "code", symlinks=True)
        script = str(given.code_configuration.scoring_script)
        (folder / "code" / _ADAPTER).write_text(_SCRIPT.format(script=script))
        options["script"], options["source"] = Path(_ADAPTER), folder / "code"
        # The script opens files of this machine by their paths.
        options["target"] = "process"
    return options


def _workers(given: BatchDeployment) -> int:
    return min(_MOST_WORKERS, (given.max_concurrency_per_instance or 1) * (given.instance_count or 1))


def scoring_options(given: BatchDeployment) -> dict[str, Any]:
    """Say how a deployment scores, as options of ``Service.score``."""
    threshold = given.error_threshold
    return {
        "concurrency": _workers(given),
        "timeout": given.retry_settings.timeout if given.retry_settings is not None else None,
        "max_failures": threshold if threshold is not None and threshold >= 0 else None,
        "fresh": True,
    }


def _score_rows(service: Service, run: BatchRun, folder: Path, say: Callable[[str], None]) -> None:
    """Score tables row by row; the answers of several are one table."""
    made: list[Path] = []
    for number, file in enumerate(run.files):
        out = folder / f"{number}{run.output.suffix}"
        service.score(file, out, rows=run.deployment.mini_batch_size, progress=say, **scoring_options(run.deployment))
        made.append(out)
        _keep_failures(out, run.output, number)
    if run.deployment.output_action == "summary_only":
        return
    if len(made) == 1:
        shutil.copyfile(made[0], run.output)
        return
    if run.output.suffix == ".parquet":
        raise ValidationException("Several files are not joined as Parquet.", hint="output_file_name='predictions.csv'")
    with run.output.open("wb") as whole:
        for number, part in enumerate(made):
            with part.open("rb") as stream:
                if number and run.output.suffix in {".csv", ".tsv"}:
                    stream.readline()
                shutil.copyfileobj(stream, whole)


def _score_files(service: Service, run: BatchRun, folder: Path, say: Callable[[str], None]) -> None:
    """Give the script its files, some at a time, and write a line for each row that it answers."""
    size = run.deployment.mini_batch_size or _AZURES_MINI_BATCH
    asked, answered = folder / "mini-batches.jsonl", folder / "answers.jsonl"
    with asked.open("w") as stream:
        for start in range(0, len(run.files), size):
            stream.write(json.dumps({"mini_batch": [str(each) for each in run.files[start : start + size]]}) + "\n")
    service.score(asked, answered, rows=1, only=True, progress=say, **scoring_options(run.deployment))
    _keep_failures(answered, run.output, 0)
    if run.deployment.output_action == "summary_only":
        return
    with run.output.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerows(row if isinstance(row, list) else [row] for row in _rows(answered))


def _rows(answered: Path) -> Iterator[Any]:
    with answered.open() as stream:
        for line in stream:
            answer = json.loads(line)["prediction"]
            yield from (answer or {}).get("rows", ())


def _keep_failures(out: Path, output: Path, number: int) -> None:
    failed = out.with_name(f"{out.name}.failed.jsonl")
    if failed.exists() and failed.stat().st_size:
        suffix = f".{number}" if number else ""
        shutil.copyfile(failed, output.with_name(f"{output.name}{suffix}.failed.jsonl"))
