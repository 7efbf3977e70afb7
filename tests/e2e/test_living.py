"""In the notebook that holds a script's cell, deploying and reloading take the notebook's present values."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from jupyter_deploy.cli import main
from jupyter_deploy.display import text
from jupyter_deploy.errors import ReloadFailed, ScriptProblem, TrialFailed, UsageProblem
from jupyter_deploy.magics.history import living_of
from jupyter_deploy.workspace import Workspace

from .shell import new_shell

FIRST = """
from array import array
threshold = 0.5
table = array("d", [1.0])
def helper(value):
    return value * 2
"""
CELL = "%%score_script churn{}\ndef run(data):\n    return [helper(data), threshold, list(table)]\n"
Run = Callable[[str], Any]


@pytest.fixture
def shell(workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[InteractiveShell]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JUPYTER_DEPLOY_TARGET", "process")
    yield from new_shell()


@pytest.fixture
def run(shell: InteractiveShell) -> Run:
    def cell(source: str) -> Any:
        result = shell.run_cell(source, store_history=True)
        result.raise_error()
        return result.result

    return cell


def card(shell: InteractiveShell, service: Any) -> str:
    return text(service, living_of(shell))


def test_deploy_and_reload_take_the_notebook_as_it_lives_now(
    workspace: Workspace, run: Run, shell: InteractiveShell
) -> None:
    run(FIRST)
    run(CELL.format(""))
    service = run("%deploy churn")
    assert not any("as stored" in note for note in service.change.notes)
    assert run("%deploy churn").change.action == "unchanged"
    # A constant that is bound again, equal or not.
    run("threshold = 0.50")
    assert "moved on" not in card(shell, service)
    assert run("%deploy churn").change.action == "unchanged"
    run("threshold = 10**9")
    since = "In [6]"
    shown = f"threshold: 0.5 -> 1000000000 since {since}; %deploy churn takes the notebook's present values"
    assert shown in card(shell, service)
    change = run("%deploy churn").change
    assert (change.action, change.moved) == ("reloaded", (f"threshold: 0.5 -> 1000000000 since {since}",))
    assert f"(threshold: 0.5 -> 1000000000 since {since})" in change.sentence()
    assert run("%invoke churn 1") == [2, 10**9, [1.0]]
    assert "moved on" not in card(shell, service)
    # Data that is changed in place.
    run("table.append(2.0)")
    change = run("%model reload churn").change
    assert change.moved[0].startswith("table: changed since In [")
    assert change.what == ("script",)
    assert run("%invoke churn 1") == [2, 10**9, [1.0, 2.0]]
    # A definition, in the very cell that deploys.
    change = run("def helper(value):\n    return value * 3\n%deploy churn").change
    assert change.moved[0].startswith("helper: defined again in In [")
    assert run("%invoke churn 1") == [3, 10**9, [1.0, 2.0]]
    # Running the cell again tells the same.
    run("threshold = 1")
    again = run(CELL.format(""))
    assert again.moved[0].startswith("threshold: 1000000000 -> 1 since In [")
    assert again.changes[0].moved == again.moved
    assert "changed: threshold: 1000000000 -> 1" in text(again)
    assert workspace.scripts["churn"].models == ("churn-table:2",)


def test_what_cannot_be_taken_now_is_refused_and_the_old_one_serves_on(
    workspace: Workspace, run: Run, shell: InteractiveShell
) -> None:
    run(FIRST)
    run(CELL.format(""))
    service = run("%deploy churn")
    run("del threshold")
    assert "threshold: no longer defined" in card(shell, service)
    with pytest.raises(ScriptProblem, match="threshold") as refused:
        run("%deploy churn")
    assert refused.value.hint == "Run In [1] again. Or serve it as stored: %deploy churn --stored"
    with pytest.raises(ScriptProblem, match="threshold") as refused:
        run("%model reload churn")
    assert refused.value.hint.endswith("Or serve it as stored: %model reload churn --stored")
    stored = run("%deploy churn --stored").change
    assert stored.action == "unchanged"
    assert stored.notes[0].startswith("serves the script as stored on 20")
    run("threshold = open('/dev/null')")
    with pytest.raises(ScriptProblem, match="'threshold' cannot be shipped: it is an open file"):
        run("%deploy churn")
    run("threshold.close()\nthreshold = 7\ndef helper(value):\n    return value * 9")
    assert run("%invoke churn 1") == [2, 0.5, [1.0]]
    # A cell that was run and refused does not count: the last one that was accepted does.
    run("table = array('d', [4.0])")
    with pytest.raises(ScriptProblem):
        run("%%score_script churn\ndef run(data):\n    return nowhere\n")
    assert run("%deploy churn").change.action == "reloaded"
    assert run("%invoke churn 1") == [9, 7, [4.0]]


def test_all_services_of_a_script_take_it_or_none(workspace: Workspace, run: Run) -> None:
    run(FIRST)
    run(CELL.format(""))
    run("%deploy one --script churn")
    run("%deploy two --script churn")
    run("threshold = 2")
    change = run("%deploy two").change
    assert change.moved == ("threshold: 0.5 -> 2 since In [4]",)
    assert change.notes[0].startswith("one: reloaded in ")
    assert change.notes[0].endswith("since it runs churn too")
    assert run("%invoke one 1") == run("%invoke two 1") == [2, 2, [1.0]]
    # The other one does not take this: its requests must be answered first.
    run("%model reload one --sample '[]'")
    run("def helper(value):\n    return value + 1")
    with pytest.raises(ReloadFailed, match="one still serves its old version"):
        run("%deploy two")
    assert run("%invoke one 1") == run("%invoke two 1") == [2, 2, [1.0]]
    assert "value * 2" in workspace.scripts["churn"].source


def test_where_the_cell_was_not_run_the_stored_script_is_served_and_the_face_says_so(
    workspace: Workspace, run: Run, shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    run(FIRST)
    run(CELL.format(""))
    run("%deploy churn")
    run("threshold = 3")
    # A terminal, and the same kernel from Python: neither looks at the notebook.
    assert main(["deploy", "churn"]) == 0
    out = capsys.readouterr().out
    assert "serves the script as stored on 20" in out
    assert "; the notebook's names are not here" in out
    notes = workspace.deploy("churn").change.notes
    assert notes[0].endswith("; the notebook's names are not looked at")
    assert workspace.services["churn"].reload().notes == notes
    code = (
        "from tests.e2e.shell import new_shell\n"
        "from jupyter_deploy.display import text\n"
        "for shell in new_shell():\n"
        "    result = shell.run_cell('threshold = 9\\nservice = %deploy churn', store_history=True)\n"
        "    result.raise_error()\n"
        "    print(text(shell.user_ns['service']))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        timeout=120,
    )
    assert "the notebook's names are not here" in done.stdout, done.stdout + done.stderr
    assert run("%invoke churn 1") == [2, 0.5, [1.0]]
    # What somebody else has stored since is replaced, and that is said.
    workspace.score_script("churn", "def run(data):\n    return 'elsewhere'\n")
    change = run("%deploy churn").change
    assert change.notes[-1].startswith("takes the place of what was stored elsewhere on 20")
    assert run("%invoke churn 1") == [2, 3, [1.0]]


def test_the_options_of_the_cells_line_are_kept(workspace: Workspace, run: Run) -> None:
    run(FIRST)
    run("value = 5")
    run(CELL.format(" --try value"))
    run("%deploy churn")
    run("def helper(value):\n    return value / 0")
    with pytest.raises(TrialFailed, match="ZeroDivisionError"):
        run("%deploy churn")
    run("def helper(value):\n    return value + 1\ndel value")
    with pytest.raises(UsageProblem, match="There is no variable 'value'") as refused:
        run("%deploy churn")
    assert refused.value.hint.endswith("%deploy churn --stored")
    assert run("%invoke churn 1") == [2, 0.5, [1.0]]
