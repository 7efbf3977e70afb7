"""Script cells that are good, and the problems of those that are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_deploy.errors import ScriptProblem
from jupyter_deploy.scripts import Script, script_from_cell

RUN = "def run(data):\n    return data\n"


def cell(text: str, folder: Path, **live: object) -> Script:
    return script_from_cell("churn", text, folder, live)


def bad_cell(text: str, folder: Path, **live: object) -> ScriptProblem:
    with pytest.raises(ScriptProblem) as caught:
        cell(text, folder, **live)
    return caught.value
