"""Real services on real processes; what a test starts, its workspace fixture ends."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jupyter_deploy.workspace import Service, Workspace

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
