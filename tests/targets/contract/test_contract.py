"""The same cases for every target, through the workspace: what a user can rely on wherever a service runs."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
import requests

from jupyter_deploy.errors import DeployError, InvokeProblem, PortBusy, ReloadFailed, StartFailed, TargetProblem
from jupyter_deploy.workspace import Service, Workspace
from tests.e2e.conftest import until
from tests.load import Load

from .conftest import Place


@contextmanager
def asking(service: Service) -> Iterator[list[str]]:
    """Ask without a pause; fails where one request does. The list gets what answered."""
    answers: list[str] = []
    over = threading.Event()

    def ask() -> None:
        with requests.Session() as session:
            while not over.is_set():
                answer = session.post(service.scoring_uri, json="x", timeout=20)
                assert answer.status_code == 200, answer.text
                answers.append(answer.json()[0])

    with ThreadPoolExecutor(4) as pool:
        loops = [pool.submit(ask) for _ in range(4)]
        try:
            until(lambda: answers)
            yield answers
        finally:
            over.set()
        for loop in loops:
            loop.result(20)


def test_it_starts_serves_and_is_found_by_another_process(place: Place, again: Callable[[], Workspace]) -> None:
    service = place.deploy()
    assert service.state == "Healthy"
    assert service.invoke("x")[:2] == ["one", "old"]
    assert requests.get(service.scoring_uri.removesuffix("/score"), timeout=10).text == "Healthy"
    other = again().services["sum"]
    assert other.scoring_uri == service.scoring_uri
    assert other.invoke("x")[:2] == ["one", "old"]
    facts = other.as_dict()
    assert (facts["target"], facts["state"], facts["generation"]) == (place.name, "Healthy", 1)
    assert len(facts["workers"]) >= 1
    assert other.stats().memory > 1 << 20


def test_new_code_is_served_without_a_failed_request(place: Place) -> None:
    service = place.deploy()
    with asking(service) as answers:
        place.write("two")
        assert service.invoke("x")[0] == "two"
        begin = len(answers)
        until(lambda: len(answers) > begin + 50)
        # Whoever asked before the reload has had its answer by now.
        assert set(answers[-20:]) == {"two"}
    assert service.health.generation == 2
    assert place.workspace.deploy("sum").change.action == "unchanged"  # type: ignore[union-attr]


def test_new_code_that_fails_leaves_the_old_one(place: Place) -> None:
    service = place.deploy()
    with asking(service) as answers, pytest.raises(ReloadFailed, match="no such thing") as caught:
        place.write("two", init="raise LookupError('no such thing')")
    assert "raise LookupError" in caught.value.details
    assert set(answers) == {"one"}
    assert service.invoke("x")[0] == "one"
    assert service.state == "Healthy"


def test_another_model_settings_and_workers(place: Place, tmp_path_factory: pytest.TempPathFactory) -> None:
    service = place.deploy()
    kind = tmp_path_factory.mktemp("model") / "kind.txt"
    kind.write_text("new")
    place.workspace.register("sum", kind)
    place.deploy(workers=2, settings={"body_limit": 100})
    assert service.invoke("x")[1] == "new"
    assert len(service.as_dict()["workers"]) % 2 == 0
    assert requests.post(service.scoring_uri, data=b" " * 101, timeout=10).status_code == 413
    if place.capabilities.takes_over:
        # Variables need another server, which no client notices.
        before, uri = service.invoke("x")[2], service.scoring_uri
        with Load(uri):
            place.deploy(variables={"A": "1"})
        assert service.scoring_uri == uri
        assert service.invoke("x")[2] != before


def test_stop_and_start_again(place: Place) -> None:
    service = place.deploy()
    port = service.record.port
    service.stop()
    assert service.state == "Stopped"
    assert not place.workspace.housekeeping.leftovers()
    with pytest.raises(DeployError):
        service.invoke("x")
    assert service.start().action == "started"
    assert service.record.port == port
    assert service.invoke("x")[0] == "one"


def test_its_log_goes_on_over_reloads_and_stops(place: Place) -> None:
    service = place.deploy()
    assert "loads one" in service.logs()
    pieces: list[str] = []
    follow = service.follow(5, pauses=True)
    place.write("two")
    service.invoke("x")

    def heard() -> bool:
        pieces.append(next(follow))
        return "loads two" in "".join(pieces)

    until(heard)
    service.stop()
    assert "loads one" in service.logs()


def test_why_a_request_failed_is_known(place: Place) -> None:
    service = place.deploy(**({"replicas": 3} if place.capabilities.replicas else {}))
    for _ in range(4):
        with pytest.raises(InvokeProblem, match="as asked") as caught:
            service.invoke("fail")
        assert 'raise ValueError("as asked")' in caught.value.details


def test_a_start_that_fails_leaves_nothing_but_its_reason(place: Place) -> None:
    place.write("one", init="raise LookupError('no such thing')")
    with pytest.raises(StartFailed, match="no such thing") as caught:
        place.deploy()
    assert "raise LookupError" in caught.value.details
    assert "sum" not in place.workspace.services
    assert "loads one" in place.workspace.services.log_of("sum")
    assert not [item for item in place.workspace.housekeeping.leftovers() if item.kind != "image"]


def test_a_port_that_is_taken_is_refused_and_nothing_is_left(place: Place) -> None:
    with socket.create_server(("127.0.0.1", 0)) as owner:
        port = owner.getsockname()[1]
        with pytest.raises(PortBusy, match=str(port)):
            place.deploy(port=port)
    assert "sum" not in place.workspace.services
    place.deploy(port=port)
    assert place.workspace.services["sum"].scoring_uri == f"http://127.0.0.1:{port}/score"


def test_a_new_port_moves_the_service_and_ends_the_old_server(place: Place) -> None:
    service = place.deploy()
    old = service.scoring_uri
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    assert place.deploy(port=port).change.action == "moved"  # type: ignore[union-attr]
    assert service.invoke("x")[0] == "one"
    with pytest.raises(requests.ConnectionError):
        requests.get(old, timeout=5)
    assert not place.workspace.housekeeping.leftovers()


def test_limits_where_it_has_them(place: Place) -> None:
    if not place.capabilities.limits:
        with pytest.raises(TargetProblem, match="--memory"):
            place.deploy(memory="256m")
        return
    place.deploy(memory="256m")
    changed = place.deploy(memory="300m").change
    assert changed is not None
    assert changed.action == "resized"
    assert place.workspace.services["sum"].stats().memory_limit == 300 << 20


def test_replicas_where_it_has_them(place: Place) -> None:
    if not place.capabilities.replicas:
        with pytest.raises(DeployError, match="replicas"):
            place.deploy(replicas=3)
        assert "sum" not in place.workspace.services
        return
    service = place.deploy(replicas=3)
    until(lambda: len({requests.post(service.scoring_uri, json="x", timeout=9).json()[2] for _ in range(9)}) == 3)
    with asking(service):
        for count in (4, 2):
            changed = place.deploy(replicas=count).change
            assert changed is not None
            assert (changed.action, changed.what) == ("scaled", ("replicas",))
            assert len(service.as_dict()["workers"]) == count
        place.write("two")
    assert {requests.post(service.scoring_uri, json="x", timeout=9).json()[0] for _ in range(6)} == {"two"}
    service.stop()
    service.start()
    assert len(service.as_dict()["workers"]) == 2


def test_what_nobody_knows_is_a_leftover(place: Place) -> None:
    """A process that was killed between two steps may leave a server that no row names."""
    if place.name != "pretend":
        pytest.skip("Docker lists what is older than ten minutes; of a process the port's folder tells.")
    service = place.deploy()
    record = service.record
    place.workspace._rows.remove("sum")
    housekeeping = place.workspace.housekeeping
    (left,) = (item for item in housekeeping.leftovers() if item.kind == "deployment")
    assert housekeeping.remove([left]) == [left]
    assert not [item for item in housekeeping.leftovers() if item.kind == "deployment"]
    place.workspace._rows.put(record)


def test_delete_leaves_nothing(place: Place) -> None:
    service = place.deploy()
    uri = service.scoring_uri
    service.delete()
    assert not [item for item in place.workspace.housekeeping.leftovers() if item.kind != "image"]
    with pytest.raises(requests.ConnectionError):
        requests.get(uri, timeout=5)
    assert not list(place.workspace.home.logs.iterdir())
    assert not list((place.workspace.home.root / "services").glob("sum*/*"))


def test_keys_are_asked_for_and_replaced_while_it_runs(place: Place) -> None:
    service = place.deploy(auth="key")
    old = service.get_keys().primary
    assert service.invoke("x")[0] == "one"
    assert requests.post(service.scoring_uri, json="x", timeout=9).status_code == 401
    service.regenerate_key("primary")
    if place.capabilities.replicas:
        place.deploy(replicas=3)
    for _ in range(6):
        refused = requests.post(service.scoring_uri, json="x", headers={"Authorization": f"Bearer {old}"}, timeout=9)
        assert refused.status_code == 401
        assert service.invoke("x")[0] == "one"
