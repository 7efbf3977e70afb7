"""Rows of Azure ML's documents about images: packages, limits, and the same answers in a container as in a process."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import docker
import joblib
import numpy as np
import pytest
import requests
from sklearn.linear_model import LogisticRegression

from jupyter_deploy.deploying.certificates import certificate_in
from jupyter_deploy.sdk.v1 import (
    AksWebservice,
    Dataset,
    Environment,
    InferenceConfig,
    LocalWebservice,
    Model,
    PromoteHeadersBehavior,
    ResourceConfiguration,
    Webservice,
    WebserviceException,
    Workspace,
)
from jupyter_deploy.services import new_token
from jupyter_deploy.services.keys import KeyFile
from jupyter_deploy.workspace import Workspace as LocalWorkspace
from tests.azureml.services import until
from tests.docker.engine import base_image
from tests.secrecy import Secrets, lines_of_pem

from ..servers import container_of
from .test_packages import answer, running
from .test_secrets import layers

SUM = """\
import json
import os
from pathlib import Path


def init():
    global root
    root = Path(os.environ["AZUREML_MODEL_DIR"])


def run(data):
    files = sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())
    return [sum(json.loads(data)["data"]), files]
"""
BODY = '{"data": [1, 2]}'
TAG = "jupyter-deploy-test-azureml"
ASK_INSIDE = f"""
from urllib.request import urlopen
print(urlopen("http://127.0.0.1:5001/score", {BODY.encode()!r}).read().decode())
"""


@pytest.fixture
def ws(workspace: LocalWorkspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """The workspace, in a folder with ``score.py`` and ``model.txt``."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "score.py").write_text(SUM)
    (tmp_path / "model.txt").write_text("3")
    return Workspace.create("ws", subscription_id="sub", resource_group="group", show_output=False)


@pytest.fixture
def images(engine: docker.DockerClient) -> Iterator[list[str]]:
    """Names of images to remove at the end."""
    names: list[str] = []
    yield names
    for name in names:
        engine.images.remove(name, force=True)


def inference(**options: Any) -> InferenceConfig:
    return InferenceConfig(entry_script="score.py", **options)


def test_row_2_58_and_2_59_and_2_60_and_2_62_and_2_64_and_2_65_an_image(
    ws: Workspace, engine: docker.DockerClient, images: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    model = Model.register(ws, "model.txt", "mymodel")
    package = Model.package(ws, [model], inference(), image_name=TAG, image_label="1")
    package.wait_for_creation(show_output=True)
    images.append(package.location)
    assert (package.state, capsys.readouterr().out.splitlines()[-1]) == ("Succeeded", "Package creation Succeeded")
    assert package.pull() == package.location == f"{TAG}:1"
    assert capsys.readouterr().out.startswith("Status: ")
    assert engine.images.get(package.location).tags == [f"{TAG}:1"]
    # Row 2.62: it prints; nobody logs in.
    registry = package.get_container_registry()
    print("Address:", registry.address, "Username:", registry.username, "Password:", registry.password)
    assert "docker login " + registry.address + " -u " + registry.username + registry.password == "docker login  -u "
    with pytest.raises(WebserviceException, match="Use pull"):
        package.save("./imagefiles")
    with running(engine, package.location, name=f"{TAG}-mycontainer") as (container, url):
        assert answer(url, BODY) == [3, ["model.txt"]]
        headers = {"Content-Type": "application/json"}
        assert requests.post(f"{url}/score", data=BODY, headers=headers, timeout=10).json() == [3, ["model.txt"]]
        # Row 2.60: all is inside; neither a volume nor a network is needed.
        assert engine.api.inspect_container(container.id)["Mounts"] == []
        bridge = engine.networks.get("bridge")
        bridge.disconnect(container)
        alone = container.exec_run(["python3", "-c", ASK_INSIDE])
        assert json.loads(alone.output) == [3, ["model.txt"]]
        bridge.connect(container)
        # Row 2.65: docker kill; and docker stop, which lets requests end.
        ended_within(10, container, container.kill)
        container.start()
        container.reload()
        port = container.ports["5001/tcp"][0]["HostPort"]
        assert answer(f"http://127.0.0.1:{port}", BODY) == [3, ["model.txt"]]
        assert ended_within(10, container, lambda: container.stop(timeout=30)) == 0
        assert b"SIGTERM: no new requests" in container.logs()


def ended_within(seconds: float, container: Any, end: Callable[[], None]) -> int:
    """End a container; returns its exit code."""
    began = time.monotonic()
    end()
    code: int = container.wait(timeout=seconds)["StatusCode"]
    assert time.monotonic() - began < seconds
    return code


def test_row_2_61_and_2_63_the_files_of_an_image(
    ws: Workspace, engine: docker.DockerClient, images: list[str], tmp_path: Path
) -> None:
    model = Model.register(ws, "model.txt", "mymodel")
    environment = Environment("with-password")
    environment.docker.base_image = base_image()
    secrets = Secrets()
    environment.environment_variables = {"PASSWORD": secrets.add("variable", "pa55-word-of-the-user")}
    add_keys_of_a_service(ws, secrets)
    config = inference(environment=environment)
    package = Model.package(ws, [model], config, generate_dockerfile=True)
    package.wait_for_creation(show_output=True)
    place = tmp_path / "imagefiles"
    package.save("./imagefiles")
    first = {path: path.read_bytes() for path in place.rglob("*") if path.is_file()}
    assert {"Dockerfile", "model.txt", "score.py"} <= {path.name for path in first}
    # Saved again: what is there already is replaced, and what is the user's own stays.
    (place / "mine.txt").write_text("mine")
    next(path for path in first if path.name == "score.py").write_text("broken")
    package.save("./imagefiles")
    assert {path: path.read_bytes() for path in first} == first
    assert (place / "mine.txt").read_text() == "mine"
    assert secrets.holders(place) == {}
    with pytest.raises(WebserviceException, match="Use save"):
        package.pull()
    # An index with a password; this one is not there, so no image is made.
    private = environment.clone("with-an-index")
    address = f"https://me:{secrets.add('the password of the index', 'index-pa55word')}@index.invalid/simple"
    private.python.conda_dependencies.set_pip_option(f"--extra-index-url {address}")
    indexed = Model.package(ws, [model], inference(environment=private), generate_dockerfile=True)
    indexed.wait_for_creation()
    indexed.save("./indexed")
    assert secrets.holders(tmp_path / "indexed") == {}
    assert secrets.shown_by(indexed.get_logs(), indexed.serialize(), repr(indexed)) == set()
    built = ["docker", "build", "-q", "--tag", f"{TAG}:2", "./imagefiles"]
    subprocess.run(built, check=True, capture_output=True)
    images.append(f"{TAG}:2")
    assert subprocess.run(["docker", "images", "-q", f"{TAG}:2"], check=True, capture_output=True).stdout.strip()
    assert (
        secrets.shown_by(*layers(engine, f"{TAG}:2"), package.get_logs(), package.serialize(), repr(package)) == set()
    )
    with running(engine, f"{TAG}:2", environment={"PASSWORD": "x"}) as (_, url):
        assert answer(url, BODY) == [3, ["model.txt"]]


def add_keys_of_a_service(ws: Workspace, secrets: Secrets) -> None:
    """Keys, a token and a TLS key of another service: nothing of them belongs into an image."""
    home = ws._local.home
    made = certificate_in(home.root, home.service("guarded"), "guarded", "self-signed", "")
    assert made is not None
    for line in lines_of_pem(Path(made.key_file).read_text()):
        secrets.add("the TLS key", line)
    for name, text in KeyFile(home.root, home.service("guarded")).ensure()._asdict().items():
        secrets.add(name, text)
    secrets.add("token", new_token(home.root, "guarded").token)


def test_row_2_35_and_2_37_a_profile_is_of_a_container(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTER_DEPLOY_TARGET", "docker")
    Path("rows.txt").write_text(f"{BODY}\n" * 20)
    rows = Dataset.Tabular.from_delimited_files("rows.txt", separator="\n", header=PromoteHeadersBehavior.NO_HEADERS)
    model = Model.register(ws, "model.txt", "mymodel")
    profile = Model.profile(ws, "profiled", [model], inference(), input_dataset=rows, cpu=1, memory_in_gb=0.5)
    profile.wait_for_completion()
    details = profile.get_details()
    assert (details["state"], details["totalQueries"], details["successRate"]) == ("Succeeded", 20, 100)
    order = [details[f"latencyPercentile{percent}InMs"] for percent in (50, 90, 95, 99, 999)]
    assert order == sorted(order)
    # What the container was given, in both spellings of the documents, and what it used.
    assert (details["requestedCpu"], details["requestedMemoryInGb"], details["requestedMemoryInGB"]) == (1, 0.5, 0.5)
    assert 0 < details["maxUtilizedMemoryInGB"] <= 0.5
    assert 0.1 <= details["recommendedCpu"] <= 3.5
    assert Webservice.list(ws) == []


def test_row_0_1_and_2_22_a_container_answers_as_a_process_does(
    ws: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "my_folder" / "deep").mkdir(parents=True)
    (tmp_path / "my_folder" / "deep" / "w.bin").write_text("w")
    one, two = Model.register(ws, "model.txt", "one"), Model.register(ws, "my_folder", "two")
    for models, files in (
        ([one], ["model.txt"]),
        ([two], ["my_folder/deep/w.bin"]),
        ([one, two], ["one/1/model.txt", "two/1/my_folder/deep/w.bin"]),
    ):
        answers = []
        for target in ("process", "docker"):
            monkeypatch.setenv("JUPYTER_DEPLOY_TARGET", target)
            service = Model.deploy(ws, f"on-{target}", models, inference(), LocalWebservice.deploy_configuration())
            service.wait_for_deployment()
            answers.append(service.run(BODY))
        assert answers == [[3, files]] * 2


def test_row_0_11_and_0_12_and_2_32_and_2_43_limits_are_the_containers_and_the_image_is_the_users(
    ws: Workspace, engine: docker.DockerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTER_DEPLOY_TARGET", "docker")
    environment = Environment("own")
    environment.docker.base_image = base_image()
    config = AksWebservice.deploy_configuration(cpu_cores=1, memory_gb=1)
    service = Model.deploy(
        ws, "limited", [Model.register(ws, "model.txt", "mymodel")], inference(environment=environment), config
    )
    service.wait_for_deployment()
    assert service.run(BODY) == [3, ["model.txt"]]
    container = container_of(LocalWorkspace().services["limited"])
    found = json.loads(
        subprocess.run(["docker", "inspect", container.container], check=True, capture_output=True, text=True).stdout
    )
    host = found[0]["HostConfig"]
    assert (host["CpuQuota"] / host["CpuPeriod"], host["Memory"]) == (1, 1 << 30)
    assert service.auth_enabled
    assert requests.post(service.scoring_uri, BODY, timeout=10).status_code == 401
    # Row 2.43: a probe that fails later; a machine that has not so much.
    assert service.state == "Healthy"
    found = engine.containers.get(container.container)
    found.pause()
    assert (service.state, "paused" in service.error["message"]) == ("Unhealthy", True)
    found.unpause()
    assert until(lambda: service.state == "Healthy")
    found.remove(force=True)
    too_much = AksWebservice.deploy_configuration(memory_gb=100_000)
    with pytest.raises(WebserviceException, match="GB of memory"):
        Model.deploy(ws, "limited", service.models, inference(environment=environment), too_much, overwrite=True)
    assert (service.state, service.error["code"]) == ("Unschedulable", "Unschedulable")
    assert "GB of memory" in service.error["message"]
    first = Model.deploy(ws, "too-large", service.models, inference(environment=environment), too_much)
    assert (first.state, first.scoring_uri) == ("Unschedulable", None)
    with pytest.raises(WebserviceException, match=r"current service state: Unschedulable\nError: .* GB of memory"):
        first.wait_for_deployment()
    Model.deploy(
        ws, "limited", service.models, inference(environment=environment), config, overwrite=True
    ).wait_for_deployment()
    first.delete()
    assert (service.state, service.run(BODY)) == ("Healthy", [3, ["model.txt"]])


def test_row_2_57_a_model_without_a_script_has_its_own_limits_inside_its_container(
    ws: Workspace, engine: docker.DockerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTER_DEPLOY_TARGET", "docker")
    rows = [[0.0, 1.0], [1.0, 0.0]]
    fitted = LogisticRegression().fit(rows, [0, 1])
    joblib.dump(fitted, "classifier.pkl")
    model = Model.register(
        ws,
        "classifier.pkl",
        "classifier",
        model_framework=Model.Framework.SCIKITLEARN,
        resource_configuration=ResourceConfiguration(cpu=1, memory_in_gb=0.5),
    )
    service = Model.deploy(ws, "no-code", [model])
    service.wait_for_deployment()
    np.testing.assert_allclose(service.run(json.dumps({"data": rows})), fitted.predict_proba(rows))
    assert service.run(json.dumps({"data": rows, "method": "predict"})) == [0, 1]
    with pytest.raises(WebserviceException, match="row 0 has 1 value, but the model takes 2"):
        service.run(json.dumps({"data": [[1]]}))
    container = engine.containers.get(container_of(LocalWorkspace().services["no-code"]).container)

    def inside(*files: str) -> str:
        # Control groups have other names in their second version.
        found: bytes = container.exec_run(["sh", "-c", f"cd /sys/fs/cgroup; cat {' '.join(files)} 2>/dev/null"]).output
        return found.decode()

    assert int(inside("memory.max", "memory/memory.limit_in_bytes")) == 1 << 29
    quota, period = inside("cpu.max", "cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us").split()
    assert int(quota) / int(period) == 1
