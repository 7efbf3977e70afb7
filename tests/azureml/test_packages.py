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
