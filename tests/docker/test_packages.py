"""Packages serve on their own: as images, and as folders that plain docker build takes."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import docker
import pytest
import requests

from jupyter_deploy.environments import Environment
from jupyter_deploy.errors import UsageProblem
from jupyter_deploy.workspace import Workspace
from tests.e2e.conftest import until

SUM = """import json, os

def run(data):
    return [sum(json.loads(data)), sorted(os.listdir(os.environ["AZUREML_MODEL_DIR"]))]
"""
TAG = "jupyter-deploy-test-package"


@contextmanager
def running(engine: docker.DockerClient, image: str, **options: Any) -> Iterator[tuple[Any, str]]:
    """A container of an image as its user would run it; its address up to the port."""
    container = engine.containers.run(image, detach=True, ports={"5001/tcp": ("127.0.0.1", None)}, **options)
    try:
        container.reload()
        yield container, f"http://127.0.0.1:{container.ports['5001/tcp'][0]['HostPort']}"
    finally:
        container.remove(force=True)


def answer(url: str, data: str) -> Any:
    """The answer, once the server is up."""

    def ask() -> Any:
        try:
            response = requests.post(f"{url}/score", data=data, timeout=5)
        except requests.ConnectionError:
            return None
        return response if response.status_code == 200 else None

    return until(ask, 30).json()


@pytest.fixture
def packed(workspace: Workspace, tmp_path: Path) -> Workspace:
    """A workspace with a script and a model, and nothing that runs."""
    (tmp_path / "weights.txt").write_text("3")
    workspace.register("sum", tmp_path / "weights.txt")
    workspace.score_script("sum", SUM)
    return workspace


@pytest.fixture
def images(engine: docker.DockerClient) -> Iterator[list[str]]:
    """Names of images to remove at the end."""
    names: list[str] = []
    yield names
    for name in names:
        engine.images.remove(name, force=True)


def test_an_image_serves_alone_and_stops_when_asked(
    packed: Workspace, engine: docker.DockerClient, images: list[str]
) -> None:
    package = packed.package("sum", image=f"{TAG}:1")
    images.append(package.location)
    assert (package.location, package.is_image, package.models) == (f"{TAG}:1", True, ("sum:1",))
    assert package.how == f"docker run -p 6789:5001 {TAG}:1"
    assert not packed.services
    with running(engine, f"{TAG}:1", read_only=True, cap_drop=["ALL"], tmpfs={"/tmp": ""}) as (container, url):
        assert answer(url, "[1, 2]") == [3, ["weights.txt"]]
        assert container.exec_run(["id", "-u"]).output.strip() == b"10001"
        assert requests.get(f"{url}/-/state", timeout=5).status_code == 401
        container.stop(timeout=10)
        state = engine.api.inspect_container(container.id)["State"]
        assert state["ExitCode"] == 0
        assert b"SIGTERM: no new requests" in container.logs()


def test_it_needs_no_network(packed: Workspace, engine: docker.DockerClient, images: list[str]) -> None:
    images.append(packed.package("sum", image=f"{TAG}:2").location)
    container = engine.containers.run(f"{TAG}:2", detach=True, network_mode="none")
    ask = "from urllib.request import urlopen as u; print(u('http://127.0.0.1:5001/score', b'[4, 5]').read().decode())"
    try:
        ran = until(lambda: (found := container.exec_run(["python3", "-c", ask])).exit_code == 0 and found, 30)
        assert json.loads(ran.output) == [9, ["weights.txt"]]
    finally:
        container.remove(force=True)


def test_its_health_check_and_labels(packed: Workspace, engine: docker.DockerClient, images: list[str]) -> None:
    images.append(packed.package("sum", image=f"{TAG}:3").location)
    config = engine.images.get(f"{TAG}:3").attrs["Config"]
    labels = config["Labels"]
    assert labels["org.opencontainers.image.title"] == "sum"
    assert labels["org.opencontainers.image.description"] == "Serves sum: sum:1 on port 5001"
    assert {"org.opencontainers.image.created", "org.opencontainers.image.version"} <= set(labels)
    assert (config["User"], config["StopSignal"], list(config["ExposedPorts"])) == (
        "10001:10001",
        "SIGTERM",
        ["5001/tcp"],
    )
    check = {"test": config["Healthcheck"]["Test"], "interval": 200_000_000}
    with running(engine, f"{TAG}:3", healthcheck=check) as (container, _):

        def health() -> str:
            found: str = engine.api.inspect_container(container.id)["State"]["Health"]["Status"]
            return found

        until(lambda: health() == "healthy", 30)


def test_a_folder_is_the_same_bytes_again_and_builds(
    packed: Workspace, tmp_path: Path, engine: docker.DockerClient, images: list[str]
) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    package = packed.package("sum", folder=one)
    packed.package("sum", folder=two)
    assert not package.is_image
    assert package.how == f"docker build -t sum {one}"
    assert same(one, two)
    stamps = [{path.relative_to(root): path.lstat().st_mtime for path in root.rglob("*")} for root in (one, two)]
    assert stamps[0] == stamps[1]
    subprocess.run(["docker", "build", "-q", "-t", f"{TAG}:4", str(one)], check=True, capture_output=True)
    images.append(f"{TAG}:4")
    with running(engine, f"{TAG}:4") as (_, url):
        assert answer(url, "[7]") == [7, ["weights.txt"]]
    packed.score_script("sum", SUM.replace("sum(", "max("))
    packed.package("sum", folder=one)
    assert not same(one, two)


def same(one: Path, two: Path) -> bool:
    """Whether two folders hold the same bytes, links and names."""

    def listed(root: Path) -> list[tuple[str, str]]:
        return sorted(
            (path.relative_to(root).as_posix(), str(path.readlink()) if path.is_symlink() else "")
            for path in root.rglob("*")
        )

    files = [name for name, link in listed(one) if (one / name).is_file() and not link]
    return listed(one) == listed(two) and all((one / name).read_bytes() == (two / name).read_bytes() for name in files)


def test_nothing_secret_and_no_path_of_this_machine_is_in_it(packed: Workspace, tmp_path: Path) -> None:
    script = tmp_path / "own.py"
    script.write_text(SUM)
    environment = Environment(
        "own",
        options=("--extra-index-url https://me:geheim-1@index.invalid/simple",),
        variables={"PASSWORD": "geheim-2"},
    )
    package = packed.package("sum", script=script, environment=environment, folder=tmp_path / "out")
    text = b"".join(path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file())
    for secret in ("geheim", str(tmp_path), str(Path.home())):
        assert secret.encode() not in text
    assert any("PASSWORD" in notice for notice in package.notices)
    assert any("credentials" in notice for notice in package.notices)


def test_what_cannot_be_packaged_is_said(packed: Workspace, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.tex").write_text("x")
    with pytest.raises(UsageProblem, match="something else than a package"):
        packed.package("sum", folder=tmp_path / "full")
    assert (tmp_path / "full" / "thesis.tex").read_text() == "x"
    with pytest.raises(UsageProblem, match="cannot be an image's name"):
        packed.package("sum", image="Not A Name")
