"""Hooks of a service in a container: its server tells addresses, and commands run here."""

from __future__ import annotations

import ipaddress
import json
import shlex
import sys
from pathlib import Path

import docker
import requests

from jupyter_deploy.workspace import Workspace
from tests.e2e.conftest import until
from tests.receiver import receiving

CELL = """import os
import signal

def run(data):
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_the_server_tells_addresses_and_what_is_done_here_is_told_to_all(
    workspace: Workspace, engine: docker.DockerClient, tmp_path: Path
) -> None:
    told = tmp_path / "told.jsonl"
    code = "import sys; open(sys.argv[1], 'a').write(sys.stdin.read() + chr(10))"
    command = shlex.join([sys.executable, "-c", code, str(told)])
    workspace.score_script("told", CELL)
    (pool,) = engine.networks.get("bridge").attrs["IPAM"]["Config"]
    # Docker's bridge has the first address, where no other is asked for.
    gateway = pool.get("Gateway") or next(ipaddress.ip_network(pool["Subnet"]).hosts())
    with receiving("0.0.0.0") as receiver:
        hooks = [f"http://{gateway}:{receiver.port}/", "http://127.0.0.1:9/", command]
        service = workspace.deploy("told", target="docker", on_change=hooks)
        assert service.change is not None
        notes = "\n".join(service.change.notes)
        assert f"{sys.executable} … runs here, for what is done here" in notes
        assert "http://127.0.0.1:9/ is reached from here only" in notes
        until(lambda: receiver.documents and told.exists() and told.read_text().endswith("\n"))
        assert requests.post(service.scoring_uri, "1", timeout=20).status_code == 502
        until(lambda: len(receiver.documents) == 3)
        found = [(one["from"], one["to"]) for one in receiver.documents]
        assert found == [(None, "Healthy"), ("Healthy", "Unhealthy"), ("Unhealthy", "Healthy")]
        assert {one["url"] for one in receiver.documents} == {service.scoring_uri}
        # Its command did not run in the container.
        assert [json.loads(line)["to"] for line in told.read_text().splitlines()] == ["Healthy"]
        service.delete()
