"""Queue limit, body limit, and clients who do not wait."""

from __future__ import annotations

import http.client
import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from .harness import Clients, Held, Served, served, until


def held_script(folder: Path) -> tuple[Held, str]:
    held = Held(folder)
    run = "def run(data):\n    print('begun', data)\n    if data.startswith('hold'):\n        hold()\n    return data\n"
    return held, held.code + run


@pytest.mark.parametrize("workers", [1, 2])
def test_the_queue_is_bounded_and_counts_what_the_worker_holds_ahead(tmp_path: Path, home: Path, workers: int) -> None:
    held, script = held_script(tmp_path)
    with served(tmp_path, script, queue_limit=5, workers=workers) as server:
        clients = Clients(server)
        clients.send_in_order(*(f"hold{number}" for number in range(workers)), *"abcde")
        assert server.state["waiting"] == 5
        refused = server.post("more")
        assert refused.status_code == 503
        assert refused.headers["retry-after"].isdigit()
        assert refused.json() == {"message": "Too many requests are waiting."}
        held.release()
        assert {status for status, _ in clients.wait().values()} == {200}
        assert server.ask("again") == "again"
        assert "begun more" not in server.log
        held.again()
        server.reload({"settings": {"queue_wait_ms": 150, "probe_seconds": 0.02, "probe_timeout_seconds": 0.02}})
        clients = Clients(server)
        clients.send_in_order(*(f"hold{number}" for number in range(workers)), "late", "later")
        # What has waited too long gives up its place; what runs goes on.
        until(lambda: server.state["waiting"] == 0)
        until(lambda: server.state["state"] == "Unhealthy")
        assert server.get("/-/ready").status_code == 503
        assert server.state["reason"] == "no worker got on for 0.02 s at 3 probes in a row"
        held.release()
        answers = clients.wait()
        message = {"message": "The request waited for 150 ms, which is as long as it may."}
        assert [answers[body] for body in ("late", "later", "hold0")] == [
            *[(503, message)] * 2,
            (200, "hold0"),
        ]
        assert "begun late" not in server.log
        assert until(lambda: server.state["state"] == "Healthy")


def leave(server: Served, body: bytes) -> None:
    """Send a whole request, see it arrive, and hang up."""
    parts = urlsplit(server.url)
    before = server.metrics()["model_requests_in_flight"] + server.state["waiting"]
    raw = socket.create_connection((parts.hostname, parts.port), timeout=10)
    raw.sendall(b"POST /score HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
    until(lambda: server.metrics()["model_requests_in_flight"] + server.state["waiting"] > before)
    raw.close()


@pytest.mark.parametrize("workers", [1, 2], ids=["parked in the worker", "in the queue"])
def test_what_a_client_gave_up_is_not_run_and_takes_no_room(tmp_path: Path, home: Path, workers: int) -> None:
    held, script = held_script(tmp_path)
    with served(tmp_path, script, queue_limit=3, workers=workers) as server:
        clients = Clients(server)
        clients.send_in_order(*(f"hold{number}" for number in range(workers)))
        for body in (b"gone1", b"gone2", b"gone3"):
            leave(server, body)
        until(lambda: server.state["waiting"] == 0)
        clients.send_in_order("stays")
        held.release()
        assert clients.wait()["stays"] == (200, "stays")
        assert "begun stays" in server.log
        assert "begun gone" not in server.log


BIG = 3 << 20


@pytest.mark.parametrize("chunked", [False, True], ids=["content-length", "chunked"])
def test_bodies_are_bounded(tmp_path: Path, home: Path, chunked: bool) -> None:
    with served(tmp_path, "def run(data):\n    print('begun')\n    return len(data)\n", body_limit=1 << 20) as server:
        assert server.ask("x" * (1 << 20)) == 1 << 20
        connection = server.connect()
        connection.putrequest("POST", "/score")
        connection.putheader("Transfer-Encoding", "chunked") if chunked else connection.putheader("Content-Length", BIG)
        connection.endheaders()
        if chunked:
            piece = b"x" * 65536
            try:
                for _ in range((1 << 20) // len(piece) + 1):
                    connection.send(b"%x\r\n%s\r\n" % (len(piece), piece))
            except OSError:
                pass
        answer = connection.getresponse()
        assert answer.status == 413
        assert answer.read() == b'{"message":"The body is larger than 1048576 bytes."}'
        connection.close()
        assert server.ask("x") == 1
        assert server.log.count("begun") == 2
        assert server.metrics()["model_requests_total{status=413}"] == 1


def test_a_client_who_sends_all_of_a_large_body_still_reads_why_it_is_refused(tmp_path: Path, home: Path) -> None:
    """Most clients read nothing before they have sent everything."""
    with served(tmp_path, "def run(data):\n    return len(data)\n", body_limit=1 << 20) as server:
        assert server.post(b"x" * BIG).status_code == 413


def test_limits_can_be_changed_while_serving(tmp_path: Path, home: Path) -> None:
    with served(tmp_path, "def run(data):\n    return len(data)\n") as server:
        assert server.ask("x" * 100) == 100
        assert server.reload({"settings": {"body_limit": 10}}).status_code == 200
        connection = server.connect()
        connection.request("POST", "/score", "x" * 100)
        assert connection.getresponse().status == http.client.REQUEST_ENTITY_TOO_LARGE
        connection.close()
