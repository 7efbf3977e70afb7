"""``kill -9`` at any point of a change: no server lives that ``services`` and ``prune`` do not show."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from jupyter_deploy.services import Services
from jupyter_deploy.targets.process.facts import ProcessFacts
from jupyter_deploy.targets.process.pids import lives
from jupyter_deploy.targets.process.target import ProcessTarget
from jupyter_deploy.workspace import Workspace

from ..e2e.conftest import until
from ..servers import process_of

DOUBLE = "import json\n\ndef run(data):\n    return [2 * number for number in json.loads(data)]\n"
Change = Callable[[Workspace], object]


def servers(home: Path) -> set[int]:
    """The fronts of this workspace that live; what is left without one counts as well."""
    ours: dict[int, psutil.Process] = {}
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or []
        with contextlib.suppress(psutil.Error):
            if "--detach" in words and str(home) in " ".join(words) and process.status() != psutil.STATUS_ZOMBIE:
                ours[process.pid] = process
    found = set()
    for process in ours.values():
        with contextlib.suppress(psutil.Error):
            if process.ppid() not in ours:
                # The one that starts the front again, above the front.
                found |= {child.pid for child in process.children() if child.pid in ours} or {process.pid}
    return found


def shown(workspace: Workspace) -> set[int]:
    """The servers that a user is told of."""
    known = {process_of(each).pid for each in workspace.services.values() if each.state != "Stopped"}
    for item in workspace.housekeeping.leftovers():
        if item.kind == "server":
            pids = {ProcessFacts.of(server).pid for server in workspace.services[item.identity].record.strays}
            known |= {pid for pid in pids if f"pid {pid}" in item.name}
    return known


def die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def killed_at(point: int, change: Change) -> int:
    """Do a change in a process of its own, which is killed before or after its n-th step; how it ended."""
    pid = os.fork()
    if pid:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    with contextlib.suppress(BaseException):
        steps = 0

        def hook(owner: type, name: str) -> None:
            original = getattr(owner, name)

            def hooked(*given: object, **options: object) -> object:
                nonlocal steps
                for after in (False, True):
                    steps += 1
                    if steps == point:
                        die()
                    if not after:
                        made = original(*given, **options)
                return made

            setattr(owner, name, hooked)

        for owner, name in ((Services, "put"), (Services, "remove"), (ProcessTarget, "start"), (ProcessTarget, "stop")):
            hook(owner, name)
        change(Workspace())
        os._exit(0)
    os._exit(1)


@pytest.fixture
def running(home: Path) -> Iterator[Path]:
    opened = Workspace()
    opened.score_script("double", DOUBLE)
    opened.deploy("double")
    del opened
    yield home
    opened = Workspace()
    for service in list(opened.services.values()):
        service.delete()
    until(lambda: not servers(home))


CHANGES: dict[str, Change] = {
    "replace": lambda workspace: workspace.deploy("double", variables={"A": "1"}),
    "move": lambda workspace: workspace.deploy("double", port=_free_port()),
    "stop": lambda workspace: workspace.services["double"].stop(),
    "delete": lambda workspace: workspace.services["double"].delete(),
    "first": lambda workspace: workspace.deploy("other", script="double"),
    "trial": lambda workspace: workspace.try_script("double", [1]),
}
# Before and after writes of a row, starts and ends of servers: those where two servers live, or one that should not.
POINTS = [
    *[("replace", 4), ("replace", 7), ("replace", 5)],
    *[("move", 6), ("stop", 2), ("first", 2), ("trial", 3)],
]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize(("change", "point"), POINTS)
def test_no_server_lives_that_nobody_is_told_of(running: Path, change: str, point: int) -> None:
    assert killed_at(point, CHANGES[change]) == -signal.SIGKILL
    workspace = Workspace()
    until(lambda: servers(running) <= shown(workspace))
    workspace.housekeeping.remove(workspace.housekeeping.leftovers())
    known = [process_of(each) for each in workspace.services.values() if each.state != "Stopped"]
    alive = {facts.pid for facts in known if lives(facts.pid, facts.born)}
    until(lambda: servers(running) == alive)
    assert len(alive) <= len(known)
    assert list(workspace.home.trials.glob("*")) == []
    # And the next change works.
    assert workspace.deploy("double").invoke([1]) == [2]
    until(lambda: len(servers(running)) == len(workspace.services) - ("other" in workspace.services) * (len(alive) < 2))


def test_a_change_that_goes_on_is_no_leftover(running: Path) -> None:
    workspace = Workspace()
    record = workspace.services["double"].record
    with workspace._deployment._lock("double"):
        workspace._rows.put(replace(record, rollout=replace(record.rollout, next=record.server)))
        assert [item for item in workspace.housekeeping.leftovers() if item.kind == "server"] == []
        workspace._rows.put(record)
