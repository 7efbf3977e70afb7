"""Both routers, by the same tests: what clients are answered, and by whom. The instances are plain servers."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jwt
import psutil
import pytest
import requests

from jupyter_deploy.endpoints import HEADER, MIRRORED, Limits, RunningRouter
from jupyter_deploy.errors import PortBusy
from jupyter_deploy.files import owner_of
from jupyter_deploy.home import Home
from jupyter_deploy.routing import Backend, Pool, Router, Rules, notice_of, router_of
from jupyter_deploy.routing.rulefile import read_rules, rules_text
from jupyter_deploy.routing.standby import reserve
from jupyter_deploy.routing.watched import bound
from jupyter_deploy.serving import Credentials

KEYS = ("primary-key-0123", "secondary-key-01")
KEY = {"authorization": f"Bearer {KEYS[0]}"}
SECRET = "ab" * 32


class Instance(ThreadingHTTPServer):
    """A server that answers its name, or what the request's header ``x-do`` says."""

    daemon_threads = True

    def __init__(self, name: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.name = name
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        self.open = threading.Event()
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    @property
    def backend(self) -> Backend:
        return Backend("127.0.0.1", self.server_address[1])

    def handle_error(self, *_: Any) -> None:
        """A router that was killed leaves connections."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Instance

    def do_GET(self) -> None:
        self._say(200, b"ready")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        self.server.got.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
        do = self.headers.get("x-do", "")
        if do == "wait":
            self.server.open.wait(20)
        if do == "large":
            self._say(200, b"x" * 1_000_000)
            return
        ran = {"x-ms-run-fn-exec-ms": "1"} if do.startswith("ran") else {}
        self._say(int(do[-3:]) if do[-3:].isdecimal() else 200, json.dumps(self.server.name).encode(), ran)

    def _say(self, status: int, body: bytes, more: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"content-length": str(len(body)), **(more or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        return


class Routed:
    """A router with instances of two deployments behind it."""

    def __init__(self, kind: str, home: Home) -> None:
        self.router: Router = router_of(kind)
        self.home = home
        self.blue, self.green = Instance("blue"), Instance("green")
        pools = (Pool("blue", (self.blue.backend,)), Pool("green", (self.green.backend,)))
        self.first = self.rules = Rules(
            "shop", pools, {"blue": 100}, credentials=Credentials("key", KEYS), inner_key="inner-key-01"
        )
        found: list[RunningRouter] = []
        self.router.start(home, self.rules, 0, found.append)
        self.running = found[-1]

    def use(self, **given: Any) -> None:
        self.rules = replace(self.first, **given)
        self.router.push(self.home, self.running, self.rules)

    def post(self, body: bytes = b"1", path: str = "/score", **headers: str) -> requests.Response:
        url = f"http://127.0.0.1:{self.running.port}{path}"
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return requests.post(url, data=body, headers={**KEY, **sent}, timeout=30)

    def pids(self) -> dict[str, int]:
        found: dict[str, int] = json.loads((Path(self.running.facts["folder"]) / "router.pids").read_text())
        return found


@pytest.fixture(scope="module", params=["envoy", "aiohttp"])
def routed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Routed]:
    home = Home(tmp_path_factory.mktemp(request.param))
    home.create()
    made = Routed(request.param, home)
    yield made
    made.router.stop(made.running)
    for one in (made.blue, made.green):
        one.shutdown()
        one.server_close()


@pytest.fixture(autouse=True)
def again(request: pytest.FixtureRequest) -> None:
    if "routed" in request.fixturenames:
        routed: Routed = request.getfixturevalue("routed")
        routed.use()
        routed.blue.got.clear()
        routed.green.got.clear()


def until(true: Callable[[], object], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_request_gets_there_and_back(routed: Routed) -> None:
    answer = routed.post(b"[1, 2]", path="/score?a=b", x_ms_request_id="mine", azureml_mirrored="true")
    assert (answer.status_code, answer.json(), answer.headers[HEADER]) == (200, "blue", "blue")
    ((path, headers, body),) = routed.blue.got
    assert (path, body, headers["x-ms-request-id"]) == ("/score?a=b", b"[1, 2]", "mine")
    # The script gets no key of a client, and a client cannot say that it is a copy.
    assert headers["authorization"] == "Bearer inner-key-01"
    assert MIRRORED not in headers
    routed.post()
    assert routed.blue.got[-1][1]["x-ms-request-id"]
    assert len(routed.post(x_do="large").content) == 1_000_000


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (None, "This endpoint needs a key"),
        ("Basic abc", "must be 'Bearer <key>'"),
        ("Bearer wrong-key-0123456", "not one of this endpoint's keys"),
        (f"Bearer ('{KEYS[0]}', 1)", "pass its first item alone"),
    ],
)
def test_without_its_key_a_client_gets_401(routed: Routed, header: str | None, words: str) -> None:
    url, sent = f"http://127.0.0.1:{routed.running.port}/score", {"authorization": header} if header else {}
    answer = requests.post(url, data=b"1", headers=sent, timeout=30)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert words in answer.json()["message"]
    assert HEADER not in answer.headers
    assert routed.blue.got == []
    # Health needs none, and nothing else of the instances is shown.
    assert requests.get(url.replace("/score", "/"), timeout=30).status_code == 200
    assert requests.get(url.replace("/score", "/-/state"), timeout=30).status_code == 404


@pytest.mark.parametrize(
    "path", ["/v2/health/../../score", "/v2/health/%2e%2e/%2e%2e/score", "/v2/health/..%2f../score"]
)
def test_no_way_around_the_key_leads_over_the_health_routes(routed: Routed, path: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", routed.running.port, timeout=20)
    routed.blue.got.clear()
    connection.request("POST", path, b"1")
    connection.getresponse().read()
    connection.close()
    assert "/score" not in [found for found, _, _ in routed.blue.got]


def test_keys_are_rotated_live_and_tokens_are_verified(routed: Routed) -> None:
    assert routed.post(authorization=f"bearer {KEYS[1]}").status_code == 200
    routed.use(credentials=Credentials("key", ("another-key-0123", KEYS[1])))
    assert [routed.post().status_code, routed.post(authorization=f"Bearer {KEYS[1]}").status_code] == [401, 200]
    routed.use(credentials=Credentials("token", (), SECRET, "endpoint/shop"))

    def token(**given: Any) -> str:
        claims = {"aud": "endpoint/shop", "exp": time.time() + 60, **given}
        return f"Bearer {jwt.encode(claims, bytes.fromhex(SECRET), 'HS256')}"

    assert routed.post(authorization=token()).json() == "blue"
    for header, words in ((token(exp=1), "expired"), (token(aud="other"), "another"), ("Bearer x.y.z", "no valid")):
        answer = routed.post(authorization=header)
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
        assert words in answer.json()["message"]


def test_shares_and_the_header_that_names_one(routed: Routed) -> None:
    routed.use(traffic={"blue": 70, "green": 30})
    found = Counter(routed.post().json() for _ in range(200))
    # Four standard deviations.
    assert abs(found["green"] - 60) < 26
    assert {routed.post(**{HEADER: "green"}).json() for _ in range(5)} == {"green"}
    unknown = routed.post(**{HEADER: "red"})
    assert (unknown.status_code, "no deployment of that name" in unknown.json()["message"]) == (404, True)
    routed.use(traffic={})
    refused = routed.post()
    assert refused.status_code == 404
    assert "jupyter model endpoint traffic shop blue=100" in refused.json()["message"]
    assert routed.post(**{HEADER: "blue"}).json() == "blue"
    routed.use(traffic={"green": 100})
    assert {routed.post().json() for _ in range(10)} == {"green"}
    assert routed.post(host="evil.example").status_code == 403


def test_copies_are_marked_and_counted_apart(routed: Routed) -> None:
    before = routed.router.numbers(routed.running)["green"]
    routed.use(mirror={"green": 50})
    assert {routed.post(b"%d" % number, x_do="200").json() for number in range(80)} == {"blue"}
    until(lambda: len(routed.green.got) >= 20)
    assert len(routed.green.got) < 60
    assert {headers[MIRRORED] for _, headers, _ in routed.green.got} == {"true"}
    assert {body for _, _, body in routed.green.got} <= {b"%d" % number for number in range(80)}

    def counted() -> bool:
        now = routed.router.numbers(routed.running)["green"]
        return now.mirrored - before.mirrored == len(routed.green.got) and now.requests == before.requests

    until(counted)


def test_statuses_are_those_of_the_contract(routed: Routed) -> None:
    failed = routed.post(x_do="ran500")
    assert (failed.status_code, failed.headers["ms-azureml-model-error-statuscode"]) == (424, "500")
    assert routed.post(x_do="ran401").status_code == 424
    # Those are the server's own.
    assert [routed.post(x_do=status).status_code for status in ("413", "503", "201")] == [413, 503, 201]
    slow = Pool("blue", (routed.blue.backend,), Limits(timeout_ms=200, concurrency=1))
    routed.use(pools=(slow, routed.first.pools[1]))
    late = routed.post(x_do="wait")
    assert (late.status_code, "request_timeout_ms" in late.json()["message"]) == (408, True)
    routed.use(pools=(replace(slow, limits=Limits(concurrency=1)), routed.first.pools[1]))
    routed.blue.open.clear()
    routed.blue.got.clear()
    held = [threading.Thread(target=routed.post, kwargs={"x_do": "wait"}) for _ in range(2)]
    for one in held:
        one.start()
    until(lambda: len(routed.blue.got) == 2)
    busy = routed.post()
    assert (busy.status_code, "at once" in busy.json()["message"]) == (429, True)
    routed.blue.open.set()
    for one in held:
        one.join()


def test_the_same_value_gets_the_same_instance_and_a_route_of_its_own(routed: Routed) -> None:
    both = Pool("blue", (routed.blue.backend, routed.green.backend), scoring="/predict")
    routed.use(pools=(both,), sticky="x-user")
    for number in range(8):
        assert len({routed.post(x_user=f"user {number}").json() for _ in range(4)}) == 1
    found = {routed.post(x_user=f"user {number}").json() for number in range(40)}
    assert found == {"blue", "green"}
    assert {path for path, _, _ in routed.blue.got} == {"/predict"}


def test_an_instance_that_is_gone_gets_nothing(routed: Routed) -> None:
    gone = Instance("gone")
    gone.shutdown()
    gone.server_close()
    routed.use(pools=(Pool("blue", (gone.backend, routed.blue.backend)), *routed.first.pools[1:]))
    assert {routed.post().json() for _ in range(20)} == {"blue"}
    routed.use(pools=(Pool("blue", (gone.backend,)), *routed.first.pools[1:]))
    answer = routed.post()
    assert (answer.status_code, answer.json()["message"]) == (503, "Deployment blue has no instance that answers.")
    assert answer.headers[HEADER] == "blue"


def test_each_request_is_in_the_log(routed: Routed) -> None:
    log, mine = Path(routed.running.facts["access_log"]), f"log-{time.monotonic_ns()}"
    routed.post(x_ms_request_id=mine)
    until(lambda: mine in log.read_text())
    (line,) = [json.loads(line) for line in log.read_text().splitlines() if mine in line]
    assert (line["method"], line["path"], line["status"], line["deployment"]) == ("POST", "/score", 200, "blue")
    assert line["instance"] == f"127.0.0.1:{routed.blue.backend.port}"


def test_changes_and_a_death_refuse_nobody(routed: Routed) -> None:
    failed, over = [], threading.Event()
    lost: list[str] = []

    def client() -> None:
        with requests.Session() as session:
            session.headers.update(KEY)
            while not over.is_set():
                try:
                    answer = session.post(f"http://127.0.0.1:{routed.running.port}/score", data=b"1", timeout=30)
                except requests.RequestException as error:
                    lost.append(str(error))
                else:
                    failed.extend([answer.status_code] if answer.status_code != 200 else [])

    clients = [threading.Thread(target=client) for _ in range(4)]
    for one in clients:
        one.start()
    for number in range(10):
        routed.use(traffic={"blue": 10 * number, "green": 100 - 10 * number})
    assert (failed, lost) == ([], [])
    before = routed.pids()["router"]
    os.kill(before, signal.SIGKILL)
    until(lambda: routed.pids()["router"] not in {0, before} and routed.router.probe(routed.running).state == "Healthy")
    sent = len(routed.blue.got)
    until(lambda: len(routed.blue.got) > sent + 4)
    over.set()
    for one in clients:
        one.join()
    # Only what it had in hand: one request of each client, and one that the system had queued for it while it died.
    assert failed == []
    assert len(lost) <= 8, lost


def test_a_port_is_free_again_at_once() -> None:
    with reserve(0) as listener, socket.socket() as client:
        port = listener.getsockname()[1]
        listener.listen()
        client.connect(("127.0.0.1", port))
        served, _ = listener.accept()
        # Its side closes first, so the system remembers the connection for a while.
        served.close()
        assert client.recv(1) == b""
    bound(port).close()


@pytest.mark.parametrize("kind", ["envoy", "aiohttp"])
def test_it_ends_when_its_workspace_is_removed(kind: str, tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.create()
    made = Routed(kind, home)
    processes = [psutil.Process(pid) for pid in made.pids().values()]
    with pytest.raises(PortBusy, match=str(made.running.port)):
        router_of(kind).start(home, replace(made.rules, endpoint="other"), made.running.port, lambda _: None)
    shutil.rmtree(home.root)
    _, alive = psutil.wait_procs(processes, timeout=20)
    assert alive == []


def test_what_holds_requests_may_come_later(routed: Routed) -> None:
    # As while the supervisor of a deployment that sleeps is started again.
    place = routed.router.held_at(routed.running, "blue")
    routed.use(pools=(Pool("blue", (Backend(path=str(place)),)), routed.first.pools[1]))
    answers: list[int] = []
    client = threading.Thread(target=lambda: answers.append(routed.post().status_code))
    client.start()
    with socket.socket(socket.AF_UNIX) as listener:
        client.join(1.0)
        assert answers == []
        listener.bind(str(place))
        if owner := owner_of(place.parent):
            os.chown(place, *owner)
        listener.listen()
        while client.is_alive():
            taken, _ = listener.accept()
            with taken:
                if taken.recv(65536).startswith(b"POST"):
                    taken.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
                    client.join(20)
    assert answers == [200]


def test_without_envoy_another_router_is_chosen_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (router_of().kind, notice_of("envoy")) == ("envoy", "")
    monkeypatch.setattr("jupyter_deploy.routing.choice.is_there", lambda: False)
    assert router_of().kind == "aiohttp"
    assert "slower router" in notice_of("aiohttp")
    monkeypatch.setenv("JUPYTER_DEPLOY_ROUTER", "envoy")
    assert router_of().kind == "envoy"


def test_rules_are_the_same_after_they_were_written() -> None:
    rules = Rules(
        "shop", (Pool("blue", (Backend("h", 1), Backend(path="/s"))),), {"blue": 100}, {}, Credentials("key", KEYS)
    )
    assert read_rules(rules_text(rules)) == rules
    assert read_rules(rules_text(rules)).traffic == {"blue": 100}
