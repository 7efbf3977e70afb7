"""Routes, methods and headers, and how bodies arrive, spoken to a socket where a client library would hide it."""

from __future__ import annotations

import http.client
import json
import re
import socket
import threading
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from tests.contract import Server, fixture_of

SCRIPT = """
scored = []

def run(data, request_headers):
    if data == "raise":
        raise ValueError("mine")
    if data == "timeout":
        raise TimeoutError("mine")
    if data == "scored":
        return scored
    if data.startswith("header "):
        return request_headers.get(data.split()[1])
    scored.append(data)
    return data
"""
SCHEMA = """
from inference_schema.schema_decorators import input_schema
from inference_schema.parameter_types.standard_py_parameter_type import StandardPythonParameterType as Standard

@input_schema("x", Standard(1))
def run(x):
    return x
"""
plain = fixture_of(SCRIPT)
schema = fixture_of(SCHEMA)
unsigned = fixture_of(SCRIPT, "--set", "server_version=false")

UUID4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
IDS = ("x-request-id", "x-ms-request-id", "x-ms-client-request-id")


def spoken(server: Server, *parts: bytes, half_close: bool = False) -> http.client.HTTPResponse:
    """Send bytes as they are and read one answer."""
    address = urlsplit(server)
    with socket.create_connection((address.hostname, address.port), timeout=20) as raw:
        for part in parts:
            raw.sendall(part)
        if half_close:
            raw.shutdown(socket.SHUT_WR)
        response = http.client.HTTPResponse(raw)
        response.begin()
        response.body = response.read()  # type: ignore[attr-defined]
        return response


@pytest.mark.parametrize(
    ("method", "path", "status", "body", "kind"),
    [
        ("GET", "/", 200, b"Healthy", "text/html; charset=utf-8"),
        ("HEAD", "/", 200, b"", "text/html; charset=utf-8"),
        ("OPTIONS", "/", 200, b"", None),
        ("POST", "/", 405, None, "application/json"),
        ("GET", "/score", 200, b'"{}"', "application/json"),
        ("POST", "/score", 200, b'""', "application/json"),
        ("OPTIONS", "/score", 200, b"", None),
        ("HEAD", "/score", 405, b"", "application/json"),
        ("PUT", "/score", 405, None, "application/json"),
        ("DELETE", "/score", 405, None, "application/json"),
        ("PATCH", "/score", 405, None, "application/json"),
        ("GET", "/swagger.json", 200, None, "application/json"),
        ("HEAD", "/swagger.json", 200, b"", "application/json"),
        ("OPTIONS", "/swagger.json", 200, b"", None),
        ("POST", "/swagger.json", 405, None, "application/json"),
        ("GET", "/score/", 404, None, "application/json"),
        ("POST", "/nothing", 404, None, "application/json"),
        ("GET", "//score", 404, None, "application/json"),
    ],
)
def test_routes(plain: Server, method: str, path: str, status: int, body: bytes | None, kind: str | None) -> None:
    response = requests.request(method, plain.at(path), timeout=20)
    assert response.status_code == status
    if kind is not None:
        assert response.headers["content-type"] == kind
    if body is not None:
        assert response.content == body
    elif status >= 400:
        assert list(response.json()) == ["message"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/nothing"),
        ("PUT", "/score"),
        ("POST", "/"),
        ("HEAD", "/score"),
        ("GET", "/-/state"),
        ("PUT", "/-/live"),
    ],
)
def test_refusals_have_the_ids_too(plain: Server, method: str, path: str) -> None:
    headers = {"x-request-id": "mine", "x-ms-client-request-id": "client"}
    response = requests.request(method, plain.at(path), headers=headers, timeout=20)
    assert response.status_code in {401, 404, 405}
    assert [response.headers[name] for name in IDS] == ["mine", "client", "client"]
    made = requests.request(method, plain.at(path), timeout=20).headers
    assert UUID4.fullmatch(made["x-request-id"])
    assert made["x-request-id"] == made["x-ms-request-id"]


A, B, C, NEW = "a-1", "b-2", "c-3", None


@pytest.mark.parametrize("path", ["/score", "/", "/swagger.json"])
@pytest.mark.parametrize(
    ("sent", "answered"),
    [
        ((None, None, None), (NEW, NEW, "")),
        ((A, None, None), (A, A, "")),
        ((None, B, None), (NEW, B, B)),
        ((None, None, C), (NEW, C, C)),
        ((A, B, None), (A, B, B)),
        ((A, None, C), (A, C, C)),
        ((None, B, C), (NEW, B, C)),
        ((A, B, C), (A, B, C)),
        (("", "", ""), (NEW, NEW, "")),
        (("x" * 100, None, None), ("x" * 100, "x" * 100, "")),
    ],
)
def test_ids(plain: Server, path: str, sent: tuple[str | None, ...], answered: tuple[str | None, ...]) -> None:
    headers = {name: value for name, value in zip(IDS, sent, strict=True) if value is not None}
    response = requests.get(plain.at(path), headers=headers, timeout=20)
    assert response.status_code == 200
    made = response.headers["x-request-id"]
    assert UUID4.fullmatch(made) or made == answered[0]
    expected = [made if value is NEW else value for value in answered]
    assert [response.headers.get(name, "") for name in IDS] == expected


@pytest.mark.parametrize("long", IDS)
def test_long_ids(plain: Server, long: str) -> None:
    headers = {**dict.fromkeys(IDS, "short"), long: "x" * 101}
    response = requests.post(plain, data="never", headers=headers, timeout=20)
    assert (response.status_code, response.json()) == (431, {"message": f"{long} must not exceed 100 characters"})
    assert "x" * 101 not in response.headers.values()
    assert response.headers["x-request-id"]
    assert "never" not in requests.post(plain, data="scored", timeout=20).json()


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "failed", "timed"),
    [
        ("POST", "/score", b"ok", 200, "False", True),
        ("GET", "/score", b"", 200, "False", True),
        ("POST", "/score", b"raise", 500, "True", False),
        ("POST", "/score", b"timeout", 500, "True", False),
        ("POST", "/score", b"\xff", 400, "False", False),
        ("GET", "/swagger.json", b"", 200, "False", False),
        ("GET", "/swagger.json?version=9", b"", 404, "False", False),
        ("GET", "/swagger.json?version=", b"", 404, "False", False),
    ],
)
def test_run_headers(plain: Server, method: str, path: str, body: bytes, status: int, failed: str, timed: bool) -> None:
    response = requests.request(method, plain.at(path), data=body, headers={"TraceId": "t-1"}, timeout=20)
    assert response.status_code == status
    assert response.headers["x-ms-run-function-failed"] == failed
    assert response.headers["TraceId"] == "t-1"
    assert re.fullmatch(r"jupyter_deploy/\S+", response.headers["x-ms-server-version"])
    spent = response.headers.get("x-ms-run-fn-exec-ms", "")
    assert bool(re.fullmatch(r"\d+\.\d{3}", spent)) is timed


def test_no_trace_without_one(plain: Server) -> None:
    assert "TraceId" not in requests.post(plain, data="x", timeout=20).headers


def test_the_version_can_be_left_out(unsigned: Server) -> None:
    for path in ("/score", "/"):
        assert "x-ms-server-version" not in requests.get(unsigned.at(path), timeout=20).headers


def test_a_timeout_of_the_script_is_not_the_servers(plain: Server) -> None:
    message = requests.post(plain, data="timeout", timeout=20).json()["message"]
    assert message == "An unexpected error occurred in scoring script. Check the logs for more info."


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("", "{}"),
        ("?a=1", '{"a":"1"}'),
        ("?a=1&a=2&b=", '{"a":["1","2"],"b":""}'),
        ("?a=%C3%A9+x", '{"a":"é x"}'),
        ("?%22=%5C", '{"\\"":"\\\\"}'),
    ],
)
def test_queries_are_text_for_plain_scripts(plain: Server, query: str, text: str) -> None:
    assert requests.get(f"{plain}{query}", timeout=20).json() == text


@pytest.mark.parametrize(
    ("query", "status", "answer"),
    [
        ("?x=5", 200, 5),
        ("?x=5&y=6", 200, 5),
        ("?x=text", 400, "'x'"),
        ("?x=1&x=2", 400, "'x'"),
        ("", 400, "A value is not provided for the 'x' parameter."),
        ("?x=" + "[" * 20_000, 400, "'x'"),
    ],
)
def test_queries_are_values_for_schema_scripts(schema: Server, query: str, status: int, answer: Any) -> None:
    response = requests.get(f"{schema}{query}", timeout=20)
    assert response.status_code == status, response.text
    if status == 200:
        assert response.json() == answer
    else:
        assert answer in response.json()["message"]


def test_schema_scripts_never_run_for_options_and_head(schema: Server) -> None:
    options = requests.options(schema, timeout=20)
    assert (options.status_code, options.content) == (200, b"")
    assert options.headers["allow"] == "GET, POST, OPTIONS"
    assert requests.head(schema, timeout=20).status_code == 405


def test_options_never_run_a_plain_script(plain: Server) -> None:
    assert requests.options(plain, data="by options", timeout=20).content == b""
    assert "by options" not in requests.post(plain, data="scored", timeout=20).json()


def test_chunked_bodies(plain: Server) -> None:
    response = requests.post(plain, data=iter([b"one ", b"two ", "drei é".encode()]), timeout=20)
    assert response.json() == "one two drei é"


def test_expect_100_continue(plain: Server) -> None:
    address = urlsplit(plain)
    with socket.create_connection((address.hostname, address.port), timeout=20) as raw:
        raw.sendall(b"POST /score HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n")
        assert raw.recv(100).startswith(b"HTTP/1.1 100 Continue\r\n\r\n")
        raw.sendall(b"body")
        response = http.client.HTTPResponse(raw)
        response.begin()
        assert (response.status, response.read()) == (200, b'"body"')


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: 100\r\n\r\nhalf",
        b"Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n100\r\nhalf",
    ],
    ids=["length", "between chunks", "in a chunk"],
)
@pytest.mark.parametrize("shut", ["close", "half-close"])
def test_bodies_cut_short_are_never_scored(plain: Server, head: bytes, shut: str) -> None:
    address = urlsplit(plain)
    with socket.create_connection((address.hostname, address.port), timeout=20) as raw:
        raw.sendall(b"POST /score HTTP/1.1\r\nHost: localhost\r\n" + head)
        if shut == "half-close":
            raw.shutdown(socket.SHUT_WR)
            assert b"200 OK" not in raw.recv(1000)
    assert requests.post(plain, data="whole", timeout=20).json() == "whole"
    assert not [text for text in requests.post(plain, data="scored", timeout=20).json() if text.startswith("half")]


def test_a_body_in_many_pieces(plain: Server) -> None:
    pieces = [bytes([65 + number % 26]) * 1000 for number in range(50)]
    head = b"POST /score HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 50000\r\n\r\n"
    assert json.loads(spoken(plain, head, *pieces).body) == b"".join(pieces).decode()  # type: ignore[attr-defined]


def test_requests_in_a_row_without_waiting(plain: Server) -> None:
    """HTTP pipelining: answers in the order of the requests, on one connection."""
    address = urlsplit(plain)
    one = b"POST /score HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nn%02d"
    with socket.create_connection((address.hostname, address.port), timeout=20) as raw:
        raw.sendall(b"".join(one % number for number in range(20)))
        file = raw.makefile("rb")
        found = []
        for _ in range(20):
            length = 0
            while (line := file.readline()) not in {b"\r\n", b""}:
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            found.append(json.loads(file.read(length)))
    assert found == [f"n{number:02d}" for number in range(20)]


@pytest.mark.parametrize("asked", ["X-Mine", "x-mine", "X-MINE"])
def test_headers_in_any_case(plain: Server, asked: str) -> None:
    assert requests.post(plain, data=f"header {asked}", headers={"x-MINE": "1"}, timeout=20).json() == "1"


def test_a_header_that_was_not_sent_is_none(plain: Server) -> None:
    assert requests.post(plain, data="header X-Nothing", timeout=20).json() == {}


def test_headers_of_several_clients_are_not_mixed_up(plain: Server) -> None:
    wrong: list[str] = []

    def client(name: str) -> None:
        with requests.Session() as session:
            for number in range(20):
                value = f"{name}-{number}"
                sent = {"x-mine": value, "x-ms-request-id": value}
                response = session.post(plain, data="header x-mine", headers=sent, timeout=20)
                if (response.json(), response.headers["x-ms-request-id"]) != (value, value):
                    wrong.append(value)

    threads = [threading.Thread(target=client, args=(f"c{number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
