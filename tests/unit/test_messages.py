"""The frames between front, workers and fork-server."""

from __future__ import annotations

import socket
import threading

import pytest

from jupyter_deploy.serving.messages import (
    Answer,
    FrameBuffer,
    Kind,
    Request,
    frame,
    note,
    pack_answers,
    pack_requests,
    receive,
    unpack_answers,
    unpack_requests,
)

REQUESTS = [Request(1, b"[1, 2]"), Request(2, b"", {"id": "é"}), Request(2**40, b"\x00\xff" * 5000, {"id": "x"})]
ANSWERS = [Answer(1, 200, b"[1]", 0.25), Answer(7, 500, b"", meta={"failure": {"kind": "ValueError"}})]


def test_several_requests_travel_in_one_frame() -> None:
    ((kind, payload),) = FrameBuffer().feed(pack_requests(REQUESTS))
    assert kind is Kind.REQUESTS
    assert list(unpack_requests(payload)) == REQUESTS


def test_several_answers_travel_in_one_frame() -> None:
    ((kind, payload),) = FrameBuffer().feed(pack_answers(ANSWERS))
    assert kind is Kind.ANSWERS
    assert list(unpack_answers(payload)) == ANSWERS


@pytest.mark.parametrize("step", [1, 2, 3, 7, 4096])
def test_frames_survive_any_cutting_of_the_stream(step: int) -> None:
    stream = pack_requests(REQUESTS) + note(Kind.STOP) + frame(Kind.READY, b"") + pack_answers(ANSWERS)
    buffer = FrameBuffer()
    kinds = [kind for at in range(0, len(stream), step) for kind, _ in buffer.feed(stream[at : at + step])]
    assert kinds == [Kind.REQUESTS, Kind.STOP, Kind.READY, Kind.ANSWERS]


def test_receive_waits_for_whole_frames_and_sees_the_end() -> None:
    ours, theirs = socket.socketpair()
    big = pack_requests([Request(1, b"x" * 3_000_000)])
    sender = threading.Thread(target=lambda: (theirs.sendall(big + note(Kind.STOP)), theirs.close()))
    with ours:
        sender.start()
        first, second, third = receive(ours), receive(ours), receive(ours)
        sender.join()
    assert first == (Kind.REQUESTS, big[5:])
    assert second == (Kind.STOP, b"{}")
    assert third is None


def test_an_unknown_kind_is_not_taken_for_another() -> None:
    with pytest.raises(ValueError, match="99"):
        list(FrameBuffer().feed(b"\x00\x00\x00\x00\x63"))
