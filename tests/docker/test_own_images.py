"""Images of the user's own, with their own port and routes, as services."""

from __future__ import annotations

import json
from collections.abc import Iterator

import docker
import pytest
import requests

from jupyter_deploy.environments import Environment
from jupyter_deploy.errors import EnvironmentProblem, StartFailed
from jupyter_deploy.sdk.v2 import Environment as EnvironmentOfSdk
from jupyter_deploy.sdk.v2 import ManagedOnlineDeployment, ManagedOnlineEndpoint, MLClient
from jupyter_deploy.services import OwnImage
from jupyter_deploy.targets.docker import images
from jupyter_deploy.targets.docker.daemon import engine as connected
from jupyter_deploy.workspace import Workspace
from tests.e2e.conftest import until

from ..servers import container_of

NAME = "jupyter-deploy-test-seed:1"
APP = """import json

ready = {"/health": b"ok", "/ready": b"ok"}

async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    body = (await receive()).get("body", b"")
    out = ready.get(scope["path"])
    if scope["path"] == "/predict":
        out = json.dumps({"echo": json.loads(body)}).encode()
        print("predicted", body.decode(), flush=True)
    await send({"type": "http.response.start", "status": 200 if out else 404, "headers": []})
    await send({"type": "http.response.body", "body": out or b"no"})
"""
DOCKERFILE = """FROM {base}
COPY app.py /app/app.py
WORKDIR /app
ENTRYPOINT ["python3", "-m", "uvicorn"]
CMD ["app:app", "--host", "0.0.0.0", "--port", "80"]
"""
SEED = OwnImage(NAME, port=80, scoring="/predict", liveness="/health", readiness="/ready")


@pytest.fixture(scope="module", autouse=True)
def seed(tmp_path_factory: pytest.TempPathFactory, engine: docker.DockerClient) -> Iterator[None]:
    """The seeds' example: uvicorn on port 80."""
    workspace = Workspace(tmp_path_factory.mktemp("seed") / "home")
    with connected() as client:
        base = images.ensure(client, workspace.home, Environment("seed"), "seed", lambda _: None)
        images.build(client, DOCKERFILE.format(base=base), {"app.py": APP.encode()}, NAME, {})
    yield
    engine.images.remove(NAME, force=True)


def test_its_port_and_routes_are_the_services(workspace: Workspace) -> None:
    service = workspace.deploy("seed", image=SEED)
    assert service.scoring_uri.endswith("/predict")
    assert (service.state, service.record.spec.target) == ("Healthy", "docker")
    assert service.invoke({"a": 1}) == {"echo": {"a": 1}}
    container = container_of(service).container
    assert workspace.deploy("seed").change.action == "unchanged"  # type: ignore[union-attr]
    assert container_of(service).container == container
    assert 0 < service.stats().memory < service.stats().memory_limit
    address = service.scoring_uri
    assert service.reload().action == "replaced"
    assert service.invoke([2]) == {"echo": [2]}
    assert (service.scoring_uri, container_of(service).container != container) == (address, True)


def test_its_output_outlives_its_containers_without_a_line_twice(
    workspace: Workspace, engine: docker.DockerClient
) -> None:
    service = workspace.deploy("seed", image=SEED)
    for number in range(3):
        service.invoke([number])
    engine.containers.get(container_of(service).container).restart(timeout=5)
    until(lambda: service.state == "Healthy", 20)
    service.invoke([3])
    service.stop()
    workspace.deploy("seed")
    service.invoke([4])
    said = [line for line in service.logs(1000).splitlines() if line.startswith("predicted")]
    assert said == [f"predicted [{number}]" for number in range(5)]
    assert service.get_logs(num_lines=2).count("\n") == 2


def test_a_route_that_is_not_there_is_told(workspace: Workspace) -> None:
    wrong = OwnImage(NAME, port=80, readiness="/nowhere")
    service = workspace.deploy("seed", image=wrong, wait=False)
    health = until(lambda: (found := service.health).reason and found)
    assert health.state in {"Transitioning", "Unhealthy"}


def test_an_image_that_is_nowhere(workspace: Workspace) -> None:
    with pytest.raises(EnvironmentProblem, match="is not on this machine"):
        workspace.deploy("seed", image="jupyter-deploy-test-nowhere:1")
    assert "seed" not in workspace.services


def test_an_image_that_never_serves_leaves_its_reason_and_no_container(
    workspace: Workspace, engine: docker.DockerClient
) -> None:
    broken = "jupyter-deploy-test-broken:1"
    with connected() as client:
        images.build(client, f"FROM {NAME}\nENTRYPOINT []\nCMD python3 -c 'raise SystemExit(7)'\n", {}, broken, {})
    try:
        with pytest.raises(StartFailed, match="ended with code 7"):
            workspace.deploy("seed", image=OwnImage(broken, port=80))
        assert "seed" not in workspace.services
        assert not engine.containers.list(all=True, filters={"label": "jupyter-deploy.service=seed"})
        assert workspace.deploy("seed", image=SEED).invoke([1]) == {"echo": [1]}
    finally:
        engine.images.remove(broken, force=True)


def test_row_3_23_and_3_22_and_3_24_and_3_28_it_serves_behind_an_endpoint(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTER_DEPLOY_TARGET", "docker")
    client = MLClient(None, "sub", "group", "ws")
    ports = {"port": 80}
    routes = {
        "liveness_route": {**ports, "path": "/health"},
        "readiness_route": {**ports, "path": "/ready"},
        "scoring_route": {**ports, "path": "/predict"},
    }
    environment = EnvironmentOfSdk(name="own", image=NAME, inference_config=routes)
    try:
        endpoint = client.begin_create_or_update(ManagedOnlineEndpoint(name="own-image")).result()
        deployment = ManagedOnlineDeployment(name="blue", endpoint_name="own-image", environment=environment)
        made = client.begin_create_or_update(deployment).result()
        assert made.provisioning_state == "Succeeded"
        endpoint.traffic = {"blue": 100}
        client.begin_create_or_update(endpoint).result()
        assert json.loads(client.online_endpoints.invoke("own-image", input_data={"a": 1})) == {"echo": {"a": 1}}
        key = client.online_endpoints.get_keys("own-image").primary_key  # type: ignore[union-attr]
        url = str(endpoint.scoring_uri)
        answers = [
            requests.post(url, json=[2], headers={"Authorization": f"Bearer {one}"}, timeout=30) for one in (key, "no")
        ]
        assert [answer.status_code for answer in answers] == [200, 401]
        assert "predicted" in client.online_deployments.get_logs("blue", "own-image")
    finally:
        client.online_endpoints.begin_delete("own-image").result()
