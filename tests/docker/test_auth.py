"""Keys, tokens and HTTPS of services in containers: what a running container is told, and what its restart knows."""

from __future__ import annotations

from pathlib import Path

import docker
import pytest
import requests

from jupyter_deploy.workspace import Service, Workspace
from tests.e2e.conftest import until

from ..servers import container_of


def status(service: Service, bearer: str = "") -> int:
    headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
    verify = service.certificate or True
    return requests.post(service.scoring_uri, data="1", headers=headers, verify=verify, timeout=20).status_code


@pytest.fixture
def service(workspace: Workspace, tmp_path: Path) -> Service:
    (tmp_path / "score.py").write_text("def run(data):\n    return data\n")
    return workspace.deploy("echo", script=tmp_path / "score.py", target="docker", auth="key", tls="self-signed")


def test_keys_and_https_in_a_container(service: Service, workspace: Workspace, engine: docker.DockerClient) -> None:
    before, secondary = service.get_keys()
    assert service.invoke("x") == "x"
    assert [status(service, key) for key in ("", before, secondary)] == [401, 200, 200]
    service.regenerate_key("primary")
    new = service.get_keys().primary
    assert [status(service, key) for key in (before, new, secondary)] == [401, 200, 200]
    container = engine.containers.get(container_of(service).container)
    # Whoever may ask the engine sees none of them.
    assert not [key for key in (before, new, secondary) if key in str(container.attrs)]
    container.restart(timeout=10)
    until(lambda: service.state == "Healthy")
    assert [status(service, key) for key in (before, new)] == [401, 200]
    assert requests.post(service.scoring_uri.replace("https", "http"), data="1", timeout=20).status_code == 400
    workspace.deploy("echo", auth="none")
    assert status(service) == 200
    assert container.id == container_of(service).container
