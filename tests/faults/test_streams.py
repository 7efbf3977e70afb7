"""Answers in parts: readers that leave, readers that are slow, and a server that ends meanwhile."""

from __future__ import annotations

import socket
import time
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import requests

from .harness import Held, Served, percentile, served, until

SCRIPT = """
def parts(size, count):
    try:
        for number in range(count):
            yield b"x" * size
    finally:
        print("closed")

def run(data):
    if not data.startswith("stream"):
        return data
    _, size, count = data.split()
    return parts(int(size), int(count))
"""


def begin(server: Served, body: bytes) -> socket.socket:
    """Ask for a stream and read only the beginning of its answer."""
    parts = urlsplit(server.url)
    raw = socket.create_connection((parts.hostname, parts.port), timeout=10)
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    raw.sendall(b"POST /score HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
    assert raw.recv(1000).startswith(b"HTTP/1.1 200")
    return raw


def test_a_reader_that_leaves_ends_the_generator_and_frees_the_worker(tmp_path: Path, home: Path) -> None:
    with served(tmp_path, SCRIPT) as server:
        (worker,) = server.workers
        begin(server, b"stream 100000 1000000").close()
        until(lambda: "closed" in server.log)
        assert server.ask("next") == "next"
        assert server.workers == [worker]


def test_a_reader_that_leaves_at_the_worst_moment_does_not_stop_the_worker(tmp_path: Path, home: Path) -> None:
    """Found by reading: parts for a client that had just gone filled the front, which then read nothing more."""
    held = Held(tmp_path)
    script = held.code + SCRIPT.replace("    _, size, count", "    print('begun')\n    hold()\n    _, size, count")
    with served(tmp_path, script) as server:
        parts = urlsplit(server.url)
        gone = []
        for _ in range(6):
            raw = socket.create_connection((parts.hostname, parts.port), timeout=10)
            body = b"stream 3000000 5"
            raw.sendall(b"POST /score HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
            gone.append(raw)
        until(lambda: server.state["waiting"] == 5)
        held.release()
        for raw in gone:
            raw.close()
        assert server.ask("next", timeout=10) == "next"


def test_a_slow_reader_costs_no_memory_and_nobody_else(tmp_path: Path, home: Path) -> None:
    with served(tmp_path, SCRIPT, workers=2) as server:
        server.ask("warm")
        front = psutil.Process(server.process.pid)
        before = front.memory_info().rss
        raw = begin(server, b"stream 500000 100")
        connection = server.connect()
        found, most = [], before
        for _ in range(200):
            started = time.perf_counter()
            connection.request("GET", "/")
            assert connection.getresponse().read() == b"Healthy"
            found.append(time.perf_counter() - started)
            most = max(most, front.memory_info().rss)
        connection.close()
        assert server.ask("other") == "other"
        assert percentile(found, 0.99) < 0.05
        assert most - before < 20 << 20
        size, last = 0, b""
        # The parts may come in fewer chunks than they were sent in: only the empty chunk tells that this is all.
        while last != b"0\r\n\r\n":
            piece = raw.recv(1 << 20)
            assert piece, size
            size, last = size + len(piece), (last + piece)[-5:]
            most = max(most, front.memory_info().rss)
        raw.close()
        assert size > 49_990_000
        assert most - before < 20 << 20
        until(lambda: "closed" in server.log)


def test_a_drain_lets_a_stream_come_to_its_end(tmp_path: Path, home: Path) -> None:
    held = Held(tmp_path)
    script = held.code + (
        "def run(data):\n    return parts()\n\ndef parts():\n    yield b'first '\n    hold()\n    yield b'last'\n"
    )
    with served(tmp_path, script) as server:
        answer = requests.post(server.url, data="", stream=True, timeout=20)
        pieces = answer.iter_content(None)
        got = [next(pieces)]
        server.process.terminate()
        until(lambda: "SIGTERM: no new requests" in server.log)
        held.release()
        got += pieces
        assert b"".join(got) == b"first last"
        assert server.process.wait(20) == 0


def test_a_stream_whose_script_fails_breaks_off(tmp_path: Path, home: Path) -> None:
    script = "def run(data):\n    yield 1\n    yield 1 / 0\n"
    with served(tmp_path, script) as server:
        parts = urlsplit(server.url)
        raw = socket.create_connection((parts.hostname, parts.port), timeout=10)
        raw.sendall(b"POST /score HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nx")
        whole = b""
        while piece := raw.recv(1000):
            whole += piece
        raw.close()
        assert whole.startswith(b"HTTP/1.1 200")
        assert not whole.endswith(b"0\r\n\r\n")
        assert server.lines_with("ZeroDivisionError")
