"""What a run keeps."""

from __future__ import annotations

import io
import math
from pathlib import Path

import numpy as np
import pytest

from jupyter_deploy.errors import NotFound, UsageProblem
from jupyter_deploy.runs import Metric, plain_value
from jupyter_deploy.workspace import Workspace


def test_a_run_is_found_again_with_what_it_said(workspace: Workspace) -> None:
    run = workspace.runs.start("training", name="first")
    workspace.runs.log(run.id, Metric("loss", "scalar", 0.5, 0), Metric("loss", "scalar", math.nan, 1))
    workspace.runs.tag(run.id, {"stage": "trial"})
    workspace.runs.tag(run.id, {"stage": "final", "who": "me"})
    workspace.runs.end(run.id, "Failed", "out of memory")
    again = Workspace(workspace.home.root).runs
    found = again.get(run.id)
    assert (found.status, found.error, found.live, found.name) == ("Failed", "out of memory", False, "first")
    assert found.tags == {"stage": "final", "who": "me"}
    assert found.ended is not None
    values = again.metrics(run.id, "loss")
    assert values[0] == Metric("loss", "scalar", 0.5, 0)
    assert math.isnan(values[1].value)
    assert again.experiments() == ("training",)


def test_runs_are_counted_within_their_experiment_and_know_their_children(workspace: Workspace) -> None:
    first, other = workspace.runs.start("a"), workspace.runs.start("b")
    second = workspace.runs.start("a", parent=first.id)
    assert [workspace.runs.number(run) for run in (first, other, second)] == [1, 1, 2]
    assert [run.id for run in workspace.runs.list("a")] == [second.id, first.id]
    assert [run.id for run in workspace.runs.list(parent=first.id)] == [second.id]


def test_a_file_is_kept_for_its_owner_only_and_under_its_name(workspace: Workspace, tmp_path: Path) -> None:
    run = workspace.runs.start("a")
    (tmp_path / "m.pkl").write_bytes(b"one")
    place = workspace.runs.keep(run.id, "outputs/m.pkl", tmp_path / "m.pkl")
    workspace.runs.keep(run.id, "notes.txt", io.BytesIO(b"two"))
    assert workspace.runs.files(run.id) == ("notes.txt", "outputs/m.pkl")
    assert place.read_bytes() == b"one"
    assert place.stat().st_mode & 0o077 == 0
    with pytest.raises(UsageProblem, match=r"has a file notes\.txt already"):
        workspace.runs.keep(run.id, "notes.txt", tmp_path / "m.pkl")
    with pytest.raises(NotFound) as caught:
        workspace.runs.file(run.id, "outputs/x.pkl")
    assert "outputs/m.pkl" in caught.value.hint


@pytest.mark.parametrize("name", ["", "../escape", "/etc/passwd", "a/../../b"])
def test_a_file_stays_in_its_run(workspace: Workspace, name: str) -> None:
    run = workspace.runs.start("a")
    with pytest.raises(UsageProblem, match="cannot be the name"):
        workspace.runs.keep(run.id, name, io.BytesIO(b"x"))


def test_properties_are_written_once_and_ids_are_unique(workspace: Workspace) -> None:
    run = workspace.runs.start("a", id="mine")
    workspace.runs.add_properties(run.id, {"seed": "1"})
    with pytest.raises(UsageProblem, match=r"immutable.*seed"):
        workspace.runs.add_properties(run.id, {"seed": "2"})
    with pytest.raises(UsageProblem, match="a run mine already"):
        workspace.runs.start("a", id="mine")
    with pytest.raises(NotFound, match="No run named 'mien'") as caught:
        workspace.runs.get("mien")
    assert "mine" in caught.value.hint


def test_values_of_numpy_become_plain_ones() -> None:
    given = {"matrix": np.eye(2), "one": np.float64(0.5), "list": (np.int64(3), "x", None)}
    assert plain_value("m", given) == {"matrix": [[1.0, 0.0], [0.0, 1.0]], "one": 0.5, "list": [3, "x", None]}
    with pytest.raises(UsageProblem, match="metric 'm' cannot hold a object"):
        plain_value("m", object())
