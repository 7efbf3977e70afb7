"""A debugger attaches to one worker in a container, and stops on the lines of a cell or of a file."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import docker
import pytest
from IPython.core.interactiveshell import InteractiveShell

from jupyter_deploy.errors import DeployError, PortBusy
from jupyter_deploy.workspace import Workspace
from tests.e2e.conftest import until
from tests.e2e.dap import Debugger
from tests.e2e.shell import new_shell
from tests.e2e.test_debugging import CELL, port_of, run


@pytest.fixture
def shell(workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[InteractiveShell]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JUPYTER_DEPLOY_TARGET", "docker")
    yield from new_shell()


def test_a_breakpoint_stops_on_the_cells_line_in_a_container(
    workspace: Workspace, shell: InteractiveShell, engine: docker.DockerClient
) -> None:
    run(shell, "factor = 3\n\n\ndef helper(value):\n    return value * 2\n")
    run(shell, CELL)
    service = run(shell, "%deploy churn --workers 2")
    try:
        address = service.scoring_uri
        service = run(shell, "%deploy churn --debug --set scoring_timeout_ms=600")
        # It was replaced by one that has debugpy, at the same address.
        assert service.scoring_uri == address
        assert service.change is not None
        told, launch = service.change.notes[-2:]
        port, entry = port_of(service), json.loads(launch.partition(": ")[2])
        assert f"127.0.0.1:{port}" in told
        assert entry["connect"] == {"host": "127.0.0.1", "port": port}
        cell = workspace.home.service("churn") / "cells" / "churn.py"
        assert cell.read_text().splitlines()[2] == CELL.splitlines()[2]
        with ThreadPoolExecutor(1) as pool, Debugger(port) as debugger:
            # With an editor's settings here, and without them below.
            assert debugger.attach(cell, 4, pathMappings=entry["pathMappings"])["verified"]
            began = time.monotonic()
            answer = pool.submit(service.invoke, 5)
            thread = debugger.event("stopped")["threadId"]
            assert time.monotonic() - began < 2
            frame = debugger.ask("stackTrace", threadId=thread)["stackFrames"][0]
            assert (frame["source"]["path"], frame["line"], frame["name"]) == (str(cell), 4, "run")
            assert debugger.ask("evaluate", expression="first + 1", frameId=frame["id"])["result"] == "11"
            workers = service.health.workers
            while time.monotonic() - began < 1.5:
                assert service.invoke(1) == [2, 3]
            assert (answer.done(), service.health.workers) == (False, workers)
            debugger.ask("continue", threadId=thread)
            assert answer.result(10) == [10, 3]
            debugger.send("disconnect")
        (way,) = engine.containers.list(filters={"label": "jupyter-deploy.role=debugger"})
        host = way.attrs["HostConfig"]
        assert (host["ReadonlyRootfs"], host["CapDrop"]) == (True, ["ALL"])
        assert host["PortBindings"] == {"5678/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(port)}]}
        assert way.attrs["Config"]["User"].split(":")[0] != "0"
        with pytest.raises(PortBusy), socket.create_server(("127.0.0.1", 0)) as taken:
            workspace.deploy("churn", debug=taken.getsockname()[1])
        with ThreadPoolExecutor(1) as pool:
            changed = pool.submit(workspace.deploy, "churn", debug=True, debug_wait=True, workers=1)
            until(lambda: "waiting for a debugger" in service.logs(20))
            assert service.invoke(1) == [2, 3]
            with Debugger(port) as debugger:
                assert debugger.attach(cell, 4)["verified"]
                assert changed.result(20).change.action == "reloaded"
                debugger.send("disconnect")
        run(shell, "%deploy churn --debug off")
        assert (port_of(service), service.invoke(1)) == (0, [2, 3])
        assert engine.containers.list(all=True, filters={"label": "jupyter-deploy.role=debugger"}) == []
        with pytest.raises(ConnectionError):
            socket.create_connection(("127.0.0.1", port), timeout=5)
    finally:
        service.delete()


def test_a_breakpoint_stops_in_the_file_of_a_script(
    workspace: Workspace, tmp_path: Path, engine: docker.DockerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "score.py").write_text("def run(data):\n    answer = int(data) + 1\n    return answer\n")
    service = workspace.deploy("plus", script=tmp_path / "score.py", target="docker", debug=True)
    try:
        with ThreadPoolExecutor(1) as pool, Debugger(port_of(service)) as debugger:
            assert debugger.attach(tmp_path / "score.py", 3)["verified"]
            answer = pool.submit(service.invoke, 5)
            thread = debugger.event("stopped")["threadId"]
            frame = debugger.ask("stackTrace", threadId=thread)["stackFrames"][0]
            assert (frame["source"]["path"], frame["line"]) == (str(tmp_path / "score.py"), 3)
            debugger.ask("continue", threadId=thread)
            assert answer.result(10) == 6
            debugger.send("disconnect")
        monkeypatch.setattr("jupyter_deploy.targets.docker.leftovers._YOUNG_SECONDS", -60.0)
        assert not [one for one in workspace.housekeeping.leftovers() if one.kind == "container"]
    finally:
        service.delete()
    assert engine.containers.list(all=True, filters={"label": "jupyter-deploy.role=debugger"}) == []


def test_a_failed_replacement_leaves_the_debuggers_way_to_the_old_server(
    workspace: Workspace, tmp_path: Path, engine: docker.DockerClient
) -> None:
    (script := tmp_path / "score.py").write_text("def run(data):\n    answer = int(data) + 1\n    return answer\n")
    service = workspace.deploy("plus", script=script, target="docker", debug=True)
    try:
        port = port_of(service)
        script.write_text(
            "import iniconfig\n\ndef init():\n    raise ValueError('broken')\n\ndef run(data):\n    return 1\n"
        )
        with pytest.raises(DeployError, match="broken"):
            workspace.deploy("plus")
        assert service.invoke(5) == 6
        with Debugger(port) as debugger:
            assert debugger.attach(script, 3)["verified"]
            debugger.send("disconnect")
        assert len(engine.containers.list(filters={"label": "jupyter-deploy.role=debugger"})) == 1
    finally:
        service.delete()
