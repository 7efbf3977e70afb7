"""Containers on environments: inferred, described, shared, replaced, refused; the old service answers throughout."""

from __future__ import annotations

import contextlib
import importlib.metadata
import io
import ipaddress
import json
import os
import re
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest
import requests
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from jupyter_deploy.environments import Environment
from jupyter_deploy.environments.uv import runtime_requirements
from jupyter_deploy.errors import DeployError, EnvironmentProblem
from jupyter_deploy.workspace import Service, Workspace
from tests.docker.engine import BASE_IMAGE, base_image
from tests.index import serve, wheel

from ..servers import container_of, server_of

LOOK = """
import importlib.metadata, os, sys

def run(data):
    found = {each.metadata["Name"].lower().replace("_", "-"): each.version
             for each in importlib.metadata.distributions()}
    return {"python": "%d.%d" % sys.version_info[:2], "environ": dict(os.environ), "packages": found}
"""
OWN_PYTHON = "{}.{}".format(*sys.version_info)
# Needs nothing but the server: installed once a run, for all tests that do not care.
PLAIN = Environment("plain", python_version=OWN_PYTHON)
_workspaces: set[str] = set()


@pytest.fixture(scope="module", autouse=True)
def _no_image_left(engine: docker.DockerClient) -> Iterator[None]:
    """Remove the images that this module's workspaces made, except those that others use meanwhile."""
    yield
    for _ in range(3):  # an image goes after those that are made from it
        for own in _workspaces:
            for image in engine.images.list(filters={"label": f"jupyter-deploy.workspace={own}"}):
                with contextlib.suppress(docker.errors.APIError):
                    engine.images.remove(image.id)


@pytest.fixture(autouse=True)
def _base(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    _workspaces.add(workspace._database.workspace_id)
    monkeypatch.setenv(BASE_IMAGE, base_image())


def deploy(workspace: Workspace, name: str, environment: Any, script: str = LOOK) -> Service:
    workspace.score_script(name, script)
    return workspace.deploy(name, target="docker", environment=environment)


def made(engine: docker.DockerClient, workspace: Workspace) -> set[str]:
    """The images that this workspace built."""
    label = f"jupyter-deploy.workspace={workspace._database.workspace_id}"
    return {image["Id"] for image in engine.api.images(filters={"label": label})}


def container(service: Service) -> str:
    found: str = container_of(service).container
    return found


def closure(lines: list[str]) -> set[str]:
    """The names of what is installed with requirements, by what is installed here."""
    found: set[str] = set()
    left = [Requirement(line) for line in lines]
    while left:
        one = left.pop()
        name = canonicalize_name(one.name)
        if name not in found:
            found.add(name)
            needs = [Requirement(line) for line in importlib.metadata.requires(name) or ()]
            left += [each for each in needs if not each.marker or each.marker.evaluate({"extra": ""})]
    return found


def test_an_inferred_environment_holds_what_script_and_model_need(workspace: Workspace) -> None:
    from sklearn.linear_model import LogisticRegression

    workspace.register("flowers", LogisticRegression().fit([[0.0], [1.0]], [0, 1]))
    service = deploy(workspace, "flowers", None, LOOK.replace("import importlib", "import filelock, importlib"))
    packages = service.invoke("")["packages"]
    asked = server_of(service).environment.requirements
    assert {"filelock", "scikit-learn", "numpy"} <= {line.partition("==")[0] for line in asked}
    for line in asked:
        name, _, version = line.partition("==")
        assert packages[name] == version == importlib.metadata.version(name)
    expected = closure([*asked, *runtime_requirements()])
    assert packages.keys() - {"pip", "setuptools", "wheel"} == expected


CONDA = f"""\
name: mine
channels: [conda-forge]
dependencies:
  - python={OWN_PYTHON}
  - msgpack-python
  - pip
  - pip:
    - filelock<3.20
    - azureml-defaults
variables:
  FROM_FILE: "yes"
"""


def test_conda_and_requirements_files(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "env.yml").write_text(CONDA)
    service = deploy(workspace, "filed", tmp_path / "env.yml")
    seen = service.invoke("")
    assert seen["python"] == OWN_PYTHON
    assert {"msgpack", "filelock"} <= seen["packages"].keys()
    assert tuple(map(int, seen["packages"]["filelock"].split(".")[:2])) < (3, 20)
    assert seen["environ"]["FROM_FILE"] == "yes"
    assert not {"azureml-defaults", "packaging"} & seen["packages"].keys()
    (tmp_path / "requirements.txt").write_text("packaging  # for versions\n")
    change = workspace.deploy("filed", environment=str(tmp_path / "requirements.txt")).change
    assert change
    assert change.action == "replaced"
    seen = service.invoke("")
    assert "packaging" in seen["packages"]
    assert not {"msgpack", "filelock"} & seen["packages"].keys()


def test_dockerfiles_and_images(workspace: Workspace, tmp_path: Path, engine: docker.DockerClient) -> None:
    (tmp_path / "Dockerfile").write_text(f"FROM {base_image()}\nENV FROM_DOCKERFILE=yes\n")
    service = deploy(workspace, "boxed", tmp_path / "Dockerfile")
    assert service.invoke("")["environ"]["FROM_DOCKERFILE"] == "yes"
    before = container(service)
    (tmp_path / "requirements.txt").write_text("packaging\n")
    imaged = Environment.from_docker_image("imaged", base_image(), pip_requirements=tmp_path / "requirements.txt")
    workspace.deploy("boxed", environment=imaged)
    seen = service.invoke("")
    assert "packaging" in seen["packages"]
    assert "FROM_DOCKERFILE" not in seen["environ"]
    assert container(service) != before


def test_registered_names_versions_and_variables(workspace: Workspace, engine: docker.DockerClient) -> None:
    for number in ("secret-one", "secret-two"):
        workspace.environments.register(Environment("named", variables={"TOKEN": number}))
    service = deploy(workspace, "named", "named")
    assert service.invoke("")["environ"]["TOKEN"] == "secret-two"
    change = workspace.deploy("named", environment="named:1").change
    assert change
    assert (change.action, change.what) == ("replaced", ("variables",))
    assert service.invoke("")["environ"]["TOKEN"] == "secret-one"
    facts = engine.api.inspect_container(container(service))
    told = json.dumps([facts, engine.api.inspect_image(facts["Image"]), engine.api.history(facts["Image"])])
    assert "secret-" not in told


def test_the_old_container_answers_until_the_new_one_does(workspace: Workspace) -> None:
    service = deploy(workspace, "busy", Environment("plain", variables={"SIDE": "old"}))
    uri, before, seen = service.scoring_uri, container(service), list[str]()
    ended = threading.Event()

    def ask() -> None:
        while not ended.is_set():
            # Between the end of one listener and the next on the same port, nobody listens for a moment.
            with contextlib.suppress(requests.ConnectionError):
                answer = requests.post(uri, data="", timeout=20)
                seen.append(answer.json()["environ"]["SIDE"] if answer.status_code == 200 else answer.text)

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        with serve(wheel("jdtest_busy", "1.0"), host=_gateway()) as index, pytest.MonkeyPatch.context() as patch:
            patch.setenv("UV_INDEX", index.url)
            other = Environment("other", requirements=("jdtest-busy",), variables={"SIDE": "new"})
            workspace.deploy("busy", environment=other)
    finally:
        ended.set()
        asking.join()
    changes = [side for side, last in zip(seen, ["", *seen], strict=False) if side != last]
    assert changes in (["old", "new"], ["old"])
    assert service.invoke("")["environ"]["SIDE"] == "new"
    assert service.scoring_uri == uri
    assert container(service) != before


def test_an_import_more_builds_and_one_less_does_not(workspace: Workspace, engine: docker.DockerClient) -> None:
    more = LOOK.replace("import importlib", "import filelock, importlib")
    service = deploy(workspace, "edited", "inferred")
    uri, first = service.scoring_uri, container(service)
    changed = workspace.score_script("edited", more).changes[0]
    assert changed.what[0] == "environment"
    assert service.invoke("")["packages"]["filelock"] == importlib.metadata.version("filelock")
    assert (service.scoring_uri, container(service) == first) == (uri, False)
    images, second = made(engine, workspace), container(service)
    changed = workspace.score_script("edited", LOOK).changes[0]
    assert (changed.action, changed.what) == ("reloaded", ("script",))
    assert (made(engine, workspace), container(service)) == (images, second)
    assert "filelock" in service.invoke("")["packages"]


@pytest.fixture
def steady(workspace: Workspace, engine: docker.DockerClient) -> Iterator[Service]:
    """A service that must be as before, whatever was refused meanwhile."""
    service = deploy(workspace, "steady", PLAIN)
    before, running = service.record, container(service)
    images = made(engine, workspace)
    yield service
    assert service.state == "Healthy"
    assert service.invoke("")["python"] == OWN_PYTHON
    assert container(service) == running
    assert service.record.spec == before.spec
    assert made(engine, workspace) == images


def refused(workspace: Workspace, environment: Any) -> DeployError:
    with pytest.raises(EnvironmentProblem) as caught:
        workspace.deploy("steady", environment=environment)
    return caught.value


def test_an_impossible_pin(workspace: Workspace, steady: Service) -> None:
    error = refused(workspace, Environment("impossible", requirements=("packaging", "filelock==99.9")))
    assert error.message == "The environment impossible cannot be installed: filelock==99.9."
    assert "there is no version of filelock==99.9" in error.details
    assert "loosen the pin" in error.hint


def test_an_unreachable_index(workspace: Workspace, steady: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://user:secret@127.0.0.1:9/simple")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    error = refused(workspace, Environment("two", requirements=("jdtest-unreachable",)))
    assert "127.0.0.1:9" in error.details
    assert "index cannot be reached" in error.hint
    assert "secret" not in error.text()


def test_a_base_image_with_another_python(workspace: Workspace, steady: Service) -> None:
    other = "3.12" if OWN_PYTHON != "3.12" else "3.13"
    error = refused(workspace, Environment("newer", python_version=other))
    assert f"has Python {OWN_PYTHON}, not {other}" in error.message
    assert BASE_IMAGE in error.hint


def test_a_base_image_that_is_nowhere(workspace: Workspace, steady: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(BASE_IMAGE, "127.0.0.1:9/no/such:{python}")
    error = refused(workspace, Environment("nowhere", requirements=("packaging",)))
    assert f"127.0.0.1:9/no/such:{OWN_PYTHON}" in error.message
    assert f"{BASE_IMAGE}=" in error.hint


def test_images_without_python_or_shell(workspace: Workspace, steady: Service, engine: docker.DockerClient) -> None:
    hidden = Environment.from_docker_image("bare", "jdtest/without-python")
    engine.images.build(
        fileobj=io.BytesIO(f"FROM {base_image()}\nENV PATH=/bin\nRUN rm -f /bin/python3*\n".encode()),
        tag="jdtest/without-python",
        rm=True,
        forcerm=True,
    )
    empty = io.BytesIO()
    tarfile.open(fileobj=empty, mode="w").close()
    engine.api.import_image_from_data(empty.getvalue(), repository="jdtest/empty")
    try:
        error = refused(workspace, hidden)
        assert "no python3" in error.message
        assert "base image" in error.hint
        error = refused(workspace, Environment.from_docker_image("empty", "jdtest/empty"))
        assert "no shell" in error.message
        assert "base image" in error.hint
    finally:
        engine.images.remove("jdtest/without-python")
        engine.images.remove("jdtest/empty")


def test_a_failing_step_shows_its_own_log(workspace: Workspace, steady: Service, engine: docker.DockerClient) -> None:
    text = f"FROM {base_image()}\nLABEL jdtest=broken\nRUN echo all is well\nRUN echo the reason is here && false\n"
    error = refused(workspace, Environment.from_dockerfile("broken", text))
    # What the steps before it made is the engine's cache, as after every docker build.
    engine.images.prune(filters={"dangling": True, "label": "jdtest=broken"})
    assert error.message == "The build failed at: RUN echo the reason is here && false"
    assert "the reason is here\n" in error.details
    assert "all is well" not in error.details


def test_a_second_service_on_the_same_environment_builds_nothing(
    workspace: Workspace, steady: Service, engine: docker.DockerClient
) -> None:
    said: list[str] = []
    workspace.score_script("second", LOOK)
    before = {image.id for image in engine.images.list(name="jupyter-deploy/environment")}
    same = Environment("another-name", python_version=OWN_PYTHON, variables={"A": "b"})
    second = workspace.deploy("second", target="docker", environment=same, progress=said.append)
    assert (
        engine.api.inspect_container(container(second))["Image"]
        == (engine.api.inspect_container(container(steady))["Image"])
    )
    assert not [line for line in said if re.search("install|stor|step|pull", line)]
    assert {image.id for image in engine.images.list(name="jupyter-deploy/environment")} >= before


def _gateway() -> str:
    """Where containers find this machine."""
    with contextlib.closing(docker.from_env()) as client:
        config = client.api.inspect_network("bridge")["IPAM"]["Config"][0]
    return str(config.get("Gateway") or ipaddress.ip_network(config["Subnet"])[1])


DEPLOY = """
import sys
from jupyter_deploy.environments.environment import Environment
from jupyter_deploy.workspace import Workspace
said = []
once = Environment("once", requirements=(sys.argv[2],))
Workspace().deploy(sys.argv[1], target="docker", environment=once, progress=said.append)
print(sum("installing once into" in line for line in said))
"""


def test_two_processes_build_a_new_environment_once(workspace: Workspace, engine: docker.DockerClient) -> None:
    version = f"1.{time.time_ns()}"
    with serve(wheel("jdtest_once", version), host=_gateway()) as index:
        environ = {**os.environ, "UV_INDEX": index.url}
        for name in ("one-of-two", "other-of-two"):
            workspace.score_script(name, LOOK)
        running = [
            subprocess.Popen(
                [sys.executable, "-c", DEPLOY, name, f"jdtest-once=={version}"],
                env=environ,
                stdout=subprocess.PIPE,
                text=True,
            )
            for name in ("one-of-two", "other-of-two")
        ]
        said = sorted(process.communicate(timeout=100)[0].strip() for process in running)
    assert said == ["0", "1"]
    services = workspace.services.values()
    assert [each.invoke("")["packages"]["jdtest-once"] for each in services] == [version] * 2
    assert len({engine.api.inspect_container(container(each))["Image"] for each in services}) == 1


def test_an_indexes_password_is_used_and_seen_nowhere(
    workspace: Workspace, engine: docker.DockerClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    version = f"1.{time.time_ns()}"
    said: list[str] = []
    workspace.score_script("locked", LOOK)
    wheels = (wheel("jdtest_locked", version), wheel("jdtest_linked", version))
    with serve(*wheels, host=_gateway(), credentials="user:pa55word", others=True) as index:
        monkeypatch.setenv("UV_DEFAULT_INDEX", index.url)
        link = f"jdtest-linked @ {index.url.replace('/simple', '/files/')}{wheels[1][0]}"
        both = Environment("locked", requirements=(f"jdtest-locked=={version}", link))
        service = workspace.deploy("locked", target="docker", environment=both, progress=said.append)
        assert service.invoke("")["packages"]["jdtest-locked"] == version
        with pytest.raises(EnvironmentProblem) as caught:
            workspace.deploy("locked", environment=Environment("locked", requirements=(f"{link}.gone.whl",)))
    facts = engine.api.inspect_container(container(service))
    told = [facts, engine.api.inspect_image(facts["Image"]), engine.api.history(facts["Image"]), said]
    assert "pa55word" not in json.dumps(told)
    assert "pa55word" not in caught.value.text() + repr(service) + json.dumps(service.as_dict()) + service.logs()
    archive = b"".join(engine.api.get_archive(container(service), _site_packages(service, tmp_path))[0])
    assert b"jdtest_linked" in archive
    assert b"pa55word" not in archive


def _site_packages(service: Service, folder: Path) -> str:
    file = folder / "where.py"
    file.write_text("import jdtest_linked\n\ndef run(data):\n    return jdtest_linked.__path__[0]\n")
    service.reload(script=file)
    return str(Path(service.invoke("")).parent)
