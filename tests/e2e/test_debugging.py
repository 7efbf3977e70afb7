"""A debugger attaches to one worker of a service, and stops on the lines of a cell."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell

from jupyter_deploy.errors import PortBusy, UsageProblem
from jupyter_deploy.workspace import Service, Workspace

from .conftest import until
from .dap import Debugger
from .shell import new_shell

CELL = """%%score_script churn
def run(data):
    first = helper(data)
    answer = [first, factor]
    return answer
"""


@pytest.fixture
def shell(workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[InteractiveShell]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JUPYTER_DEPLOY_TARGET", "process")
    yield from new_shell()


def run(shell: InteractiveShell, source: str) -> Service:
    result = shell.run_cell(source, store_history=True)
    result.raise_error()
    found: Service = result.result
    return found


def port_of(service: Service) -> int:
    return int(service.record.spec.settings.get("debug_port", 0))


def test_a_breakpoint_stops_on_the_cells_line_while_other_workers_serve(
    workspace: Workspace, shell: InteractiveShell
) -> None:
    run(shell, "factor = 3\n\n\ndef helper(value):\n    return value * 2\n")
    run(shell, CELL)
    service = run(shell, "%deploy churn --debug --workers 2 --set scoring_timeout_ms=600")
    assert service.change is not None
    told, launch = service.change.notes[-2:]
    port = port_of(service)
    assert f"127.0.0.1:{port}" in told
    assert json.loads(launch.partition(": ")[2])["connect"] == {"host": "127.0.0.1", "port": port}
    cell = workspace.home.service("churn") / "cells" / "churn.py"
    # Its lines are those of the cell.
    assert cell.read_text().splitlines()[2] == CELL.splitlines()[2]
    with ThreadPoolExecutor(1) as pool, Debugger(port) as debugger:
        assert debugger.attach(cell, 4)["verified"]
        began = time.monotonic()
        answer = pool.submit(service.invoke, 5)
        thread = debugger.event("stopped")["threadId"]
        assert time.monotonic() - began < 2
        frame = debugger.ask("stackTrace", threadId=thread)["stackFrames"][0]
        assert (frame["source"]["path"], frame["line"], frame["name"]) == (str(cell), 4, "run")
        assert debugger.ask("evaluate", expression="first + 1", frameId=frame["id"])["result"] == "11"
        # Longer than a request may take: the worker stands, and nobody kills it. The other one serves.
        workers = service.health.workers
        while time.monotonic() - began < 1.5:
            assert service.invoke(1) == [2, 3]
        assert (answer.done(), service.health.workers) == (False, workers)
        debugger.ask("continue", threadId=thread)
        assert answer.result(10) == [10, 3]
        debugger.send("disconnect")
    with pytest.raises(PortBusy), socket.create_server(("127.0.0.1", 0)) as taken:
        workspace.deploy("churn", debug=taken.getsockname()[1])

    # The port stays, whatever is loaded; now the script waits for the debugger.
    with ThreadPoolExecutor(1) as pool:
        changed = pool.submit(workspace.deploy, "churn", debug=True, debug_wait=True, workers=1)
        until(lambda: "waiting for a debugger" in service.logs(20))
        assert service.invoke(1) == [2, 3]
        assert not changed.done()
        with Debugger(port) as debugger:
            debugger.attach(cell, 4)
            assert changed.result(20).change.action == "reloaded"
            debugger.send("disconnect")
    run(shell, "%deploy churn --debug off")
    assert (port_of(service), service.invoke(1)) == (0, [2, 3])
    with pytest.raises(ConnectionError):
        socket.create_connection(("127.0.0.1", port), timeout=5)


def test_a_debugger_needs_a_script_of_ours(workspace: Workspace) -> None:
    with pytest.raises(UsageProblem, match="A debugger cannot attach to churn"):
        workspace.deploy("churn", target="docker", image="anything:1", debug=True)
