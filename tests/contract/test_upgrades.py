"""Requests that ask for another protocol, close their side, or are cut anywhere: all that was sent is scored, once."""

from __future__ import annotations

import socket
from contextlib import closing

import pytest
import requests

from tests.contract import Server, fixture_of
from tests.contract.raw import answers, ask, at_every_split, connect, everything, settle

SCRIPT = """
import time
scored = []

def run(data):
    if data == "scored":
        return scored
    scored.append(data)
    if data.startswith("slow"):
        time.sleep(0.4)
    return data
"""
plain = fixture_of(SCRIPT)
POST = b"POST /score HTTP/1.1\r\nHost: localhost\r\n"
H2C = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n"
UPGRADES = {
    "curl --http2": H2C,
    "Java's HttpClient": b"Connection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAEAAEAAAAIAAAAB\r\nUpgrade: h2c\r\n",
    "odd case": b"cOnNeCtIoN: uPgRaDe\r\nuPgRaDe: H2C\r\n",
    "websocket": b"Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\nSec-WebSocket-Key: eA==\r\n",
    "several": b"Connection: close\r\nConnection: upgrade\r\nUpgrade: foo/1, bar\r\n",
    "without a wish": b"Connection: upgrade\r\n",
    "without a connection": b"Upgrade: h2c\r\n",
}
BODIES = {
    "length": b"Content-Length: 9\r\n\r\n[1, 2, 3]",
    "chunked": b"Transfer-Encoding: chunked\r\n\r\n4\r\n[1, \r\n5;x=y\r\n2, 3]\r\n0\r\nX-T: 1\r\n\r\n",
    "looks like a request": b"Content-Length: 52\r\n\r\nPOST /score HTTP/1.1\r\nContent-Length: 4\r\n\r\nevil body",
}


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("upgrade", UPGRADES)
def test_an_upgrade_is_ignored_and_the_body_read(plain: Server, upgrade: str, body: str) -> None:
    head = POST + UPGRADES[upgrade] + BODIES[body]
    sent = BODIES[body].partition(b"\r\n\r\n")[2].decode() if body != "chunked" else "[1, 2, 3]"
    head, whole = head.partition(b"\r\n\r\n")[0] + b"\r\n\r\n", head
    for parts in ((whole,), (head, whole[len(head) :])):
        with closing(connect(plain)) as raw:
            for part in parts:
                raw.sendall(part)
                settle(plain)
            raw.shutdown(socket.SHUT_WR)
            found = list(answers(everything(raw)))
        assert [(one.status, one.body.decode()) for one in found] == [(200, '"' + sent.replace("\r\n", "\\r\\n") + '"')]
    assert "evil" not in requests.post(plain, data="scored", timeout=20).json()


@pytest.mark.parametrize("upgrade", [b"", UPGRADES["curl --http2"]], ids=["plain", "h2c"])
@pytest.mark.parametrize("body", ["length", "chunked"])
def test_a_request_may_be_cut_anywhere(plain: Server, upgrade: bytes, body: str) -> None:
    request = POST + b"Connection: close\r\n" + upgrade + BODIES[body]
    if upgrade:
        request = request.replace(b"Connection: close\r\n", b"").replace(b"Connection: ", b"Connection: close, ")
    found = at_every_split(plain, request)
    assert {(one.status, one.body) for all_ in found.values() for one in all_} == {(200, b'"[1, 2, 3]"')}
    assert {len(all_) for all_ in found.values()} == {1}


@pytest.mark.parametrize("upgrade", [b"", H2C], ids=["plain", "h2c"])
@pytest.mark.parametrize("body", ["length", "chunked"])
def test_requests_in_a_row_may_be_cut_anywhere(plain: Server, upgrade: bytes, body: str) -> None:
    """One request is answered before the next is read, and none is lost, run twice, or mixed up."""
    one = POST + upgrade + BODIES[body]
    last = POST + b"Connection: close\r\nContent-Length: 4\r\n\r\nlast"
    found = at_every_split(plain, one + one + last, step=3)
    expected = [(200, b'"[1, 2, 3]"')] * 2 + [(200, b'"last"')]
    assert [cut for cut, all_ in found.items() if [(one.status, one.body) for one in all_] != expected] == []


def test_nothing_is_tunnelled(plain: Server) -> None:
    found = ask(
        plain, b"CONNECT localhost:80 HTTP/1.1\r\nHost: localhost:80\r\n\r\n" + POST + b"Content-Length: 1\r\n\r\nx"
    )
    assert [one.status for one in found] == [405]
    assert found[0].headers["x-request-id"]


@pytest.mark.parametrize("body", [b"slow", b"quick", b"x" * 500_000], ids=["slow", "quick", "large"])
@pytest.mark.parametrize("late", [False, True], ids=["at once", "while it runs"])
def test_a_client_that_ends_its_side_gets_its_answer(plain: Server, body: bytes, late: bool) -> None:
    with closing(connect(plain)) as raw:
        raw.sendall(POST + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        if late:
            settle(plain)
        raw.shutdown(socket.SHUT_WR)
        found = list(answers(everything(raw)))
    assert [(one.status, one.body) for one in found] == [(200, b'"%s"' % body)]
    assert body != b"slow" or found[0].headers["connection"] == "close"


def test_a_client_that_ends_its_side_gets_all_its_answers(plain: Server) -> None:
    requests_ = [POST + b"Content-Length: 6\r\n\r\nslow-%d" % number for number in range(3)]
    found = ask(plain, b"".join(requests_), shut=True)
    assert [one.body for one in found] == [b'"slow-0"', b'"slow-1"', b'"slow-2"']


@pytest.mark.parametrize(
    "cut", [b"PO", POST, POST + b"Content-Length: 9\r\n\r\nhalf", POST + b"Transfer-Encoding: chunked\r\n\r\n9\r\nhalf"]
)
def test_half_a_request_is_refused_when_nothing_follows(plain: Server, cut: bytes) -> None:
    found = ask(plain, cut, shut=True)
    assert [one.status for one in found] == [400]
    assert b"ended before it was whole" in found[0].body
    assert "half" not in requests.post(plain, data="scored", timeout=20).json()


def test_an_empty_line_after_a_body_is_nothing(plain: Server) -> None:
    """Old clients send one, and it may come when the answer is read already."""
    with closing(connect(plain)) as raw:
        for _ in range(2):
            raw.sendall(POST + b"Content-Length: 2\r\n\r\nok")
            assert b"200 OK" in raw.recv(4096)
            raw.sendall(b"\r\n")
            settle(plain)
