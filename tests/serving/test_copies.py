"""How often a large body is copied between front, worker and client: by how much memory the way takes beside it."""

from __future__ import annotations

import asyncio
import socket
import threading
import tracemalloc
from collections.abc import Callable

import pytest

from jupyter_deploy.serving.front.wire import Wire
from jupyter_deploy.serving.messages import (
    Answer,
    FrameBuffer,
    Kind,
    Request,
    chunk,
    pack_answers,
    pack_requests,
    unpack_answers,
    unpack_part,
)
from jupyter_deploy.serving.worker.inbox import Inbox

SIZE = 8 << 20
BODY = bytes(range(256)) * (SIZE // 256)
# What uvloop hands over at once.
PIECE = 1 << 18


def copies(act: Callable[[], object]) -> float:
    """The most memory that something takes while it works, result included, in bodies."""
    tracemalloc.start()
    try:
        kept = act()
        return tracemalloc.get_traced_memory()[1] / SIZE
    finally:
        tracemalloc.stop()
        del kept


@pytest.mark.parametrize(
    "parts",
    [pack_requests([Request(1, "a", BODY)]), pack_answers([Answer(1, 200, BODY)]), chunk(1, BODY)],
    ids=["request", "answer", "part of a stream"],
)
def test_a_large_body_is_sent_as_it_is(parts: list[bytes]) -> None:
    assert len(parts) == 2
    assert parts[-1] is BODY


def test_a_worker_reads_a_large_body_into_its_place() -> None:
    """Twice it: where the frame is gathered, and the bytes that the script gets."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        inbox = Inbox(theirs)
        stream = b"".join(pack_requests([Request(1, "a", BODY)]))
        sender = threading.Thread(target=ours.sendall, args=(stream,))
        sender.start()
        taken: list[Request] = []
        assert copies(lambda: taken.extend(inbox.take() or ())) < 2.1
        sender.join()
    assert taken == [Request(1, "a", BODY)]


def test_the_front_gathers_a_large_answer_in_its_place() -> None:
    stream = b"".join(pack_answers([Answer(1, 200, BODY, 1.0)]))
    answers: list[Answer] = []

    def feed() -> None:
        buffer = FrameBuffer()
        for at in range(0, len(stream), PIECE):
            for kind, payload in buffer.feed(stream[at : at + PIECE]):
                assert kind is Kind.ANSWERS
                answers.extend(unpack_answers(payload))

    assert copies(feed) < 2.1
    assert answers == [Answer(1, 200, BODY, 1.0)]


def test_a_frame_behind_a_large_one_is_not_lost() -> None:
    stream = b"".join(chunk(1, BODY)) + b"".join(pack_answers([Answer(2, 200, b"1")]))
    for step in (PIECE, PIECE - 1, SIZE, len(stream)):
        buffer = FrameBuffer()
        kinds = [kind for at in range(0, len(stream), step) for kind, _ in buffer.feed(stream[at : at + step])]
        assert kinds == [Kind.CHUNK, Kind.ANSWERS]


def test_a_large_part_of_a_stream_is_passed_on_as_it_was_gathered() -> None:
    buffer = FrameBuffer()
    stream = b"".join(chunk(7, BODY))
    ((kind, payload),) = [
        found for at in range(0, len(stream), PIECE) for found in buffer.feed(stream[at : at + PIECE])
    ]
    assert kind is Kind.CHUNK
    assert copies(lambda: unpack_part(payload)) < 0.1
    assert unpack_part(payload) == (7, BODY)


def test_a_large_answer_is_written_to_the_client_as_it_is() -> None:
    uvloop = pytest.importorskip("uvloop")

    async def write() -> float:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        received = bytearray()
        reader = threading.Thread(target=lambda: received.extend(theirs.makefile("rb").read()))
        transport, _ = await asyncio.get_running_loop().create_connection(asyncio.Protocol, sock=ours)
        wire = Wire(transport, 5.0)
        tracemalloc.start()
        wire.write(b"HTTP/1.1 200 OK\r\n\r\n")
        wire.write(BODY)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        taken = tracemalloc.get_traced_memory()[1] / SIZE
        tracemalloc.stop()
        reader.start()
        wire.close()
        await asyncio.to_thread(reader.join)
        theirs.close()
        assert received == b"HTTP/1.1 200 OK\r\n\r\n" + BODY
        return taken

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(write()) < 0.1
