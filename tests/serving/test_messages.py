"""The frames between front, workers and fork-server."""

from __future__ import annotations

import pytest

from jupyter_deploy.serving.messages import (
    Answer,
    FrameBuffer,
    Kind,
    Request,
    chunk,
    end,
    frame,
    note,
    pack_answers,
    pack_requests,
    unpack_answers,
    unpack_part,
    unpack_requests,
)

REQUESTS = [
    Request(1, "a", b"[1, 2]"),
    Request(2, "é", b"", {"method": "GET"}),
    Request(2**40, "", b"\x00\xff" * 5000, {"headers": [["x", "y"]]}),
]
ANSWERS = [Answer(1, 200, b"[1]", 0.25), Answer(7, 500, b"", meta={"failure": {"kind": "ValueError"}})]


def joined(parts: list[bytes]) -> bytes:
    return b"".join(parts)


def test_several_requests_travel_in_one_frame() -> None:
    ((kind, payload),) = FrameBuffer().feed(joined(pack_requests(REQUESTS)))
    assert kind is Kind.REQUESTS
    assert list(unpack_requests(payload)) == REQUESTS


def test_several_answers_travel_in_one_frame() -> None:
    ((kind, payload),) = FrameBuffer().feed(joined(pack_answers(ANSWERS)))
    assert kind is Kind.ANSWERS
    assert list(unpack_answers(payload)) == ANSWERS


@pytest.mark.parametrize("step", [1, 2, 3, 7, 4096])
def test_frames_survive_any_cutting_of_the_stream(step: int) -> None:
    stream = joined(pack_requests(REQUESTS)) + note(Kind.STOP) + frame(Kind.READY, b"") + joined(pack_answers(ANSWERS))
    buffer = FrameBuffer()
    kinds = [kind for at in range(0, len(stream), step) for kind, _ in buffer.feed(stream[at : at + step])]
    assert kinds == [Kind.REQUESTS, Kind.STOP, Kind.READY, Kind.ANSWERS]


@pytest.mark.parametrize(
    ("made", "kind", "part"), [(joined(chunk(7, b"ab")), Kind.CHUNK, b"ab"), (end(7, True), Kind.END, b"1")]
)
def test_parts_of_a_body_carry_their_requests_number(made: bytes, kind: Kind, part: bytes) -> None:
    ((found, payload),) = FrameBuffer().feed(made)
    assert (found, *unpack_part(payload)) == (kind, 7, part)


def test_an_unknown_kind_is_not_taken_for_another() -> None:
    with pytest.raises(ValueError, match="99"):
        list(FrameBuffer().feed(b"\x00\x00\x00\x00\x63"))
