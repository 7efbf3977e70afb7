"""What remains when whoever deploys is cut off, and what an engine remembers wrongly."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

import docker
import pytest

from jupyter_deploy.environments import Environment
from jupyter_deploy.errors import InvokeProblem, PortBusy, ServiceDown
from jupyter_deploy.targets.docker.images import environment_tag
from jupyter_deploy.workspace import Workspace
from tests.docker.engine import base_image
from tests.docker.probing import docker_says, identity, inside, its_containers, probing
from tests.e2e.conftest import until

from ..servers import container_of

# The process dies as by kill -9, right before or after what the engine is asked for: the SDK's method is wrapped.
DIES = """
import os, signal, docker
from jupyter_deploy.workspace import Workspace

plain = docker.APIClient.{method}

def dies(self, *words, **options):
    if {before}:
        os.kill(os.getpid(), signal.SIGKILL)
    plain(self, *words, **options)
    os.kill(os.getpid(), signal.SIGKILL)

docker.APIClient.{method} = dies
Workspace().deploy("cut", target="docker")
"""
INSTALLS = """
from jupyter_deploy.environments.environment import Environment
from jupyter_deploy.workspace import Workspace

workspace = Workspace()
workspace.score_script("cut", "def run(data):\\n    return data\\n")
environment = Environment("interrupted", requirements=("colorama==0.4.6", "tomli==2.0.1"))
workspace.deploy("cut", target="docker", environment=environment, progress=lambda text: print(text, flush=True))
"""


@pytest.mark.parametrize(
    ("method", "before"),
    [("create_container", False), ("start", True), ("start", False)],
    ids=["before it is written down", "before its start", "after its start"],
)
def test_a_deployment_killed_at_any_point_is_repaired(
    workspace: Workspace, engine: docker.DockerClient, method: str, before: bool
) -> None:
    probing(workspace, "cut").delete()  # makes the image, so that the service's container is the first that is created
    ran = subprocess.run(
        [sys.executable, "-c", DIES.format(method=method, before=before)], capture_output=True, text=True, timeout=60
    )
    assert ran.returncode == -signal.SIGKILL, ran.stderr
    try:
        assert len(its_containers(engine, workspace)) == 1
        service = workspace.deploy("cut", target="docker")
        assert inside(service, "1 + 1") == 2
        assert its_containers(engine, workspace) == [f"/{container_of(service).name}"]
        shares = list((workspace.home.service("cut") / "containers").iterdir())
        assert [str(share) for share in shares] == [container_of(service).share]
    finally:
        for name in its_containers(engine, workspace):
            engine.api.remove_container(name.removeprefix("/"), force=True)


def test_a_container_that_nobody_started_is_started_when_it_is_looked_at(workspace: Workspace) -> None:
    probing(workspace, "cut").delete()
    ran = subprocess.run([sys.executable, "-c", DIES.format(method="start", before=True)], timeout=60, check=False)
    assert ran.returncode == -signal.SIGKILL
    service = workspace.services["cut"]
    assert service.state == "Transitioning"
    until(lambda: service.state == "Healthy", 20)
    assert inside(service, "1 + 1") == 2


@pytest.mark.parametrize("sign", ["installing", "resolved"], ids=["while its container is made", "while it works"])
def test_ctrl_c_while_packages_are_installed(workspace: Workspace, engine: docker.DockerClient, sign: str) -> None:
    made = environment_tag(Environment("interrupted", requirements=("colorama==0.4.6", "tomli==2.0.1")))
    assert not engine.images.list(made), "remove it: this test is about its making"
    deploying = subprocess.Popen(
        [sys.executable, "-c", INSTALLS], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert deploying.stdout
    try:
        while sign not in deploying.stdout.readline():
            assert deploying.poll() is None
        # As soon as the engine shows it, which is before it has answered who asked for it.
        until(lambda: its_containers(engine, workspace))
        deploying.send_signal(signal.SIGINT)
        _, said = deploying.communicate(timeout=60)
        assert deploying.returncode, said
        assert "KeyboardInterrupt" in said
        assert its_containers(engine, workspace) == []
        assert not engine.images.list(made)
        assert "cut" not in workspace.services
    finally:
        deploying.kill()
        deploying.communicate()
        for name in its_containers(engine, workspace):
            engine.api.remove_container(name.removeprefix("/"), v=True, force=True)


def test_memory_that_once_ran_out_is_not_why_it_is_killed_or_stopped_later(workspace: Workspace) -> None:
    service = probing(workspace, memory="192m")
    with pytest.raises(InvokeProblem, match="OOMKilled"):
        inside(service, "bytearray(400 << 20)[:0].hex()")
    until(lambda: service.state == "Healthy", 20)
    # The engine's own flag belongs to the container and stays.
    docker_says("stop", identity(service))
    assert "stopped by hand" in service.health.reason
    docker_says("start", identity(service))
    until(lambda: service.state == "Healthy", 20)
    with pytest.raises(InvokeProblem, match="OOMKilled"):
        inside(service, "bytearray(400 << 20)[:0].hex()")
    docker_says("kill", identity(service))
    assert "was killed" in service.health.reason
    until(lambda: service.state == "Healthy", 20)
    assert inside(service, "1 + 1") == 2


def test_a_foreign_container_on_the_port_is_named(workspace: Workspace, engine: docker.DockerClient) -> None:
    foreign = engine.containers.run(
        base_image(),
        ["sh", "-c", "cat"],
        name=f"foreign-{os.getpid()}",
        stdin_open=True,
        detach=True,
        ports={"80/tcp": ("127.0.0.1", None)},
    )
    try:
        foreign.reload()
        port = int(foreign.attrs["NetworkSettings"]["Ports"]["80/tcp"][0]["HostPort"])
        with pytest.raises(PortBusy, match=f"Port {port} is in use by container {foreign.name}"):
            probing(workspace, port=port)
        assert "probe" not in workspace.services
        assert its_containers(engine, workspace) == []
    finally:
        foreign.remove(force=True)


def test_docker_stop_is_respected_while_a_request_runs_longer_than_it_waits(workspace: Workspace) -> None:
    service = probing(workspace)
    begun = "open('/tmp/begun', 'w').close()\nimport time\ntime.sleep(60)\nfound = 1"

    def ask() -> None:
        with pytest.raises((InvokeProblem, ServiceDown)):
            service.invoke(begun)

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        until(lambda: docker_says("exec", identity(service), "ls", "/tmp").strip() == "begun")
        docker_says("stop", "--time", "1", identity(service))
        assert service.state == "Failed"
        assert "stopped by hand" in service.health.reason
    finally:
        asking.join()
