"""What needs no script answers while the script, or a slow client, keeps its own waiting."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from .harness import Clients, Served, percentile, served, until

SCRIPT = """import time

def run(data):
    print("begun", data[:10])
    if data == "sleep":
        time.sleep(5)
    if data == "busy":
        end = time.monotonic() + 3
        while time.monotonic() < end:
            pass
    return len(data)
"""
PATHS = ("/", "/-/ready", "/-/live", "/metrics")
SAMPLES = 200


def latencies(server: Served) -> list[float]:
    connection = server.connect()
    found = []
    for number in range(SAMPLES):
        started = time.perf_counter()
        connection.request("GET", PATHS[number % len(PATHS)])
        answer = connection.getresponse()
        answer.read()
        found.append(time.perf_counter() - started)
        assert answer.status == 200
    connection.close()
    return found


@contextlib.contextmanager
def in_run(server: Served, what: str) -> Iterator[None]:
    clients = Clients(server)
    clients.send(what)
    until(lambda: f"begun {what}" in server.log)
    yield
    assert not clients.answers, "run() ended before the measurement did"


@contextlib.contextmanager
def dribbling(server: Served, _: str) -> Iterator[None]:
    """Ten megabytes, a piece at a time, never at their end while the test looks."""
    parts = urlsplit(server.url)
    over = threading.Event()
    sent = [0]
    raw = socket.create_connection((parts.hostname, parts.port), timeout=10)

    def dribble() -> None:
        raw.sendall(b"POST /score HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10000000\r\n\r\n")
        while not over.wait(0.002) and sent[0] < 9_900_000:
            raw.sendall(b"x" * 20_000)
            sent[0] += 20_000

    thread = threading.Thread(target=dribble)
    thread.start()
    yield
    over.set()
    thread.join()
    raw.sendall(b"x" * (10_000_000 - sent[0]))
    assert b"200 OK" in raw.recv(1000)
    raw.close()


@contextlib.contextmanager
def idle_connections(server: Served, _: str) -> Iterator[None]:
    parts = urlsplit(server.url)
    with contextlib.ExitStack() as stack:
        for _number in range(200):
            raw = stack.enter_context(socket.create_connection((parts.hostname, parts.port), timeout=10))
            raw.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        yield


@pytest.mark.parametrize(
    ("burden", "what"),
    [(in_run, "sleep"), (in_run, "busy"), (dribbling, "upload"), (idle_connections, "idle")],
    ids=["sleep", "busy", "upload", "idle"],
)
def test_the_front_answers_at_once(tmp_path: Path, home: Path, burden: object, what: str) -> None:
    with served(tmp_path, SCRIPT) as server:
        # The first scrape imports prometheus-client.
        server.get("/metrics")
        with burden(server, what):  # type: ignore[operator]
            found = latencies(server)
        assert percentile(found, 0.99) < 0.05, f"p99 {percentile(found, 0.99) * 1000:.1f} ms"
        server.process.kill()
