"""One endpoint with real deployments behind a real router: rules, keys, statuses, changes under load, deaths."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import requests

from jupyter_deploy.errors import InvokeProblem, NotFound, PortBusy, StartFailed, UsageProblem
from jupyter_deploy.workspace import Endpoint, Workspace

BLUE = """
import json

def init():
    pass

def run(data):
    value = json.loads(data)
    if value == "fail":
        raise ValueError("asked to")
    return "blue"
"""
GREEN = BLUE.replace('return "blue"', 'return "green"')


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


@pytest.fixture(scope="module")
def made(workspace: Workspace, folder: Path) -> Endpoint:
    """An endpoint with blue at 100 % and green at 0."""
    (folder / "blue.py").write_text(BLUE)
    (folder / "green.py").write_text(GREEN)
    endpoint = workspace.endpoints.create("shop")
    with pytest.raises(InvokeProblem, match="404: No deployment of endpoint shop has traffic"):
        started = endpoint.deploy("blue", script=folder / "blue.py")
        assert started.state == "Healthy"
        endpoint.invoke(1)
    endpoint.route("blue=100")
    endpoint.deploy("green", script=folder / "green.py")
    return endpoint


@pytest.fixture
def endpoint(made: Endpoint, folder: Path) -> Endpoint:
    """The same, as at first."""
    made.route({"blue": 100}, mirror={})
    return made


def post(endpoint: Endpoint, value: object = 1, **headers: str) -> requests.Response:
    given = {"Authorization": f"Bearer {endpoint.get_keys().primary}", "Content-Type": "application/json", **headers}
    return requests.post(endpoint.scoring_uri, data=json.dumps(value), headers=given, timeout=30)


class Load:
    """Clients on kept connections, and what they were answered."""

    def __init__(self, endpoint: Endpoint, clients: int = 8, body: str = "1") -> None:
        self._endpoint, self._body = endpoint, body
        self._over = threading.Event()
        self.answers: Counter[str] = Counter()
        self.failed: list[str] = []
        self._threads = [threading.Thread(target=self._run) for _ in range(clients)]

    def _run(self) -> None:
        key = {"Authorization": f"Bearer {self._endpoint.get_keys().secondary}", "Content-Type": "application/json"}
        with requests.Session() as session:
            while not self._over.is_set():
                try:
                    answer = session.post(self._endpoint.scoring_uri, data=self._body, headers=key, timeout=30)
                except requests.RequestException as error:
                    self.failed.append(repr(error))
                    continue
                if answer.status_code == 200:
                    self.answers[answer.json()] += 1
                else:
                    self.failed.append(f"{answer.status_code} {answer.text}")

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()


def test_requests_are_shared_as_the_rules_say(endpoint: Endpoint) -> None:
    key = {"Authorization": f"Bearer {endpoint.get_keys().primary}"}
    with requests.Session() as session:

        def ask() -> str:
            return str(session.post(endpoint.scoring_uri, data="1", headers=key, timeout=30).json())

        assert Counter(ask() for _ in range(20)) == {"blue": 20}
        endpoint.route("blue=70 green=30")
        answers = Counter(ask() for _ in range(1000))
    # Three standard deviations of a binomial distribution.
    assert abs(answers["green"] - 300) < 3 * (1000 * 0.3 * 0.7) ** 0.5
    assert post(endpoint).headers["azureml-model-deployment"] in {"blue", "green"}


def test_a_header_names_the_deployment_that_answers(endpoint: Endpoint) -> None:
    assert endpoint.invoke(1, deployment="green") == "green"
    assert post(endpoint, **{"azureml-model-deployment": "green"}).json() == "green"
    answer = post(endpoint, **{"azureml-model-deployment": "red"})
    assert answer.status_code == 404
    assert "no deployment of that name" in answer.json()["message"]


def test_nobody_gets_in_without_a_key_and_replaced_keys_are_refused_at_once(endpoint: Endpoint) -> None:
    for wrong in ({}, {"Authorization": "Bearer wrong-key-12"}, {"Authorization": endpoint.get_keys().primary}):
        answer = requests.post(endpoint.scoring_uri, data="1", headers=wrong, timeout=30)
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer"), wrong
        assert "azureml-model-deployment" not in answer.headers
        assert "message" in answer.json()
    whole = requests.post(endpoint.scoring_uri, data="1", headers={"Authorization": "Bearer ('a', 'b')"}, timeout=30)
    assert "first item alone" in whole.json()["message"]
    before = endpoint.get_keys()
    endpoint.regenerate_key("primary")
    old = requests.post(
        endpoint.scoring_uri, data="1", headers={"Authorization": f"Bearer {before.primary}"}, timeout=30
    )
    other = {"Authorization": f"Bearer {before.secondary}"}
    assert old.status_code == 401
    assert requests.post(endpoint.scoring_uri, data="1", headers=other, timeout=30).ok
    assert post(endpoint).ok
    assert requests.get(endpoint.scoring_uri.replace("/score", "/"), timeout=30).ok
    # An instance itself takes the router's key only.
    instance = endpoint.deployments["blue"].instances[0]
    direct = {"Authorization": f"Bearer {endpoint.get_keys().primary}"}
    assert requests.post(instance.scoring_uri, data="1", headers=direct, timeout=30).status_code == 401


def test_a_models_error_is_424_with_its_own_status_and_its_traceback_is_shown(endpoint: Endpoint) -> None:
    answer = post(endpoint, "fail")
    assert answer.status_code == 424
    assert answer.headers["ms-azureml-model-error-statuscode"] == "500"
    with pytest.raises(InvokeProblem, match="ValueError: asked to") as caught:
        endpoint.invoke('"fail"')
    assert 'raise ValueError("asked to")' in caught.value.details
    assert "jupyter model logs shop.blue." in caught.value.hint
    assert caught.value.request_id in caught.value.hint


def test_what_the_rules_refuse(endpoint: Endpoint) -> None:
    for traffic, words in (({"blue": 50}, "not to 50 %"), ({"gren": 100}, "Did you mean 'green'")):
        with pytest.raises(UsageProblem) as caught:
            endpoint.route(traffic)
        assert words in f"{caught.value} {caught.value.hint}"
    with pytest.raises(UsageProblem, match="has 100 % of the traffic") as refused:
        endpoint.deployments["blue"].delete()
    assert refused.value.hint == "jupyter model endpoint traffic shop blue=0"
    assert endpoint.traffic == {"blue": 100, "green": 0}


def test_a_service_and_an_endpoint_have_different_names(workspace: Workspace, endpoint: Endpoint, folder: Path) -> None:
    with pytest.raises(UsageProblem, match="An endpoint is named 'shop'"):
        workspace.deploy("shop", script=folder / "blue.py", target="process")
    with pytest.raises(NotFound) as caught:
        workspace.services["shop"].health  # noqa: B018 - looked up when it is read
    assert caught.value.hint == "jupyter model endpoint show shop"
    assert list(workspace.services) == []


def test_mirrored_requests_carry_a_mark_and_answer_nobody(endpoint: Endpoint, folder: Path) -> None:
    (folder / "copy.py").write_text(
        "from azureml.contrib.services.aml_request import rawhttp, AMLRequest\n"
        "from azureml.contrib.services.aml_response import AMLResponse\n"
        "@rawhttp\n"
        "def run(request):\n"
        "    print('MARK', request.headers.get('azureml-mirrored'), request.headers.get('x-ms-request-id'))\n"
        "    return AMLResponse('wrong', 500)\n"
    )
    endpoint.deploy("copy", script=folder / "copy.py")
    endpoint.route(mirror="copy=50")
    answers = [post(endpoint, **{"x-ms-request-id": f"id-{number}"}) for number in range(60)]
    assert {answer.text for answer in answers} == {'"blue"'}
    until = time.monotonic() + 10
    while "MARK true id-" not in (log := endpoint.logs(deployment="copy")) and time.monotonic() < until:
        time.sleep(0.05)
    assert "MARK true id-" in log
    assert "MARK None" not in log
    # A client cannot make its request look like a copy.
    post(endpoint, **{"azureml-model-deployment": "copy", "azureml-mirrored": "true"})
    assert "MARK None" in endpoint.logs(deployment="copy")
    endpoint.route(mirror="none")
    endpoint.deployments["copy"].delete()
    assert endpoint.traffic == {"blue": 100, "green": 0}


def test_no_request_fails_while_rules_and_deployments_change(endpoint: Endpoint, folder: Path) -> None:
    with Load(endpoint) as load:
        for share in (10, 50, 100, 0):
            endpoint.route({"green": share, "blue": 100 - share})
        endpoint.route({"blue": 50, "green": 50})
        endpoint.deploy("green", instances=2)
        (folder / "green.py").write_text(GREEN + "\n# Another text.\n")
        assert endpoint.deploy("green", script=folder / "green.py").change.action == "reloaded"
        assert endpoint.deploy("green", variables={"SOME": "value"}).change.action == "replaced"
        endpoint.deploy("green", instances=1)
        endpoint.deploy("red", script=folder / "green.py")
        endpoint.route({"red": 100})
        endpoint.route({"blue": 100})
        endpoint.deployments["red"].delete()
    assert load.failed == []
    assert load.answers["blue"] > 20
    assert load.answers["green"] > 20


def test_a_failed_change_leaves_what_served(endpoint: Endpoint, folder: Path) -> None:
    (folder / "broken.py").write_text("def init():\n    raise RuntimeError('no')\n\ndef run(data):\n    return 1\n")
    with pytest.raises(StartFailed, match="RuntimeError: no"):
        endpoint.deploy("bad", script=folder / "broken.py")
    assert "bad" not in endpoint.deployments
    with pytest.raises(Exception, match="RuntimeError: no"):
        endpoint.deploy("green", script=folder / "broken.py")
    assert endpoint.invoke(1, deployment="green") == "green"
    assert "RuntimeError" in endpoint.deployments["green"].record.failed
    with pytest.raises(StartFailed, match="RuntimeError: no"):
        endpoint.deploy("green", script=folder / "broken.py", variables={"OTHER": "value"})
    assert endpoint.invoke(1, deployment="green") == "green"


def test_a_scale_keeps_the_code_that_was_deployed(endpoint: Endpoint, folder: Path) -> None:
    (folder / "blue.py").write_text(BLUE.replace('return "blue"', 'return "edited"'))
    endpoint.deploy("blue", instances=2)
    assert Counter(endpoint.invoke(1) for _ in range(10)) == {"blue": 10}
    endpoint.deploy("blue", instances=1)
    (folder / "blue.py").write_text(BLUE)


def test_the_router_is_back_with_its_port_and_rules_and_no_client_is_refused(endpoint: Endpoint) -> None:
    address = endpoint.scoring_uri
    pids = json.loads((endpoint.changes.home.endpoint("shop") / "router" / "router.pids").read_text())
    clients = 4
    with Load(endpoint, clients) as load:
        gone = os.pidfd_open(pids["router"])
        os.kill(pids["router"], signal.SIGKILL)
        # Until the last of its threads is gone, it may still take a connection; its first one may be gone before.
        assert select.select([gone], [], [], 10)[0]
        os.close(gone)
        started = time.monotonic()
        assert post(endpoint).json() == "blue"
        assert time.monotonic() - started < 2
    # What it had in hand is lost; what came while it was away has waited.
    assert len(load.failed) <= clients, load.failed
    os.kill(pids["watcher"], signal.SIGKILL)
    # A look starts another watcher, which takes the living router over.
    psutil.wait_procs([psutil.Process(pids["watcher"])] if psutil.pid_exists(pids["watcher"]) else [], timeout=5)
    assert endpoint.state == "Healthy"
    assert endpoint.scoring_uri == address
    assert post(endpoint).ok


def test_tokens_open_an_endpoint_that_takes_them(workspace: Workspace, endpoint: Endpoint) -> None:
    workspace.endpoints.create("shop", auth="token")
    try:
        assert endpoint.invoke(1) == "blue"
        answer = requests.post(endpoint.scoring_uri, data="1", headers={"Authorization": "Bearer x.y.z"}, timeout=30)
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
        token = endpoint.get_token().token
        head, _, rest = token.partition(".")
        for wrong in (f"{head}.{rest[:-6]}AAAAAA", "a-key-of-before"):
            header = {"Authorization": f"Bearer {wrong}"}
            assert requests.post(endpoint.scoring_uri, data="1", headers=header, timeout=30).status_code == 401
    finally:
        workspace.endpoints.create("shop", auth="key")
    assert endpoint.invoke(1) == "blue"


def test_limits_of_a_deployment_are_kept(endpoint: Endpoint, folder: Path) -> None:
    (folder / "slow.py").write_text("import time\n\ndef run(data):\n    time.sleep(0.6)\n    return 'slow'\n")
    endpoint.deploy("slow", script=folder / "slow.py", concurrency=1, timeout_ms=10_000)
    named = {"azureml-model-deployment": "slow"}
    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(post(endpoint, **named).status_code)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # One runs, one waits, and the others are told to come back.
    assert Counter(found) == {200: 2, 429: 4}
    endpoint.deploy("slow", timeout_ms=200)
    answer = post(endpoint, **named)
    assert answer.status_code == 408
    assert "message" in answer.json()
    endpoint.deploy("slow", timeout_ms=0)
    assert post(endpoint, **named).json() == "slow"
    endpoint.deployments["slow"].delete()


def test_a_port_that_is_taken_leaves_the_endpoint_where_it_is(workspace: Workspace, endpoint: Endpoint) -> None:
    address = endpoint.scoring_uri
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(PortBusy):
            workspace.endpoints.create("shop", port=taken.getsockname()[1])
    assert (endpoint.scoring_uri, endpoint.invoke(1)) == (address, "blue")


def test_an_access_line_tells_who_answered(endpoint: Endpoint) -> None:
    post(endpoint, **{"x-ms-request-id": "find-me"})
    until = time.monotonic() + 10
    while '"find-me"' not in (log := endpoint.logs(50)) and time.monotonic() < until:
        time.sleep(0.05)
    line = next(json.loads(line) for line in log.splitlines() if '"find-me"' in line)
    assert (line["deployment"], line["status"], line["path"]) == ("blue", 200, "/score")
    key = endpoint.get_keys().primary
    assert key not in log
    assert key not in repr(endpoint.get_keys())


def test_https_is_all_that_an_endpoint_with_a_certificate_speaks(workspace: Workspace, endpoint: Endpoint) -> None:
    workspace.endpoints.create("shop", tls="self-signed")
    try:
        assert endpoint.scoring_uri.startswith("https://")
        assert endpoint.invoke(1) == "blue"
        key = {"Authorization": f"Bearer {endpoint.get_keys().primary}"}
        answer = requests.post(endpoint.scoring_uri, data="1", headers=key, verify=endpoint.certificate, timeout=30)
        assert answer.json() == "blue"
        with pytest.raises(requests.ConnectionError):
            requests.post(endpoint.scoring_uri.replace("https", "http"), data="1", headers=key, timeout=30)
    finally:
        workspace.endpoints.create("shop", tls="none")
    assert endpoint.scoring_uri.startswith("http://")
    assert endpoint.invoke(1) == "blue"


def test_files_are_scored_by_the_rules_or_by_one_deployment(endpoint: Endpoint, tmp_path: Path) -> None:
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text("1\n" * 99 + '"fail"\n')

    def answers() -> Counter[str | None]:
        return Counter(json.loads(line)["prediction"] for line in out.read_text().splitlines())

    endpoint.route({"blue": 50, "green": 50})
    found = endpoint.score(source, out)
    assert [(one.row, one.status, one.message.partition(" in ")[0]) for one in found.errors] == [
        (100, 500, "ValueError: asked to")
    ]
    assert answers().keys() == {"blue", "green", None}
    assert endpoint.only("green").score(source, out).service == "shop/green"
    assert answers() == {"green": 99, None: 1}
    endpoint.route({"blue": 0, "green": 0})
    began = time.monotonic()
    with pytest.raises(InvokeProblem, match="No deployment of endpoint shop has traffic"):
        endpoint.score(source, out)
    assert time.monotonic() - began < 20


def test_the_same_value_of_a_header_gets_the_same_deployment(workspace: Workspace, endpoint: Endpoint) -> None:
    workspace.endpoints.create("shop", sticky="X-User")
    endpoint.route("blue=50 green=50")
    try:
        users = {
            f"user-{number}": {post(endpoint, **{"x-user": f"user-{number}"}).json() for _ in range(4)}
            for number in range(30)
        }
        assert all(len(answers) == 1 for answers in users.values())
        assert set.union(*users.values()) == {"blue", "green"}
        assert {post(endpoint).json() for _ in range(40)} == {"blue", "green"}
    finally:
        workspace.endpoints.create("shop", sticky="none")
    with pytest.raises(UsageProblem, match="not a header's name"):
        workspace.endpoints.create("shop", sticky="a b")
