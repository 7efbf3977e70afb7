"""Packages of what is seldom tried: a wheel of one's own, images without pip or on an old Python, keys in files."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest
import requests

from jupyter_deploy.sdk.v1 import (
    CondaDependencies,
    Environment,
    InferenceConfig,
    LocalWebservice,
    Model,
    Workspace,
)
from jupyter_deploy.workspace import Workspace as LocalWorkspace
from tests.docker.engine import base_image
from tests.e2e.conftest import until
from tests.index import wheel

from .test_packages import answer, running

TAG = "jupyter-deploy-test-inputs"
SCORE = "import jdtest_own\n\n\ndef init(): ...\n\n\ndef run(data):\n    return jdtest_own.WORD\n"
ECHO = "def run(data):\n    return data\n"
KEYS = ("the-first-key-of-this-run", "the-second-key-of-this-run")


@pytest.fixture
def ws(workspace: LocalWorkspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """The workspace, in a folder whose name has a blank."""
    folder = tmp_path / "my notebook"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("JUPYTER_DEPLOY_TARGET", "docker")
    return Workspace.create("ws", subscription_id="sub", resource_group="group", show_output=False)


@pytest.fixture
def images(engine: docker.DockerClient) -> Iterator[list[str]]:
    """Names of images to remove at the end."""
    names: list[str] = []
    yield names
    for name in names:
        engine.images.remove(name, force=True)


def test_row_2_59_and_2_61_and_2_63_a_wheel_of_ones_own_is_in_service_image_and_folder(
    ws: Workspace, engine: docker.DockerClient, images: list[str]
) -> None:
    name, data = wheel("jdtest_own", "1.0", "WORD = 'mine'\n")
    Path(name).write_bytes(data)
    Path("score.py").write_text(SCORE)
    environment = Environment("with-wheel")
    address = Environment.add_private_pip_wheel(ws, name)
    environment.python.conda_dependencies = CondaDependencies.create(pip_packages=[address])
    environment.docker.base_image = base_image()
    config = InferenceConfig("score.py", environment=environment)
    service = Model.deploy(ws, "web", [], config, LocalWebservice.deploy_configuration())
    service.wait_for_deployment()
    assert service.run("{}") == "mine"
    package = Model.package(ws, [], config, image_name=TAG, image_label="1")
    package.wait_for_creation()
    images.append(package.location)
    with running(engine, package.location) as (_, url):
        assert answer(url, "{}") == "mine"
    folder = Model.package(ws, [], config, generate_dockerfile=True)
    folder.wait_for_creation()
    folder.save("image files")
    subprocess.run(["docker", "build", "-q", "-t", f"{TAG}:2", "./image files"], check=True, capture_output=True)
    images.append(f"{TAG}:2")
    with running(engine, f"{TAG}:2") as (_, url):
        assert answer(url, "{}") == "mine"


def test_a_folder_is_built_where_pip_is_kept_from_the_systems_python(
    workspace: LocalWorkspace, engine: docker.DockerClient, images: list[str], tmp_path: Path
) -> None:
    (tmp_path / "score.py").write_text(ECHO)
    mark = 'RUN touch "$(python3 -c \'import sysconfig; print(sysconfig.get_path("stdlib"))\')/EXTERNALLY-MANAGED"'
    environment = tmp_path / "Dockerfile"
    environment.write_text(f"FROM {base_image()}\nUSER 0\n{mark}\n")
    made = workspace.package(
        "echo", script=tmp_path / "score.py", models="none", environment=environment, folder=tmp_path / "a package"
    )
    assert shlex.split(made.how) == ["docker", "build", "-t", "echo", str(tmp_path / "a package")]
    built = subprocess.run(
        ["docker", "build", "-q", "-t", f"{TAG}:3", str(tmp_path / "a package")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    images.append(f"{TAG}:3")
    with running(engine, f"{TAG}:3") as (_, url):
        assert answer(url, "1") == "1"


def test_an_image_with_keys_takes_them_from_a_mounted_file_or_says_why_not(
    workspace: LocalWorkspace, engine: docker.DockerClient, images: list[str], tmp_path: Path
) -> None:
    (tmp_path / "score.py").write_text(ECHO)
    workspace.deploy("echo", script=tmp_path / "score.py", auth="key", target="process", variables={"LIMIT": "7"})
    made = workspace.package("echo", image=f"{TAG}:4")
    images.append(made.location)
    assert made.how == f"docker run -p 6789:5001 -e AML_PRIMARY_KEY -e LIMIT {TAG}:4"
    place = tmp_path / "keys of mine.txt"
    place.write_text("\n".join(KEYS))
    mounts = {str(place): {"bind": "/run/secrets/jupyter_deploy_keys", "mode": "ro"}}
    place.chmod(0o600)
    with pytest.raises(docker.errors.ContainerError, match=r"The server runs as user 10001: chmod a\+r the file"):
        engine.containers.run(made.location, volumes=mounts, remove=True, stderr=True)
    place.chmod(0o644)
    with running(engine, made.location, volumes=mounts) as (container, url):
        bearers = [{"Authorization": f"Bearer {key}"} for key in (*KEYS, "another-key-of-nothing")]

        def statuses() -> list[int]:
            return [requests.post(f"{url}/score", "1", headers=one, timeout=5).status_code for one in bearers]

        def up() -> bool:
            try:
                return requests.get(f"{url}/-/ready", timeout=5).status_code == 200
            except requests.ConnectionError:
                return False

        until(up, 30)
        assert statuses() == [200, 200, 401]
        assert not [key for key in KEYS if key in container.logs().decode()]
