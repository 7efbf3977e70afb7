"""What a deployment leaves that fails, and how what was asked for is taken back."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_deploy.errors import NotFound, PortBusy, StartFailed, TargetProblem, UsageProblem
from jupyter_deploy.serving.front import listen
from jupyter_deploy.workspace import Service, Workspace

from .conftest import DOUBLE, files_below, until

BROKEN = "def init():\n    print('about to fail')\n    raise ValueError('no')\n\n\ndef run(data):\n    return 1\n"
SLOW = """def init():
    import os, time
    while not os.path.exists({gate!r}):
        time.sleep(0.01)
    raise ValueError("no")


def run(data):
    return 1
"""


def left_of(workspace: Workspace, name: str) -> set[str]:
    """What there is of a service: rows and files, but not the lock."""
    files = {
        path for path in files_below(workspace.home.root) if f"services/{name}/" in path or path.startswith("logs")
    }
    return files | set(workspace.services)


def test_a_first_deployment_on_a_busy_port_pins_nothing(workspace: Workspace) -> None:
    workspace.register("double", {"a": 1})
    workspace.score_script("double", DOUBLE)
    with listen("127.0.0.1", 0) as held:
        port = held.getsockname()[1]
        with pytest.raises(PortBusy):
            workspace.deploy("double", port=port, workers=3, variables={"A": "b"})
        assert left_of(workspace, "double") == {"logs/double.log"}
        assert f"PortBusy: Port {port} is in use" in workspace.services.log_of("double")
        workspace.unregister("double")
        service = workspace.deploy("double")
    assert (service.record.spec.workers, service.record.spec.variables) == (1, {})
    assert service.invoke([1]) == [2]


def test_a_script_that_fails_leaves_only_its_log(workspace: Workspace) -> None:
    workspace.register("broken", {"a": 1})
    workspace.score_script("broken", BROKEN)
    with pytest.raises(StartFailed, match="ValueError: no"):
        workspace.deploy("broken", variables={"A": "b"})
    assert left_of(workspace, "broken") == {"logs/broken.log"}
    assert "about to fail" in workspace.services.log_of("broken", 100)
    with pytest.raises(NotFound, match="'broken' is not deployed; its last deployment failed") as caught:
        workspace.services["broken"]
    assert caught.value.hint == "jupyter model logs broken"
    workspace.unregister("broken")


def test_a_first_deployment_that_no_process_waits_for_pins_nothing_either(workspace: Workspace) -> None:
    workspace.register("broken", {"a": 1})
    workspace.score_script("broken", BROKEN)
    service = workspace.deploy("broken", workers=2, wait=False)
    until(lambda: service.state == "Failed")
    workspace.unregister("broken")
    assert "broken" not in workspace.services
    workspace.score_script("broken", DOUBLE)
    service = workspace.deploy("broken", workers=2, wait=False)
    until(lambda: service.state == "Healthy")
    assert workspace.deploy("broken").record.spec.workers == 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_first_deployment_that_is_cut_off(workspace: Workspace, tmp_path: Path, number: int) -> None:
    workspace.score_script("slow", SLOW.format(gate=str(tmp_path / "gate")))
    command = [sys.executable, "-m", "jupyter_deploy.cli", "deploy", "slow", "--workers", "2"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as deploying:
        until(lambda: "slow" in workspace.services and workspace.services["slow"].state == "Transitioning", 30)
        deploying.send_signal(number)
    if number == signal.SIGKILL:
        # Its server goes on, and is shown; where it ends without having served, it is forgotten.
        assert workspace.services["slow"].state == "Transitioning"
        (tmp_path / "gate").touch()
        until(lambda: workspace.services["slow"].state == "Failed")
        assert list(Workspace().services) == []
    assert left_of(workspace, "slow") == {"logs/slow.log"}


def test_a_service_that_served_keeps_what_it_had(workspace: Workspace, double: Service) -> None:
    double.stop()
    with listen("127.0.0.1", 0) as held, pytest.raises(PortBusy):
        workspace.deploy("double", port=held.getsockname()[1])
    assert (double.state, double.record.spec.port) == ("Stopped", 0)
    workspace.score_script("double", BROKEN)
    with pytest.raises(StartFailed):
        workspace.deploy("double", variables={"A": "b"})
    assert (double.state, double.record.spec.variables) == ("Stopped", {})
    workspace.score_script("double", DOUBLE)
    assert workspace.deploy("double").invoke([1]) == [2]


def test_every_option_can_be_taken_back(workspace: Workspace, double: Service, tmp_path: Path) -> None:
    workspace.register("double", {"a": 1})
    workspace.register("other", {"a": 2})
    asked = {"workers": 2, "settings": {"max_batch": 4, "queue_limit": 9}, "variables": {"A": "b", "C": "d"}}
    with listen("127.0.0.1", 0) as held:
        port = held.getsockname()[1]
    workspace.deploy("double", port=port, models=["other"], **asked)  # type: ignore[arg-type]
    workspace.deploy("double", settings={"max_batch": ""}, variables={"A": ""})
    spec = double.record.spec
    assert (spec.port, spec.settings, spec.variables) == (port, {"queue_limit": 9}, {"C": "d"})
    words = dict.fromkeys(("workers", "settings", "variables", "environment", "memory", "cpus", "models"), "default")
    workspace.deploy("double", port="any", image="none", **words)  # type: ignore[arg-type]
    spec = double.record.spec
    assert (spec.port, spec.settings, spec.variables, spec.workers, spec.models) == (0, {}, {}, 1, None)
    workspace.deploy("double", models="none")
    assert double.record.models == ()
    with pytest.raises(UsageProblem, match="port must be an integer"):
        workspace.deploy("double", port="some")
    with pytest.raises(TargetProblem, match="--memory"):
        workspace.deploy("double", memory="1g")
