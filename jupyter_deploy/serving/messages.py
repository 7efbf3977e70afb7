"""Everything that front, workers and fork-server say to each other. Nothing else crosses.

A frame is ``length (4 bytes) | kind (1 byte) | payload``. Requests and answers travel several to a frame, packed;
the rare messages are JSON.

========  ====================  ==========================================================
kind      from → to             payload
========  ====================  ==========================================================
REQUESTS  front → worker        packed requests
ANSWERS   worker → front        packed answers
READY     worker → front        ``{"modules": [...], "seconds": s}``: ``init()`` is done
FAILED    worker → front        a failure: the script cannot serve
STOP      front → worker        ``{}``: finish what you hold and end
FORK      front → fork-server   ``{"layout": {...}}`` and the worker's socket as a descriptor
FORKED    fork-server → front   ``{"pid": n}``: in the order of the FORKs
EXITED    fork-server → front   ``{"pid": n, "status": s}`` as ``os.waitpid`` gives it
PRELOAD   front → fork-server   ``{"modules": [...]}``: import these when there is nothing else to do
========  ====================  ==========================================================
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

import orjson

_HEAD = struct.Struct("!IB")
_REQUEST = struct.Struct("!QII")
_ANSWER = struct.Struct("!QHdII")


class Kind(IntEnum):
    """The closed set of messages."""

    REQUESTS = 1
    ANSWERS = 2
    READY = 3
    FAILED = 4
    STOP = 5
    FORK = 6
    FORKED = 7
    EXITED = 8
    PRELOAD = 9


@dataclass(frozen=True)
class Request:
    """One request for the script.

    Parameters
    ----------
    number : int
        The front's own number for it.
    body : bytes
        As the client sent it.
    meta : dict
        Method, headers and query string, where the script's mode needs them.
    """

    number: int
    body: bytes
    meta: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """One answer of the script.

    Parameters
    ----------
    number : int
        The request's.
    status : int
        The HTTP status.
    body : bytes
        Ready to be sent.
    milliseconds : float
        How long ``run()`` took; negative where it did not return.
    meta : dict
        ``"failure"`` where the script raised.
    """

    number: int
    status: int
    body: bytes
    milliseconds: float = -1.0
    meta: dict[str, Any] = field(default_factory=dict)


def frame(kind: Kind, payload: bytes) -> bytes:
    """Put a payload in a frame.

    Parameters
    ----------
    kind : Kind
        What it is.
    payload : bytes
        At most 4 GiB.

    Returns
    -------
    bytes
        To be sent as it is.
    """
    return _HEAD.pack(len(payload), kind) + payload


def note(kind: Kind, /, **values: Any) -> bytes:
    """Frame one of the rare messages.

    Parameters
    ----------
    kind : Kind
        What it is.
    **values
        Its JSON object.

    Returns
    -------
    bytes
        A whole frame.
    """
    return frame(kind, orjson.dumps(values))


def pack_requests(requests: Iterable[Request]) -> bytes:
    """Frame requests.

    Parameters
    ----------
    requests : iterable of Request
        Any number.

    Returns
    -------
    bytes
        A whole frame.
    """
    parts = []
    for request in requests:
        meta = orjson.dumps(request.meta) if request.meta else b""
        parts += [_REQUEST.pack(request.number, len(meta), len(request.body)), meta, request.body]
    return frame(Kind.REQUESTS, b"".join(parts))


def unpack_requests(payload: bytes) -> Iterator[Request]:
    """Take a REQUESTS payload apart.

    Parameters
    ----------
    payload : bytes
        Without the frame's head.

    Yields
    ------
    Request
        In the order they were packed.
    """
    at = 0
    while at < len(payload):
        number, meta, body = _REQUEST.unpack_from(payload, at)
        at += _REQUEST.size
        yield Request(number, payload[at + meta : at + meta + body], orjson.loads(payload[at : at + meta] or b"{}"))
        at += meta + body


def pack_answers(answers: Iterable[Answer]) -> bytes:
    """Frame answers.

    Parameters
    ----------
    answers : iterable of Answer
        Any number.

    Returns
    -------
    bytes
        A whole frame.
    """
    parts = []
    for answer in answers:
        meta = orjson.dumps(answer.meta) if answer.meta else b""
        head = _ANSWER.pack(answer.number, answer.status, answer.milliseconds, len(meta), len(answer.body))
        parts += [head, meta, answer.body]
    return frame(Kind.ANSWERS, b"".join(parts))


def unpack_answers(payload: bytes) -> Iterator[Answer]:
    """Take an ANSWERS payload apart.

    Parameters
    ----------
    payload : bytes
        Without the frame's head.

    Yields
    ------
    Answer
        In the order they were packed.
    """
    at = 0
    while at < len(payload):
        number, status, milliseconds, meta, body = _ANSWER.unpack_from(payload, at)
        at += _ANSWER.size
        values = orjson.loads(payload[at : at + meta] or b"{}")
        yield Answer(number, status, payload[at + meta : at + meta + body], milliseconds, values)
        at += meta + body


class FrameBuffer:
    """Cut a stream of bytes into frames."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[Kind, bytes]]:
        """Take bytes as they arrive.

        Parameters
        ----------
        data : bytes
            Any part of the stream.

        Yields
        ------
        tuple of (Kind, bytes)
            Each frame that is complete now.
        """
        self._bytes += data
        while len(self._bytes) >= _HEAD.size:
            length, kind = _HEAD.unpack_from(self._bytes)
            end = _HEAD.size + length
            if len(self._bytes) < end:
                return
            payload = bytes(self._bytes[_HEAD.size : end])
            del self._bytes[:end]
            yield Kind(kind), payload


def receive(sock: socket.socket) -> tuple[Kind, bytes] | None:
    """Wait for one frame on a blocking socket.

    Parameters
    ----------
    sock : socket.socket
        The worker's end.

    Returns
    -------
    tuple of (Kind, bytes) or None
        None when the other end is gone.
    """
    head = _exactly(sock, _HEAD.size)
    if head is None:
        return None
    length, kind = _HEAD.unpack(head)
    payload = _exactly(sock, length)
    return None if payload is None else (Kind(kind), payload)


def _exactly(sock: socket.socket, count: int) -> bytes | None:
    got = bytearray(count)
    view = memoryview(got)
    while view:
        try:
            read = sock.recv_into(view)
        except ConnectionError:
            return None
        if not read:
            return None
        view = view[read:]
    return bytes(got)
