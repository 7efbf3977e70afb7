"""The flags of ``az ml model``, on the command line and in cells."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jupyter_deploy.cli import main
from jupyter_deploy.sdk.az import az_verb
from jupyter_deploy.sdk.v1 import Experiment, Model, ResourceConfiguration, Webservice, Workspace
from jupyter_deploy.workspace import Workspace as LocalWorkspace


def test_row_2_11_a_runs_file_is_registered(ws: Workspace, outputs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = Experiment(ws, "myexperiment").start_logging()
    run.upload_file("outputs/sklearn_mnist_model.pkl", "outputs/model.pkl")
    words = "register -n sklearn_mnist --asset-path outputs/sklearn_mnist_model.pkl --experiment-name myexperiment"
    capsys.readouterr()
    assert main([*words.split(), "--run-id", run.id, "--tag", "area=mnist", "--json", "-g", "rg", "-w", "ws"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["id"], said["run_id"], said["tags"]) == ("sklearn_mnist:1", run.id, {"area": "mnist"})
    assert said["lineage"]["experiment"] == "myexperiment"
    assert main([*words.replace("myexperiment", "other").split(), "--run-id", run.id]) == 2
    assert "belongs to the experiment myexperiment, not other" in capsys.readouterr().err
    assert main([*words.split(), "--run-id", "nothing"]) == 1


def test_row_2_4_group_and_workspace_are_labels(outputs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        main(["register", "-n", "onnx_mnist", "-p", "outputs/model.pkl", "-d", "text", "-g", "group", "-w", "name"])
        == 0
    )
    said = capsys.readouterr()
    assert "onnx_mnist:1" in said.out
    # Standard error is no terminal here.
    assert said.err.endswith("-g group and -w name: a label; there is one workspace on this machine.\n")
    (model,) = LocalWorkspace().models.list()
    assert (model.id, model.description) == ("onnx_mnist:1", "text")
    assert [(label.name, label.resource_group) for label in LocalWorkspace().labels.list()] == [("name", "group")]


def test_row_2_54_a_model_is_downloaded_by_its_id(
    outputs: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["register", "mymodel", "outputs/model.pkl"]) == 0
    assert main(["download", "--model-id", "mymodel:1", "--target-dir", "model_folder"]) == 0
    assert (folder / "model_folder" / "model.pkl").is_file()
    assert main(["download", "--model-id", "mymodel:1", "--target-dir", "model_folder"]) == 1
    said = capsys.readouterr().err
    assert "File already exists. To overwrite, give --overwrite." in said
    assert "exist_ok" not in said
    again = ["download", "-i", "mymodel:1", "-t", "model_folder", "--overwrite"]
    assert main([*again, "--resource-group", "rg", "--workspace-name", "ws", "--subscription-id", "sub"]) == 0
    assert "-g rg and -w ws: a label" in capsys.readouterr().err


def test_sizes_and_verbosity_are_taken(outputs: Path, ws: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    words = "register -n mymodel -p outputs/model.pkl -f ScikitLearn --cc 1 --gb 0.5 --property seed=1 -v"
    assert main(words.split()) == 0
    model = Model(ws, "mymodel")
    assert (model.resource_configuration, model.properties) == (ResourceConfiguration(1, 0.5), {"seed": "1"})
    assert model.model_framework == "ScikitLearn"


def asked(line: str) -> int:
    """Run a command line."""
    return main(line.split())


def test_a_service_needs_no_files_of_configuration(
    outputs: Path, folder: Path, ws: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "code").mkdir()
    (folder / "code" / "score.py").write_text("def run(data):\n    return data\n")
    assert main(["register", "-n", "mymodel", "-p", "outputs/model.pkl", "--tag", "area=mnist"]) == 0
    words = "deploy -n flagged -m mymodel:1 --es score.py --sd code --cp aci --ae true --description text --tag a=b"
    assert main([*words.split(), "--no-wait"]) == 0
    service = Webservice(ws, "flagged")
    try:
        service.wait_for_deployment()
        assert (service.compute_type, service.auth_enabled, service.description) == ("ACI", True, "text")
        assert (service.tags, service.run('"x"')) == ({"a": "b"}, '"x"')
        assert asked("deploy -n flagged -m mymodel:1 --es score.py --sd code --cp local --ae true") == 2
        assert "--auth-enabled means nothing to a service of the type local" in capsys.readouterr().err
        assert asked("deploy -n flagged -m mymodel:1 --cf env.yml") == 2
        assert "Which script? --es FILE." in capsys.readouterr().err
        assert asked("deploy -n flagged -m mymodel:1 --es score.py --ae maybe") == 2
        assert "neither true nor false" in capsys.readouterr().err
    finally:
        service.delete()


def test_one_command_tells_the_next_which_model_it_made(
    outputs: Path, folder: Path, ws: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Experiment(ws, "diabetes").start_logging()
    run.upload_file("outputs/models/model.pkl", "outputs/model.pkl")
    (folder / "metadata").mkdir()
    (folder / "metadata" / "run.json").write_text(json.dumps({"experimentName": "diabetes", "runId": run.id}))
    words = (
        "register -g group -w name -n diabetes_model -f metadata/run.json --asset-path outputs/models/model.pkl "
        "-d text --tag data=diabetes --model-framework ScikitLearn -t metadata/model.json"
    )
    assert asked(words) == 0
    made = Model(ws, "diabetes_model")
    assert (made.run_id, made.experiment_name, made.model_framework) == (run.id, "diabetes", "ScikitLearn")
    assert json.loads((folder / "metadata" / "model.json").read_text())["modelId"] == "diabetes_model:1"
    (folder / "score.py").write_text("def run(data):\n    return data\n")
    (folder / "inferenceConfig.yml").write_text("entryScript: score.py # the script\n")
    (folder / "aciDeploymentConfig.yml").write_text("computeType: aci\nauthEnabled: no\n")
    deploy = "deploy -n diabetes-qa -f metadata/model.json --dc aciDeploymentConfig.yml --ic inferenceConfig.yml"
    capsys.readouterr()
    assert asked(f"{deploy} --overwrite --cc -1") == 2
    assert "--cpu-cores must be a number greater than zero, not -1" in capsys.readouterr().err
    for file, message in (("none.json", "cannot be read"), ("score.py", "is no JSON"), ("run.json", "has no modelId")):
        (folder / "run.json").write_text("{}")
        assert asked(f"deploy -n diabetes-qa -f {file} --es score.py") == 1
        assert message in capsys.readouterr().err
    assert asked(f"{deploy} --overwrite --cc 0.5") == 0
    service = Webservice(ws, "diabetes-qa")
    try:
        assert [model.id for model in service.models] == ["diabetes_model:1"]
    finally:
        service.delete()


SHORT = (
    "--cp --po --ma --mi --ar --at --tm --rm --mr --ps --id --ts --st --ft --md --as --se --sp --sk --sc --nd --cc "
    "--ccl --gb --gbl --gc --ae --ai --nr --lo --dn --vn --tp --kp --ks --vault-base-url --key-name --key-version "
    "--vnet-name --subnet-name --es --sd --cf --rt --bi --ds --cv --eg -e --ev -m -f --ic --dc --ct -n -g -w -v"
)


def test_short_flags_are_those_of_azures_command_line() -> None:
    command = az_verb("deploy", ["--ic"])
    assert command is not None
    flags = {flag for one in command.arguments for flag in one.flags}
    assert set(SHORT.split()) <= flags


def test_errors_say_what_the_command_line_takes(
    outputs: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "score.py").write_text("def run(data):\n    return data\n")
    (folder / "ic.json").write_text('{"entryScript": "score.py"}')
    assert asked("register -n mymodel -p outputs/model.pkl") == 0
    deploy = "deploy -n flagged -m mymodel:1 --ic ic.json"
    assert asked(deploy) == 0
    try:
        for words, message in (
            (deploy, "Hint: Add --overwrite, or take another name."),
            (deploy.replace("ic.json", "none.json"), "--ic none.json cannot be read."),
            (f"{deploy} --overwrite --dc none.json", "--dc none.json cannot be read."),
            (f"{deploy} --overwrite --ct none", "Hint: Leave --ct out: --cp says what kind of service it is."),
            (f"{deploy} --overwrite --cp local --po 99999", "Hint: For example --port 8890. Without one, a free port"),
            ("profile -n prof -m mymodel:1 --ic ic.json --idi none:1", "--idi: No dataset named 'none'"),
            ("delete -i mymodel:1", "Delete the service first (jupyter model delete flagged)"),
        ):
            capsys.readouterr()
            assert asked(words) > 0
            said = capsys.readouterr().err
            assert message in said
            assert not any(sdk in said for sdk in ("Webservice(", "Model.deploy(", "ComputeTarget."))
    finally:
        assert main(["delete", "flagged", "--yes"]) == 0


def test_models_are_listed_shown_and_deleted(outputs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for tag in ("area=mnist", "area=other"):
        assert main(["register", "-n", "mymodel", "-p", "outputs/model.pkl", "--tag", tag]) == 0
    capsys.readouterr()
    assert asked("list -n mymodel --tag area=mnist --json -g rg -w ws") == 0
    assert [model["id"] for model in json.loads(capsys.readouterr().out)] == ["mymodel:1"]
    assert asked("list -n mymodel --latest --tag area") == 0
    assert "mymodel" in capsys.readouterr().out
    assert asked("show -n mymodel --version 1 -g rg") == 0
    assert "Model mymodel:1" in capsys.readouterr().out
    assert asked("delete --model-id mymodel:1") == 0
    assert [model.id for model in LocalWorkspace().models.list()] == ["mymodel:2"]


def test_wrong_words_name_the_right_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["register", "-n", "m"]) == 2
    assert "Which file? -p PATH" in capsys.readouterr().err
    assert main(["register", "-n", "m", "-p", "x", "--tagg", "a=b"]) == 2
    assert "Did you mean --tag?" in capsys.readouterr().err
    assert main(["register", "--help", "-n", "m"]) == 0
    assert "as az ml model register" in capsys.readouterr().out.lower()


def test_a_cell_takes_the_same_words(home: Path, outputs: Path) -> None:
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell()
    shell.run_line_magic("load_ext", "jupyter_deploy")
    model = shell.run_line_magic("model", "register -n mymodel -p outputs/model.pkl -g rg")
    assert model.id == "mymodel:1"
    assert shell.run_line_magic("register", "own outputs/model.pkl").id == "own:1"
