"""Rows about services, in a container: what ``tests/azureml`` shows for processes, by the same checks."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import docker
import pytest

from jupyter_deploy.sdk.v1 import (
    Environment,
    InferenceConfig,
    LocalWebservice,
    Model,
    UserErrorException,
    Webservice,
    WebserviceException,
    Workspace,
)
from jupyter_deploy.workspace import Workspace as LocalWorkspace
from tests.azureml.services import BODY, CHOICE, RAW, echoes_bytes, logs_a_life, reloads_under_load

from ..servers import container_of

# What the documents' script does with a model, by what each base image has.
SCORE = """\
import array
import json
import os

from azureml.core.model import Model


def init():
    global first
    with open(Model.get_model_path("weights")) as file:
        first = int(file.read())
    print("init ran")


def run(raw_data):
    if raw_data == "crash":
        os._exit(3)
    return array.array("q", [int(row[0] > first * row[1]) for row in json.loads(raw_data)["data"]]).tolist()
"""


@pytest.fixture
def ws(workspace: LocalWorkspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """The workspace, in a folder with ``score.py``; its services are containers."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JUPYTER_DEPLOY_TARGET", "docker")
    (tmp_path / "score.py").write_text(SCORE)
    (tmp_path / "weights.txt").write_text("1")
    return Workspace.create("ws", subscription_id="sub", resource_group="group", show_output=False)


def container_id(name: str) -> str:
    return container_of(LocalWorkspace().services[name]).container


def test_row_0_12_and_1_8_and_1_10_and_1_13_and_2_16_and_2_21_and_2_41_and_2_66_and_2_67_and_2_68_one_container(
    ws: Workspace, engine: docker.DockerClient, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, config = Model.register(ws, "weights.txt", "weights"), InferenceConfig("score.py")
    service = Model.deploy(ws, "test-svc", [model], config, LocalWebservice.deploy_configuration())
    service.wait_for_deployment(show_output=True)
    # Rows 0.12 and 2.41.
    assert capsys.readouterr().out.endswith(f"Local webservice is running at http://localhost:{service.port}\n")
    assert (service.state, service.run(BODY)) == ("running", [0, 1])
    # Row 1.8.
    assert type(Webservice(ws, "test-svc")) is LocalWebservice
    # Rows 1.10 and 2.21: init runs once when the container starts.
    logs_a_life(service)
    # Row 1.13: in the same container.
    identity = container_id("test-svc")
    reloads_under_load(LocalWebservice(ws, "test-svc"), tmp_path / "score.py", seconds=0.3)
    # Rows 2.67 and 2.68.
    (tmp_path / "score.py").write_text(RAW)
    service.reload()
    echoes_bytes(service)
    # Row 2.16: several models share the container, and each is loaded when it is asked for.
    for name in ("cats", "dogs"):
        (tmp_path / f"{name}.txt").write_text(name.upper())
    (tmp_path / "score.py").write_text(CHOICE)
    service.update([Model.register(ws, f"{name}.txt", name) for name in ("cats", "dogs")], config)
    assert service.run(json.dumps({"model": "dogs"})) == ["DOGS", ["dogs"]]
    assert service.run(json.dumps({"model": "cats"})) == ["CATS", ["cats", "dogs"]]
    assert container_id("test-svc") == identity
    # Row 2.66.
    with pytest.raises(WebserviceException, match="test-svc"):
        service.models[0].delete()
    port = int(service.port)
    service.delete()
    with pytest.raises(docker.errors.NotFound):
        engine.containers.get(identity)
    with socket.create_server(("127.0.0.1", port)):
        pass
    with pytest.raises(WebserviceException, match="test-svc not found"):
        Webservice(ws, "test-svc")
    for left in Model.list(ws):
        left.delete()
    assert Model.list(ws) == []


def test_row_2_18_a_pin_that_cannot_be_had_is_named(ws: Workspace, tmp_path: Path) -> None:
    (tmp_path / "env.yml").write_text(
        "name: project_environment\ndependencies:\n  - python=3.6.2\n  - pip:\n      - azureml-defaults\n"
        "      - joblib==0.0.1\n"
    )
    environment = Environment.from_conda_specification("myenv", "env.yml")
    config, model = InferenceConfig("score.py", environment=environment), Model.register(ws, "weights.txt", "weights")
    options = LocalWebservice.deploy_configuration()
    with pytest.warns(UserWarning, match=r"Python 3\.6\.2 is too old"), pytest.raises(UserErrorException) as refused:
        Model.deploy(ws, "impossible", [model], config, options)
    assert "joblib==0.0.1" in refused.value.message
    assert Webservice.list(ws) == []


def test_a_container_that_was_removed_is_told_and_comes_back(
    ws: Workspace, engine: docker.DockerClient, tmp_path: Path
) -> None:
    (tmp_path / "score.py").write_text("def run(data):\n    return data\n")
    config = InferenceConfig("score.py")
    service = Model.deploy(ws, "removed", [], config, LocalWebservice.deploy_configuration())
    service.wait_for_deployment()
    engine.containers.get(container_id("removed")).remove(force=True)
    assert service.state == "failed"
    with pytest.raises(WebserviceException, match=r"Cannot call run\(\) when service is failed\.") as caught:
        service.run("1")
    assert "was removed" in caught.value.message
    assert "service.reload() starts it again" in caught.value.message
    service.reload()
    assert (service.state, service.run("1")) == ("running", "1")
    # An image that the environment names is not the one that a variable would replace.
    environment = Environment.from_docker_image("named", "nowhere.invalid/not-there:1")
    with pytest.raises(UserErrorException, match=r"nowhere\.invalid/not-there:1 is not on this machine") as refused:
        service.update([], InferenceConfig("score.py", environment=environment))
    assert "docker pull nowhere.invalid/not-there:1" in refused.value.message
    assert "JUPYTER_DEPLOY_BASE_IMAGE" not in refused.value.message
    assert service.run("1") == "1"
