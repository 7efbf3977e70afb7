"""Real services on real processes; what a test starts, its workspace fixture ends."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell

from jupyter_deploy.workspace import Service, Workspace

from .shell import new_shell, shared_workspace

Run = Callable[[str], Any]

DOUBLE = """import json

def run(data):
    return [2 * number for number in json.loads(data)]
"""


@pytest.fixture
def double(workspace: Workspace) -> Service:
    """A running service without a model, which doubles numbers."""
    workspace.score_script("double", DOUBLE)
    return workspace.deploy("double")


@pytest.fixture
def classifier() -> Any:
    """A small fitted scikit-learn model."""
    from sklearn.linear_model import LogisticRegression

    rows = np.array([[0.0, 0.0], [0.0, 1.0], [5.0, 5.0], [6.0, 5.0]])
    return LogisticRegression().fit(rows, [0, 0, 1, 1])


@pytest.fixture(scope="module")
def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """The workspace that a file's tests share."""
    yield from shared_workspace(tmp_path_factory.mktemp(request.module.__name__.rpartition("test_")[2]))


@pytest.fixture
def ip(shared: Workspace) -> Iterator[InteractiveShell]:
    """A notebook's shell on the shared workspace."""
    yield from new_shell()


@pytest.fixture
def run(ip: InteractiveShell) -> Run:
    """Run a cell that must not fail; returns the value of its last line."""

    def run(cell: str) -> Any:
        result = ip.run_cell(cell)
        result.raise_error()
        return result.result

    return run


def until(condition: Callable[[], Any], seconds: float = 10.0) -> Any:
    """Wait for a condition; the test fails where it does not come true in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.01)
    raise AssertionError(f"not within {seconds} s")


def stack_of(pid: int) -> list[int]:
    """The pids of a process and all below it."""
    import psutil

    return [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]


def files_below(folder: Path) -> set[str]:
    """Relative paths of all files."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
