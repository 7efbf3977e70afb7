"""HTTP spoken byte by byte, on many connections at once."""

from __future__ import annotations

import http.client
import io
import re
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing
from typing import NamedTuple
from urllib.parse import urlsplit

import requests

from tests.contract import Server


class Answer(NamedTuple):
    """What came for one request."""

    status: int
    body: bytes
    headers: http.client.HTTPMessage


class _Bytes:
    """Bytes in a socket's place, as ``http.client`` wants them."""

    def __init__(self, data: bytes) -> None:
        self.file = io.BytesIO(data)

    def makefile(self, *_: object) -> io.BytesIO:
        return self.file


def connect(server: str) -> socket.socket:
    address = urlsplit(server)
    raw = socket.create_connection((address.hostname, address.port), timeout=20)
    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return raw


def answers(data: bytes) -> Iterator[Answer]:
    """Take all answers of a connection apart."""
    source = _Bytes(data)
    source.file.close = lambda: None  # type: ignore[method-assign]
    while source.file.tell() < len(data):
        response = http.client.HTTPResponse(source)  # type: ignore[arg-type]
        response.begin()
        yield Answer(response.status, response.read(), response.headers)


def everything(raw: socket.socket) -> bytes:
    """Read until the server closes."""
    parts = []
    try:
        while part := raw.recv(1 << 20):
            parts.append(part)
    except ConnectionResetError:
        pass
    return b"".join(parts)


def ask(server: str, *parts: bytes, shut: bool = False) -> list[Answer]:
    """Send bytes, in as many packets as parts, and read until the server closes."""
    with closing(connect(server)) as raw:
        for part in parts:
            raw.sendall(part)
        if shut:
            raw.shutdown(socket.SHUT_WR)
        return list(answers(everything(raw)))


def settle(server: str) -> None:
    """Let the server read all that was sent to it before."""
    for _ in range(3):
        requests.get(Server(server).at("/-/live"), timeout=20)


def at_every_split(server: str, request: bytes, step: int = 1) -> dict[int, list[Answer]]:
    """Send a request in two packets, cut at each place, on as many connections; the server closes them."""
    found = {}
    with ExitStack() as stack:
        cuts = list(range(1, len(request), step))
        open_ = {cut: stack.enter_context(closing(connect(server))) for cut in cuts}
        for cut, raw in open_.items():
            raw.sendall(request[:cut])
        settle(server)
        for cut, raw in open_.items():
            raw.sendall(request[cut:])
        for cut, raw in open_.items():
            found[cut] = list(answers(everything(raw)))
    return found


UUID4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
