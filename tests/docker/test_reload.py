"""Live reload inside a running container, and a log that goes on whatever becomes of containers."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest
import requests

from jupyter_deploy.environments import Environment
from jupyter_deploy.errors import ReloadFailed, StartFailed
from jupyter_deploy.workspace import Service, Workspace
from tests.e2e.conftest import until

from ..load import Load
from ..servers import container_of
from .probing import its_containers

CELL = """import json, os

VERSION = 1
print("loading version", VERSION)

def init():
    global kind
    assert os.environ.get("A") != "broken"
    with open(os.path.join(os.environ["AZUREML_MODEL_DIR"], "kind.txt")) as file:
        kind = file.read()

def run(data):
    print("asked", data)
    return [VERSION, kind]
"""


def version(number: int) -> str:
    """The cell in another version."""
    return CELL.replace("VERSION = 1", f"VERSION = {number}")


@pytest.fixture
def edited(workspace: Workspace, tmp_path: Path) -> Service:
    """A service in a container with two versions of its model."""
    for kind in ("old", "new"):
        (tmp_path / "kind.txt").write_text(kind)
        workspace.register("edited", tmp_path / "kind.txt")
    workspace.score_script("edited", CELL)
    return workspace.deploy("edited", target="docker", models=["edited:1"])


@pytest.fixture
def clients(edited: Service) -> Iterator[list[object]]:
    """Eight clients that never stop asking; the list holds what was not a right answer."""
    wrong: list[object] = []
    done = threading.Event()
    counted = [0] * 8

    def ask(number: int) -> None:
        with requests.Session() as session:
            while not done.is_set():
                try:
                    response = session.post(edited.scoring_uri, data="[]", timeout=10)
                    if response.status_code != 200 or response.json()[1] not in {"old", "new"}:
                        wrong.append(response.text)
                except requests.RequestException as error:
                    wrong.append(error)
                counted[number] += 1

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    until(lambda: min(counted) > 2)
    yield wrong
    done.set()
    for thread in threads:
        thread.join()
    assert sum(counted) > 100


def test_code_and_model_change_inside_it_without_a_failed_request(
    workspace: Workspace, edited: Service, clients: list[object]
) -> None:
    container = container_of(edited).container
    for number in range(2, 8):
        (change,) = workspace.score_script("edited", version(number)).changes
        assert (change.action, change.what) == ("reloaded", ("script",))
        assert edited.invoke("[]") == [number, "old"]
    assert edited.reload(model="edited:2").what == ("model",)
    assert edited.invoke("[]") == [7, "new"]
    assert container_of(edited).container == container
    assert clients == []
    assert edited.health.generation == 8


def test_a_broken_edit_changes_nothing(workspace: Workspace, edited: Service) -> None:
    with pytest.raises(ReloadFailed, match="still serves its old version") as caught:
        workspace.score_script("edited", CELL.replace('print("loading version", VERSION)', "1 / 0"))
    assert "%%score_script edited, line 5" in caught.value.details
    assert edited.invoke("[]") == [1, "old"]
    assert edited.state == "Healthy"


def test_only_what_is_served_is_shown_to_the_container(workspace: Workspace, edited: Service) -> None:
    for number in (2, 3, 4):
        workspace.score_script("edited", version(number))
    folder = Path(container_of(edited).share) / "service" / "bundles"
    until(lambda: edited.reload() and sum(not entry.is_symlink() for entry in folder.iterdir()) == 1)
    assert (folder / "current").resolve().name == edited.record.bundle
    model = folder / edited.record.bundle / "models" / "edited" / "1" / "kind.txt"
    assert model.stat().st_nlink >= 3


def test_another_environment_takes_over_the_address_and_the_log(workspace: Workspace, edited: Service) -> None:
    address, container = edited.scoring_uri, container_of(edited).container
    edited.invoke('["before"]')
    changed = workspace.deploy("edited", environment=Environment("other", variables={"WHAT": "ever"}))
    assert changed.change is not None
    assert changed.change.action == "replaced"
    assert (edited.scoring_uri, container_of(edited).container != container) == (address, True)
    edited.invoke('["after"]')
    lines = edited.get_logs(num_lines=1000).splitlines()
    asked = [line.rpartition("asked ")[2] for line in lines if "print - asked" in line]
    assert asked == ['["before"]', '["after"]']
    times = [line[:23] for line in lines if "generation 1 serves" in line or "print - asked" in line]
    assert times == sorted(times)
    assert len(edited.get_logs(num_lines=2).splitlines()) == 2


def test_containers_after_the_first_have_its_network(
    workspace: Workspace, edited: Service, engine: docker.DockerClient
) -> None:
    first, address = container_of(edited).container, edited.scoring_uri
    with Load(address), pytest.raises(StartFailed):
        workspace.deploy("edited", variables={"A": "broken"})
    with Load(address):
        for value in "12":
            workspace.deploy("edited", variables={"A": value})
    last = container_of(edited)
    assert (edited.scoring_uri, last.network) == (address, first)
    held = engine.containers.get(first)
    assert set(its_containers(engine, workspace)) == {f"/{held.name}", f"/{last.name}"}
    # Only a process that waits is left of the first one.
    assert len(held.top()["Processes"]) == 2
    assert "signal.pause" in held.top()["Processes"][-1][-1]
    # A restart of the engine restarts both, in any order, and gives the first one a new network.
    held.restart(timeout=0)
    until(lambda: edited.state == "Healthy")
    assert edited.invoke("[]") == [1, "old"]
    # A container that ends by itself comes back to the same network, without any look.
    engine.containers.get(last.container).exec_run(["kill", "-9", "-1"])
    until(lambda: answers(address))
    edited.stop()
    assert edited.start().action == "started"
    assert container_of(edited).network == ""


def answers(address: str) -> bool:
    """Whether a service answers."""
    try:
        return requests.post(address, data="[]", timeout=5).ok
    except requests.ConnectionError:
        return False


def test_a_printed_line_is_seen_at_once(edited: Service) -> None:
    seen: list[tuple[float, str]] = []
    # What is there already comes first: when it does, the log is being followed.
    follower = edited.follow(1)
    following = threading.Event()

    def read() -> None:
        for piece in follower:
            now = time.perf_counter()
            following.set()
            seen.extend((now, line) for line in piece.splitlines() if "asked" in line)
            if len(seen) >= 10:
                return

    reader = threading.Thread(target=read)
    reader.start()
    assert following.wait(20)
    late = []
    for number in range(10):
        edited.invoke(f"[{number}]")
        answered = time.perf_counter()
        until(lambda number=number: len(seen) > number)
        late.append(seen[number][0] - answered)
    reader.join()
    assert [line.rpartition("asked ")[2] for _, line in seen] == [f"[{number}]" for number in range(10)]
    assert statistics.median(late) < 0.2


def test_what_it_uses_is_told_at_once(edited: Service) -> None:
    edited.invoke("[]")
    started = time.perf_counter()
    stats = edited.stats()
    assert time.perf_counter() - started < 1.0
    assert 10 << 20 < stats.memory < stats.memory_limit
    assert stats.received > 0
    assert stats.sent > 0
    assert stats.processes >= 4
