"""Both ways through the front behave alike where something ends: a drain, a client, a worker, the server."""

from __future__ import annotations

import socket
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from jupyter_deploy.serving.front.short_way import VARIABLE

from .harness import Held, Served, served, until

SEEN = "def run(data):\n    print('begun', data)\n    hold()\n    return data\n"
DIE = (
    "import os, signal\n\ndef run(data):\n    if data == 'die':\n        os.kill(os.getpid(), signal.SIGKILL)\n"
    "    return data\n"
)
MANY = 200


@pytest.fixture(params=["short", "long"], autouse=True)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv(VARIABLE, "1" if request.param == "long" else "")
    return str(request.param)


def ask(server: Served, body: str) -> socket.socket:
    """Send a request in one piece, as the short way wants it."""
    parts = urlsplit(server.url)
    raw = socket.create_connection((parts.hostname, parts.port), timeout=20)
    send(raw, body)
    return raw


def send(raw: socket.socket, body: str, name: str = "") -> None:
    head = f"POST /score HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n"
    raw.sendall(f"{head}{f'x-request-id: {name}' + chr(13) + chr(10) if name else ''}\r\n{body}".encode())


def status(raw: socket.socket) -> int:
    """Read one answer; 0 if the connection was closed without one."""
    data = b""
    while b"\r\n\r\n" not in data:
        part = raw.recv(1 << 16)
        if not part:
            return 0
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    length = int(next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))[15:])
    while len(body) < length:
        body += raw.recv(1 << 16)
    return int(head.split()[1])


def accessed(server: Served) -> list[str]:
    """The ids in the access lines, in their order."""
    return [line.split()[4] for line in server.lines_with(" access - ")]


def test_a_drain_that_is_over_answers_what_it_gives_up(tmp_path: Path, home: Path) -> None:
    held = Held(tmp_path)
    with served(tmp_path, held.code + SEEN, drain_seconds=1) as server:
        raws = [ask(server, "a")]
        until(lambda: "begun a" in server.log)
        raws.append(ask(server, "b"))
        until(lambda: server.metrics()["model_requests_in_flight"] == 2)
        server.process.terminate()
        assert server.process.wait(10) == 0
        # As uvicorn answers when it gives a task up.
        assert [status(raw) for raw in raws] == [500, 500]
        assert "begun b" not in server.log
        assert server.log.rstrip().endswith("stopped")
        for raw in raws:
            raw.close()


@pytest.mark.parametrize("late", [False, True], ids=["at once", "later"])
def test_a_request_whose_client_is_gone_is_not_begun(tmp_path: Path, home: Path, late: bool) -> None:
    held = Held(tmp_path)
    with served(tmp_path, held.code + SEEN) as server:
        first = ask(server, "first")
        until(lambda: "begun first" in server.log)
        gone = ask(server, "gone")
        if late:
            until(lambda: server.state["waiting"] == 1)
        gone.close()
        last = ask(server, "last")
        until(lambda: server.metrics()["model_requests_in_flight"] == 3)
        # The one that is gone is dropped 50 ms after it came.
        until(lambda: server.state["waiting"] == 1)
        held.release()
        assert [status(first), status(last)] == [200, 200]
        assert "begun last" in server.log
        assert "begun gone" not in server.log
        for raw in (first, last):
            raw.close()


def test_no_access_line_is_lost_when_the_server_is_told_to_end(tmp_path: Path, home: Path) -> None:
    with served(tmp_path, "def run(data):\n    return data\n") as server, ask(server, "first") as raw:
        assert status(raw) == 200
        for number in range(MANY):
            send(raw, "x", f"id-{number}")
            assert status(raw) == 200
        server.process.terminate()
        assert server.process.wait(10) == 0
        assert accessed(server)[-MANY:] == [f"id-{number}" for number in range(MANY)]


def test_no_access_line_is_lost_when_a_worker_dies(tmp_path: Path, home: Path) -> None:
    with served(tmp_path, DIE) as server, ask(server, "first") as raw:
        assert status(raw) == 200
        names = [f"id-{number}" for number in range(MANY)]
        for name in names:
            send(raw, "die" if name == "id-100" else "x", name)
            assert status(raw) == (502 if name == "id-100" else 200)
        until(lambda: len(accessed(server)) > MANY)
        assert accessed(server)[-MANY:] == names


def test_a_front_that_is_killed_loses_the_lines_of_its_last_moment(tmp_path: Path, home: Path) -> None:
    with served(tmp_path, "def run(data):\n    return data\n") as server, ask(server, "first") as raw:
        assert status(raw) == 200
        answered = {}
        for number in range(MANY):
            send(raw, "x", f"id-{number}")
            assert status(raw) == 200
            answered[f"id-{number}"] = time.monotonic()
        killed = time.monotonic()
        server.process.kill()
        server.process.wait(10)
        written = accessed(server)
    sure = [name for name, at in answered.items() if killed - at > 0.05]
    assert set(sure) <= set(written)
    assert written[1:] == list(answered)[: len(written) - 1]


def test_what_init_made_is_not_walked_in_the_middle_of_a_request(tmp_path: Path, home: Path) -> None:
    """A full collection takes as long as what stays for good is large."""
    script = (
        "import gc\n\ndef init():\n    global kept\n    kept = [[number] for number in range(100_000)]\n\n"
        "def run(data):\n    return [gc.get_freeze_count(), len(gc.get_objects())]\n"
    )
    with served(tmp_path, script) as server:
        frozen, walked = server.ask("x")
    assert frozen > 100_000
    assert walked < 10_000
