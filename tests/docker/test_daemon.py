"""The engine itself in trouble: killed, started again, its disk full; a second daemon, so that ours is left alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from jupyter_deploy.environments import INFERRED, Environment
from jupyter_deploy.targets.docker import images
from jupyter_deploy.targets.docker.daemon import engine as connected
from jupyter_deploy.workspace import Workspace
from tests.docker.engine import SecondDaemon
from tests.e2e.conftest import until

DEPLOY = """
import json
from jupyter_deploy.errors import DeployError
from jupyter_deploy.workspace import Workspace

workspace = Workspace()
workspace.score_script("echo", "import json\\n\\ndef run(data):\\n    return json.loads(data)\\n")
try:
    service = workspace.deploy("echo", target="docker")
    print(json.dumps({"answer": service.invoke("[1]"), "address": service.scoring_uri}))
except DeployError as error:
    told = {"error": error.message, "kind": error.title, "hint": error.hint, "rows": list(workspace.services)}
    print(json.dumps(told))
"""
LOOK = """
import json
from jupyter_deploy.errors import DeployError
from jupyter_deploy.workspace import Workspace

service = Workspace().services["echo"]
health = service.health
try:
    answer = service.invoke("[2]")
except DeployError as error:
    answer = error.message
print(json.dumps({"state": health.state, "reason": health.reason, "answer": answer, "address": service.scoring_uri}))
"""
DELETE = "from jupyter_deploy.workspace import Workspace; Workspace().services['echo'].delete()"


def told(daemon: SecondDaemon, code: str) -> dict[str, Any]:
    """What code prints that runs where the daemon's ports are."""
    ran = daemon.run_python(code)
    assert ran.returncode == 0, ran.stderr
    found: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return found


def test_a_killed_engine_comes_back_with_the_service(home: Path) -> None:
    with connected() as client:
        # Made on the machine's engine: the second one has no network.
        image = images.ensure(client, Workspace().home, Environment(INFERRED), "tests", lambda _: None)
    with SecondDaemon() as daemon:
        daemon.load(image)
        deployed = told(daemon, DEPLOY)
        assert deployed["answer"] == [1]
        daemon.kill()
        down = told(daemon, LOOK)
        assert down["state"] in {"Unhealthy", "Healthy"}
        if down["state"] == "Unhealthy":
            assert "Docker does not answer" in down["reason"]
        daemon.start()
        back = until(lambda: (found := told(daemon, LOOK))["answer"] == [2] and found, 60)
        assert back["address"] == deployed["address"]
        daemon.restart()
        until(lambda: told(daemon, LOOK)["answer"] == [2], 60)
        daemon.run_python(DELETE)
        with daemon.client() as client:
            assert client.containers.list(all=True) == []


def test_a_full_disk_while_an_environment_is_made(home: Path) -> None:
    with SecondDaemon(tmpfs_mb=450) as daemon:
        base = daemon.load()
        with daemon.client() as client:
            filler = client.containers.create(base, ["sh", "-c", "cat /dev/zero > /filler"])
            filler.start()
            filler.wait()
        found = told(daemon, DEPLOY)
        assert found["kind"] == "TargetProblem", found
        assert found["error"] == "The disk of the Docker engine is full."
        assert "prune" in found["hint"]
        assert found["rows"] == []
        with daemon.client() as client:
            assert [one.id for one in client.containers.list(all=True)] == [filler.id]


@pytest.mark.parametrize("host", ["unix:///nowhere.sock", "tcp://127.0.0.1:1"])
def test_no_engine_at_all(workspace: Workspace, monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    from jupyter_deploy.errors import TargetProblem
    from jupyter_deploy.targets import choose

    monkeypatch.setenv("DOCKER_HOST", host)
    workspace.score_script("echo", "def run(data):\n    return data\n")
    with pytest.raises(TargetProblem, match="Docker does not answer"):
        workspace.deploy("echo", target="docker")
    assert "echo" not in workspace.services
    said: list[str] = []
    assert choose("auto", said.append, {"DOCKER_HOST": host}) == "process"
    assert said[0].startswith("target process, because Docker does not answer")


def test_an_engine_that_answers_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    from jupyter_deploy.targets import choose

    said: list[str] = []
    assert choose("auto", said.append, {}) == "docker"
    assert said == ["target docker, because its daemon answers"]
    assert choose("auto", said.append, {"JUPYTER_DEPLOY_TARGET": "process"}) == "process"
    assert said[1] == "target process, because JUPYTER_DEPLOY_TARGET says so"
