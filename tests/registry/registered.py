"""Data to fit, and what registering leaves behind."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np

from jupyter_deploy.workspace import Workspace

X = np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 1.0], [3.0, 0.0]])
Y = np.array([0, 0, 1, 1])


def contents(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


def kept(workspace: Workspace) -> dict[str, str]:
    """Everything a refused call must leave as it was."""
    state = {model.id: repr(model) for model in workspace.models.list()}
    state |= {f"artifact {path.name}": "" for path in workspace.home.artifacts.iterdir()}
    return state | {f"staging {path.name}": "" for path in workspace.home.staging.iterdir()}


def in_fresh_interpreter(code: str, *arguments: object, cwd: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True, timeout=60, cwd=cwd
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
