"""Rows about runs: offline ones register models and keep their metrics."""

from __future__ import annotations

import io
from pathlib import Path

import joblib
import numpy as np
import pytest

from jupyter_deploy.sdk.v1 import (
    AutoMLRun,
    Experiment,
    ExperimentExecutionException,
    Model,
    ModelPathNotFoundException,
    Run,
    RunEnvironmentException,
    WebserviceException,
    Workspace,
)


@pytest.fixture(autouse=True)
def completed(home: Path) -> None:
    """Each test starts with a run of its own, as each process does."""
    from jupyter_deploy.sdk.v1.run import _current

    _current.clear()


def test_row_0_4_an_offline_run_registers_from_the_current_folder(ws: Workspace, outputs: Path) -> None:
    run = Run.get_context()
    assert run.id.startswith("OfflineRun_")
    model = run.register_model("classification_model", model_path="outputs/model.pkl", description="d")
    assert (model.run_id, model.experiment_name, model.description) == (run.id, "offline", "d")
    assert model.run.id == run.id
    assert [found.id for found in Model.list(ws, run_id=run.id)] == [model.id]
    with pytest.raises(ModelPathNotFoundException) as caught:
        run.register_model("classification_model", "outputs/modl.pkl")
    text = caught.value.message
    assert "Could not locate the provided model_path outputs/modl.pkl in the set of files uploaded to the run" in text
    assert "outputs/model.pkl" in text
    assert "Did you mean model_path='outputs/model.pkl'?" in text


def test_row_1_2_the_training_block_keeps_its_metric(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import os

    import pandas as pd
    from sklearn.linear_model import LogisticRegression

    values = np.random.default_rng(0).random((60, 3))
    frame = pd.DataFrame(values, columns=["a", "b", "Outcome"])
    frame.assign(Outcome=(frame.a > 0.5).astype(int)).to_csv("diabetes.csv", index=False)
    run = Run.get_context()
    diabetes = pd.read_csv("./diabetes.csv")
    model = LogisticRegression().fit(diabetes[["a", "b"]], diabetes["Outcome"])
    accuracy = model.score(diabetes[["a", "b"]], diabetes["Outcome"])
    run.log("Accuracy", float(accuracy))
    os.makedirs("outputs", exist_ok=True)  # noqa: PTH103 - as the document has it
    joblib.dump(value=model, filename="outputs/diabetic_model.pkl")
    run.complete()
    assert capsys.readouterr().out == f"Attempted to log scalar metric Accuracy:\n{accuracy}\n"
    assert run.get_metrics() == {"Accuracy": accuracy}
    assert run.status == "Completed"
    assert Run.get_context().id != run.id


def test_row_1_4_the_models_name_and_the_files_differ(ws: Workspace, outputs: Path) -> None:
    (outputs / "model.pkl").rename(outputs / "diabetic_model.pkl")
    Model.register(ws, "outputs/diabetic_model.pkl", "diabetic_model")
    model = Run.get_context().register_model("classification_model", model_path="outputs/diabetic_model.pkl")
    assert Path(model.download("there")).name == "diabetic_model.pkl"


def test_row_2_8_name_id_and_version_print_as_documented(outputs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = Run.get_context()
    model = run.register_model(
        model_name="sklearn_mnist", tags={"area": "mnist"}, model_path="outputs/model.pkl", properties={"p": "1"}
    )
    capsys.readouterr()
    print(model.name, model.id, model.version, sep="\t")
    assert capsys.readouterr().out == "sklearn_mnist\tsklearn_mnist:1\t1\n"


def test_row_2_9_a_folder_and_what_was_uploaded(outputs: Path, folder: Path) -> None:
    run = Run.get_context()
    model = run.register_model("tree", model_path="outputs")
    assert sorted(path.name for path in Path(model.download("there")).iterdir()) == ["model.pkl"]
    (outputs / "model.pkl").write_bytes(b"later")
    run.upload_folder("outputs/kept", "outputs")
    (outputs / "model.pkl").unlink()
    kept = run.register_model("kept", model_path="outputs/kept/model.pkl")
    assert Path(kept.download("again")).read_bytes() == b"later"
    # Without a path, the model's name is one.
    assert run.register_model("outputs", "outputs/kept").version == 1


def test_row_2_10_an_automl_run_names_its_model(ws: Workspace, outputs: Path) -> None:
    run = Experiment(ws, "automl").start_logging()
    best = AutoMLRun(run.experiment, run.id)
    model = best.register_model(description="the best one", tags={"area": "mnist"})
    assert (best.model_id, model.name) == ("automl-model", "automl-model")
    assert (model.description, model.tags, model.run_id) == ("the best one", {"area": "mnist"}, run.id)
    assert Model(ws, best.model_id).version == 1
    assert best.register_model("named").name == best.model_id == "named"
    (outputs / "model.pkl").rename(outputs / "a.txt2")
    with pytest.raises(ModelPathNotFoundException, match=r"outputs hold outputs/a\.txt2: not one model"):
        best.register_model()


def test_a_run_of_an_experiment_keeps_all_it_logs(ws: Workspace, folder: Path) -> None:
    experiment = Experiment(ws, "training")
    with experiment.start_logging() as run:
        for step, loss in enumerate((0.5, 0.25)):
            run.log("loss", np.float64(loss), step=step)
        run.log_list("classes", ["a", "b"])
        run.log_row("points", x=1, y=2)
        run.log_row("points", x=3, y=4)
        run.log_table("table", {"k": [1, 2]})
        run.tag("best")
        run.set_tags({"stage": "trial"})
        with run.child_run("fold") as child:
            child.log("loss", 1)
        (folder / "roc.png").write_bytes(b"png")
        run.log_image("roc", path="roc.png")
    assert run.get_metrics() == {
        "loss": [0.5, 0.25], "classes": ["a", "b"], "points": {"x": [1, 3], "y": [2, 4]}, "table": {"k": [1, 2]},
        "roc": "roc.png",
    }  # fmt: skip
    assert run.get_metrics("loss") == {"loss": [0.5, 0.25]}
    assert (run.status, child.status, child.parent.id) == ("Completed", "Completed", run.id)
    assert [found.id for found in experiment.get_runs(tags={"stage": "trial"})] == [run.id]
    assert [found.id for found in run.get_children()] == [child.id]
    assert ws.experiments["training"].name == "training"
    assert Run.get(ws, run.id).tags == {"best": "", "stage": "trial"}
    run.download_file("roc.png", "copy.png")
    assert (folder / "copy.png").read_bytes() == b"png"
    with pytest.raises(ZeroDivisionError), experiment.start_logging() as failed:
        1 / 0  # noqa: B018
    assert (failed.status, failed.get_details()["error"]) == ("Failed", "division by zero")


def test_what_runs_refuse(ws: Workspace) -> None:
    with pytest.raises(RunEnvironmentException, match=r"use experiment\.start_logging"):
        Run.get_context(allow_offline=False)
    with pytest.raises(ExperimentExecutionException, match="runs a script on a cluster"):
        Experiment(ws, "training").submit(None)
    with pytest.raises(Exception, match=r"metric 'x' cannot hold a object"):
        Run.get_context().log("x", object())
    run = Run.get_context()
    run.upload_file("a.txt", io.BytesIO(b"one"))
    with pytest.raises(Exception, match=r"a file a\.txt already"):
        run.upload_file("a.txt", io.BytesIO(b"two"))
    with pytest.raises(WebserviceException, match="Tags must be a dict"):
        run.register_model("m", "a.txt", tags=["x"])  # type: ignore[arg-type]


def test_an_offline_run_prints_what_the_sdk_prints(capsys: pytest.CaptureFixture[str]) -> None:
    run = Run.get_context()
    run.log_list("l", [1])
    run.tag("k", "v")
    run.flush()
    run.upload_file("f", io.BytesIO(b""))
    run.fail("why", "code")
    lines = capsys.readouterr().out.splitlines()
    assert lines[:4] == ["Attempted to log list metric l:", "[1]", "Attempted to add tag k with value v",
                         f"Attempted to flush run with id {run.id}"]  # fmt: skip
    assert lines[-2:] == ["Run failed with error code code:", "why"]
