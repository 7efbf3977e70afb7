"""Deployments in containers behind the router of an endpoint, beside plain processes."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from jupyter_deploy.workspace import Endpoint, Workspace
from tests.e2e.conftest import until
from tests.e2e.test_endpoints import Load, post

from ..servers import container_of

SCRIPT = "import os\n\ndef run(data):\n    return os.environ.get('COLOUR', 'NAME')\n"


@pytest.fixture
def endpoint(workspace: Workspace, tmp_path: Path) -> Iterator[Endpoint]:
    (tmp_path / "blue.py").write_text(SCRIPT.replace("NAME", "blue"))
    (tmp_path / "green.py").write_text(SCRIPT.replace("NAME", "green"))
    made = workspace.endpoints.create("shop")
    try:
        made.deploy("blue", script=tmp_path / "blue.py", target="process")
        made.deploy("green", script=tmp_path / "green.py", target="docker", max_instances=2, min_instances=0)
        yield made
    finally:
        made.delete()


def test_a_container_beside_a_process(endpoint: Endpoint, engine: docker.DockerClient) -> None:
    green, networks = endpoint.deployments["green"], {one.id for one in engine.networks.list()}
    before = container_of(green.instances[0]).container
    endpoint.route("blue=50 green=50")
    with Load(endpoint, 4) as load:
        until(lambda: load.failed or min(load.answers["blue"], load.answers["green"]) >= 50)
        assert endpoint.deploy("green", variables={"COLOUR": "teal"}).change.action == "replaced"  # type: ignore[union-attr]
        until(lambda: load.failed or load.answers["teal"] >= 50)
        # It sleeps and wakes as a process does.
        endpoint.changes.resizing.resize("shop", "green", 0, 30.0)
        asleep = load.answers["teal"]
        until(lambda: load.failed or load.answers["teal"] >= asleep + 50)
    assert load.failed == []
    assert load.answers["green"] >= 50
    assert container_of(green.instances[0]).container != before
    # Only the router gets past the door of an instance.
    assert post(endpoint, **{"azureml-model-deployment": "green"}).json() == "teal"
    name = container_of(green.instances[0]).container
    published = engine.containers.get(name).attrs["NetworkSettings"]["Ports"]
    assert {one["HostIp"] for ports in published.values() for one in ports or ()} == {"127.0.0.1"}
    endpoint.route("blue=100")
    green.delete()
    with pytest.raises(docker.errors.NotFound):
        engine.containers.get(name)
    assert {one.id for one in engine.networks.list()} <= networks


@pytest.fixture
def contained(workspace: Workspace, tmp_path: Path) -> Iterator[Endpoint]:
    """An endpoint whose first deployment is in a container, with clients from the start."""
    (tmp_path / "green.py").write_text(SCRIPT.replace("NAME", "green"))
    (tmp_path / "blue.py").write_text(SCRIPT.replace("NAME", "blue"))
    made = workspace.endpoints.create("shop")
    try:
        port = made.record.router.port  # type: ignore[union-attr]
        with Load(made, 2) as load:
            made.deploy("green", script=tmp_path / "green.py", target="docker", max_instances=2, min_instances=0)
        # No deployment had traffic: each client got an answer that says so, and none was refused a connection.
        assert {one[:3] for one in load.failed} == {"404"}
        assert made.record.router.port == port  # type: ignore[union-attr]
        yield made
    finally:
        made.delete()


def router_of(engine: docker.DockerClient) -> docker.models.containers.Container:
    (found,) = engine.containers.list(filters={"label": "jupyter-deploy.role=router"})
    return found


def test_the_router_of_containers_is_one(
    contained: Endpoint, workspace: Workspace, tmp_path: Path, engine: docker.DockerClient
) -> None:
    router = router_of(engine)
    assert router.labels["jupyter-deploy.endpoint"] == "shop"
    assert router.attrs["HostConfig"]["ReadonlyRootfs"]
    key = contained.get_keys().primary
    assert key not in str(router.attrs)
    contained.route("green=100")
    with Load(contained, 4) as load:
        until(lambda: load.answers["green"] >= 50)
        assert load.failed == []
        died = router.attrs["State"]["Pid"]
        os.kill(died, signal.SIGKILL)
        until(lambda: not Path(f"/proc/{died}").exists())
        ended, before = time.monotonic(), load.answers["green"]
        until(lambda: load.answers["green"] >= before + 8)
        assert time.monotonic() - ended < 2
    # What it had in hand: one request of each client, and one that the system had queued for it while it died.
    assert len(load.failed) <= 8
    assert not any(one[:1].isdigit() for one in load.failed)
    # A plain process beside it is reached by the same router.
    contained.deploy("blue", script=tmp_path / "blue.py", target="process")
    assert router_of(engine).id == router.id
    contained.route("blue=50 green=50")
    with Load(contained, 4) as load:
        until(lambda: load.failed or min(load.answers["green"], load.answers["blue"]) >= 50)
        contained.changes.resizing.resize("shop", "green", 0, 30.0)
        asleep = load.answers["green"]
        until(lambda: load.failed or load.answers["green"] >= asleep + 50)
    assert load.failed == []


def test_what_finds_a_routers_container_again_and_when_it_goes(
    contained: Endpoint, workspace: Workspace, engine: docker.DockerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Another process of the same workspace, as after the kernel's end.
    again = Workspace(workspace.home.root).endpoints["shop"]
    assert again.state == "Healthy"
    router = router_of(engine)
    monkeypatch.setattr("jupyter_deploy.targets.docker.leftovers._YOUNG_SECONDS", -60.0)
    assert not [one for one in workspace.housekeeping.leftovers() if one.kind == "container"]
    again.route("green=100")
    assert post(again).json() == "green"
    # It may be created again with another port and stays a container.
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    again = workspace.endpoints.create("shop", port=port)
    assert post(again).json() == "green"
    assert router_of(engine).id != router.id
    contained.delete()
    assert engine.containers.list(all=True, filters={"label": "jupyter-deploy.role=router"}) == []
    socket.create_server(("127.0.0.1", port)).close()
    workspace.endpoints.create("shop")


def test_where_no_container_can_route_the_process_goes_on(
    workspace: Workspace, tmp_path: Path, engine: docker.DockerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "green.py").write_text(SCRIPT.replace("NAME", "green"))
    made, said = workspace.endpoints.create("shop"), list[str]()
    # A program that is no router: the image is built, and the container ends at once.
    (program := tmp_path / "envoy").write_text("#!/bin/sh\nexit 0\n")
    program.chmod(0o755)
    monkeypatch.setenv("JUPYTER_DEPLOY_ENVOY", str(program))
    try:
        monkeypatch.setattr("jupyter_deploy.routing.contained._FIRST_SECONDS", 3.0)
        made.deploy("green", script=tmp_path / "green.py", target="docker", progress=lambda one: said.append(str(one)))
        assert any("stays a process" in one for one in said)
        made.route("green=100")
        assert post(made).json() == "green"
        assert engine.containers.list(all=True, filters={"label": "jupyter-deploy.role=router"}) == []
    finally:
        made.delete()
