"""Everything that front, workers and fork-server say to each other. Nothing else crosses.

A frame is ``length (4 bytes) | kind (1 byte) | payload``. Requests and answers travel several to a frame, packed;
the rare messages are JSON.

========  ====================  ==========================================================
kind      from → to             payload
========  ====================  ==========================================================
REQUESTS  front → worker        packed requests; where the worker batches, they are one batch
ANSWERS   worker → front        packed answers, in the order of the requests
CHUNK     worker → front        number, bytes: a part of the body whose answer said ``more``
END       worker → front        number, ``1`` or ``0``: that body is complete, or broken off
CANCEL    front → worker        ``{"numbers": [...]}``: the clients of these requests have left
READY     worker → front        ``{"script": {...}, "modules": [...], "seconds": s, "threads": t}``: ``init()`` is done;
                                ``threads`` says why this process cannot be copied (preload), else it is empty
FAILED    worker → front        a failure: the script cannot serve
LEAVING   worker → front        ``{}``: SIGTERM came; it serves on until it is told to stop
DEBUGGED  worker → front        ``{"port": n}``: debugpy listens there, on loopback
COLLECTED worker → front        name, NUL, a JSON object: what the script gave to a collector of that name
START     front → worker        ``{"layout": {...}, "options": {...}}``: what to run
STOP      front → worker        ``{}``: finish what you hold and end
FORK      front → fork-server   ``{"modules": [...], "spare": b}`` with the worker's socket and output pipe: import
                                these first; a spare one may wait until PRELOAD is done
FORKED    fork-server → front   ``{"pid": n, "spare": b}``: in the order of the FORKs of that kind
EXITED    fork-server → front   ``{"pid": n, "status": s}`` as ``os.waitpid`` gives it
PRELOAD   front → fork-server   ``{"modules": [...]}``: import these when there is nothing else to do
========  ====================  ==========================================================
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from enum import IntEnum
from typing import Any, NamedTuple

import orjson

_HEAD = struct.Struct("!IB")
_REQUEST = struct.Struct("!QHII")
_ANSWER = struct.Struct("!QHdII")
_NUMBER = struct.Struct("!Q")
# The rest of a request or answer without one, which no code changes.
_NOTHING: dict[str, Any] = {}
# The exit code of a worker or server whose script could not be loaded.
INIT_FAILED = 3


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
    CHUNK = 10
    END = 11
    CANCEL = 12
    START = 13
    LEAVING = 14
    COLLECTED = 15
    DEBUGGED = 16


class Request(NamedTuple):
    """One request for the script."""

    number: int  # the front's own number for it
    id: str  # the request's id, for the log
    body: bytes  # as the client sent it; for a GET to a script that takes text, its query as JSON
    # method, path, query and headers, if the script asks for them; otherwise empty
    meta: dict[str, Any] = _NOTHING


class Answer(NamedTuple):
    """One answer of the script.

    ``meta`` has ``"failure"`` if the script raised, ``"headers"`` (pairs of text) and ``"failed"`` if it answered
    with a response of its own, and ``"more"`` if CHUNKs follow. For most answers it is empty.
    """

    number: int  # the request's
    status: int
    body: bytes
    milliseconds: float = -1.0  # of run(); negative if it did not return
    meta: dict[str, Any] = _NOTHING


# Frames from this size on are gathered where they stay, and their bodies are written as they are.
LARGE = 1 << 16
_TAKEN_APART = frozenset({Kind.REQUESTS, Kind.ANSWERS, Kind.CHUNK})
Payload = bytes | memoryview


def frame(kind: Kind, payload: bytes) -> bytes:
    """Put a payload of at most 4 GiB in a frame."""
    return _HEAD.pack(len(payload), kind) + payload


def note(kind: Kind, /, **values: Any) -> bytes:
    """Frame one of the rare messages; ``values`` are its JSON object."""
    return frame(kind, orjson.dumps(values))


def _joined(kind: Kind, parts: list[bytes]) -> list[bytes]:
    """Join a frame in one copy, but for a large body at its end; the first part is the place of its head."""
    parts[0] = _HEAD.pack(sum(map(len, parts)), kind)
    if len(parts[-1]) > LARGE:
        return [b"".join(parts[:-1]), parts[-1]]
    return [b"".join(parts)]


def pack_requests(requests: Iterable[Request]) -> list[bytes]:
    """Frame requests: the parts of the frame, to be written one after the other. A large body is one, uncopied."""
    parts = [b""]
    for request in requests:
        meta = orjson.dumps(request.meta) if request.meta else b""
        name = request.id.encode()
        head = _REQUEST.pack(request.number, len(name), len(meta), len(request.body))
        parts += [head, name, meta, request.body]
    return _joined(Kind.REQUESTS, parts)


def unpack_requests(payload: Payload) -> list[Request]:
    """Take a REQUESTS payload apart, without the frame's head."""
    found, at, size, take = [], 0, len(payload), _REQUEST.unpack_from
    while at < size:
        number, name, meta, body = take(payload, at)
        named = at + _REQUEST.size + name
        begin = named + meta
        text = str(payload[named - name : named], "utf-8")
        values = orjson.loads(payload[named:begin]) if meta else _NOTHING
        at = begin + body
        found.append(Request(number, text, bytes(payload[begin:at]), values))
    return found


def pack_answers(answers: Iterable[Answer]) -> list[bytes]:
    """Frame answers, in parts as :func:`pack_requests` does."""
    parts = [b""]
    for answer in answers:
        meta = orjson.dumps(answer.meta) if answer.meta else b""
        head = _ANSWER.pack(answer.number, answer.status, answer.milliseconds, len(meta), len(answer.body))
        parts += [head, meta, answer.body]
    return _joined(Kind.ANSWERS, parts)


def unpack_answers(payload: Payload) -> list[Answer]:
    """Take an ANSWERS payload apart, without the frame's head."""
    found, at, size, take = [], 0, len(payload), _ANSWER.unpack_from
    while at < size:
        number, status, milliseconds, meta, body = take(payload, at)
        begin = at + _ANSWER.size + meta
        values = orjson.loads(payload[begin - meta : begin]) if meta else _NOTHING
        at = begin + body
        found.append(Answer(number, status, bytes(payload[begin:at]), milliseconds, values))
    return found


def chunk(number: int, data: bytes) -> list[bytes]:
    """Frame a part of a streamed body, in parts as :func:`pack_requests` does."""
    return _joined(Kind.CHUNK, [b"", _NUMBER.pack(number), data])


def end(number: int, complete: bool) -> bytes:
    """Frame the end of a streamed body; ``complete`` says whether the script reached its end."""
    return frame(Kind.END, _NUMBER.pack(number) + (b"1" if complete else b"0"))


def unpack_part(payload: Payload) -> tuple[int, Payload]:
    """Take a CHUNK or an END apart: the request's number, and the part, which is not copied if it is large."""
    return _NUMBER.unpack_from(payload)[0], payload[_NUMBER.size :]


def collected(name: str, record: bytes) -> bytes:
    """Frame what a script's collector was given: a JSON object for the collection of that name."""
    return frame(Kind.COLLECTED, name.encode() + b"\0" + record)


def unpack_collected(payload: bytes) -> tuple[str, bytes]:
    """Take a COLLECTED payload apart: the collection's name, and the JSON object."""
    name, _, record = payload.partition(b"\0")
    return name.decode(), record


class FrameBuffer:
    """Cut a stream of bytes into frames.

    A large frame is gathered in a space of its own size; what reads from a socket may read into it (:meth:`room`).
    """

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._large: memoryview | None = None
        self._kind = Kind.STOP
        self._filled = 0

    def room(self) -> memoryview | None:
        """Return the place of the next bytes, if the rest of a large frame is to come; None otherwise."""
        return None if self._large is None else self._large[self._filled :]

    def filled(self, count: int) -> list[tuple[Kind, Payload]]:
        """Note that so many bytes were read into :meth:`room`, and return the frame if it is complete."""
        large = self._large
        assert large is not None
        self._filled += count
        if self._filled < len(large):
            return []
        self._large = None
        # Only these are taken apart without a copy of the whole.
        return [(self._kind, large if self._kind in _TAKEN_APART else bytes(large))]

    def feed(self, data: bytes | memoryview) -> list[tuple[Kind, Payload]]:
        """Take bytes as they arrive, and return the frames that are complete now."""
        found: list[tuple[Kind, Payload]] = []
        if self._large is not None:
            count = min(len(data), len(self._large) - self._filled)
            with memoryview(data) as given:
                self._large[self._filled : self._filled + count] = given[:count]
                found += self.filled(count)
                if count == len(data):
                    return found
                data = bytes(given[count:])
        waiting = self._bytes
        if waiting:
            waiting += data
        at = 0
        # What arrives whole, as nearly always, is copied once: into its payload.
        with memoryview(waiting or data) as whole:
            size = len(whole)
            while size - at >= _HEAD.size:
                length, kind = _HEAD.unpack_from(whole, at)
                end = at + _HEAD.size + length
                if end > size:
                    if length > LARGE:
                        self._begin(length, kind, whole[at + _HEAD.size :])
                        at = size
                    break
                found.append((Kind(kind), bytes(whole[at + _HEAD.size : end])))
                at = end
            if not waiting:
                # Only now: it must not grow while it is looked at.
                rest = bytes(whole[at:])
        if waiting:
            del waiting[:at]
        else:
            waiting += rest
        return found

    def _begin(self, length: int, kind: int, beginning: memoryview) -> None:
        self._large, self._kind, self._filled = memoryview(bytearray(length)), Kind(kind), len(beginning)
        self._large[: self._filled] = beginning
