"""Processes that have imported what servers need."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from jupyter_deploy.home import Home
from jupyter_deploy.targets.process.warm import SUPPORTED, Warm, ended_in
from jupyter_deploy.workspace import Workspace

pytestmark = pytest.mark.skipif(not SUPPORTED, reason="only where a process's start is known")


def processes(warm: Warm) -> list[psutil.Process]:
    found = []
    for one in psutil.process_iter():
        try:
            if one.cwd() == str(warm.folder) and one.status() != psutil.STATUS_ZOMBIE:
                found.append(one)
        except psutil.Error:
            continue
    return found


def test_keepers_share_one_until_the_last_lets_go(tmp_path: Path) -> None:
    warm = Warm(Home(tmp_path / ("long" * 30)), sys.executable, dict(os.environ), ("json",))
    assert not warm.start((), {}, tmp_path, 1)
    one, other = warm.keep(), warm.keep()
    (process,) = processes(warm)
    assert (one.lives, other.lives) == (True, True)
    one.close()
    assert (other.lives, process.is_running()) == (True, True)
    other.close()
    process.wait(20)
    again = warm.keep()
    (process,) = processes(warm)
    process.kill()
    # The kernel closes its connections.
    until = time.monotonic() + 20
    while again.lives:
        assert time.monotonic() < until
        time.sleep(0.01)
    again.close()


def test_nothing_is_shared_by_servers_that_would_start_differently(tmp_path: Path) -> None:
    warm = Warm(Home(tmp_path), sys.executable, {"A": "secret"}, ("json", "csv"))
    others = (replace(warm, python="other"), replace(warm, environ={"A": "2"}), replace(warm, modules=("json",)))
    assert len({one.folder for one in (warm, *others)}) == 4
    assert replace(warm, modules=("csv", "json")).folder == warm.folder
    assert "secret" not in f"{warm!r} {warm.folder}"


def test_what_an_ended_one_leaves_is_pruned_and_one_that_is_wanted_stays(workspace: Workspace) -> None:
    warm = Warm(workspace.home, sys.executable, dict(os.environ), ("json",))
    assert list(ended_in(workspace.home)) == []
    with contextlib.closing(warm.keep()):
        (process,) = processes(warm)
        assert workspace.housekeeping.leftovers() == []
    process.wait(20)
    (found,) = workspace.housekeeping.leftovers()
    assert (found.kind, found.identity) == ("warm process's log", str(warm.folder))
    # It was wanted again meanwhile.
    with contextlib.closing(warm.keep()):
        (process,) = processes(warm)
        assert workspace.housekeeping.remove([found]) == []
        assert warm.folder.is_dir()
    process.wait(20)
    assert workspace.housekeeping.remove([found]) == [found]
    assert not warm.folder.exists()
