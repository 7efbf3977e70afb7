"""A front that dies is started again, as a dead worker is; one that was told to end stays ended."""

from __future__ import annotations

import os
import shutil
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from jupyter_deploy.errors import InvokeProblem, ServiceDown
from jupyter_deploy.targets.process.pids import birth
from jupyter_deploy.workspace import Service, Workspace

from ..servers import process_of
from .conftest import until

HANGS = "import time\n\ndef run(data):\n    while True:\n        time.sleep(0.01)\n"


def processes(service: Service) -> dict[str, list[psutil.Process]]:
    """The front with its watcher, found from outside: by their command line."""
    run = process_of(service).run
    found = [one for one in psutil.process_iter() if _command(one).count(f"{run}/config.json")]
    fronts = [one for one in found if one.ppid() in {other.pid for other in found}]
    return {"front": fronts, "watcher": [one for one in found if one not in fronts]}


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def answers(service: Service) -> Any:
    try:
        return service.invoke([1])
    except (ServiceDown, InvokeProblem):
        return None


def test_a_killed_front_is_back_without_a_look_and_log_and_state_say_so(double: Service) -> None:
    (front,) = processes(double)["front"]
    uri = double.scoring_uri
    front.kill()
    # Nothing of this package looks: the port is answered all the same, and no client is refused meanwhile.
    import requests

    assert requests.post(uri, data="[1]", timeout=20).json() == [2]
    health = double.health
    assert (health.state, health.restarts) == ("Healthy", 1)
    assert health.reason == "the front was killed by SIGKILL and was started again"
    assert "the front was killed by SIGKILL; it is started again" in double.logs()
    assert double.as_dict()["pid"] == health.pid != front.pid


def test_a_look_while_the_watcher_pauses_starts_no_second_server(double: Service) -> None:
    uri, seen = double.scoring_uri, []
    for _ in range(3):
        (front,) = until(lambda: processes(double)["front"])
        front.kill()
        psutil.wait_procs([front], timeout=5)
        # The second and later deaths are followed by a pause.
        seen.append(double.health)
    assert "the server process died and is being started again" in {health.reason for health in seen}
    assert until(lambda: answers(double)) == [2]
    assert double.scoring_uri == uri
    assert {kind: len(found) for kind, found in processes(double).items()} == {"front": 1, "watcher": 1}


def test_the_front_that_comes_back_serves_what_was_reloaded(workspace: Workspace, double: Service) -> None:
    workspace.score_script("double", "import json\n\ndef run(data):\n    return [5 * n for n in json.loads(data)]\n")
    workspace.deploy("double", workers=2, settings={"queue_limit": 77})
    processes(double)["front"][0].kill()
    assert until(lambda: answers(double)) == [5]
    assert len(double.health.workers) == 2
    change = workspace.deploy("double").change
    assert change is not None
    assert change.action == "unchanged"


def test_a_server_that_was_killed_whole_is_back_at_the_next_look(workspace: Workspace, double: Service) -> None:
    before, port = processes(double), double.record.port
    for process in [*before["watcher"], *before["front"]]:
        process.kill()
    psutil.wait_procs([*before["watcher"], *before["front"]], timeout=5)
    assert "is gone and was started again" in until(lambda: double.state == "Healthy" and double.health.reason)
    assert double.invoke([1]) == [2]
    assert double.record.port == port
    assert "is gone; it is started again" in double.logs()


def test_many_looks_at_once_start_it_once(workspace: Workspace, double: Service) -> None:
    before = processes(double)
    for process in [*before["watcher"], *before["front"]]:
        process.kill()
    psutil.wait_procs([*before["watcher"], *before["front"]], timeout=5)
    looks = [
        threading.Thread(target=lambda: Workspace(workspace.home.root).services["double"].health) for _ in range(6)
    ]
    for look in looks:
        look.start()
    for look in looks:
        look.join()
    until(lambda: answers(double) == [2])
    assert {kind: len(found) for kind, found in processes(double).items()} == {"front": 1, "watcher": 1}


@pytest.mark.parametrize("which", ["front", "watcher", "group"])
def test_sigterm_means_stopped(double: Service, which: str) -> None:
    found = processes(double)
    if which == "group":
        os.killpg(os.getpgid(found["front"][0].pid), signal.SIGTERM)
    else:
        found[which][0].terminate()
    _, there = psutil.wait_procs([*found["front"], *found["watcher"]], timeout=20)
    assert not there
    assert double.state == "Stopped"
    assert "SIGTERM" in double.health.reason
    assert not any(processes(double).values())
    with pytest.raises(ServiceDown, match="it is Stopped: it got SIGTERM"):
        double.invoke([1])


def test_stop_ends_both_and_a_front_without_its_watcher_too(workspace: Workspace, double: Service) -> None:
    double.stop()
    assert not any(processes(double).values())
    workspace.deploy("double")
    processes(double)["watcher"][0].kill()
    assert double.invoke([1]) == [2]
    double.stop()
    assert not birth(process_of(double).pid)


@contextmanager
def in_background(work: Any) -> Iterator[list[BaseException]]:
    problems: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:
            problems.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    yield problems
    thread.join(20)
    assert not thread.is_alive()


def test_stop_does_not_wait_behind_an_init(workspace: Workspace, tmp_path: Path) -> None:
    waiting = tmp_path / "waiting"
    script = (
        f"import pathlib, threading\n\ndef init():\n    pathlib.Path({str(waiting)!r}).touch()\n"
        "    threading.Event().wait()\n\ndef run(data):\n    return data\n"
    )
    workspace.score_script("slow", "def run(data):\n    return data\n")
    service = workspace.deploy("slow")
    with in_background(lambda: Workspace(workspace.home.root).score_script("slow", script)) as problems:
        until(waiting.exists)
        service.stop()
        assert service.state == "Stopped"
    assert problems, "the reload that waited says that it failed"
    assert not any(processes(service).values())


def test_invoke_has_a_limit_and_says_what_the_worker_does(workspace: Workspace) -> None:
    from jupyter_deploy.invoking import invocation

    assert invocation.ANSWER_SECONDS == 300
    workspace.score_script("stuck", HANGS)
    service = workspace.deploy("stuck")
    with pytest.raises(InvokeProblem) as caught:
        service.invoke([1], timeout=1)
    assert caught.value.message.startswith("stuck did not answer within 1 s. Its worker ")
    assert "has been in run() for 1 s, at %%score_script stuck line " in caught.value.message


def test_a_server_whose_folder_is_gone_ends_when_it_is_told_to(double: Service, home: Path) -> None:
    pid = process_of(double).pid
    shutil.rmtree(home / "services" / "double" / "servers")
    os.kill(pid, signal.SIGTERM)
    until(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
