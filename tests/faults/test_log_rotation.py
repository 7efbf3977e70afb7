"""Logs are bounded while they are followed, survive other people's rotation, and never cost a request."""

from __future__ import annotations

import os
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jupyter_deploy.errors import ConfigProblem
from jupyter_deploy.files import older_log
from jupyter_deploy.targets import Following
from jupyter_deploy.workspace import Service, Workspace

from ..e2e.conftest import until

TALK = """
import json

def run(data):
    first, last = json.loads(data)
    for number in range(first, last):
        print(f"number {number} " + "x" * 200)
    return last
"""
NUMBER = re.compile(r"number (\d+) ")
FIRST_HEARD = 900_000


@pytest.fixture
def talker(workspace: Workspace) -> Service:
    workspace.score_script("talk", TALK)
    return workspace.deploy("talk", settings={"log_size": 100_000})


@pytest.fixture
def heard(talker: Service) -> Iterator[Callable[[], list[int]]]:
    """What a follower hears, as it comes."""
    pieces: list[str] = []

    def follow() -> None:
        for piece in talker.follow(0):
            pieces.append(piece)
            if "number 999999 " in piece:
                return

    thread = threading.Thread(target=follow)
    thread.start()
    # It hears what is said from its first look on.
    until(lambda: talker.invoke([FIRST_HEARD, FIRST_HEARD + 1]) and pieces)
    yield lambda: [found for number in NUMBER.findall("".join(pieces)) if (found := int(number)) < FIRST_HEARD]
    talker.invoke([999_999, 1_000_000])
    thread.join(timeout=30)
    assert not thread.is_alive()


def test_a_log_is_bounded_and_followed_without_a_gap(talker: Service, heard: Callable[[], list[int]]) -> None:
    view, seen = Following(talker.log_file), ""
    for start in range(0, 2000, 200):
        talker.invoke([start, start + 200])
        until(lambda last=start + 199: last in heard())  # type: ignore[misc]
        # At a rotation it comes in two pieces.
        while piece := view.read(1 << 20):
            seen += piece.decode()
        assert talker.log_file.stat().st_size <= 110_000
    assert heard() == list(range(2000))
    assert [int(number) for number in NUMBER.findall(seen)] == list(range(2000))
    assert older_log(talker.log_file).stat().st_size <= 110_000
    assert older_log(talker.log_file).stat().st_mode & 0o777 == 0o600
    assert [int(number) for number in NUMBER.findall(talker.logs(300))][-1] == 1999
    assert talker.logs(300).count("\n") == 300


def moved(log: Path) -> None:
    log.rename(f"{log}-moved")


def moved_and_made(log: Path) -> None:
    log.rename(f"{log}-moved")
    log.touch()


def copied_and_emptied(log: Path) -> None:
    shutil.copyfile(log, f"{log}-copied")
    os.truncate(log, 0)


@pytest.mark.parametrize("rotate", [moved, moved_and_made, copied_and_emptied])
def test_what_logrotate_does_is_survived(
    workspace: Workspace, talker: Service, heard: Callable[[], list[int]], rotate: Callable[[Path], None]
) -> None:
    talker.invoke([0, 50])
    rotate(talker.log_file)
    last = 50
    # Until the server has seen it, it writes where it wrote.
    while not (talker.log_file.exists() and talker.log_file.stat().st_size):
        last = talker.invoke([last, last + 5])
    last = talker.invoke([last, last + 50])
    until(lambda: last - 1 in heard())
    assert heard() == list(range(last))
    assert f"number {last - 1} " in talker.logs(5)


def test_the_size_is_a_setting_that_holds_from_the_next_reload_on(workspace: Workspace, talker: Service) -> None:
    workspace.deploy("talk", settings={"log_size": 0})
    talker.invoke([0, 1000])
    until(lambda: "number 999 " in talker.log_file.read_text())
    assert talker.log_file.stat().st_size > 200_000
    assert not older_log(talker.log_file).exists()
    with pytest.raises(ConfigProblem, match="log_size must be at least 100000 bytes, or 0"):
        workspace.deploy("talk", settings={"log_size": 5})


def test_a_deleted_service_leaves_neither_log(workspace: Workspace, talker: Service) -> None:
    talker.invoke([0, 600])
    until(lambda: older_log(talker.log_file).exists())
    talker.delete()
    assert list(workspace.home.logs.iterdir()) == []
