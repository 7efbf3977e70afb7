"""Deployments in containers behind the router of an endpoint, beside plain processes."""

from __future__ import annotations

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
