"""Records as lines, and lines as records."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import sys
from pathlib import Path

import pytest

from jupyter_deploy.serving import logs, logwriter
from jupyter_deploy.serving.logs import MARK, Format, LineStream, request_id
from jupyter_deploy.serving.logwriter import LogWriter, Outputs


def test_each_line_of_a_text_record_is_whole() -> None:
    lines = Format().lines("WARNING", "here", "one\ntwo", "the-id", when=0.0625).decode().splitlines()
    assert lines == [f"1970-01-01 00:00:00,062 W [{os.getpid()}] the-id here - {word}" for word in ("one", "two")]


def test_a_json_record_is_one_line() -> None:
    (line,) = Format("json").lines("INFO", "here", "one\ntwo", "the-id", when=1.5, pid=7).splitlines()
    assert json.loads(line) == {
        "time": "1970-01-01T00:00:01.500Z",
        "level": "INFO",
        "pid": 7,
        "logger": "here",
        "request_id": "the-id",
        "message": "one\ntwo",
    }


@pytest.mark.parametrize("name", logs.FORMATS)
@pytest.mark.parametrize("text", ["lone \udc80", "nul \0", "emoji 🦊", "", "mark \x1e"])
def test_every_text_can_be_written(name: str, text: str) -> None:
    line = Format(name).lines("INFO", "here", text, "")
    assert line.endswith(b"\n")
    assert line.decode("utf-8")


def test_the_time_of_day_goes_on() -> None:
    form = Format()
    stamps = [form.lines("INFO", "x", "y", "", when=when)[:23] for when in (1.0, 1.9999, 2.0, 60.0, 1.0)]
    seconds = [stamp.rpartition(b" ")[2] for stamp in stamps]
    assert seconds == [b"00:00:01,000", b"00:00:01,999", b"00:00:02,000", b"00:01:00,000", b"00:00:01,000"]


def test_a_format_can_be_changed() -> None:
    form = Format()
    assert not form.lines("INFO", "x", "y", "").startswith(b"{")
    form.use("json")
    assert json.loads(form.lines("INFO", "x", "y", ""))["time"].count("T") == 1


@pytest.fixture
def stream(capfd: pytest.CaptureFixture[str]) -> LineStream:
    return LineStream(Format(), "INFO", "print", 1)


def said(capfd: pytest.CaptureFixture[str]) -> list[str]:
    return [line.rpartition(" - ")[2] for line in capfd.readouterr().out.splitlines()]


@pytest.mark.parametrize(
    ("parts", "lines"),
    [
        (["a", "\n"], ["a"]),
        (["a\nb", "c\n"], ["a", "bc"]),
        (["\n"], [""]),
        (["10%\r", "20%\rdone\n"], ["done"]),
        (["10%\r", "100%\r\n"], ["100%"]),
        (["unfinished"], []),
    ],
)
def test_lines_are_written_when_they_end(
    stream: LineStream, capfd: pytest.CaptureFixture[str], parts: list[str], lines: list[str]
) -> None:
    for part in parts:
        assert stream.write(part) == len(part)
    assert said(capfd) == lines


def test_bytes_may_come_in_pieces(stream: LineStream, capfd: pytest.CaptureFixture[str]) -> None:
    fox = "🦊\n".encode()
    for at in range(len(fox)):
        stream.buffer.write(fox[at : at + 1])
    stream.buffer.write(b"\xff\n")
    assert said(capfd) == ["🦊", "\ufffd"]


def test_what_is_unfinished_goes_with_its_request(
    stream: LineStream, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stderr", stream)
    with request_id("the-id"):
        stream.write("half")
    stream.write("next\n")
    first, second = capfd.readouterr().out.splitlines()
    assert " the-id print - half" in first
    assert second.endswith(" - print - next")


def test_a_stream_does_what_scripts_ask_of_stdout(stream: LineStream) -> None:
    stream.reconfigure(line_buffering=True, encoding="utf-8")
    stream.flush()
    assert (stream.encoding, stream.isatty(), stream.writable(), stream.fileno()) == ("utf-8", False, True, 1)


def test_a_bad_logging_call_does_not_raise(capfd: pytest.CaptureFixture[str]) -> None:
    handler = logs._Handler(Format(), logs.write_all)
    logger = logging.Logger("bad")
    logger.addHandler(handler)
    logger.info("%d", "text")
    logger.info("good")
    captured = capfd.readouterr()
    assert "not all arguments converted" in captured.err or "%d format" in captured.err
    assert "good" in captured.out


def follow(*writes: bytes, close: bool = True, name: str = "text") -> list[str]:
    """What becomes of a worker's output, once all of it has arrived."""
    written: list[bytes] = []

    async def run() -> None:
        reads, end = os.pipe()
        os.set_blocking(reads, False)
        output = Outputs(Format(name), written.append).follow(reads, 7, lambda: "the-id")
        for data in writes:
            os.write(end, data)
            output.take()
        output.take(all_of_it=True)
        os.close(end)
        output.take()
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(reads)
        output.take(all_of_it=True)

    asyncio.run(run())
    return b"".join(written).decode().splitlines()


def test_records_pass_and_everything_else_becomes_records() -> None:
    record = Format("text", MARK).lines("ERROR", "here", "one\ntwo", "x").replace(b"[%d]" % os.getpid(), b"[1]")
    lines = follow(b"raw\n", record, b"half", record, b"\xff\r\n", b"end")
    assert [re.sub(r"^\S+ \S+ ", "", line) for line in lines] == [
        "I [7] the-id output - raw",
        "E [1] x here - one",
        "E [1] x here - two",
        "I [7] the-id output - half",
        "E [1] x here - one",
        "E [1] x here - two",
        "I [7] the-id output - \ufffd",
        "I [7] the-id output - end",
    ]


def test_a_record_in_two_pieces_is_not_cut() -> None:
    record = Format("json", MARK).lines("INFO", "here", "whole", "x")
    (line,) = follow(record[:20], record[20:], name="json")
    assert json.loads(line)["message"] == "whole"


def test_a_log_writer_waits_for_a_reader_without_blocking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a pipe of its own: what is full is tried again later, what is too much is counted."""
    reads, writes = os.pipe()
    monkeypatch.setattr(logwriter, "_OUTPUT", writes)
    monkeypatch.setattr(logwriter, "_LIMIT", 200_000)
    soon: list[object] = []
    later: list[tuple[float, object]] = []
    writer = LogWriter(soon.append, lambda seconds, work: later.append((seconds, work)))
    line = b"x" * 99 + b"\n"
    for _ in range(10_000):
        writer.write(line)
        while soon:
            soon.pop()()  # type: ignore[operator]
    assert later
    data = b""
    os.set_blocking(reads, False)
    while later:
        _, work = later.pop()
        while True:
            try:
                data += os.read(reads, 1 << 20)
            except BlockingIOError:
                break
        work()  # type: ignore[operator]
    writer.close()
    os.close(writes)
    os.set_blocking(reads, True)
    while piece := os.read(reads, 1 << 20):
        data += piece
    os.close(reads)
    lines = data.splitlines(keepends=True)
    (dropped,) = [text for text in lines if text != line]
    lost = int(re.findall(rb"(\d+) writes to the log were dropped", dropped)[0])
    assert len(lines) - 1 + lost == 10_000
    assert lost > 0
