"""Packages of the SDK: what a folder is made of, how a failure is told, and what is left behind."""

from __future__ import annotations

import gc
import json
from pathlib import Path
from typing import Any

import pytest

from jupyter_deploy.cli import main
from jupyter_deploy.sdk.v1 import (
    AciWebservice,
    AksWebservice,
    Environment,
    LocalWebservice,
    Model,
    UserErrorException,
    Webservice,
    WebserviceException,
    Workspace,
)
from jupyter_deploy.sdk.v1.webservice.packaging import ModelPackage

from .services import inference, registered


def test_variables_of_an_environment_are_named_and_the_folder_goes_with_its_object(
    ws: Workspace, outputs: Path, folder: Path
) -> None:
    environment = Environment("with-limit")
    environment.python.user_managed_dependencies = True
    environment.environment_variables = {"LIMIT": "7"}
    config = inference(folder, environment=environment)
    package = Model.package(ws, [registered(ws, outputs)], config, generate_dockerfile=True)
    package.wait_for_creation()
    assert "docker run -e LIMIT" in package.get_logs()
    package.save(folder / "context")
    assert (folder / "context" / "Dockerfile").is_file()
    made = Path(package.location)
    assert made.is_dir()
    del package
    gc.collect()
    assert not made.exists()


def test_a_service_of_that_name_is_not_what_is_packaged(ws: Workspace, outputs: Path, folder: Path) -> None:
    config = inference(folder, "def run(data):\n    return 'of the service'\n")
    keys = AciWebservice.deploy_configuration(auth_enabled=True, primary_key="k" * 32, secondary_key="l" * 32)
    Model.deploy(ws, "package", [], config, keys).wait_for_deployment()
    ws._local.score_script("package-2", "def run(data):\n    return 'of the cell'\n")
    package = Model.package(ws, [registered(ws, outputs)], generate_dockerfile=True)
    package.wait_for_creation()
    package.save("context")
    settings = json.loads((folder / "context" / "config.json").read_text())
    assert (settings.get("auth", ""), settings["name"]) == ("", "package-3")
    texts = [path.read_text() for path in (folder / "context" / "bundle").rglob("*.py")]
    assert not [text for text in texts if "of the service" in text or "of the cell" in text]


def test_a_package_takes_the_place_of_an_older_one_and_is_not_taken_along(
    ws: Workspace, outputs: Path, folder: Path
) -> None:
    (folder / "one.txt").write_text("one")
    registered(ws, outputs)
    models = [Model(ws, "classification_model"), Model.register(ws, "one.txt", "one")]
    place, counts = folder / "imagefiles", []
    for some in (models, models[:1], models[:1]):
        package = Model.package(ws, some, inference(folder), generate_dockerfile=True)
        package.wait_for_creation()
        (place / "notes").mkdir(parents=True, exist_ok=True)
        (place / "notes" / "mine.txt").write_text("mine")
        package.save("./imagefiles")
        counts.append(len([*place.rglob("*")]))
    assert (place / "notes" / "mine.txt").read_text() == "mine"
    assert sorted(path.name for path in (place / "bundle" / "models").iterdir()) == ["classification_model"]
    assert counts[1] == counts[2] < counts[0]
    (folder / "file").write_text("mine")
    with pytest.raises(WebserviceException, match="file is no folder"):
        package.save("file")


def test_an_images_name_may_have_its_tag(ws: Workspace, outputs: Path, folder: Path) -> None:
    model, config = registered(ws, outputs), inference(folder)

    def location(**named: str) -> str:
        return str(Model.package(ws, [model], config, generate_dockerfile=True, **named).location)

    assert location(image_name="mine:v1") == "mine:v1"
    assert location(image_name="localhost:5000/mine", image_label="v2") == "localhost:5000/mine:v2"
    assert location(image_name="localhost:5000/mine").startswith("localhost:5000/mine:2")
    with pytest.raises(WebserviceException, match="has a tag already") as caught:
        location(image_name="mine:v1", image_label="v2")
    assert "image_name='mine', image_label='v2'" in caught.value.message


def test_the_configuration_is_printed_without_keys(
    ws: Workspace, outputs: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, keys = registered(ws, outputs), {"primary_key": "k" * 32, "secondary_key": "l" * 32}
    config = AksWebservice.deploy_configuration(cpu_cores=1, **keys)
    capsys.readouterr()
    Model.print_configuration([model, "other:2"], inference(folder, environment=Environment("e")), config, None)
    said = capsys.readouterr().out
    assert json.loads(said) == {
        "models": ["classification_model:1", "other:2"],
        "inferenceConfig": {
            "entryScript": "score.py",
            "sourceDirectory": None,
            "environment": {"name": "e", "version": None},
        },
        "deploymentConfig": {"computeType": "AKS", "cpu_cores": 1},
        "deploymentTarget": None,
    }
    assert Model.deserialize(ws, model.serialize()).id == model.id
    with pytest.raises(UserErrorException, match="it has no id"):
        Model.deserialize(ws, {"name": "m"})


def test_any_error_ends_the_wait(ws: Workspace) -> None:
    def make(say: Any) -> None:
        say("begun")
        raise PermissionError(13, "Permission denied")

    package = ModelPackage(ws, True, "a:1")
    package._start(make)
    with pytest.raises(WebserviceException, match=r"non-successful terminal state\.\nPermissionError: .*denied"):
        package.wait_for_creation()
    assert (package.state, package.get_logs()) == ("Failed", "begun")
    assert "PermissionError" in package.serialize()["error"]


def test_without_docker_a_folder_is_offered(
    ws: Workspace, outputs: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{folder}/nothing.sock")
    package = Model.package(ws, [registered(ws, outputs)], inference(folder))
    with pytest.raises(WebserviceException, match="An image is made by Docker: ") as caught:
        package.wait_for_creation()
    assert "Model.package(…, generate_dockerfile=True), then package.save('imagefiles')" in caught.value.message
    assert "--" not in caught.value.message
    with pytest.raises(WebserviceException, match="non-successful terminal state"):
        package.pull()


def test_az_writes_a_context(ws: Workspace, outputs: Path, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    registered(ws, outputs)
    inference(folder)
    (folder / "inferenceconfig.json").write_text(json.dumps({"entryScript": "score.py"}))
    words = "package -n image -m classification_model:1 --ic inferenceconfig.json --output-path context -g group"
    assert main([*words.split(), "-w", "ws"]) == 0
    said = capsys.readouterr()
    assert "The build context is in context" in said.out
    assert "-g group and -w ws: a label" in said.err
    assert (folder / "context" / "Dockerfile").is_file()


def test_all_classes_of_services_have_the_same_attributes() -> None:
    local, *others = (
        {name for name in dir(one) if not name.startswith("_")}
        for one in (LocalWebservice, AciWebservice, AksWebservice)
    )
    assert [local, local] == others


@pytest.mark.parametrize("name", ["deploy_from_model", "deploy_from_image"])
def test_what_older_versions_had_is_named_with_its_successor(name: str) -> None:
    with pytest.raises(AttributeError, match=r"Use Model\.deploy\(ws, name"):
        getattr(Webservice, name)
