"""Collected lines: how they are written, bounded, cut and read back."""

from __future__ import annotations

import base64
import os
import threading
from pathlib import Path
from typing import Any

import orjson
import pytest

from jupyter_deploy.serving.collection import Suffix, Writer, body_of, is_sampled, names, newest, put_body, records
from jupyter_deploy.serving.collection.writing import WAITING


def line(number: int, size: int = 0) -> bytes:
    return orjson.dumps({"n": number, "fill": "x" * size}) + b"\n"


def numbers(folder: Path, name: str = "requests") -> list[int]:
    return [record["n"] for record in records(folder, name)]


def written(folder: Path, limit: int, lines: list[bytes], name: str = "requests") -> list[str]:
    told: list[str] = []
    writer = Writer(folder, limit, told.append)
    for one in lines:
        writer.put(name, one, 1)
    writer.close(10)
    return told


def test_what_is_written_is_read_back_in_order_and_from_the_end(tmp_path: Path) -> None:
    folder = tmp_path / "made"
    written(folder, 1_000_000, [line(number) for number in range(5)])
    written(folder, 1_000_000, [line(number) for number in range(5, 8)])
    written(folder, 1_000_000, [line(9)], "model inputs/ä@1")
    assert numbers(folder) == [*range(8)]
    assert [record["n"] for record in newest(folder, "requests")] == [*reversed(range(8))]
    assert names(folder) == ["model inputs/ä@1", "requests"]
    assert numbers(folder, "model inputs/ä@1") == [9]


def test_files_and_folder_are_their_owners_whatever_the_umask_is(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        written(tmp_path / "made", 1_000_000, [line(1)])
    finally:
        os.umask(before)
    assert (tmp_path / "made").stat().st_mode & 0o777 == 0o700
    assert [path.stat().st_mode & 0o777 for path in (tmp_path / "made").iterdir()] == [0o600]


def test_the_oldest_goes_and_all_stay_within_the_limit(tmp_path: Path) -> None:
    written(tmp_path, 100_000, [line(number, 1000) for number in range(50)], "inputs")
    written(tmp_path, 100_000, [line(number, 1000) for number in range(300)])
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 100_000
    kept = numbers(tmp_path)
    assert kept == [*range(300 - len(kept), 300)]
    assert len(kept) > 70
    assert "inputs" not in names(tmp_path)


def test_half_a_line_is_no_record(tmp_path: Path) -> None:
    written(tmp_path, 1_000_000, [line(1), line(2)])
    (path,) = tmp_path.iterdir()
    with path.open("ab") as file:
        file.write(b'{"n":3,"fi')
    assert numbers(tmp_path) == [1, 2]
    assert [record["n"] for record in newest(tmp_path, "requests")] == [2, 1]


def test_lines_longer_than_a_read_come_back_from_the_end(tmp_path: Path) -> None:
    written(tmp_path, 10_000_000, [line(number, 700_000) for number in range(4)])
    assert [record["n"] for record in newest(tmp_path, "requests")] == [3, 2, 1, 0]


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(line(1))
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "requests@1-a.jsonl").symlink_to(tmp_path / "other")
    assert numbers(tmp_path / "data") == []


def test_what_cannot_be_written_is_counted_and_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    told = written(tmp_path / "file" / "below", 1_000_000, [line(1), line(2), line(3)])
    assert sum(int(text.split()[0]) for text in told) == 3
    assert all("were lost: Not a directory" in text for text in told)


def test_a_full_disk_leaves_whole_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import resource
    import signal

    # A limit on the file's size takes a part of a line, as a full disk does.
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1500, hard))
        told = written(tmp_path, 1_000_000, [line(number, 1000) for number in range(3)])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    assert numbers(tmp_path)[0] == 0
    for path in tmp_path.iterdir():
        assert path.read_bytes()[-1:] in {b"\n", b""}
    assert all("File too large" in text for text in told)


def test_a_writer_that_is_too_slow_drops_and_says_how_many(tmp_path: Path) -> None:
    told: list[str] = []
    go = threading.Event()

    class Slow(Writer):
        def _write(self, collection: str, lines: bytes) -> None:
            go.wait(10)
            super()._write(collection, lines)

    writer = Slow(tmp_path, 10 * WAITING, told.append)
    big = line(1, WAITING // 4)
    for _ in range(6):
        writer.put("requests", big, 10)
    go.set()
    writer.close(10)
    assert told == ["30 collected records were dropped, because the disk was too slow"]
    assert len(numbers(tmp_path)) == 3


@pytest.mark.parametrize(
    ("body", "limit", "kept"),
    [
        (b'{"a": NaN}', 100, b'{"a": NaN}'),
        (b"\xff\x00", 100, b"\xff\x00"),
        (b"", 100, b""),
        (b"12345", 3, b"123"),
        ("aä".encode(), 2, b"a"),
        (b"a\xff\xff\xff\xff", 3, b"a\xff\xff"),
    ],
)
def test_bodies_come_back_as_they_were(body: bytes, limit: int, kept: bytes) -> None:
    record: dict[str, Any] = {}
    put_body(record, "input", body, limit)
    record = orjson.loads(Suffix(1, "", "", ()).line(orjson.dumps(record)))
    assert body_of(record, "input") == kept
    assert record.get("input_size") == (len(body) if len(body) > limit else None)


def test_binary_bodies_are_base64() -> None:
    record: dict[str, Any] = {}
    put_body(record, "input", b"\xff", 10)
    assert record == {"input": {"base64": base64.b64encode(b"\xff").decode()}}


def test_the_sample_is_a_share_of_the_ids() -> None:
    ids = [f"request-{number}" for number in range(10_000)]
    share = sum(is_sampled(name, 0.25) for name in ids)
    assert 2300 < share < 2700
    assert not any(is_sampled(name, 0) for name in ids)
    assert all(is_sampled(name, 1) for name in ids)


def test_records_that_are_encoded_together_come_back_one_by_one() -> None:
    bodies = [b'},{"time":1', b"}\n{", b'"', b"\\", b'\\"},{"time":', b"\xff},{", "ä\u2028".encode(), b""]
    made = []
    for number, body in enumerate(bodies):
        record: dict[str, Any] = {"time": float(number), "id": '},{"time":'}
        put_body(record, "input", body, 100)
        made.append(record)
    suffix = Suffix(3, "b" * 64, 'score"},{"time":.py', ("iris:1",))
    lines = suffix.lines(made).splitlines(keepends=True)
    assert b"".join(lines) == b"".join(suffix.line(orjson.dumps(record)) for record in made)
    assert [body_of(orjson.loads(line), "input") for line in lines] == bodies
    assert suffix.lines([]) == b""
