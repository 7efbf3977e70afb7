"""A profile in a container: the limits are in force, and what is told is the container's own account."""

from __future__ import annotations

from pathlib import Path

import docker
import pytest

from jupyter_deploy.errors import ProfileFailed
from jupyter_deploy.workspace import Workspace

# Holds 150 MB, and spins for 50 ms of its processor's time.
WORKS = (
    "import os, time\n\nheld = []\n\ndef init():\n    held.append(bytearray(os.urandom(1 << 20)) * 150)\n\n"
    "def run(data):\n    began = time.process_time()\n    while time.process_time() - began < 0.05:\n        pass\n"
    "    return 1\n"
)


def test_limits_are_in_force(workspace: Workspace, engine: docker.DockerClient) -> None:
    workspace.score_script("works", WORKS)
    found = workspace.profile("works", ["1"] * 30, target="docker", cpus=0.5, memory="400m")
    assert (found.limits, found.requested_cpus, found.requested_memory) == ("enforced", 0.5, 400 << 20)
    assert found.target == "docker"
    assert found.latency is not None
    # Half a processor: 30 requests of 0.05 processor seconds take 3 seconds at least.
    assert found.seconds > 2.4
    assert found.latency.slowest > 0.05
    assert found.busy_cpus == pytest.approx(0.5, abs=0.12)
    assert found.recommended_cpus is not None
    assert 0.4 <= found.recommended_cpus <= 0.7
    assert 150 << 20 < found.max_memory < 400 << 20
    assert not list(workspace.services)


def test_too_little_memory_is_a_failed_profile(workspace: Workspace, engine: docker.DockerClient) -> None:
    workspace.score_script("works", WORKS)
    with pytest.raises(ProfileFailed, match="OOMKilled") as caught:
        workspace.profile("works", ["1"], target="docker", memory="100m")
    assert "try-" not in caught.value.text()
    kept = workspace.profiles["works"]
    assert kept.state == "Failed"
    assert Path(kept.log).stat().st_mode & 0o777 == 0o600


def test_where_no_container_can_be_made_a_process_is_measured(
    workspace: Workspace, engine: docker.DockerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("JUPYTER_DEPLOY_TARGET")
    monkeypatch.setenv("JUPYTER_DEPLOY_BASE_IMAGE", "localhost:9/nothing:1")
    workspace.score_script("one", "def run(data):\n    return 1\n")
    found = workspace.profile("one", ["1"] * 3)
    assert (found.state, found.target, found.log) == ("Succeeded", "process", "")
    assert next(note for note in found.notes if note.startswith("target ")).startswith(
        "target process, because on docker: The image localhost:9/nothing:1"
    )
    with pytest.raises(ProfileFailed, match="cannot be pulled"):
        workspace.profile("one", ["1"], memory="200m")
