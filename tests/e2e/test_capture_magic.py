"""``%%score_script`` with what lives in the notebook: from a fitted model in a variable to a service in one cell."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from jupyter_deploy.display import text
from jupyter_deploy.errors import (
    InUse,
    InvokeProblem,
    NotFound,
    ReloadFailed,
    ScriptProblem,
    TrialFailed,
    UsageProblem,
)
from jupyter_deploy.workspace import Workspace

from .shell import new_shell

TRAIN = """
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

X = np.array([[0.0, 0.0], [0.0, 1.0], [5.0, 5.0], [6.0, 5.0]])
scaler = StandardScaler().fit(X)
clf = LogisticRegression().fit(scaler.transform(X), [0, 0, 1, 1])
"""
SCRIPT = "%%score_script churn{}\ndef run(data):\n    return clf.predict(scaler.transform(data)).tolist()\n"
Run = Callable[[str], Any]


@pytest.fixture
def shell(workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[InteractiveShell]:
    monkeypatch.chdir(tmp_path)
    yield from new_shell()


@pytest.fixture
def run(shell: InteractiveShell) -> Run:
    def cell(text: str) -> Any:
        result = shell.run_cell(text, store_history=True)
        result.raise_error()
        return result.result

    return cell


def test_three_cells_and_a_call(workspace: Workspace, run: Run) -> None:
    run(TRAIN)
    script = run(SCRIPT.format(""))
    assert [(one.name, one.kind, one.origin) for one in script.taken] == [
        ("clf", "data", "In [1]"),
        ("scaler", "data", "In [1]"),
    ]
    service = run("%deploy churn")
    assert service.state == "Healthy"
    assert service.as_dict()["models"] == ["churn-clf:1", "churn-scaler:1"]
    assert run("%invoke churn X") == [0, 0, 1, 1]
    assert workspace.models.get("churn-clf").properties == {"captured_by": "%%score_script churn", "variable": "clf"}


def test_running_the_cell_again_saves_what_changed_and_reloads(workspace: Workspace, run: Run) -> None:
    run(TRAIN)
    run(SCRIPT.format(""))
    run("%deploy churn")
    again = run(SCRIPT.format(""))
    assert again.models == ("churn-clf:1", "churn-scaler:1")
    run("clf = LogisticRegression().fit(scaler.transform(X), [1, 1, 0, 0])")
    changed = run(SCRIPT.format(""))
    assert changed.models == ("churn-clf:2", "churn-scaler:1")
    assert changed.changes[0].action == "reloaded"
    assert run("%invoke churn X") == [1, 1, 0, 0]
    # Back to what was: that is version 1 again, nothing is saved twice.
    run("clf = LogisticRegression().fit(scaler.transform(X), [0, 0, 1, 1])")
    assert run(SCRIPT.format("")).models == ("churn-clf:1", "churn-scaler:1")
    assert workspace.services["churn"].as_dict()["models"] == ["churn-clf:1", "churn-scaler:1"]
    assert len(workspace.models.list("churn-clf")) == 2
    with pytest.raises(InUse, match="service churn uses it"):
        workspace.unregister("churn-clf:1")
    run("%deploy churn")
    assert run("%invoke churn X") == [0, 0, 1, 1]


def test_what_is_captured_has_its_scripts_name_whoever_else_has_the_same_bytes(workspace: Workspace, run: Run) -> None:
    run(TRAIN + "\n")
    registered = run("%register churn clf")
    assert run(SCRIPT.format("")).models == ("churn-clf:1", "churn-scaler:1")
    assert workspace.models.get("churn-clf").digest == registered.digest
    assert run(SCRIPT.replace("churn", "dock").format("")).models == ("dock-clf:1", "dock-scaler:1")
    assert len(list(workspace.home.artifacts.iterdir())) == 2
    run("%deploy churn")
    assert run("%invoke churn X") == [0, 0, 1, 1]


def test_a_code_only_edit_reports_no_model_whatever_was_registered_since(workspace: Workspace, run: Run) -> None:
    run(TRAIN)
    run(SCRIPT.format(""))
    service = run("%deploy churn")
    run("%register best clf")
    edited = run(SCRIPT.format("").replace(".tolist()", ".tolist()[:1]"))
    assert edited.changes[0].what == ("script",)
    shown = text(service)
    assert "clf (churn-clf:1), scaler (churn-scaler:1)" in shown
    assert "best" not in shown
    assert "  model " not in shown


def test_a_dry_run_changes_nothing(workspace: Workspace, run: Run) -> None:
    run(TRAIN)
    script = run(SCRIPT.format(" --dry-run"))
    assert script.draft
    assert 'clf = joblib.load(_model_file("churn-clf", "1", "model.joblib"))' in script.source
    assert not workspace.models.list()
    assert not list(workspace.scripts)


def test_try_runs_in_a_process_of_its_own_before_anything_changes(workspace: Workspace, run: Run) -> None:
    run(TRAIN)
    tried = run(SCRIPT.format(" --try '[[0, 0], [6, 6]]'").replace("    return", "    print('seen', data)\n    return"))
    assert tried.trial.answer == [0, 1]
    assert tried.trial.output == "seen [[0, 0], [6, 6]]"
    assert 0 < tried.trial.init_seconds < 30
    assert not list(workspace.services)
    run("%deploy churn")
    with pytest.raises(TrialFailed, match="churn: ZeroDivisionError: division by zero in %%score_script churn line 3"):
        run("%%score_script churn --try X\ndef run(data):\n    return 1 / 0\n")
    assert list(workspace.services) == ["churn"]
    assert run("%invoke churn X") == [0, 0, 1, 1]
    assert "1 / 0" not in workspace.scripts["churn"].source
    with pytest.raises(TrialFailed, match=r"NameError.*line 3"):
        run("%%score_script other --try 1\ndef init():\n    nowhere  # noqa\ndef run(data):\n    return 1\n")
    assert "other" not in list(workspace.scripts)


def test_expressions_go_in_quotes(run: Run) -> None:
    run(TRAIN)
    assert run(SCRIPT.format(" --try 'X[:1] + 6'")).trial.answer == [1]
    for line in ("--try X[:1] + 6", "--sample X[:1] + 6", "--try {'a': 1}"):
        with pytest.raises(UsageProblem, match="An expression with spaces or quotes goes in quotes"):
            run(SCRIPT.format(f" {line}"))
    with pytest.raises(UsageProblem, match="is not a variable or Python expression") as caught:
        run(SCRIPT.format(" --try '[1,'"))
    assert "--try '[[1, 2]]'" in caught.value.hint


def test_variables_may_have_any_letters(workspace: Workspace, run: Run) -> None:
    run(TRAIN + "modèle = clf")
    script = run("%%score_script churn --try X\ndef run(data):\n    return modèle.predict(data).tolist()\n")
    assert script.models == ("churn-modxe8le:1",)
    assert len(script.trial.answer) == 4


def test_try_by_its_verb_runs_the_stored_script_as_its_service_would(workspace: Workspace, run: Run) -> None:
    run(TRAIN)
    run(SCRIPT.format(""))
    assert run("%model try churn X[:2]").answer == [0, 0]
    run("%deploy churn --env GREETING=hello")
    run("%%score_script churn\nimport os\ndef run(data):\n    return [os.environ['GREETING'], clf is not None, data]")
    trial = run("%model try churn X[0]")
    assert trial.answer == ["hello", True, [0.0, 0.0]]
    with pytest.raises(UsageProblem, match="--try needs a value"):
        run("%%score_script churn --try\ndef run(data):\n    return 1\n")
    assert list(workspace.services) == ["churn"]


def test_errors_name_the_lines_of_the_cells_that_they_happen_in(workspace: Workspace, run: Run) -> None:
    run("import math\n\ndef root(v):\n    return math.sqrt(v)")
    run("%%score_script churn\ndef run(data):\n    return root(data)\n")
    run("%deploy churn")
    with pytest.raises(InvokeProblem, match=r"churn: ValueError: .* in In \[1\] line 4") as caught:
        run("%invoke churn -1")
    shown = caught.value.details.splitlines()
    assert [line.strip() for line in shown if ", in " in line] == [
        "%%score_script churn, line 3, in run",
        "In [1], line 4, in root",
    ]
    assert "_run(value)" not in caught.value.details
    with pytest.raises(ReloadFailed, match=r"KeyError.*%%score_script churn line 2"):
        run("%%score_script churn\nPLACE = {}['nowhere']\ndef run(data):\n    return root(data)\n")
    assert run("%invoke churn 4") == 2.0


def test_a_type_hint_gives_the_schema(workspace: Workspace, run: Run) -> None:
    run(TRAIN)
    run("%%score_script churn\ndef run(data: np.ndarray):\n    return clf.predict(scaler.transform(data)).tolist()\n")
    service = run("%deploy churn")
    assert service.as_dict()["mode"] == "schema"
    assert service.invoke({"data": [[6, 6]]}) == [1]
    with pytest.raises(InvokeProblem, match="an array of float64 with shape"):
        service.invoke({"data": [["a", "b"]]})


def test_a_sample_gives_the_schema_and_is_tried(workspace: Workspace, run: Run) -> None:
    run(TRAIN)
    script = run(SCRIPT.format(" --sample X[:2] --try X"))
    assert script.trial.answer == [0, 0, 1, 1]
    assert "np.array([[0.0, 0.0], [0.0, 1.0]], dtype='float64')" in script.source
    assert run(SCRIPT.format(" --sample X[:2] --try")).trial.answer == [0, 0]


def test_an_init_of_the_users_own_keeps_its_model_dir(workspace: Workspace, run: Run) -> None:
    run(TRAIN)
    run("%register churn clf")
    cell = """%%score_script churn
import os, joblib
def init():
    global model
    model = joblib.load(os.path.join(os.environ["AZUREML_MODEL_DIR"], "model.joblib"))
def run(data):
    import json
    return model.predict(json.loads(data)).tolist()
"""
    script = run(cell)
    assert not script.taken
    assert run("%deploy churn").as_dict()["models"] == ["churn:1"]
    assert run("%invoke churn scaler.transform(X)") == [0, 0, 1, 1]


def test_models_given_by_hand_come_beside_what_is_captured(workspace: Workspace, run: Run) -> None:
    run(TRAIN)
    run("%register extra X")
    run(SCRIPT.format(""))
    service = run("%deploy churn --model extra")
    assert service.as_dict()["models"] == ["extra:1", "churn-clf:1", "churn-scaler:1"]
    assert run("%invoke churn X") == [0, 0, 1, 1]
    run("%register extra scaler.transform(X)")
    run("%model reload churn --model extra:2")
    assert service.as_dict()["models"] == ["extra:2", "churn-clf:1", "churn-scaler:1"]


def test_another_script_of_the_notebook_is_not_in_the_way(workspace: Workspace, run: Run) -> None:
    run(TRAIN)
    run(SCRIPT.format(""))
    run("%%score_script twice\ndef run(data):\n    return 2 * data\n")
    run("%deploy twice")
    with pytest.raises(ScriptProblem, match="'handle' cannot be shipped: it is an open file"):
        run("handle = open('here', 'w')\nhandle.close()")
        run("%%score_script twice\ndef run(data):\n    return handle.read()\n")
    run("%%score_script twice\nK = 2\ndef run(data: int):\n    return K * data\n")
    assert workspace.services["twice"].invoke({"data": 4}) == 8


def test_where_a_stuck_script_was_is_told_in_the_cells_lines(workspace: Workspace, run: Run) -> None:
    run("K = 3\n\ndef waits(v):\n    import time\n    time.sleep(v)\n    return K")
    run("%%score_script stuck\ndef run(data):\n    return waits(data)\n")
    run("%deploy stuck --set scoring_timeout_ms=300")
    with pytest.raises(InvokeProblem, match="Scoring timeout after 300 ms"):
        run("%invoke stuck 60")
    assert run("%invoke stuck 0") == 3
    log = workspace.services["stuck"].logs()
    assert "In [1], line 5 in waits" in log
    assert "%%score_script stuck, line 3 in run" in log
    written = run("%%score_script stuck --dry-run\ndef run(data):\n    return waits(data)\n").source.splitlines()
    assert f"%%score_script stuck --dry-run, line {written.index('    return _run(value)') + 1} in run" in log


def test_a_model_of_the_services_name_comes_along_only_where_the_script_may_look_for_it(
    workspace: Workspace, run: Run
) -> None:
    run(TRAIN)
    run("%register churn X")
    run(SCRIPT.format(""))
    assert run("%deploy churn").as_dict()["models"] == ["churn-clf:1", "churn-scaler:1"]
    run(
        "%%score_script churn\nimport os\ndef run(data):\n"
        "    return [clf is not None, sorted(os.listdir(os.environ['AZUREML_MODEL_DIR']))]"
    )
    run("%deploy churn")
    assert run("%invoke churn 1") == [True, ["churn", "churn-clf"]]


def test_a_script_that_nothing_serves_yet_is_one_command_away(run: Run) -> None:
    run("%%score_script early\ndef run(data: int):\n    return data\n")
    with pytest.raises(NotFound, match="'early': its script is stored, but not served") as caught:
        run("%invoke early 1")
    assert caught.value.hint == "jupyter model deploy early"


def test_data_that_cannot_be_loaded_is_named(run: Run) -> None:
    run("class Bad:\n    def __reduce__(self):\n        return eval, ('1 / 0',)\nbad = Bad()")
    with pytest.raises(
        TrialFailed, match=r"ZeroDivisionError: .* in %%score_script worse --dry-run line \d+"
    ) as caught:
        run("%%score_script worse --try 5\ndef run(data):\n    return [bad, data]\n")
    assert "%%score_script worse --dry-run, line" in caught.value.details
    assert "in init\n    bad = joblib.load(" in caught.value.details
