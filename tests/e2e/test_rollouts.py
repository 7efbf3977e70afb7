"""Rollouts that nobody watches, under clients that must not notice: good versions arrive, faulty ones answer nobody."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
import requests

from jupyter_deploy.display import formatters
from jupyter_deploy.errors import NotFound, UsageProblem
from jupyter_deploy.verbs import Session, find, parser_of
from jupyter_deploy.workspace import Endpoint, EndpointRollout, Workspace

OLD = """
import json, os, time

def init():
    pass

def run(data):
    value = float(json.loads(data))
    return [2 * value]
"""
VERSIONS = {
    "good": OLD + "\n# Another text.\n",
    "wrong": OLD.replace("2 * value", "2 * value + 1"),
    "failing": OLD.replace("return [", "raise ValueError('no')\n    return ["),
    "slow": OLD.replace("return [", "time.sleep(0.5)\n    return ["),
    "crashing": OLD.replace("return [", "os._exit(3)\n    return ["),
    # Good until a file is there.
    "turning": OLD.replace("return [", "if os.path.exists('{flag}'): raise ValueError('no')\n    return ["),
}
PLAN = {"steps": "50,100", "every": "0.3s", "max_p95": "300ms", "min_agreement": "99%", "min_sample": 20}


class Clients:
    """Clients on kept connections, each of whose answers must be right."""

    def __init__(self, endpoint: Endpoint, clients: int = 3) -> None:
        self._uri, self._key = endpoint.scoring_uri, endpoint.get_keys().primary
        self._over = threading.Event()
        self.count, self.wrong = 0, list[str]()
        self._threads = [threading.Thread(target=self._run, args=(number,)) for number in range(clients)]

    def _run(self, number: int) -> None:
        with requests.Session() as session:
            # As fast as they can, they would leave nothing of the machine to what is tested.
            while not self._over.wait(0.01):
                number += 10
                answer = session.post(
                    self._uri, data=str(number), headers={"Authorization": f"Bearer {self._key}"}, timeout=30
                )
                self.count += 1
                if answer.status_code != 200 or answer.json() != [2.0 * number]:
                    self.wrong.append(f"{answer.status_code} {answer.text}")

    def __enter__(self) -> Clients:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    opened = Workspace(tmp_path_factory.mktemp("home") / "h")
    yield opened
    for endpoint in list(opened.endpoints.values()):
        endpoint.delete()
    assert opened._rows.all() == []


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scripts")


def made(workspace: Workspace, folder: Path, name: str) -> Endpoint:
    """An endpoint whose old version has all the traffic."""
    (folder / "old.py").write_text(OLD)
    endpoint = workspace.endpoints.create(name)
    endpoint.deploy("blue", script=folder / "old.py", settings={"collect": "requests"})
    endpoint.route("blue=100")
    return endpoint


@pytest.fixture(scope="module")
def endpoint(workspace: Workspace, folder: Path) -> Endpoint:
    found = made(workspace, folder, "shop")
    with pytest.raises(NotFound, match="has had no rollout"):
        found.rollout()
    return found


def deploy(endpoint: Endpoint, folder: Path, kind: str) -> None:
    """Deploy a version as green, without traffic."""
    endpoint.route("blue=100", mirror="none")
    script = folder / f"{endpoint.name}.py"
    script.write_text(VERSIONS[kind].replace("{flag}", str(folder / "flag")))
    endpoint.deploy("green", script=script)


def when(rollout: EndpointRollout, event: str) -> float:
    return float(next(one["time"] for one in rollout.history if one["event"] == event))


def until(condition: Callable[[], object], what: str, seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.02)


def supervisor_of(endpoint: Endpoint) -> int:
    return int((endpoint.changes.home.endpoint("shop") / "router" / "supervisor.pid").read_text())


WORDS = {
    "wrong": "answers agree with the old version's",
    "failing": "requests failed",
    "slow": "took longer than 300 ms",
    # Its worker is away most of the time, or has died so often that it is not started again.
    "crashing": "",
}


def roll_out(endpoint: Endpoint, folder: Path, kinds: tuple[str, ...]) -> None:
    with Clients(endpoint, 2) as clients:
        for kind in kinds:
            deploy(endpoint, folder, kind)
            rollout = endpoint.rollout("green", **PLAN, promote=True).wait(60)
            story = [(one["event"], one["share"], one["reason"]) for one in rollout.history]
            if kind == "good":
                assert [event for event, *_ in story] == ["mirror", "50 %", "100 %", "promote"], story
                assert endpoint.traffic == {"blue": 0, "green": 100}
            else:
                assert [event for event, *_ in story] == ["mirror", "roll back"], story
                assert WORDS[kind] in rollout.reason, story
                assert endpoint.traffic == {"blue": 100, "green": 0}
                assert when(rollout, "roll back") - when(rollout, "mirror") < 10
            assert endpoint.mirror == {}
    assert clients.wrong == []
    assert clients.count > 100


def test_good_versions_arrive_and_faulty_ones_answer_nobody(
    workspace: Workspace, endpoint: Endpoint, folder: Path
) -> None:
    other = made(workspace, folder, "mall")
    with ThreadPoolExecutor(2) as pool:
        both = [
            pool.submit(roll_out, endpoint, folder, ("good", "wrong", "good", "failing")),
            pool.submit(roll_out, other, folder, ("slow", "good", "crashing", "good")),
        ]
    for one in both:
        one.result()
    other.delete()
    # Nothing of it runs on, and both collect what they did before.
    until(lambda: not psutil.pid_exists(supervisor_of(endpoint)), "the supervisor ends with its rollout")
    settings = {name: one.served.spec.settings.get("collect") for name, one in endpoint.deployments.items()}
    assert settings == {"blue": "requests", "green": None}
    assert endpoint.deployments["green"].instances[0].collections.ids() == []


def test_it_goes_on_after_its_supervisor_was_killed_and_waits_for_an_approval(endpoint: Endpoint, folder: Path) -> None:
    deploy(endpoint, folder, "turning")
    with Clients(endpoint) as clients:
        rollout = endpoint.rollout("green", **PLAN, approve=True)
        with pytest.raises(UsageProblem, match="is being rolled out") as caught:
            endpoint.route("blue=100")
        assert caught.value.hint == "jupyter model rollout shop --roll-back"
        for refused in (
            lambda: endpoint.rollout("green"),
            lambda: endpoint.deploy("green", instances=2),
            lambda: endpoint.deployments["blue"].delete(),
        ):
            with pytest.raises(UsageProblem, match="is being rolled out"):
                refused()
        until(lambda: rollout.state == "mirroring", "it mirrors")
        first = supervisor_of(endpoint)
        os.kill(first, signal.SIGKILL)
        until(lambda: rollout.state == "waiting", "it goes on by itself")
        until(lambda: supervisor_of(endpoint) != first, "it is started again")
        assert "green is waiting" in formatters.text(endpoint)
        assert [one["event"] for one in rollout.history] == ["mirror", "wait"]
        assert endpoint.traffic == {"blue": 100, "green": 0}
        (folder / "flag").touch()
        rollout.wait(30)
        assert rollout.state == "rolled back"
        assert "requests failed" in rollout.reason
    assert clients.wrong == []
    (folder / "flag").unlink()


def test_it_is_steered_by_hand_and_judges_where_there_is_no_traffic(
    workspace: Workspace, endpoint: Endpoint, folder: Path
) -> None:
    def verb(words: str) -> EndpointRollout:
        given = parser_of(find("rollout"), "jupyter model rollout").parse_args(words.split())
        found = find("rollout").run(workspace, given, Session(lambda _: None, lambda _: None, lambda _: True))
        assert isinstance(found, EndpointRollout)
        return found

    deploy(endpoint, folder, "good")
    rollout = verb("shop green --steps 10,100 --every 0.2s --min-agreement 100% --min-sample 15 --max-p95 2s")
    until(lambda: rollout.state == "mirroring", "it mirrors")
    # Fewer than the sample in all: the captured ones are sent again for each step.
    for number in range(16):
        assert endpoint.invoke(number) == [2.0 * number]
    assert rollout.wait(20).state == "complete"
    assert [one["share"] for one in rollout.history] == [0, 10, 100, 100]
    text, page = formatters.text(rollout), formatters.html(rollout)
    for words in ("Rollout of green at shop: complete", "100 %", "promote makes it final"):
        assert words in text
        assert words.replace(": complete", "") in page
    assert json.loads(json.dumps(rollout.as_dict()))["state"] == "complete"
    with pytest.raises(UsageProblem, match="waits for no approval"):
        verb("shop --approve")
    assert verb("shop --roll-back").state == "rolled back"
    assert endpoint.traffic == {"blue": 100, "green": 0}
    rollout.wait(20)
    with pytest.raises(UsageProblem, match="has ended: rolled back"):
        verb("shop --promote")
    again = verb("shop green --min-sample 1000")
    until(lambda: again.state == "mirroring", "it mirrors")
    assert verb("shop --hold").state == "held"
    assert verb("shop --approve").state == "mirroring"
    with pytest.raises(UsageProblem, match="One thing at a time"):
        verb("shop --hold --approve")
    again.roll_back()
    assert again.wait(20).reason == "asked for"
    assert verb("shop").number == again.number
    for words, said in (("shop grene", "green"), ("shop blue", "no other deployment has traffic")):
        with pytest.raises((NotFound, UsageProblem)) as caught:
            verb(words)
        assert said in f"{caught.value} {caught.value.hint}"
