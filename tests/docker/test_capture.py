"""What a cell takes from its notebook, in a container that has never seen that notebook."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_deploy.capture import Cell, Notebook
from jupyter_deploy.errors import TrialFailed
from jupyter_deploy.workspace import Workspace

DEFINED = """class Scale:
    def __init__(self, by):
        self.by = by

def scaled(value):
    return scale.by * value
"""
CELL = "def run(data):\n    print('asked', data)\n    return scaled(data)\n"


def notebook(by: int) -> Notebook:
    names: dict[str, object] = {"__name__": "__main__"}
    exec(DEFINED, names)
    names["scale"] = names["Scale"](by)  # type: ignore[operator]
    return Notebook(names, (Cell("In [1]", DEFINED),))


def test_a_captured_script_is_tried_and_served_and_changed_in_containers(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTER_DEPLOY_TARGET", "docker")
    script = workspace.score_script("scaling", CELL, folder=tmp_path, notebook=notebook(2), value="21")
    assert script.trial.answer == 42
    assert script.trial.output == "asked 21"
    assert not list(workspace.services)
    service = workspace.deploy("scaling")
    assert service.invoke(4) == 8
    container = service.as_dict()["container"]
    changed = workspace.score_script("scaling", CELL, folder=tmp_path, notebook=notebook(3))
    assert changed.models == ("scaling-scale:2",)
    assert service.invoke(4) == 12
    assert service.as_dict()["container"] == container
    with pytest.raises(TrialFailed, match=r"TypeError: .* in In \[1\] line 6"):
        workspace.try_script("scaling", {"a": 1})
    assert list(workspace.services) == ["scaling"]
