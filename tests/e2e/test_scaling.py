"""Instances that follow the requests of a real endpoint: more, fewer, none, and again; nobody is refused."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
import requests

from jupyter_deploy.errors import UsageProblem
from jupyter_deploy.targets.process.fronts import _noted, front_of
from jupyter_deploy.targets.process.warm import SUPPORTED
from jupyter_deploy.workspace import Endpoint, EndpointDeployment, Workspace

from ..servers import process_of
from .test_endpoints import Load, post

SCRIPT = """
import time

from inference_schema.parameter_types.standard_py_parameter_type import StandardPythonParameterType
from inference_schema.schema_decorators import input_schema

@input_schema("data", StandardPythonParameterType(7))
def run(data):
    if data == 7:
        print("WARM")
        raise ValueError("only noted")
    time.sleep(0.04)
    return "blue"
"""

SLOW = """
import pathlib, time

def init():
    pathlib.Path({begun!r}).touch()
    while pathlib.Path({gate!r}).exists():
        time.sleep(0.02)

def run(data):
    return data
"""
VALUE = {"data": 1}
BODY = json.dumps(VALUE)
# How long a start takes says something only where nothing else wants the processors.
BUSY = os.getloadavg()[0] > 2


def until(true: Callable[[], object], seconds: float = 20.0) -> float:
    """Wait until something is true; returns the seconds that it took."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < seconds
        time.sleep(0.02)
    return time.monotonic() - began


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    folder = tmp_path_factory.mktemp("scaled")
    (folder / "blue.py").write_text(SCRIPT)
    made = Workspace(folder / "h").endpoints.create("shop")
    try:
        # Once it is up, nothing changes by itself in a test's time.
        made.deploy("blue", script=folder / "blue.py", min_instances=0, max_instances=2, cool_down=1.0, idle=600.0)
        made.route("blue=100")
        until(lambda: (made.changes.home.endpoint("shop") / "router" / "supervisor.pid").exists())
        yield made
    finally:
        made.delete()


@pytest.fixture
def blue(endpoint: Endpoint) -> EndpointDeployment:
    return endpoint.deployments["blue"]


def log_of_supervisor(endpoint: Endpoint) -> str:
    return (endpoint.changes.home.endpoint("shop") / "router" / "supervisor.log").read_text()


def test_instances_follow_the_requests(endpoint: Endpoint, blue: EndpointDeployment) -> None:
    with Load(endpoint, 6, BODY) as load:
        decided = until(lambda: blue.record.wanted == 2)
        took = decided + until(lambda: [one.state for one in blue.instances] == ["Healthy", "Healthy"])
        until(lambda: load.answers["blue"] > 150)
    assert decided < 15
    assert took < 5 or BUSY
    # Each has answered the schema's example before, and its failure is no reason not to serve.
    assert [one.logs(5000).count("WARM") for one in blue.instances] == [1, 1]
    with Load(endpoint, 1, BODY) as light:
        until(lambda: len(blue.instances) == 1)
        assert blue.state == "Healthy"
    assert load.failed == light.failed == []


def test_nobody_is_refused_while_it_falls_asleep_and_wakes(endpoint: Endpoint, blue: EndpointDeployment) -> None:
    facts, resizing = process_of(blue.instances[0]), endpoint.changes.resizing
    front = psutil.Process(front_of(facts).pid)
    running = [front, *front.children(recursive=True)]
    resizing.resize("shop", "blue", 0, 30.0)
    # Nothing of it is left: it gives back all of its memory.
    assert not [one for one in running if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]
    assert (blue.state, blue.as_dict()["sleeps"]) == ("Healthy", True)
    # Who asks for health wakes nobody, and it can get traffic as it is.
    assert requests.get(endpoint.scoring_uri.replace("/score", "/"), timeout=30).status_code == 200
    endpoint.route("blue=100")
    assert blue.record.sleeps
    began = time.monotonic()
    assert endpoint.invoke(1) == "blue"
    assert time.monotonic() - began < 1.5 or BUSY
    until(lambda: not blue.record.sleeps)
    with Load(endpoint, 3, BODY) as load:
        for _ in range(4):
            resizing.resize("shop", "blue", 0, 30.0)
            before = load.answers["blue"]
            until(lambda before=before: not blue.record.sleeps and load.answers["blue"] > before)  # type: ignore[misc]
    assert load.failed == []
    assert log_of_supervisor(endpoint).count("woken in") >= 5


def test_it_falls_asleep_by_itself_and_a_change_wakes_it(endpoint: Endpoint, blue: EndpointDeployment) -> None:
    endpoint.deploy("blue", idle=0.5)
    until(lambda: blue.record.sleeps)
    if SUPPORTED:
        until(lambda: [*(endpoint.changes.home.root / "warm").glob("*/*.sock")])
        with Load(endpoint, 1, BODY) as load:
            until(lambda: load.answers["blue"])
            front = psutil.Process(front_of(process_of(blue.instances[0])).pid)
            # It was forked from a process that had imported everything, and has its own workers below it.
            assert "jupyter_deploy.serving.warm" in front.cmdline()
            assert len(front.children(recursive=True)) >= 2
        assert load.failed == []
        until(lambda: blue.record.sleeps)
    endpoint.deploy("blue", idle=600.0, timeout_ms=5000)
    assert not blue.record.sleeps
    assert post(endpoint, VALUE).json() == "blue"


def test_what_was_killed_is_replaced(endpoint: Endpoint, blue: EndpointDeployment) -> None:
    facts = process_of(blue.instances[0])
    supervisor = int((endpoint.changes.home.endpoint("shop") / "router" / "supervisor.pid").read_text())
    os.kill(supervisor, signal.SIGKILL)
    noted = [_noted(facts, "watcher"), front_of(facts)]
    for one in noted:
        os.kill(one.pid, signal.SIGKILL)
    # Nobody looks but the supervisor, which the router's watcher has started again.
    until(lambda: post(endpoint, VALUE).status_code == 200)
    assert {one.pid for one in noted}.isdisjoint({front_of(process_of(blue.instances[0])).pid})


def test_a_delete_waits_for_an_instance_that_is_being_started(tmp_path: Path) -> None:
    gate, begun = tmp_path / "gate", tmp_path / "begun"
    (tmp_path / "slow.py").write_text(SLOW.format(gate=str(gate), begun=str(begun)))
    made = Workspace(tmp_path / "h").endpoints.create("slow")
    made.deploy("blue", script=tmp_path / "slow.py", min_instances=1, max_instances=2, cool_down=600.0)
    gate.touch()
    begun.unlink()
    with ThreadPoolExecutor() as pool:
        more = pool.submit(made.changes.resizing.resize, "slow", "blue", 2, 30.0)
        until(begun.exists)
        deleted = pool.submit(made.delete)
        with pytest.raises(TimeoutError):
            deleted.result(0.5)
        gate.unlink()
        more.result(30)
        deleted.result(30)
    assert [
        one for one in psutil.process_iter(["cmdline"]) if str(tmp_path) in " ".join(one.info["cmdline"] or [])
    ] == []


def test_bounds_are_checked_and_a_number_ends_them(endpoint: Endpoint, blue: EndpointDeployment) -> None:
    for given, words in (
        ({"instances": 4, "max_instances": 3}, "4 instances are not between 1 and 3"),
        ({"min_instances": 3}, "from 0 to max_instances \\(2\\), not 3"),
    ):
        with pytest.raises(UsageProblem, match=words):
            endpoint.deploy("blue", **given)  # type: ignore[arg-type]
    endpoint.deploy("blue", instances=1)
    assert blue.record.scaling is None
    folder = endpoint.changes.home.endpoint("shop") / "router"
    # Nothing has to be looked after any more.
    until(lambda: not (folder / "supervise.json").exists())
    with pytest.raises(UsageProblem, match="the number of instances stays"):
        endpoint.deploy("blue", idle=5.0)
