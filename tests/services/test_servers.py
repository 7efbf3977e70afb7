"""What a row keeps of a service's servers: what older packages wrote is read, and they read what is written."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from jupyter_deploy.environments import Environment, stored
from jupyter_deploy.services import WAITED_FOR, OwnImage, RolloutState, Server, ServiceRecord, Services, ServiceSpec
from jupyter_deploy.targets.docker.facts import ContainerFacts
from jupyter_deploy.targets.process.facts import ProcessFacts
from jupyter_deploy.workspace import Workspace

KERNEL = Environment("kernel")
STORED = json.loads(json.dumps(stored(KERNEL)))
PROCESS: dict[str, Any] = {"pid": 7, "born": "boot:1", "port": 5001, "run": "/run", "knows": ["log_size"]}
CONTAINER: dict[str, Any] = {"container": "abc", "name": "jd-churn", "port": 5002, "share": "/share", "knows": []}
OWN = {**CONTAINER, "image": {"name": "mine", "port": 80, "scoring": "/s", "liveness": "/l", "readiness": "/r"}}
# Of a package that did not yet write a target down.
OLDER: dict[str, dict[str, Any]] = {
    "of schema 3": {"pid": 7, "born": "boot:1", "port": 5001, "environment": STORED},
    "process": {**PROCESS, "secrets": "/secrets", "environment": STORED},
    "container": {**CONTAINER, "environment": STORED, "keep": ["aa", "bb"]},
    "own image": {**OWN, "log": "/log", "environment": STORED},
    "first deployment": {**PROCESS, "environment": STORED, "unproven": WAITED_FOR},
    "reload cut off": {**PROCESS, "environment": STORED, "pending": "cc", "keep": ["aa"]},
    "move cut off": {**PROCESS, "environment": STORED, "pending": "cc", "next": CONTAINER},
    "move back cut off": {**CONTAINER, "environment": STORED, "previous": PROCESS},
    "stop cut off": {**PROCESS, "environment": STORED, "ending": True},
    "unschedulable": {"unschedulable": "it asks for too much", "port": 5001},
    "nothing": {},
}


@pytest.fixture
def rows(home: Path) -> Services:
    return Services(Workspace()._database)


def column(home: Path) -> dict[str, Any]:
    with closing(sqlite3.connect(home / "state.db")) as database:
        found: dict[str, Any] = json.loads(database.execute("SELECT handle FROM services").fetchone()[0])
    return found


def write(home: Path, handle: dict[str, Any]) -> None:
    with closing(sqlite3.connect(home / "state.db")) as database:
        database.execute("UPDATE services SET handle = ?", (json.dumps(handle),))
        database.commit()


def without_new_keys(values: Any) -> Any:
    """What an older package knows of a row: it passes over a server's target and bundle."""
    if not isinstance(values, dict):
        return values
    return {key: without_new_keys(value) for key, value in values.items() if key not in {"target", "bundle"}}


@pytest.mark.parametrize("kind", OLDER)
def test_a_row_of_an_older_package_is_written_back_as_that_reads_it(rows: Services, home: Path, kind: str) -> None:
    rows.put(ServiceRecord(ServiceSpec("churn", "churn"), "b", ()))
    write(home, OLDER[kind])
    found = rows.get("churn")
    rows.put(found)
    assert without_new_keys(column(home)) == OLDER[kind]
    assert rows.get("churn").server == found.server
    assert rows.get("churn").rollout == found.rollout


@pytest.mark.parametrize(
    ("kind", "targets"),
    [
        ("of schema 3", ["process"]),
        ("container", ["docker"]),
        ("own image", ["docker"]),
        ("move cut off", ["docker", "process"]),
        ("move back cut off", ["process", "docker"]),
        ("nothing", []),
    ],
)
def test_a_server_of_an_older_package_gets_its_target_whatever_the_specification_names(
    rows: Services, home: Path, kind: str, targets: list[str]
) -> None:
    for named in ("process", "docker"):
        rows.put(ServiceRecord(ServiceSpec("churn", "churn", target=named), "b", ()))
        write(home, OLDER[kind])
        assert [server.target for server in rows.get("churn").servers] == targets
    rows.put(rows.get("churn"))
    assert column(home).get("target") == (targets[-1] if targets else None)


def test_a_target_that_a_row_names_is_believed(rows: Services) -> None:
    server = Server("elsewhere", {"container": "of another kind"}, 80, KERNEL, "b")
    rows.put(ServiceRecord(ServiceSpec("churn", "churn"), "b", (), server))
    assert rows.get("churn").server == server
    assert rows.get("churn").target == "elsewhere"


def test_targets_read_what_older_packages_noted() -> None:
    assert ProcessFacts.from_json({"pid": 7, "born": "boot:1"}) == ProcessFacts(7, "boot:1")
    known = ContainerFacts.from_json(OLDER["own image"])
    assert known.image == OwnImage("mine", 80, "/s", "/l", "/r")
    for facts in (ProcessFacts(7, "boot:1", "/run", "/secrets", ("log_size",)), known, ContainerFacts("abc")):
        assert type(facts).from_json(json.loads(json.dumps(facts.to_json()))) == facts


def test_a_service_that_is_stopped_or_unschedulable_has_no_active_server(rows: Services) -> None:
    server = Server("process", {"pid": 7}, 5001)
    record = ServiceRecord(ServiceSpec("churn", "churn"), "b", (), server)
    assert record.active == server
    stopped = ServiceRecord(record.spec, "b", (), server, desired="stopped")
    unplaced = ServiceRecord(record.spec, "b", (), server, RolloutState(unschedulable="it asks for too much"))
    assert (stopped.active, unplaced.active) == (None, None)
    assert (stopped.port, unplaced.port) == (5001, 5001)


def test_what_a_change_left_is_a_stray_and_the_server_itself_only_while_it_is_being_ended() -> None:
    own, following, before = (Server("process", {"pid": pid}, pid) for pid in (1, 2, 3))
    state = RolloutState(next=following, previous=before)
    record = ServiceRecord(ServiceSpec("churn", "churn"), "b", (), own, state)
    assert record.servers == (following, before, own)
    assert record.strays == (following, before)
    ending = ServiceRecord(record.spec, "b", (), own, RolloutState(ending=True), desired="stopped")
    assert ending.strays == (own,)
    assert ending.settled().strays == ()


def test_the_bundle_of_a_server_that_is_being_ended_is_not_collected(home: Path) -> None:
    workspace = Workspace()
    own, before = Server("process", {"pid": 1}, 1), Server("process", {"pid": 2}, 2, bundle="b" * 64)
    for digest in ("a" * 64, "b" * 64, "c" * 64):
        (home / "bundles" / digest).mkdir(parents=True)
    record = ServiceRecord(ServiceSpec("churn", "churn"), "a" * 64, (), own, RolloutState(previous=before))
    workspace._rows.put(record)
    workspace.housekeeping.garbage.collect_bundles()
    assert sorted(entry.name[0] for entry in (home / "bundles").iterdir()) == ["a", "b"]
    workspace._rows.put(workspace._rows.get("churn").settled())
    workspace.housekeeping.garbage.collect_bundles()
    assert [entry.name[0] for entry in (home / "bundles").iterdir()] == ["a"]
