"""Keys and tokens: who may call which route, what is refused and how, and how credentials change while it runs."""

from __future__ import annotations

import http.client
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import jwt
import pytest
import requests

from jupyter_deploy.serving import Credentials

ECHO = """
import os

def run(data):
    return [data, sorted(name for name in os.environ if name.startswith("AML_") and name.endswith("_KEY"))]
"""
RAW = """
from azureml.contrib.services.aml_request import rawhttp

@rawhttp
def run(request):
    return request.method
"""
# The same in every process: tests that run side by side must have the same names.
PRIMARY, SECONDARY, OTHER = (f"{word}-key-of-a-test-0123456789abcdefghij" for word in ("first", "second", "third"))
SIGNING = "5e" * 32
ADMIN = "the-admin-token"


class Server(str):
    """The address up to the port, and its folder."""

    __slots__ = ("folder",)
    folder: Path

    def score(self, key: str | None = None, **more: object) -> requests.Response:
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
        return requests.post(f"{self}/score", data="1", headers=headers, timeout=20, **more)  # type: ignore[arg-type]

    def authorize(self, body: object, token: str = ADMIN) -> requests.Response:
        headers = {"Authorization": f"Bearer {token}"}
        return requests.post(f"{self}/-/auth", json=body, headers=headers, timeout=20)


def command_of(folder: Path, script: str, *options: str) -> list[str]:
    (folder / "score.py").write_text(script)
    return [sys.executable, "-u", "-m", "jupyter_deploy.serving", "--entry-script", "score.py", "--port", "0", *options]


@contextmanager
def served(folder: Path, script: str, *options: str, **environ: str) -> Iterator[Server]:
    command = command_of(folder, script, *options)
    log = folder / "server.log"
    with log.open("w") as output:
        process = subprocess.Popen(command, cwd=folder, stdout=output, stderr=output, env={**os.environ, **environ})
    try:
        while not (found := re.search(r"Serving .* at (http\S+)/score", log.read_text())):
            assert process.poll() is None, log.read_text()
            time.sleep(0.005)
        server = Server(found[1])
        server.folder = folder
        while requests.get(f"{server}/-/ready", timeout=20).status_code != 200:
            time.sleep(0.01)
        yield server
    finally:
        process.terminate()
        process.wait(20)


def file_of(folder: Path, credentials: Credentials) -> tuple[str, ...]:
    (folder / "auth.json").write_text(credentials.dumps())
    (folder / "admin.token").write_text(ADMIN)
    return "--set", f"auth_file={folder}/auth.json", "--set", f"token_file={folder}/admin.token"


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("keyed")
    options = file_of(folder, Credentials("key", (PRIMARY, SECONDARY)))
    with served(folder, ECHO, *options, "--set", "cors_origins=http://page.example") as server:
        yield server


@pytest.fixture(scope="module")
def tokened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("tokened")
    with served(folder, ECHO, *file_of(folder, Credentials("token", (), SIGNING, "churn"))) as server:
        yield server


def token(key: str = SIGNING, **claims: object) -> str:
    now = int(time.time())
    values = {"aud": "churn", "iat": now, "nbf": now, "exp": now + 60, **claims}
    return jwt.encode({name: value for name, value in values.items() if value is not None}, bytes.fromhex(key), "HS256")


def test_both_keys_answer_and_nothing_else_does(keyed: Server) -> None:
    assert [keyed.score(key).status_code for key in (PRIMARY, SECONDARY)] == [200, 200]
    refused = [keyed.score(key) for key in (None, OTHER, PRIMARY[:-1], f"{PRIMARY}x", ADMIN)]
    assert [answer.status_code for answer in refused] == [401] * 5
    assert all(answer.headers["www-authenticate"] == "Bearer" for answer in refused)
    assert all(list(answer.json()) == ["message"] for answer in refused)
    assert all(answer.headers["x-ms-request-id"] for answer in refused)
    assert "Authorization: Bearer <key>" in refused[0].json()["message"]


def test_a_refusal_quotes_nothing_of_what_was_sent(keyed: Server) -> None:
    assert OTHER not in keyed.score(OTHER).text
    assert OTHER not in (keyed.folder / "server.log").read_text()


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "Bearer "])
def test_the_scheme_is_read_as_http_has_it(keyed: Server, scheme: str) -> None:
    headers = {"Authorization": f"{scheme} {PRIMARY}"}
    assert requests.post(f"{keyed}/score", data="1", headers=headers, timeout=20).status_code == 200


@pytest.mark.parametrize("header", ["Basic dTpw", "Bearer", "Bearer ", "x", f"Bearer{PRIMARY}"])
def test_other_schemes_are_refused(keyed: Server, header: str) -> None:
    answer = requests.post(f"{keyed}/score", data="1", headers={"Authorization": header}, timeout=20)
    assert (answer.status_code, "Bearer <key>" in answer.json()["message"]) == (401, True)


def test_health_is_open_and_the_rest_is_not(keyed: Server) -> None:
    def status(path: str, **headers: str) -> int:
        return requests.get(f"{keyed}{path}", headers=headers, timeout=20).status_code

    assert [status(path) for path in ("/", "/-/ready", "/-/live")] == [200, 200, 200]
    assert [status(path) for path in ("/v2/health/live", "/v2/health/ready")] == [200, 200]
    assert [status(path) for path in ("/v2", "/v2/models/x", "/v2/models/x/infer")] == [401, 401, 401]
    closed = ("/score", "/swagger.json", "/metrics", "/nowhere", "//", "/-", "/x/-/ready")
    assert [status(path) for path in closed] == [401] * len(closed)
    assert [status(path, Authorization=f"Bearer {PRIMARY}") for path in ("/swagger.json", "/metrics")] == [200, 200]
    # The admin routes have a token of their own, and a client's key opens none of them.
    assert status("/-/state", Authorization=f"Bearer {PRIMARY}") == 401
    assert status("/-/state", Authorization=f"Bearer {ADMIN}") == 200


def test_a_browser_asks_for_leave_without_credentials(keyed: Server) -> None:
    asks = {"Origin": "http://page.example", "Access-Control-Request-Method": "POST"}
    asks["Access-Control-Request-Headers"] = "authorization"
    answer = requests.options(f"{keyed}/score", headers=asks, timeout=20)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-headers"] == "authorization"
    assert requests.options(f"{keyed}/score", timeout=20).status_code == 200
    refused = requests.post(f"{keyed}/score", data="1", headers={"Origin": "http://page.example"}, timeout=20)
    assert refused.status_code == 401
    # So that the page can read why.
    assert refused.headers["access-control-allow-origin"] == "http://page.example"


def test_a_script_that_takes_whole_requests_sees_none_without_a_key(tmp_path: Path) -> None:
    with served(tmp_path, RAW, *file_of(tmp_path, Credentials("key", (PRIMARY,)))) as server:
        for method in ("OPTIONS", "HEAD", "GET", "POST"):
            ask = {"Access-Control-Request-Method": "POST"}
            assert requests.request(method, f"{server}/score", headers=ask, timeout=20).status_code == 401
        allowed = {"Authorization": f"Bearer {PRIMARY}"}
        assert requests.options(f"{server}/score", headers=allowed, timeout=20).text == '"OPTIONS"'


def test_it_is_refused_before_the_body_is_read(keyed: Server) -> None:
    address = urlsplit(keyed)
    with socket.create_connection((address.hostname, address.port), timeout=10) as raw:
        raw.sendall(
            b"POST /score HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50000000\r\nExpect: 100-continue\r\n\r\n"
        )
        response = http.client.HTTPResponse(raw)
        response.begin()
        # No "100 Continue" came before it, and no byte of a body was sent.
        assert response.status == 401


def test_another_key_takes_effect_at_once_on_connections_that_are_open(tmp_path: Path) -> None:
    with served(tmp_path, ECHO, *file_of(tmp_path, Credentials("key", (PRIMARY, SECONDARY)))) as server:
        with requests.Session() as session:
            session.headers["Authorization"] = f"Bearer {PRIMARY}"
            assert session.post(f"{server}/score", data="1", timeout=20).status_code == 200
            changed = server.authorize(Credentials("key", (OTHER, SECONDARY)).to_json())
            assert (changed.status_code, changed.json()) == (200, {"auth": "key"})
            assert session.post(f"{server}/score", data="1", timeout=20).status_code == 401
        assert [server.score(key).status_code for key in (OTHER, SECONDARY)] == [200, 200]
        assert server.authorize(Credentials().to_json()).status_code == 200
        assert server.score().status_code == 200
        assert server.authorize(Credentials("token", (), SIGNING, "churn").to_json()).status_code == 200
        assert [server.score(given).status_code for given in (OTHER, token())] == [401, 200]
        log = (tmp_path / "server.log").read_text()
        assert "clients need from now on: a key" in log
        assert not [secret for secret in (PRIMARY, SECONDARY, OTHER, SIGNING, ADMIN) if secret in log]


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "key", "keys": []},
        {"kind": "key", "keys": ["short"]},
        {"kind": "key", "keys": ["with a blank in it"]},
        {"kind": "open"},
        {"kind": "none", "more": 1},
        {"kind": "token", "signing_key": "00", "audience": "churn"},
        {"kind": "token", "signing_key": "no hexadecimal digits", "audience": "churn"},
        {"kind": "token", "signing_key": 7, "audience": "churn"},
        [],
        None,
    ],
)
def test_credentials_that_cannot_be_are_refused_and_the_old_ones_stay(keyed: Server, body: object) -> None:
    assert keyed.authorize(body).status_code == 400
    assert keyed.authorize({"kind": "none"}, token=PRIMARY).status_code == 401
    assert [keyed.score().status_code, keyed.score(PRIMARY).status_code] == [401, 200]


def test_a_token_of_this_service_answers(tokened: Server) -> None:
    assert [tokened.score(token()).status_code for _ in range(2)] == [200, 200]


def test_a_token_is_refused_from_the_second_on_in_which_it_expires(tokened: Server) -> None:
    short = token(exp=int(time.time()) + 2)
    assert tokened.score(short).status_code == 200
    end = jwt.decode(short, options={"verify_signature": False})["exp"]
    while time.time() < end:
        time.sleep(0.05)
    assert "expired" in tokened.score(short).json()["message"]


OTHERS_KEY = "07" * 32


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (lambda: token(exp=int(time.time()) - 1), "has expired"),
        (lambda: token(aud="another"), "for another service"),
        (lambda: token(OTHERS_KEY, aud="another"), "for another service"),
        (lambda: token(OTHERS_KEY), "signature is not valid"),
        (lambda: token(nbf=int(time.time()) + 3600), "clocks"),
        (lambda: token(exp=None), "lacks a claim"),
        (lambda: token(aud=None), "lacks a claim"),
        (lambda: jwt.encode({"aud": "churn", "exp": time.time() + 60}, None, "none"), "not signed as"),
        (lambda: jwt.encode({"aud": "churn"}, bytes.fromhex(SIGNING) * 2, "HS512"), "not signed as"),
        (lambda: "eyJhbGciOi.x.y", "holds no token"),
        (lambda: PRIMARY, "holds no token"),
        (lambda: f"('{token()}', datetime.datetime(2030, 1, 1, 0, 0))", "pass its first item alone"),
        (lambda: "Token(token='********', refresh_after=...)", "pass its first item alone"),
        (lambda: None, "Authorization: Bearer <token>"),
    ],
)
def test_other_tokens_are_refused_in_plain_words(tokened: Server, given: object, words: str) -> None:
    sent = given()  # type: ignore[operator]
    answer = tokened.score(sent)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert words in answer.json()["message"]
    assert not sent or sent not in answer.text


def test_a_server_does_not_start_without_the_credentials_it_is_to_have(tmp_path: Path) -> None:
    for text in (None, "{", json.dumps({"kind": "key", "keys": []})):
        path = tmp_path / "auth.json"
        path.unlink(missing_ok=True)
        if text is not None:
            path.write_text(text)
        command = command_of(tmp_path, ECHO, "--set", f"auth_file={path}")
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=30, check=False)
        assert (done.returncode, "cannot be read" in done.stderr) == (1, True)


def test_keys_may_come_from_variables_which_the_script_does_not_see(tmp_path: Path) -> None:
    given = {"AML_PRIMARY_KEY": PRIMARY, "AML_SECONDARY_KEY": SECONDARY}
    with served(tmp_path, ECHO, "--set", "auth=key", **given) as server:
        assert server.score().status_code == 401
        assert server.score(SECONDARY).json() == ["1", []]


@pytest.mark.parametrize(
    "text",
    [
        f"{PRIMARY}\n{SECONDARY}\n",
        f"\ufeff{PRIMARY}\r\n\r\n {SECONDARY} \r\n",
        json.dumps({"primary": PRIMARY, "secondary": SECONDARY}),
    ],
)
def test_keys_may_come_from_a_file(tmp_path: Path, text: str) -> None:
    path = tmp_path / "keys"
    path.write_text(text)
    with served(tmp_path, ECHO, "--set", "auth=key", JUPYTER_DEPLOY_KEYS_FILE=str(path)) as server:
        assert [server.score(key).status_code for key in (None, PRIMARY, SECONDARY)] == [401, 200, 200]


def test_a_server_that_is_to_be_given_keys_says_how(tmp_path: Path) -> None:
    command = command_of(tmp_path, ECHO, "--set", "auth=key")
    for more, words in (({}, "AML_PRIMARY_KEY"), ({"AML_PRIMARY_KEY": "short"}, "8 to 256")):
        done = subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, timeout=30, check=False, env={**os.environ, **more}
        )
        assert (done.returncode, words in done.stderr) == (1, True), done.stderr


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "holds no usable key"),
        ("first-half second-half\n", "holds no usable key"),
        ("first-key\nsecond-key\nthird-key\n", "has 3 lines"),
        (None, "makes a folder where the machine has no such file"),
    ],
)
def test_a_file_without_one_or_two_keys_is_refused(tmp_path: Path, text: str | None, words: str) -> None:
    path = tmp_path / "keys"
    path.mkdir() if text is None else path.write_text(text)
    environ = {**os.environ, "JUPYTER_DEPLOY_KEYS_FILE": str(path)}
    command = command_of(tmp_path, ECHO, "--set", "auth=key")
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=30, check=False, env=environ)
    assert (done.returncode, words in done.stderr) == (1, True), done.stderr
    assert not [key for key in (text or "").split() if key in done.stderr]


def test_nothing_shows_them() -> None:
    credentials = Credentials("key", (PRIMARY,), SIGNING, "churn")
    assert PRIMARY not in repr(credentials)
    assert SIGNING not in repr(credentials)
