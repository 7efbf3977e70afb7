"""Requests whose length, host or form can be read in two ways: refused, with the ids, and nothing of them is scored."""

from __future__ import annotations

import pytest
import requests

from tests.contract import FAILED, INTERNAL, Server, fixture_of
from tests.contract.raw import UUID4, ask

SCRIPT = """
from azureml.contrib.services.aml_response import AMLResponse
scored = []

def parts():
    yield "a"

def run(data, request_headers):
    if data == "scored":
        return scored
    if data.startswith("own "):
        return AMLResponse(*eval(data[4:]))
    if data == "host":
        return request_headers.get("Host")
    scored.append(data)
    return data
"""
plain = fixture_of(SCRIPT)
POST = b"POST /score HTTP/1.1\r\n"
HOST = b"Host: localhost\r\n"
CHUNKS = b"\r\n4\r\nevil\r\n0\r\n\r\n"
REFUSED = {
    "no host": (400, POST + b"Content-Length: 4\r\n\r\nevil"),
    "two hosts": (400, POST + HOST + HOST + b"Content-Length: 4\r\n\r\nevil"),
    "two hosts, old": (400, b"GET / HTTP/1.0\r\n" + HOST + HOST + b"\r\n"),
    "length and chunks": (400, POST + HOST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n" + CHUNKS),
    "chunks and length": (400, POST + HOST + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n" + CHUNKS),
    "two lengths": (400, POST + HOST + b"Content-Length: 4\r\nContent-Length: 5\r\n\r\nevil!"),
    "a list of lengths": (400, POST + HOST + b"Content-Length: 4, 4\r\n\r\nevil"),
    "a signed length": (400, POST + HOST + b"Content-Length: +4\r\n\r\nevil"),
    "a negative length": (400, POST + HOST + b"Content-Length: -4\r\n\r\nevil"),
    "a hexadecimal length": (400, POST + HOST + b"Content-Length: 0x4\r\n\r\nevil"),
    "an endless length": (400, POST + HOST + b"Content-Length: 99999999999999999999999\r\n\r\nevil"),
    "chunked is not last": (400, POST + HOST + b"Transfer-Encoding: chunked, gzip\r\n" + CHUNKS),
    "chunked twice": (400, POST + HOST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n" + CHUNKS),
    "another encoding": (501, POST + HOST + b"Transfer-Encoding: gzip, chunked\r\n" + CHUNKS),
    "no encoding": (400, POST + HOST + b"Transfer-Encoding: identity\r\n" + CHUNKS),
    "nearly chunked": (400, POST + HOST + b"Transfer-Encoding: xchunked\r\n" + CHUNKS),
    "an empty encoding": (400, POST + HOST + b"Transfer-Encoding:\r\n" + CHUNKS),
    "chunks in HTTP/1.0": (400, b"POST /score HTTP/1.0\r\n" + HOST + b"Transfer-Encoding: chunked\r\n" + CHUNKS),
    "a space before the colon": (400, POST + HOST + b"Transfer-Encoding : chunked\r\n" + CHUNKS),
    "a folded line": (400, POST + HOST + b"X-A: a\r\n b\r\nContent-Length: 4\r\n\r\nevil"),
    "bare line feeds": (400, POST.replace(b"\r", b"") + b"Host: localhost\nContent-Length: 4\n\nevil"),
    "one bare line feed": (400, POST + HOST + b"Content-Length: 4\n\r\nevil"),
    "a bare return": (400, POST + HOST + b"X-A: a\rb\r\nContent-Length: 4\r\n\r\nevil"),
    "a zero byte": (400, POST + HOST + b"X-A: a\0b\r\nContent-Length: 4\r\n\r\nevil"),
    "a line without a colon": (400, POST + HOST + b"X-A\r\nContent-Length: 4\r\n\r\nevil"),
    "a chunk that is longer": (400, POST + HOST + b"Transfer-Encoding: chunked\r\n\r\n2\r\nevil\r\n0\r\n\r\n"),
    "a chunk without a size": (400, POST + HOST + b"Transfer-Encoding: chunked\r\n\r\nevil\r\n0\r\n\r\n"),
    "an endless chunk": (400, POST + HOST + b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nevil"),
    "HTTP/2": (400, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    "HTTP/2.0": (505, b"GET / HTTP/2.0\r\n" + HOST + b"\r\n"),
    "HTTP/0.9": (400, b"GET /\r\n\r\n"),
    "HTTP/1.2": (400, b"GET / HTTP/1.2\r\n" + HOST + b"\r\n"),
    "an unknown method": (400, b"BREW / HTTP/1.1\r\n" + HOST + b"\r\n"),
    "a method in lower case": (400, b"get / HTTP/1.1\r\n" + HOST + b"\r\n"),
    "TRACE": (405, b"TRACE /score HTTP/1.1\r\nConnection: close\r\n" + HOST + b"\r\n"),
    "an asterisk": (404, b"OPTIONS * HTTP/1.1\r\nConnection: close\r\n" + HOST + b"\r\n"),
    "bytes in the path": (400, b"GET /\xff HTTP/1.1\r\n" + HOST + b"\r\n"),
    "TLS": (400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
    "nonsense": (400, b"nonsense\r\n\r\n"),
    "too many lines": (431, POST + HOST + b"x:\r\n" * 300 + b"Content-Length: 4\r\n\r\nevil"),
    "a head too large": (431, POST + HOST + b"x: " + b"x" * 70_000 + b"\r\nContent-Length: 4\r\n\r\nevil"),
    "an address too large": (431, b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n"),
    "endless trailers": (431, POST + HOST + b"Transfer-Encoding: chunked\r\n\r\n4\r\nevil\r\n0\r\n" + b"x:\r\n" * 300),
}


@pytest.mark.parametrize("case", REFUSED)
@pytest.mark.parametrize("whole", [True, False], ids=["at once", "in two"])
def test_what_cannot_be_read_for_sure_is_refused(plain: Server, case: str, whole: bool) -> None:
    status, request = REFUSED[case]
    middle = len(request) // 2
    found = ask(plain, *((request,) if whole else (request[:middle], request[middle:])))
    assert [one.status for one in found] == [status]
    assert UUID4.fullmatch(found[0].headers["x-request-id"])
    assert found[0].headers["x-ms-request-id"] == found[0].headers["x-request-id"]
    assert found[0].headers["connection"] == "close" or status in {404, 405}
    assert found[0].headers["content-type"] == "application/json"
    assert "evil" not in requests.post(plain, data="scored", timeout=20).json()


def test_refusals_repeat_the_ids_that_came(plain: Server) -> None:
    found = ask(plain, POST + HOST + b"x-request-id: mine\r\nContent-Length: x\r\n\r\n")
    assert (found[0].status, found[0].headers["x-request-id"]) == (400, "mine")


@pytest.mark.parametrize(
    ("request_", "host"),
    [
        (b"POST http://127.0.0.1:5/score HTTP/1.1\r\nHost: localhost\r\n", "127.0.0.1:5"),
        (b"POST http://me@localhost/score HTTP/1.1\r\nHost: other\r\n", "localhost"),
        (b"POST /score HTTP/1.1\r\nHost: LOCALHOST.:9\r\n", "LOCALHOST.:9"),
        (b"POST /score HTTP/1.0\r\nHost: localhost\r\n", "localhost"),
        (b"POST /score HTTP/1.1\r\nhost:\tlocalhost\r\nExpect: 200-ok\r\n", "localhost"),
    ],
)
def test_forms_of_a_target_that_mean_one_thing(plain: Server, request_: bytes, host: str) -> None:
    found = ask(plain, request_ + b"Connection: close\r\nContent-Length: 4\r\n\r\nhost")
    assert [(one.status, one.body.decode()) for one in found] == [(200, f'"{host}"')]


@pytest.mark.parametrize("version", [b"1.0", b"1.1"])
def test_leave_to_send_a_body_is_given_where_it_is_asked_for(plain: Server, version: bytes) -> None:
    head = b"POST /score HTTP/%s\r\nHost: localhost\r\nConnection: close\r\nexpect: 100-CONTINUE\r\n" % version
    found = ask(plain, head + b"Content-Length: 2\r\n\r\n", b"ok")
    assert [one.body for one in found] == [b'"ok"']


def test_a_body_that_is_refused_without_being_read_ends_the_connection(plain: Server) -> None:
    """Else the client and the server would not agree where the next request begins."""
    head = b"POST /nothing HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 50\r\n\r\n"
    found = ask(plain, head)
    assert [(one.status, one.headers["connection"]) for one in found] == [(404, "close")]


@pytest.mark.parametrize(
    "headers",
    [
        "{'X A': '1'}",
        "{'X:A': '1'}",
        "{'': '1'}",
        "{'X-\\u00e9': '1'}",
        "{'X-A\\r\\nX-B': '1'}",
        "{'X-A': 'a\\r\\nX-B: b'}",
        "{'X-A': 'a\\x00'}",
        "{'X-A': 'a\\x7f'}",
        "{'X-A': '\\u2603'}",
        "{'X(A)': '1'}",
    ],
)
@pytest.mark.parametrize("body", ["'x'", "parts()"], ids=["whole", "stream"])
def test_headers_that_http_cannot_carry_are_a_500_and_a_line_of_the_log(plain: Server, headers: str, body: str) -> None:
    name = f"own-{abs(hash(headers + body))}"
    sent = {"x-request-id": name}
    response = requests.post(plain, data=f"own ({body}, 200, {headers})".encode(), headers=sent, timeout=20)
    assert (response.status_code, response.json()) in [(500, FAILED), (500, INTERNAL)]
    assert [line for line in plain.log.read_text().splitlines() if name in line and " E [" in line]


@pytest.mark.parametrize("status", [99, 100, 101, 199, 600, 1000])
def test_a_status_that_is_none_is_a_500(plain: Server, status: int) -> None:
    response = requests.post(plain, data=f"own ('x', {status})", timeout=20)
    assert (response.status_code, response.json()) == (500, INTERNAL)
