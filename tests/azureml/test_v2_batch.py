"""Batch endpoints of SDK v2: files go through a script, or rows through a model."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from jupyter_deploy.sdk.v2 import (
    BatchDeployment,
    BatchEndpoint,
    BatchRetrySettings,
    CodeConfiguration,
    Data,
    Input,
    JobException,
    MLClient,
    Model,
    ModelBatchDeployment,
    ModelBatchDeploymentSettings,
    Output,
    ResourceNotFoundError,
    UnsupportedOperationError,
    ValidationException,
)
from jupyter_deploy.sdk.v2.batching import scoring_options
from jupyter_deploy.workspace import Workspace

SCRIPT = """\
import os
from pathlib import Path

import helper
import numpy as np
import pandas as pd


def init():
    global factor
    factor = int(os.environ["FACTOR"])
    assert os.path.isdir(os.environ["AZUREML_MODEL_DIR"])


def run(mini_batch):
    print(f"run method start: {len(mini_batch)} files")
    rows = []
    for path in mini_batch:
        text = Path(path).read_text()
        if text == "bad":
            raise ValueError("a bad file")
        rows.append((Path(path).name, np.int64(helper.count(text) * factor)))
    return pd.DataFrame(rows, columns=["file", "count"])
"""


def made(client: MLClient, name: str = "scores") -> BatchEndpoint:
    endpoint: BatchEndpoint = client.begin_create_or_update(
        BatchEndpoint(name=name, description="scores files", tags={"team": "risk"})
    ).result()
    return endpoint


def test_a_script_gets_files_and_its_answers_are_rows(
    client: MLClient, workspace: Workspace, outputs: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "src").mkdir()
    (folder / "src" / "batch-driver.py").write_text(SCRIPT)
    (folder / "src" / "helper.py").write_text("def count(text):\n    return len(text)\n")
    (folder / "files").mkdir()
    for number in range(5):
        (folder / "files" / f"{number}.txt").write_text("x" * number)
    (folder / "files" / "9.txt").write_text("bad")
    endpoint = made(client)
    deployment = BatchDeployment(
        name="by-script",
        endpoint_name="scores",
        model=Model(name="m", path="outputs/model.pkl"),
        code_configuration=CodeConfiguration(code="src", scoring_script="batch-driver.py"),
        environment_variables={"FACTOR": "10"},
        mini_batch_size=2,
        max_concurrency_per_instance=2,
        output_action="append_row",
        output_file_name="counts.csv",
        retry_settings=BatchRetrySettings(max_retries=3, timeout=30),
        error_threshold=-1,
    )
    kept = client.begin_create_or_update(deployment).result()
    assert (kept.model, kept.provisioning_state, kept.mini_batch_size) == ("azureml:m:1", "Succeeded", 2)
    endpoint.defaults = {"deployment_name": "by-script"}
    client.batch_endpoints.begin_create_or_update(endpoint).result()
    job = client.batch_endpoints.invoke(
        endpoint_name="scores", inputs={"texts": Input(type="uri_folder", path="files")}
    )
    assert job.status in {"Running", "Completed"}
    client.jobs.stream(job.name)  # type: ignore[arg-type]
    assert "Status: Completed" in capsys.readouterr().out
    client.jobs.download(name=str(job.name), download_path="down", output_name="score")
    with (folder / "down" / "named-outputs" / "score" / "counts.csv").open() as file:
        rows = list(csv.reader(file))
    # The mini batch of the bad file is a failed one; the others are whole and in order.
    assert rows == [[f"{number}.txt", str(10 * number)] for number in range(4)]
    (failed,) = (folder / "down" / "named-outputs" / "score").glob("*.failed.jsonl")
    assert "a bad file" in failed.read_text()
    assert [each.name for each in client.batch_endpoints.list_jobs("scores")] == [job.name]
    assert not workspace.services
    with pytest.raises(ValidationException, match="is the default deployment"):
        client.batch_deployments.begin_delete("by-script", "scores")
    client.batch_endpoints.begin_delete("scores").wait()
    assert client.batch_endpoints.list() == []


def test_a_model_gets_rows(client: MLClient, outputs: Path, folder: Path) -> None:
    made(client)
    settings = ModelBatchDeploymentSettings(mini_batch_size=10, max_concurrency_per_instance=2)
    deployment = ModelBatchDeployment(
        name="by-model", endpoint_name="scores", model=Model(path="outputs/model.pkl"), settings=settings
    )
    client.batch_deployments.begin_create_or_update(deployment).result()
    (folder / "rows.csv").write_text("a,b\n0.0,1.0\n1.0,0.0\n")
    client.data.create_or_update(Data(name="rows", path="rows.csv", type="uri_file"))
    job = client.batch_endpoints.invoke(
        "scores", deployment_name="by-model", input="azureml:rows:1", outputs={"score": Output(path="answers")}
    )
    client.jobs.stream(str(job.name))
    with (folder / "answers" / "predictions.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["a"] for row in rows] == ["0.0", "1.0"]
    assert len(rows[0]) == 3


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda c: c.batch_endpoints.get("none"), ResourceNotFoundError, "No batch endpoint named 'none'"),
        (lambda c: c.batch_endpoints.invoke("scores", input="x"), ValidationException, "It has none yet"),
        (
            lambda c: c.begin_create_or_update(BatchEndpoint(name="scores", defaults={"deployment_name": "x"})),
            ValidationException,
            "default deployment 'x' is not there",
        ),
        (
            lambda c: c.begin_create_or_update(BatchDeployment(name="blue", endpoint_name="scores")),
            ValidationException,
            "neither model nor code_configuration",
        ),
        (
            lambda c: c.begin_create_or_update(
                BatchDeployment(name="blue", endpoint_name="scores", model="azureml:m:1", output_file_name="a.out")
            ),
            ValidationException,
            "says no form",
        ),
        (lambda c: c.jobs.create_or_update(None), UnsupportedOperationError, "train in this notebook"),
        (lambda c: c.batch_deployments.get("blue", "scores"), ResourceNotFoundError, "scores has none yet"),
    ],
)
def test_what_cannot_be_is_told_at_once(client: MLClient, call: Any, error: type[Exception], words: str) -> None:
    made(client)
    with pytest.raises(error, match=words):
        call(client)


def test_a_job_whose_process_was_killed_has_failed(client: MLClient, workspace: Workspace) -> None:
    made(client)
    run = workspace.runs.start("scores", name="scores/blue")
    # No process has that number.
    workspace.runs.add_properties(run.id, {"endpoint": "scores", "deployment": "blue", "process": str(1 << 30)})
    assert client.jobs.get(run.id).status == "Failed"
    with pytest.raises(JobException, match="Its process ended before it was done"):
        client.jobs.stream(run.id)
    with pytest.raises(JobException, match="has no answers; it is Failed"):
        client.jobs.download(run.id)


@pytest.mark.parametrize(("threshold", "most"), [(-1, None), (0, 0), (7, 7), (None, None)])
def test_how_many_may_fail_is_what_azure_says(threshold: int | None, most: int | None) -> None:
    deployment = BatchDeployment(
        name="blue",
        error_threshold=threshold,
        instance_count=2,
        max_concurrency_per_instance=3,
        retry_settings={"timeout": 30},
    )
    assert scoring_options(deployment) == {"concurrency": 6, "timeout": 30, "max_failures": most, "fresh": True}
