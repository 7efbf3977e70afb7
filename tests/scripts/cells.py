"""Script cells that are good, and the problems of those that are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_deploy.capture import Notebook, capture
from jupyter_deploy.errors import ScriptProblem
from jupyter_deploy.registry import Model
from jupyter_deploy.scripts import Script

RUN = "def run(data):\n    return data\n"


def not_saved(name: str, value: object) -> Model:
    raise AssertionError(f"{name} was to be saved")


def cell(text: str, folder: Path, name: str = "churn", **live: object) -> Script:
    return capture(name, text, folder, Notebook(live), not_saved)


def bad_cell(text: str, folder: Path, **live: object) -> ScriptProblem:
    with pytest.raises(ScriptProblem) as caught:
        cell(text, folder, **live)
    return caught.value
