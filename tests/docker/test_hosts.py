"""By which names containers are known: packages by any, services that are published on loopback only by their own."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any

import docker
import pytest
import requests

from jupyter_deploy.workspace import Workspace
from tests.e2e.conftest import until

ECHO = "def run(raw_data):\n    return raw_data\n"
ASK = """
import sys, urllib.error, urllib.request
try:
    print(urllib.request.urlopen(sys.argv[1] + "/score", b"1", timeout=5).status)
except urllib.error.HTTPError as error:
    print(error.code, error.read().decode())
"""


@pytest.fixture
def network(engine: docker.DockerClient) -> Iterator[Any]:
    """A network in which containers find each other by name."""
    made = engine.networks.create(f"jupyter-deploy-test-{secrets.token_hex(4)}")
    yield made
    made.reload()
    for container in made.containers:
        made.disconnect(container, force=True)
    made.remove()


def asked(container: Any, base: str) -> str:
    found: bytes = container.exec_run(["python3", "-c", ASK, base]).output
    return found.decode().strip()


def test_a_package_is_known_by_any_name(workspace: Workspace, engine: docker.DockerClient, network: Any) -> None:
    workspace.score_script("echo", ECHO)
    image = workspace.package("echo", image="jupyter-deploy-test-hosts:1").location
    name = f"echo_{secrets.token_hex(4)}"
    container = engine.containers.run(image, detach=True, name=name, network=network.name)
    try:
        assert until(lambda: asked(container, f"http://{name}:5001") == "200", 30)
        assert asked(container, f"http://{container.id[:12]}:5001") == "200"
    finally:
        container.remove(force=True)
        engine.images.remove(image, force=True)


def test_a_service_is_known_as_localhost_by_addresses_and_by_what_allowed_hosts_lists(
    workspace: Workspace, engine: docker.DockerClient, network: Any
) -> None:
    workspace.score_script("echo", ECHO)
    service = workspace.deploy("echo", target="docker", settings={"allowed_hosts": "known.test"})
    container = engine.containers.list(filters={"label": "jupyter-deploy.service=echo", "status": "running"})[0]
    network.connect(container, aliases=["known.test", "unknown.test"])
    container.reload()
    address = container.attrs["NetworkSettings"]["Networks"][network.name]["IPAddress"]
    for host in ("127.0.0.1", "localhost", address, "known.test"):
        assert asked(container, f"http://{host}:5001") == "200"
    refused = asked(container, "http://unknown.test:5001")
    assert refused.startswith("421 ")
    assert "--set allowed_hosts=unknown.test" in refused
    uri = service.scoring_uri
    assert requests.post(uri, data="1", headers={"Host": "evil.test"}, timeout=10).status_code == 421
    assert requests.post(uri, data="1", timeout=10).status_code == 200
