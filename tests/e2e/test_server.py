"""The server alone, over HTTP: routes, request ids, bodies, signals, exit codes."""

from __future__ import annotations

import http.client
import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from tests.served_script import ended, serving

SCRIPT = """import json

def init():
    print("init ran")

def run(data):
    if data == "raise":
        raise ValueError("secret reason")
    if data == "object":
        return object()
    if data == "nothing":
        return None
    return data
"""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_DEPLOY_HOME", str(tmp_path_factory.mktemp("home")))
        with serving(tmp_path_factory.mktemp("script"), SCRIPT) as (address, _):
            # A request waits for init(), so the server is ready behind this one.
            assert requests.post(address, data="1", timeout=20).ok
            yield address


@pytest.mark.parametrize(
    ("method", "path", "status", "body"),
    [
        ("GET", "/", 200, b"Healthy"),
        ("HEAD", "/", 200, b""),
        ("GET", "/-/live", 200, b'{"live":true}'),
        ("GET", "/-/ready", 200, b'{"ready":true}'),
        ("GET", "/score?a=1&b=x&b=y", 200, b'"{\\"a\\":\\"1\\",\\"b\\":[\\"x\\",\\"y\\"]}"'),
        ("GET", "/score", 200, b'"{}"'),
        ("OPTIONS", "/score", 200, b""),
        ("PUT", "/score", 405, b'{"message":"PUT is not allowed on /score."}'),
        ("GET", "/score/", 404, b'{"message":"There is no /score/; requests go to /score."}'),
        ("GET", "/-/state", 401, b'{"message":"This route needs the service\'s own admin token."}'),
        ("POST", "/-/reload", 401, b'{"message":"This route needs the service\'s own admin token."}'),
    ],
)
def test_routes(url: str, method: str, path: str, status: int, body: bytes) -> None:
    response = requests.request(method, url.removesuffix("/score") + path, timeout=10)
    assert (response.status_code, response.content) == (status, body)


FAILED = "An unexpected error occurred in scoring script. Check the logs for more info."
INTERNAL = "An unexpected internal error occurred. Check the logs for more info."


@pytest.mark.parametrize(
    ("body", "status", "answer"),
    [
        (b"[1]", 200, "[1]"),
        (b"", 200, ""),
        (b"nothing", 200, {}),
        ("é".encode(), 200, "é"),
        (b"\xff", 400, None),
        (b"raise", 500, {"message": FAILED}),
        (b"object", 500, {"message": INTERNAL}),
    ],
)
def test_bodies(url: str, body: bytes, status: int, answer: object) -> None:
    response = requests.post(url, data=body, timeout=10)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/json"
    if answer is not None:
        assert response.json() == answer
    else:
        assert response.json()["message"].startswith("Input cannot be decoded as UTF-8")


def test_form_bodies_reach_run_as_text(url: str) -> None:
    assert requests.post(url, data={"a": "1"}, timeout=10).json() == "a=1"


@pytest.mark.parametrize(
    ("sent", "answered"),
    [
        ({"x-request-id": "A"}, ("A", "A", None)),
        ({"x-ms-request-id": "B"}, (None, "B", "B")),
        ({"x-ms-client-request-id": "C"}, (None, "C", "C")),
        ({"x-ms-request-id": "B", "x-ms-client-request-id": "C"}, (None, "B", "C")),
    ],
)
def test_request_ids(url: str, sent: dict[str, str], answered: tuple[str | None, str, str | None]) -> None:
    headers = requests.post(url, data="1", headers=sent, timeout=10).headers
    plain, own, client = answered
    assert headers["x-request-id"] == (plain or headers["x-request-id"])
    assert headers["x-ms-request-id"] == own
    assert headers.get("x-ms-client-request-id") == client


def test_ids_that_are_too_long_are_refused(url: str) -> None:
    response = requests.post(url, data="1", headers={"x-request-id": "x" * 101}, timeout=10)
    assert (response.status_code, response.json()) == (431, {"message": "x-request-id must not exceed 100 characters"})


def test_the_connection_is_kept(url: str) -> None:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
    used = set()
    for _ in range(3):
        connection.request("POST", "/score", "1")
        assert connection.getresponse().read() == b'"1"'
        used.add(connection.sock.getsockname())
    connection.close()
    assert len(used) == 1


def test_a_body_cut_short_is_never_scored(tmp_path: Path, home: Path) -> None:
    with serving(tmp_path, "def run(data):\n    print('scored', data)\n    return 1\n") as (url, process):
        parts = urlsplit(url)
        with socket.create_connection((parts.hostname, parts.port), timeout=10) as raw:
            raw.sendall(b"POST /score HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhalf")
        assert requests.post(url, data="whole", timeout=10).json() == 1
        process.terminate()
        output = ended(tmp_path, process)
    assert "scored whole" in output
    assert "scored half" not in output


def test_too_large_bodies_are_refused(url: str) -> None:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
    connection.putrequest("POST", "/score")
    connection.putheader("Content-Length", str(200 << 20))
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_signals_end_the_server_cleanly(tmp_path: Path, home: Path, number: signal.Signals) -> None:
    with serving(tmp_path, SCRIPT) as (url, process):
        assert requests.post(url, data="1", timeout=10).json() == "1"
        process.send_signal(number)
        output = ended(tmp_path, process)
    assert process.returncode == 0
    assert "init ran" in output
    assert f"{number.name}: no new requests" in output
    assert output.rstrip().endswith("stopped")


def test_a_script_that_fails_ends_the_server_with_3_and_shows_its_models(tmp_path: Path, home: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "weights.bin").touch()
    script = "def init():\n    open('nothing')\n\ndef run(data):\n    return 1\n"
    with serving(tmp_path, script, "--model-dir", "models") as (_, process):
        output = ended(tmp_path, process)
    assert process.returncode == 3
    assert "score.py, line 2, in init" in output
    assert "  weights.bin" in output


def test_a_busy_port_names_its_owner(tmp_path: Path, home: Path, url: str) -> None:
    (tmp_path / "score.py").write_text(SCRIPT)
    port = str(urlsplit(url).port)
    command = [sys.executable, "-m", "jupyter_deploy.cli", "serve", "--entry-script", "score.py", "--port", port]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=30, check=False)
    assert run.returncode == 1
    assert f"PortBusy: 127.0.0.1:{port} cannot be used" in run.stderr
    assert "listens there" in run.stderr


def test_two_workers_share_the_load(tmp_path: Path, home: Path) -> None:
    script = "import os, time\n\ndef run(data):\n    time.sleep(0.05)\n    return os.getpid()\n"
    with serving(tmp_path, script, "--workers", "2") as (url, _):
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(4) as pool:
            pids = set(pool.map(lambda _: json.loads(requests.post(url, timeout=10).text), range(12)))
    assert len(pids) == 2


def test_a_worker_that_keeps_dying_ends_in_failed(tmp_path: Path, home: Path) -> None:
    """The second death of a worker is one too many here; the routes that need no worker still answer."""
    (tmp_path / "c.json").write_text('{"max_restarts": 1, "port": 0}')
    (tmp_path / "score.py").write_text("import os\n\ndef run(data):\n    os._exit(5)\n")
    command = [sys.executable, "-u", "-m", "jupyter_deploy.serving", "--entry-script", "score.py", "--config", "c.json"]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        url = process.stdout.readline().split()[-1]
        for message in ("exited with code 5", "exited with code 5", "has failed"):
            response = requests.post(url, data="1", timeout=20)
            assert message in response.json()["message"]
            assert response.status_code in {502, 503}
        assert requests.get(url.replace("/score", "/-/ready"), timeout=5).status_code == 503
        assert requests.get(url.replace("/score", "/"), timeout=5).text == "Healthy"
    finally:
        process.terminate()
        output = process.communicate(timeout=20)[0]
    assert "given up after 1 restarts: its workers keep dying; the last one exited with code 5" in output
