"""How a service is, and what becomes of it, when its container gets into trouble."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

import docker
import pytest

from jupyter_deploy.errors import InvokeProblem, PortBusy, StartFailed, Unschedulable
from jupyter_deploy.serving.front import listen
from jupyter_deploy.workspace import Service, Workspace
from tests.e2e.conftest import until

from ..servers import container_of

ECHO = """import json

VERSION = 1

def run(data):
    value = json.loads(data)
    if value == "eat":
        eaten = []
        while True:
            eaten.append(bytearray(10 << 20))
    return [VERSION, value]
"""
EATER = """eaten = []

def init():
    while True:
        eaten.append(bytearray(10 << 20))

def run(data):
    return 1
"""
BROKEN = """import os

def init():
    open(os.environ["AZUREML_MODEL_DIR"] + "/x.bin")

def run(data):
    return 1
"""


@pytest.fixture
def echo(workspace: Workspace) -> Service:
    """A service in a container."""
    workspace.score_script("echo", ECHO)
    return workspace.deploy("echo", target="docker", memory="256m")


@pytest.fixture
def container(engine: docker.DockerClient, echo: Service) -> Callable[[], Any]:
    """Its container, as the engine knows it now."""
    return lambda: engine.containers.get(container_of(echo).container)


def healthy(service: Service) -> None:
    """Wait until it is."""
    until(lambda: service.state == "Healthy", 20)


def test_out_of_memory_while_it_runs(echo: Service) -> None:
    with pytest.raises(InvokeProblem, match="OOMKilled"):
        echo.invoke('"eat"')
    healthy(echo)
    health = echo.health
    assert health.restarts == 1
    assert "OOMKilled: it needed more memory than the limit of 256 MB" in health.reason
    assert echo.invoke(1) == [1, 1]


def test_out_of_memory_while_it_starts(workspace: Workspace, engine: docker.DockerClient) -> None:
    workspace.score_script("eater", EATER)
    with pytest.raises(StartFailed, match="OOMKilled") as caught:
        workspace.deploy("eater", target="docker", memory="200m")
    assert "--memory 2g" in caught.value.hint
    assert "eater" not in workspace.services
    assert not running(engine, "eater")


def running(engine: docker.DockerClient, service: str) -> list[Any]:
    """All containers of a service, whatever their state."""
    found: list[Any] = engine.containers.list(all=True, filters={"label": f"jupyter-deploy.service={service}"})
    return found


def test_an_init_that_raises_leaves_only_its_reason(workspace: Workspace, engine: docker.DockerClient) -> None:
    cell = (
        "import os\n\ndef init():\n    open(os.environ['AZUREML_MODEL_DIR'] + '/x.bin')\n\ndef run(d):\n    return 1\n"
    )
    workspace.score_script("broken", cell)
    with pytest.raises(StartFailed, match="FileNotFoundError") as caught:
        workspace.deploy("broken", target="docker")
    assert "%%score_script broken, line 5, in init" in caught.value.details
    assert "broken" not in workspace.services
    assert "FileNotFoundError" in workspace.services.log_of("broken")
    assert not running(engine, "broken")
    workspace.score_script("broken", BROKEN.replace("open(", "print("))
    assert workspace.deploy("broken", target="docker").invoke("") == 1


def test_a_failed_start_that_nobody_waited_for_leaves_nothing_either(
    workspace: Workspace, engine: docker.DockerClient
) -> None:
    workspace.score_script("broken", BROKEN)
    service = workspace.deploy("broken", target="docker", wait=False)
    until(lambda: service.state == "Failed", 20)
    assert not running(engine, "broken")
    assert "FileNotFoundError" in service.health.reason


def test_a_slow_init(workspace: Workspace) -> None:
    workspace.score_script("slow", "import time\n\ndef init():\n    time.sleep(1)\n\ndef run(d):\n    return 1\n")
    service = workspace.deploy("slow", target="docker", wait=False)
    assert service.state == "Transitioning"
    healthy(service)
    assert service.invoke("") == 1


def test_docker_kill(echo: Service, container: Callable[[], Any]) -> None:
    address = echo.scoring_uri
    container().kill()
    assert "was killed (code 137)" in echo.health.reason
    healthy(echo)
    assert (echo.invoke(1), echo.scoring_uri) == ([1, 1], address)


def test_its_first_process_is_killed(echo: Service, container: Callable[[], Any]) -> None:
    before = container().attrs["State"]["Pid"]
    os.kill(before, signal.SIGKILL)
    until(lambda: container().attrs["State"]["Pid"] not in {0, before}, 20)
    healthy(echo)
    assert echo.invoke(1) == [1, 1]


def test_docker_stop_is_respected_and_told(workspace: Workspace, echo: Service, container: Callable[[], Any]) -> None:
    container().stop(timeout=10)
    assert echo.health.state == "Failed"
    assert "stopped by hand" in echo.health.reason
    address = echo.scoring_uri
    assert workspace.deploy("echo").change.action == "repaired"  # type: ignore[union-attr]
    assert (echo.invoke(1), echo.scoring_uri) == ([1, 1], address)


def test_pause(echo: Service, container: Callable[[], Any]) -> None:
    container().pause()
    health = echo.health
    assert (health.state, "docker unpause" in health.reason) == ("Unhealthy", True)
    container().unpause()
    assert echo.invoke(1) == [1, 1]


def test_removed_by_hand(workspace: Workspace, echo: Service, container: Callable[[], Any]) -> None:
    address = echo.scoring_uri
    container().remove(force=True)
    assert echo.health.state == "Failed"
    assert "was removed" in echo.health.reason
    workspace.deploy("echo")
    assert (echo.invoke(1), echo.scoring_uri) == ([1, 1], address)


def test_docker_restart_keeps_address_code_and_log(
    workspace: Workspace, echo: Service, container: Callable[[], Any]
) -> None:
    address = echo.scoring_uri
    workspace.score_script("echo", ECHO.replace("VERSION = 1", "VERSION = 2\nprint('second')"))
    container().restart(timeout=10)
    healthy(echo)
    assert (echo.invoke(1), echo.scoring_uri) == ([2, 1], address)
    said = [line.rpartition("- ")[2].split(",")[0] for line in echo.logs().splitlines() if "serves" in line]
    assert said == ["generation 1 serves", "generation 2 serves", "generation 1 serves"]
    assert b"generation 2 serves" in container().logs()


def test_limits_change_while_it_runs(workspace: Workspace, echo: Service, container: Callable[[], Any]) -> None:
    before = container().id
    change = workspace.deploy("echo", memory="512m", cpus=0.5).change
    assert change is not None
    assert (change.action, change.what) == ("resized", ("memory", "cpus"))
    assert (container().id, container().attrs["HostConfig"]["Memory"]) == (before, 512 << 20)
    assert echo.stats().memory_limit == 512 << 20
    assert echo.invoke(1) == [1, 1]


def test_a_port_that_is_taken(workspace: Workspace, echo: Service) -> None:
    taken = echo.record.port
    with listen("127.0.0.1", 0) as held:
        foreign = held.getsockname()[1]
        for port, owner in ((taken, "service echo"), (foreign, rf".*\(pid {os.getpid()}\)")):
            with pytest.raises(PortBusy, match=f"Port {port} is in use by {owner}"):
                workspace.deploy("other", script="echo", target="docker", port=port)
            assert "other" not in workspace.services
            with pytest.raises(PortBusy):
                workspace.deploy("echo", port=foreign)
            assert echo.invoke(1) == [1, 1]


@pytest.mark.parametrize(
    ("asked", "what"), [({"memory": "1000g"}, "GB of memory"), ({"cpus": 4096}, "4096 processors")]
)
def test_more_than_the_machine_has(workspace: Workspace, echo: Service, asked: dict[str, Any], what: str) -> None:
    with pytest.raises(Unschedulable, match=what):
        workspace.deploy("other", script="echo", target="docker", **asked)
    assert "other" not in workspace.services
    with pytest.raises(Unschedulable, match=what):
        workspace.deploy("echo", **asked)
    assert echo.invoke(1) == [1, 1]
    assert echo.record.spec.memory == 256 << 20


def test_a_server_that_cannot_start_at_all(workspace: Workspace, engine: docker.DockerClient, echo: Service) -> None:
    with pytest.raises(StartFailed):
        workspace.deploy("other", script="echo", target="docker", variables={"PYTHONHOME": "/nowhere"})
    assert "other" not in workspace.services
    assert not running(engine, "other")
