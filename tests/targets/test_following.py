"""A log that is followed while it is rotated in any of the usual ways: each line once, in order."""

from __future__ import annotations

import gzip
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_deploy.files import tail_of_log
from jupyter_deploy.targets import Following

Rotate = Callable[[Path], None]


def renamed(path: Path) -> None:
    path.replace(f"{path}.1")


def renamed_and_made(path: Path) -> None:
    path.replace(f"{path}.1")
    path.touch()


def copied_and_emptied(path: Path) -> None:
    shutil.copyfile(path, f"{path}.1")
    os.truncate(path, 0)


def dated_and_emptied(path: Path) -> None:
    shutil.copyfile(path, f"{path}-20260101")
    os.truncate(path, 0)


def packed_and_emptied(path: Path) -> None:
    Path(f"{path}.1.gz").write_bytes(gzip.compress(path.read_bytes()))
    os.truncate(path, 0)


WAYS = [renamed, renamed_and_made, copied_and_emptied, dated_and_emptied, packed_and_emptied]


class Log:
    """A writer that leaves a file that was moved away with its next line, and a reader."""

    def __init__(self, path: Path) -> None:
        self.path, self.written, self.read = path, 0, b""
        path.touch()
        self.following = Following(path)

    def write(self, lines: int) -> None:
        with self.path.open("ab") as file:
            for _ in range(lines):
                file.write(f"line {self.written}\n".encode())
                self.written += 1

    def look(self) -> None:
        while data := self.following.read(100):
            self.read += data

    @property
    def expected(self) -> bytes:
        return "".join(f"line {number}\n" for number in range(self.written)).encode()


@pytest.mark.parametrize("rotate", WAYS)
@pytest.mark.parametrize("after", [1, 30], ids=["less comes than there was", "more comes than there was"])
def test_what_was_not_read_before_a_rotation_is_read_after_it(tmp_path: Path, rotate: Rotate, after: int) -> None:
    log = Log(tmp_path / "a.log")
    log.write(3)
    log.look()
    log.write(10)
    rotate(log.path)
    log.write(after)
    log.look()
    assert log.read == log.expected


@pytest.mark.parametrize("rotate", WAYS)
def test_any_order_of_writing_rotating_and_looking(tmp_path: Path, rotate: Rotate) -> None:
    order = random.Random(7)
    log = Log(tmp_path / "a.log")
    rotated = True
    for _ in range(300):
        step = order.random()
        if step < 0.6:
            log.write(order.randint(1, 9))
        elif step < 0.7 and not rotated and log.path.exists() and log.path.stat().st_size:
            rotate(log.path)
            rotated = True
        else:
            log.look()
            rotated = False
    log.look()
    assert log.read == log.expected


def test_two_rotations_between_two_looks(tmp_path: Path) -> None:
    log = Log(tmp_path / "a.log")
    log.write(5)
    for _ in range(2):
        renamed(log.path)
        log.write(5)
    log.look()
    assert log.read == log.expected


def test_a_service_that_is_made_again_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_text("old\n")
    following = Following(path, 0)
    assert following.read(100) == b"old\n"
    path.unlink()
    assert following.read(100) == b""
    path.write_text("new\n")
    assert following.read(100) == b"new\n"


def test_the_tail_goes_back_into_the_older_file(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    Path(f"{path}.1").write_text("1\n2\n3\n")
    path.write_text("4\n5\n")
    assert tail_of_log(path, 4) == "2\n3\n4\n5\n"
    assert tail_of_log(path, 2) == "4\n5\n"
    assert tail_of_log(path, 100) == "1\n2\n3\n4\n5\n"
    path.unlink()
    assert tail_of_log(path, 1) == "3\n"
