"""A front and one forked worker over a socket pair, under one of three HTTP engines; only for :mod:`.engines`.

The same few lines carry requests to the worker whatever the engine is, so that the engines are all that differs:
``python engine_server.py ENGINE PORT BATCH``. It runs in an environment of its own and imports nothing of this package.
"""

from __future__ import annotations

import asyncio
import collections
import json
import os
import socket
import struct
import sys
from collections.abc import Callable, Iterator
from typing import Any

import uvloop

FRAME = struct.Struct("!I")
ITEM = struct.Struct("!QI")
Item = tuple[int, bytes]
# As long as the request id that a real server would send.
REQUEST_ID = "a" * 36


def frames(buffer: bytearray) -> Iterator[list[Item]]:
    """Take the whole frames out of what was read."""
    while len(buffer) >= FRAME.size:
        (size,) = FRAME.unpack_from(buffer)
        if len(buffer) < FRAME.size + size:
            return
        payload = bytes(buffer[FRAME.size : FRAME.size + size])
        del buffer[: FRAME.size + size]
        items, at = [], 0
        while at < size:
            number, length = ITEM.unpack_from(payload, at)
            at += ITEM.size
            items.append((number, payload[at : at + length]))
            at += length
        yield items


def packed(items: list[Item]) -> bytes:
    """Make one frame of some requests or answers."""
    payload = b"".join(ITEM.pack(number, len(body)) + body for number, body in items)
    return FRAME.pack(len(payload)) + payload


def work(link: socket.socket, batch: int) -> None:
    """Predict until the front is gone."""
    import joblib
    import numpy as np
    import orjson

    model = joblib.load("model.joblib")

    def predicted(items: list[Item]) -> list[Item]:
        rows = [np.array(json.loads(body)["data"]) for _, body in items]
        if batch == 1:
            return [
                (number, orjson.dumps(model.predict(part).tolist()))
                for (number, _), part in zip(items, rows, strict=True)
            ]
        found, at, answers = model.predict(np.concatenate(rows)), 0, []
        for (number, _), part in zip(items, rows, strict=True):
            answers.append((number, orjson.dumps(found[at : at + len(part)].tolist())))
            at += len(part)
        return answers

    buffer = bytearray()
    while data := link.recv(1 << 20):
        buffer += data
        for items in frames(buffer):
            link.sendall(packed(predicted(items)))


class Link(asyncio.Protocol):
    """The worker, as the front sees it: what waits when it is free goes in one frame."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._queue: collections.deque[Item] = collections.deque()
        self._waiting: dict[int, Callable[[bytes], object]] = {}
        self._buffer = bytearray()
        self._number = self._busy = 0
        self._due = False

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def submit(self, body: bytes, done: Callable[[bytes], object]) -> None:
        """Queue a request."""
        self._number += 1
        self._queue.append((self._number, body))
        self._waiting[self._number] = done
        if not self._due and not self._busy:
            self._due = True
            self._loop.call_soon(self._send)

    async def ask(self, body: bytes) -> bytes:
        """Queue a request and wait for its answer."""
        answer: asyncio.Future[bytes] = self._loop.create_future()
        # A client that left may have cancelled it.
        self.submit(body, lambda out: None if answer.done() else answer.set_result(out))
        return await answer

    def _send(self) -> None:
        self._due = False
        if not self._busy and self._queue:
            # Unbatched requests share frames too, as in the real front: they are predicted one by one.
            items = [self._queue.popleft() for _ in range(min(64, len(self._queue)))]
            self._busy = len(items)
            self._transport.write(packed(items))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        for items in frames(self._buffer):
            self._busy -= len(items)
            self._send()
            for number, body in items:
                self._waiting.pop(number)(body)


async def by_uvicorn(link: Link, port: int) -> None:
    """ASGI."""
    import uvicorn

    async def app(scope: Any, receive: Any, send: Any) -> None:
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        out = await link.ask(body)
        head = [(b"content-length", b"%d" % len(out)), (b"content-type", b"application/json")]
        head.append((b"x-request-id", REQUEST_ID.encode()))
        await send({"type": "http.response.start", "status": 200, "headers": head})
        await send({"type": "http.response.body", "body": out})

    settings = {"access_log": False, "log_level": "warning", "lifespan": "off", "http": "httptools", "ws": "none"}
    await uvicorn.Server(uvicorn.Config(app, port=port, **settings)).serve()


async def by_granian(link: Link, port: int) -> None:
    """RSGI."""
    from granian.server.embed import Server

    async def app(scope: Any, protocol: Any) -> None:
        if scope.proto != "http":
            return
        out = await link.ask(await protocol())
        protocol.response_bytes(200, [("content-type", "application/json"), ("x-request-id", REQUEST_ID)], out)

    settings = {"interface": "rsgi", "log_access": False, "log_enabled": False, "websockets": False, "http": "1"}
    await Server(app, address="127.0.0.1", port=port, **settings).serve()


async def by_httptools(link: Link, port: int) -> None:
    """A parser and nothing else: no limits, no pipelining, no timeouts. How far away an engine is from that."""
    import httptools

    class Connection(asyncio.Protocol):
        def connection_made(self, transport: Any) -> None:
            self._transport, self._parser, self._body = transport, httptools.HttpRequestParser(self), b""

        def data_received(self, data: bytes) -> None:
            self._parser.feed_data(data)

        def on_body(self, body: bytes) -> None:
            self._body += body

        def on_message_complete(self) -> None:
            body, self._body = self._body, b""
            link.submit(body, self._answer)

        def _answer(self, out: bytes) -> None:
            if self._transport.is_closing():
                return
            head = f"content-length: {len(out)}\r\ncontent-type: application/json\r\nx-request-id: {REQUEST_ID}"
            self._transport.write(f"HTTP/1.1 200 OK\r\n{head}\r\n\r\n".encode() + out)

    server = await asyncio.get_running_loop().create_server(Connection, "127.0.0.1", port)
    await server.serve_forever()


ENGINES = {"uvicorn": by_uvicorn, "granian": by_granian, "httptools": by_httptools}


async def serve(engine: str, port: int, front: socket.socket) -> None:
    """Take the worker's link and let the engine serve."""
    _, link = await asyncio.get_running_loop().create_connection(Link, sock=front)
    await ENGINES[engine](link, port)


def main() -> None:
    """Fork the worker, then serve."""
    engine, port, batch = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    front, worker = socket.socketpair()
    if os.fork() == 0:
        # Before the loop exists, and with nothing of the front's open: its end must be seen here.
        front.close()
        work(worker, batch)
        os._exit(0)
    worker.close()
    front.setblocking(False)
    uvloop.run(serve(engine, port, front))


if __name__ == "__main__":
    main()
