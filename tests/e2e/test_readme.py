"""README's tour runs as pasted: each block is a cell of one notebook."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell

from jupyter_deploy.workspace import Workspace

from .shell import new_shell

README = Path(__file__).parents[2] / "README.md"


@pytest.fixture
def ip(workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[InteractiveShell]:
    """A fresh notebook, in a folder of its own."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.chdir(tmp_path)
    yield from new_shell()


def blocks() -> list[str]:
    """The Python blocks of the tour, in order."""
    tour = README.read_text(encoding="utf-8").partition("<!-- tour -->")[2].partition("<!-- end of tour -->")[0]
    return re.findall(r"^```python\n(.*?)^```$", tour, flags=re.DOTALL | re.MULTILINE)


def test_the_tour_runs_as_pasted(ip: InteractiveShell, workspace: Workspace) -> None:
    cells = blocks()
    assert README.read_text(encoding="utf-8").count("```python") == len(cells), "all Python in README is its tour"
    results = {}
    for cell in cells:
        done = ip.run_cell(cell, store_history=True)
        assert done.success, f"{cell}\n{done.error_before_exec or done.error_in_exec}"
        results[cell.strip()] = done.result
    assert results["%invoke churn X_test[:5]"] == [0, 1, 1, 1, 1]
    assert results["%invoke churn X_test[:5] -n 100 -c 8"].as_dict()["requests"] == 100
    edited = next(cell for cell in reversed(cells) if cell.startswith("%%score_script"))
    assert "predict_proba" in edited
    assert results[edited.strip()].changes, "running the cell again reloads the service"
    again = next(cell for cell in cells if "fit(X_train" in cell and "%deploy" in cell)
    assert "clf: fitted again since In [" in str(results[again.strip()].change.as_dict())
    assert not workspace.services, "it ends what it started"
