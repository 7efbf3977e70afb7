"""Clients that send too much, too slowly, or read nothing: the front's memory, time and descriptors are bounded."""

from __future__ import annotations

import resource
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from tests.contract.raw import answers, connect, everything

from .harness import Held, Served, served, until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
SCRIPT = """
def run(data):
    if data.startswith("answer "):
        return "x" * int(data.split()[1])
    return len(data)
"""
MB = 1 << 20
BUFFER, BODY = 16 * MB, 4 * MB
# What is held may be copied once on its way to the worker; the rest is what one read, or one turn of the loop, takes.
BOUND = 2 * (BUFFER + BODY) + 30 * MB
POST = b"POST /score HTTP/1.1\r\nHost: localhost\r\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_DEPLOY_HOME", str(tmp_path_factory.mktemp("home")))
        limits = {"buffer_limit": BUFFER, "body_limit": BODY, "max_connections": 100}
        with served(tmp_path_factory.mktemp("flood"), SCRIPT, **limits, head_seconds=1.5, stall_seconds=1.5) as found:
            found.ask("warm")
            yield found


@contextmanager
def bounded(server: Served, most: int = BOUND) -> Iterator[None]:
    """Hold that the front does not grow by more than so many bytes, and that it answers afterwards."""
    process = psutil.Process(server.process.pid)
    before = process.memory_info().rss
    peaks = [before]
    done = threading.Event()

    def look() -> None:
        while not done.wait(0.01):
            peaks.append(process.memory_info().rss)

    looking = threading.Thread(target=look)
    looking.start()
    try:
        yield
    finally:
        done.set()
        looking.join()
    assert (max(peaks) - before) / MB <= most / MB
    assert server.ask("x") == 1


def pour(raw: socket.socket, piece: bytes, total: int, seconds: float = 1.0) -> int:
    """Send again and again, reading nothing, until the server takes no more for a while; returns how much it took."""
    raw.settimeout(seconds)
    sent = 0
    with suppress(OSError):
        while sent < total:
            sent += raw.send(piece)
    raw.settimeout(20)
    return sent


def test_requests_whose_answers_are_not_read(server: Served) -> None:
    request = POST + b"Content-Length: 1\r\n\r\nx"
    with closing(connect(server.url)) as raw, bounded(server):
        assert pour(raw, request * 500, 60 * MB) < 40 * MB


@pytest.mark.parametrize(
    ("begin", "piece", "status"),
    [
        (POST + b"x: ", b"x" * 65536, 431),
        (POST, b"x: y\r\n" * 10_000, 431),
        (POST, b"x:\r\n" * 16_000, 431),
        (b"GET /", b"x" * 65536, 431),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n1;x=", b"x" * 65536, 400),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"x: y\r\n" * 10_000, 431),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\nx: ", b"x" * 65536, 400),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n" * 10_000, 413),
        (POST + b"Content-Length: 90000000\r\n\r\n", b"x" * 65536, 413),
    ],
    ids=[
        "a header", "lines", "empty lines", "a target", "a chunk's extension", "trailers", "a trailer", "small chunks",
        "a body",
    ],
)  # fmt: skip
def test_endless_requests(server: Served, begin: bytes, piece: bytes, status: int) -> None:
    with closing(connect(server.url)) as raw, bounded(server):
        raw.sendall(begin)
        pour(raw, piece, 71 * MB)
        assert next(answers(everything(raw))).status == status


def test_uploads_all_at_once_wait_for_each_other_and_all_arrive(server: Served) -> None:
    """30 uploads of 4 MB are 120 MB, of which 16 may be held: the others wait in their clients."""
    size = BODY
    found: list[bytes] = []

    def upload() -> None:
        with closing(connect(server.url)) as raw:
            raw.sendall(POST + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % size)
            for _ in range(size // 65536):
                raw.sendall(b"x" * 65536)
            found.append(everything(raw))

    server.reload({"settings": {"stall_seconds": 30.0}})
    with bounded(server):
        threads = [threading.Thread(target=upload) for _ in range(30)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    server.reload({"settings": {"stall_seconds": 1.5}})
    assert [next(answers(one)).body for one in found] == [b"%d" % size] * 30


def test_uploads_that_never_end_are_given_up(server: Served) -> None:
    with bounded(server), ExitStack() as stack:
        open_ = [stack.enter_context(closing(connect(server.url))) for _ in range(30)]
        for raw in open_:
            raw.sendall(POST + b"Content-Length: %d\r\n\r\n" % BODY)
            pour(raw, b"x" * 65536, BODY // 2, 0.05)
        assert server.ask("in between") == 10
        statuses = [next(answers(everything(raw))).status for raw in open_]
    assert set(statuses) <= {408, 503}


def test_large_answers_that_nobody_reads(server: Served) -> None:
    with bounded(server), ExitStack() as stack:
        for _ in range(30):
            raw = stack.enter_context(closing(connect(server.url)))
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
            raw.sendall(POST + b"Content-Length: 14\r\n\r\nanswer 9000000")
        until(lambda: "hold too many bytes" in server.log or "does not read its answer" in server.log)


def test_a_large_answer_that_is_read_slowly_arrives(server: Served) -> None:
    with closing(connect(server.url)) as raw:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        raw.sendall(POST + b"Connection: close\r\nContent-Length: 14\r\n\r\nanswer 9000000")
        found = [raw.recv(200_000)]
        pause = threading.Event()
        while part := raw.recv(200_000):
            found.append(part)
            pause.wait(0.02)
    assert len(next(answers(b"".join(found))).body) == 9_000_002


@pytest.mark.parametrize(
    "begin", [b"P", POST, POST + b"Content-Length: 10\r\n\r\nhalf", POST + b"Transfer-Encoding: chunked\r\n\r\n5\r\nx"]
)
@pytest.mark.parametrize("drips", [False, True])
def test_a_client_that_does_not_get_on_is_told_so(server: Served, begin: bytes, drips: bool) -> None:
    drip = b"x" if begin == POST else b""
    with closing(connect(server.url)) as raw:
        raw.sendall(begin)
        raw.settimeout(0.1)
        found = b""
        while not found:
            with suppress(TimeoutError):
                found = raw.recv(4096)
            if drips and not found and drip:
                with suppress(OSError):
                    raw.sendall(drip)
        raw.settimeout(20)
        answer = next(answers(found + everything(raw)))
    assert answer.status == 408
    assert answer.headers["x-request-id"]


def test_a_client_that_is_only_slow_is_served(server: Served) -> None:
    pause = threading.Event()
    with closing(connect(server.url)) as raw:
        raw.sendall(POST + b"Connection: close\r\nContent-Length: 10000\r\n\r\n")
        for _ in range(20):
            pause.wait(0.1)
            raw.sendall(b"x" * 500)
        assert next(answers(everything(raw))).body == b"10000"


@pytest.mark.parametrize("begin", [b"", POST], ids=["idle", "half a head"])
def test_more_connections_than_there_may_be(server: Served, begin: bytes) -> None:
    """Those that wait longest give way, so that whoever has a request is served."""
    before = len(psutil.Process(server.process.pid).net_connections())
    with ExitStack() as stack:
        for _ in range(300):
            stack.enter_context(closing(connect(server.url))).sendall(begin)
        assert server.ask("x") == 1
        assert len(psutil.Process(server.process.pid).net_connections()) - before <= 110
    assert server.lines_with("all 100 connections are in use")


def test_running_out_of_descriptors_is_logged_and_passes(server: Served) -> None:
    pid = server.process.pid
    usual = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    until(lambda: len(psutil.Process(pid).net_connections()) < 10)
    used = len(list(Path(f"/proc/{pid}/fd").iterdir()))
    with ExitStack() as stack:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (used + 5, usual[1]))
        for _ in range(80):
            stack.enter_context(closing(connect(server.url)))
        until(lambda: server.lines_with("no connection can be accepted for a moment: Too many open files"))
        resource.prlimit(pid, resource.RLIMIT_NOFILE, usual)
        assert server.ask("x") == 1
    assert len(server.lines_with("no connection can be accepted")) == 1


def test_garbage_floods_do_not_fill_the_log(server: Served) -> None:
    before = len(server.lines)
    for _ in range(50):
        with closing(connect(server.url)) as raw:
            raw.sendall(b"nonsense\r\n\r\n")
            assert next(answers(everything(raw))).status == 400
    assert len(server.lines) - before <= 5


def test_a_client_that_leaves_while_its_request_waits_is_dropped_though_it_only_said_goodbye(
    tmp_path: Path, home: Path
) -> None:
    """Its system says the same as that of a client that ends its side and waits: the front finds out."""
    held = Held(tmp_path)
    with served(tmp_path, held.code + "def run(data):\n    hold()\n    return data\n") as server:
        first = connect(server.url)
        first.sendall(POST + b"Content-Length: 1\r\n\r\na")
        until(lambda: server.metrics()["model_requests_in_flight"] == 1)
        stays, leaves = connect(server.url), connect(server.url)
        for raw in (stays, leaves):
            raw.sendall(POST + b"Content-Length: 1\r\n\r\nb")
        stays.shutdown(socket.SHUT_WR)
        until(lambda: server.state["waiting"] == 2)
        leaves.close()
        until(lambda: server.state["waiting"] == 1)
        held.release()
        found = everything(stays)
        assert next(answers(found)).body == b'"b"'
        assert found.startswith(b"HTTP/1.1 200 OK\r\n")
        first.close()
        stays.close()
