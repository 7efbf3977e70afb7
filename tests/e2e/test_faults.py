"""What happens when processes die, hang or race."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from typing import Any

import psutil
import pytest
import requests

from jupyter_deploy.errors import InvokeProblem, ReloadFailed
from jupyter_deploy.targets.process.pids import birth, lives
from jupyter_deploy.workspace import Service, Workspace

from ..servers import process_of, server_of
from .conftest import DOUBLE, stack_of, until


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV], ids=lambda number: number.name)
def test_a_killed_worker_is_back_and_the_log_says_why(double: Service, number: signal.Signals) -> None:
    (worker,) = double.health.workers
    os.kill(worker, number)
    replaced = until(lambda: [pid for pid in double.health.workers if pid != worker], seconds=2.0)
    assert double.invoke([1]) == [2]
    assert len(replaced) == 1
    assert double.health.restarts == 1
    polite = f"worker {worker} got SIGTERM; another takes its place"
    why = polite if number == signal.SIGTERM else f"worker {worker} of generation 1 was killed by {number.name}"
    assert why in double.logs()


def test_only_the_dying_workers_own_request_fails(workspace: Workspace) -> None:
    workspace.score_script(
        "fragile",
        "import os\n\ndef run(raw_data):\n    if raw_data == 'die':\n        os._exit(9)\n    return os.getpid()\n",
    )
    service = workspace.deploy("fragile")
    with pytest.raises(InvokeProblem, match=r"502: .*exited with code 9"):
        service.invoke("die")
    assert service.invoke("1") == service.health.workers[0]


def test_a_dead_fork_server_is_replaced(workspace: Workspace, double: Service) -> None:
    front = psutil.Process(process_of(double).pid)
    (fork_server,) = front.children()
    fork_server.kill()
    assert double.invoke([1]) == [2]
    until(lambda: "the fork-server ended" in double.logs())
    (change,) = workspace.score_script("double", DOUBLE + "# edited\n").changes
    assert change.action == "reloaded"
    assert double.invoke([1]) == [2]


def test_a_hanging_server_is_unhealthy_and_replaced(workspace: Workspace, double: Service) -> None:
    pid = process_of(double).pid
    os.kill(pid, signal.SIGSTOP)
    assert double.state == "Unhealthy"
    change = workspace.deploy("double").change
    assert change is not None
    assert change.action == "repaired"
    assert not birth(pid)
    assert double.invoke([1]) == [2]


def test_a_pid_is_trusted_only_with_its_start(workspace: Workspace, double: Service) -> None:
    from dataclasses import replace

    record, server = double.record, server_of(double)
    stranger = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        another = {**server.facts, "pid": stranger.pid, "run": ""}
        workspace._rows.put(replace(record, server=replace(server, facts=another)))
        assert double.state == "Failed"
        double.stop()
        assert stranger.poll() is None
    finally:
        stranger.communicate(b"\n")
        workspace._rows.put(record)
    facts = process_of(double)
    assert lives(facts.pid, facts.born)
    assert not lives(facts.pid, "another boot:1")


def test_reloads_under_load_lose_no_request(workspace: Workspace, double: Service) -> None:
    stop, answers, problems = threading.Event(), [], []

    def client() -> None:
        with requests.Session() as session:
            while not stop.is_set():
                response = session.post(double.scoring_uri, data="[1]", timeout=30)
                (answers if response.status_code == 200 else problems).append(response.json())

    threads = [threading.Thread(target=client) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for factor in range(3, 9):
            workspace.score_script("double", DOUBLE.replace("2 *", f"{factor} *"))
            assert double.invoke([1]) == [factor]
            with pytest.raises(ReloadFailed):
                workspace.score_script("double", DOUBLE + "\n1 / 0\n")
            assert double.invoke([1]) == [factor]
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert problems == []
    assert len(answers) > 50
    assert {answer[0] for answer in answers} >= {8}


def test_stopping_finishes_requests_in_flight(workspace: Workspace) -> None:
    workspace.score_script(
        "slow", "import time\n\ndef run(data):\n    print('begun')\n    time.sleep(0.7)\n    return 'done'\n"
    )
    service = workspace.deploy("slow")
    family = stack_of(process_of(service).pid)
    got: list[Any] = []
    thread = threading.Thread(target=lambda: got.append(service.invoke("")))
    thread.start()
    until(lambda: "begun" in service.logs())
    service.stop()
    thread.join()
    assert got == ["done"]
    assert service.state == "Stopped"
    assert not any(birth(pid) for pid in family)
    change = workspace.deploy("slow").change
    assert change is not None
    assert change.action == "started"
