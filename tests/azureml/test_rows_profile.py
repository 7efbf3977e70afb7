"""Rows about profiling a model."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_deploy.sdk.v1 import (
    Dataset,
    InferenceConfig,
    Model,
    ModelProfile,
    PromoteHeadersBehavior,
    TabularDataset,
    UserErrorException,
    WebserviceException,
    Workspace,
)

from .services import until

SCORE = """import json, os
import joblib

def init():
    global model
    model = joblib.load(os.path.join(os.environ["AZUREML_MODEL_DIR"], "model.pkl"))

def run(data):
    return model.predict(json.loads(data)["data"]).tolist()
"""


@pytest.fixture
def model(ws: Workspace, outputs: Path) -> Model:
    return Model.register(workspace=ws, model_path=str(outputs / "model.pkl"), model_name="sklearn-iris")


@pytest.fixture
def inference_config(folder: Path) -> InferenceConfig:
    (folder / "score.py").write_text(SCORE)
    return InferenceConfig(entry_script="score.py")


def rows(folder: Path, lines: list[str]) -> TabularDataset:
    path = folder / "sample_request_data.txt"
    path.write_text("".join(f"{line}\n" for line in lines))
    header = PromoteHeadersBehavior.NO_HEADERS
    return Dataset.Tabular.from_delimited_files(str(path), separator="\n", header=header)


def test_row_2_35_a_profile_of_a_hundred_rows(
    ws: Workspace,
    folder: Path,
    model: Model,
    inference_config: InferenceConfig,
    capsys: pytest.CaptureFixture[str],
) -> None:
    request = json.dumps({"data": [[0.1, 0.9], [0.8, 0.2]]})
    model = Model(ws, id=model.id)
    profile = Model.profile(
        ws,
        "unique_name",
        [model],
        inference_config,
        input_dataset=rows(folder, [request] * 100),
        cpu=1.0,
        memory_in_gb=0.5,
    )
    profile.wait_for_completion(True)
    assert capsys.readouterr().out.endswith("Succeeded\n")
    details = profile.get_details()
    assert (details["totalQueries"], details["successQueries"], details["successRate"]) == (100, 100, 100)
    order = [details[f"latencyPercentile{percent}InMs"] for percent in (50, 90, 95, 99, 999)]
    assert order == sorted(order)
    assert order[0] > 0
    assert 0.1 <= details["recommendedCpu"] <= 3.5
    assert 0.1 <= details["recommendedMemoryInGB"] <= 15
    assert details == ModelProfile(ws, "unique_name").get_details() == profile.serialize()
    # A cell that ends in it shows the latencies as a histogram.
    shown = profile._repr_html_()
    assert "unique_name" in shown
    assert "p50" in shown
    assert shown.count("<svg") + shown.count("jd-bar") > 0
    # Row 2.37: the numbers become tags.
    model.add_tags({"requestedCpu": details["requestedCpu"], "requestedMemoryInGb": details["requestedMemoryInGb"]})
    assert Model(ws, id=model.id).tags == {"requestedCpu": "1.0", "requestedMemoryInGb": "0.5"}


def test_row_2_35_a_profile_that_fails_says_why(
    ws: Workspace,
    folder: Path,
    model: Model,
    inference_config: InferenceConfig,
    capsys: pytest.CaptureFixture[str],
) -> None:
    profile = Model.profile(ws, "failing", [model], inference_config, rows(folder, ["{}"]), description="no data")
    profile.wait_for_completion()
    assert "Model profiling failed: none of 1 requests went well; row 1: KeyError: 'data'" in capsys.readouterr().out
    details = profile.get_details()
    assert (profile.state, details["state"], details["description"]) == ("Failed", "Failed", "no data")
    assert "KeyError" in details["error"]["message"]
    assert Path(details["errorLogsUri"].removeprefix("file://")).is_file()
    assert "totalQueries" not in details


def test_row_2_33_what_a_profile_needs(
    ws: Workspace, folder: Path, model: Model, inference_config: InferenceConfig
) -> None:
    good = rows(folder, ["{}"])
    (folder / "two.csv").write_text("a,b\nx,y\n")
    (folder / "numbers.csv").write_text("a\n1\n2\n")
    two, numbers = (Dataset.Tabular.from_delimited_files(str(folder / name)) for name in ("two.csv", "numbers.csv"))
    wrong: list[tuple[dict[str, object], str]] = [
        ({"profile_name": ""}, "profile_name is empty"),
        ({"cpu": 4}, "cpu must be a number from 0.1 to 3.5, not 4"),
        ({"memory_in_gb": 0.01}, "memory_in_gb must be a number from 0.1 to 15.0"),
        ({"input_dataset": None}, "must be a TabularDataset, not nothing"),
        ({"input_dataset": two}, "must have one column"),
        ({"input_dataset": numbers}, "holds numbers, not texts"),
        ({"inference_config": "score.py"}, "inference_config must be an InferenceConfig, not of the class str"),
        ({"inference_config": None, "models": []}, "must provide an InferenceConfig"),
    ]
    usual = {"profile_name": "p", "models": [model], "inference_config": inference_config, "input_dataset": good}
    for given, message in wrong:
        with pytest.raises(UserErrorException, match=message):
            Model.profile(ws, **{**usual, **given})  # type: ignore[arg-type]
    with pytest.raises(WebserviceException, match="ModelProfileNotFound"):
        ModelProfile(ws, "p")


def test_a_list_or_a_file_of_requests_is_a_dataset_too(
    ws: Workspace, folder: Path, inference_config: InferenceConfig, model: Model
) -> None:
    from azureml.core.profile import ModelProfile as Named  # type: ignore[import-not-found]

    (folder / "rows.txt").write_text('{"data": [[0.0, 1.0]]}\n' * 3)
    profile = Model.profile(ws, "of-a-file", [model], inference_config, "rows.txt")
    assert (type(profile), profile.get_details()["totalQueries"]) == (Named, 3)
    # What is deployed can be measured: a path as a model, and a model without a script.
    row = json.dumps({"data": [[0.0, 1.0]]})
    by_path = Model.profile(ws, "of-a-path", ["outputs/model.pkl"], inference_config, [row] * 2)
    unscripted = Model.profile(ws, "of-no-code", [model], None, [row] * 2)
    assert [one.get_details()["successQueries"] for one in (by_path, unscripted)] == [2, 2]
    with pytest.raises(UserErrorException, match="data set is empty"):
        Model.profile(ws, "of-nothing", [model], inference_config, [])


INTERRUPTED = """
import json
import sys

import jupyter_deploy.azureml
from azureml.core import Model, Workspace
from azureml.core.model import InferenceConfig

ws = Workspace.from_config()
model, rows = Model(ws, "sklearn-iris"), [sys.argv[1]] * 100_000
profile = Model.profile(ws, "interrupted", [model], InferenceConfig("score.py"), rows)
profile.wait_for_completion(True)
print(json.dumps(profile.get_details()))
"""
COUNTING = SCORE.replace("    return", "    with open('asked', 'a') as file:\n        file.write('.')\n    return")


@pytest.mark.parametrize("by", ["sdk", "command line"])
def test_row_2_35_ctrl_c_keeps_what_was_measured(ws: Workspace, folder: Path, model: Model, by: str) -> None:
    body = json.dumps({"data": [[0.1, 0.9]]})
    (folder / "score.py").write_text(COUNTING.replace("'asked'", repr(str(folder / "asked"))))
    (folder / "rows.txt").write_text(f"{body}\n" * 100_000)
    ws.write_config()
    words = "profile interrupted --script score.py --model sklearn-iris --data rows.txt --json"
    command = {"sdk": ["-c", INTERRUPTED, body], "command line": ["-m", "jupyter_deploy.cli", *words.split()]}[by]
    with subprocess.Popen([sys.executable, *command], stdout=subprocess.PIPE, text=True) as process:
        until(lambda: (folder / "asked").exists() and (folder / "asked").stat().st_size > 20)
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=30)
    asked = (folder / "asked").stat().st_size
    details = ModelProfile(ws, "interrupted").get_details()
    assert (details["state"], details["successRate"]) == ("Cancelled", 100)
    # What was under way when it was interrupted may not be counted.
    assert 20 <= details["totalQueries"] <= asked < 100_000
    assert details["recommendedMemoryInGB"] > 0
    assert "Cancelled" in said
    # Nothing of its own server is left.
    assert list(ws._local.services) == []
    assert not list((ws._local.home.root / "trials").iterdir())
