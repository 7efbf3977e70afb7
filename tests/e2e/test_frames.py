"""The README's tour with frames as they come, in a notebook and from any client; bad input is told by name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
import requests
from IPython.core.interactiveshell import InteractiveShell

from jupyter_deploy.errors import InvokeProblem, UsageProblem
from jupyter_deploy.workspace import Workspace

from .shell import new_shell

NOTEBOOK = """
import numpy as np, pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
X = pd.DataFrame({"mean radius": np.arange(8.0), "texture": [3, 1, 4, 1, 5, 9, 2, 6]})
y = [0, 0, 0, 0, 1, 1, 1, 1]
X_train, X_test = X[::2], X[1::2]
scaler = StandardScaler().fit(X_train)
clf = LogisticRegression().fit(scaler.transform(X_train), y[::2])
"""
TOUR = "%%score_script churn\ndef run(data):\n    return clf.predict_proba(scaler.transform(data)).tolist()\n"
AS_JSON = "%%score_script churn\ndef run(data):\n    print(len(data))\n    return scaler.transform(data).tolist()\n"


@pytest.fixture(scope="module")
def ip(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InteractiveShell]:
    """A notebook with the tour's service."""
    folder = tmp_path_factory.mktemp("frames")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_DEPLOY_HOME", str(folder / "home"))
        patch.setenv("JUPYTER_DEPLOY_TARGET", "process")
        patch.setenv("IPYTHONDIR", str(folder / "ipython"))
        patch.chdir(folder)
        try:
            for shell in new_shell():
                for cell in ("%load_ext jupyter_deploy", NOTEBOOK, TOUR, "service = %deploy churn"):
                    shell.run_cell(cell, store_history=True).raise_error()
                yield shell
        finally:
            for service in Workspace().services.values():
                service.delete()


def run(ip: InteractiveShell, cell: str) -> Any:
    result = ip.run_cell(cell, store_history=True)
    result.raise_error()
    return result.result


def fails(ip: InteractiveShell, cell: str) -> Any:
    error = ip.run_cell(cell, store_history=True).error_in_exec
    assert error is not None
    return error


@pytest.fixture
def tour(ip: InteractiveShell) -> InteractiveShell:
    """The tour's script is served."""
    run(ip, TOUR)
    return ip


def shown(ip: InteractiveShell, value: Any) -> str:
    assert ip.display_formatter is not None
    data, _ = ip.display_formatter.format(value)
    return str(data["text/plain"])


def test_the_tour_takes_frames_as_they_come(tour: InteractiveShell) -> None:
    wanted = run(tour, "clf.predict_proba(scaler.transform(X_test)).tolist()")
    assert run(tour, "%invoke churn X_test") == wanted
    assert run(tour, "%invoke churn X_test.to_dict('records')") == wanted
    for one in ("X_test.iloc[0]", "X_test.iloc[0].to_dict()", "X_test[:1]", "{'mean radius': 1, 'texture': 1}"):
        assert run(tour, f"%invoke churn {one}") == wanted[:1]
    assert run(tour, '%invoke churn --data \'{"texture": 1, "mean radius": 1.0}\'') == wanted[:1]
    body = json.loads(tour.user_ns["X_test"].to_json(orient="records"))
    uri = tour.user_ns["service"].scoring_uri
    assert requests.post(uri, json={"data": body}, timeout=20).json() == wanted
    assert requests.post(uri, json={"data": body[0]}, timeout=20).json() == wanted[:1]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("X_test.rename(columns={'texture': 'textures'})", ["texture", "textures"]),
        ("X_test.drop(columns='texture')", ["missing", "texture"]),
        ("X_test.assign(more=1)", ["unknown", "more"]),
        ("{'mean radius': 'x', 'texture': 1}", ["mean radius", "x"]),
        ("{'mean radius': 1}", ["missing", "texture"]),
    ],
)
def test_what_does_not_fit_is_told_by_name_and_never_the_scripts_fault(
    tour: InteractiveShell, value: str, words: list[str]
) -> None:
    problem = fails(tour, f"%invoke churn {value}")
    assert isinstance(problem, InvokeProblem)
    assert problem.status == 400
    assert all(word in problem.message for word in words)
    assert '{"data": [{"mean radius": 0.0, "texture": 0}]}' in problem.hint
    assert "orrect the script" not in problem.text()


def test_a_gap_reaches_the_model(tour: InteractiveShell) -> None:
    problem = fails(tour, "%invoke churn {'mean radius': None, 'texture': None}")
    assert problem.status == 500
    assert "contains NaN" in problem.message
    assert "orrect the script" not in problem.text()


def test_nothing_to_send_says_what_it_takes_with_an_example_that_works(tour: InteractiveShell) -> None:
    problem = fails(tour, "%invoke churn")
    assert isinstance(problem, UsageProblem)
    assert problem.message == "churn takes data: a frame of mean radius: float64, texture: int64. Nothing was sent."
    command = problem.hint.removeprefix("For example: ")
    assert command.startswith("%invoke churn --data ")
    assert len(run(tour, command)) == 1


def test_a_frame_in_a_script_that_takes_json_is_told(ip: InteractiveShell) -> None:
    script = run(ip, AS_JSON)
    assert "run() gets the request's JSON, decoded now; it got data from the request's JSON" in shown(ip, script)
    for value in ("X_test", "X_test.to_dict('records')"):
        problem = fails(ip, f"%invoke churn {value}")
        assert "a list of dicts" in problem.hint
        assert "run(data: pd.DataFrame)" in problem.hint
    problem = fails(ip, "%invoke churn [[1, 2, 3]]")
    assert "X has 3 features" in problem.message
    assert problem.hint.startswith("run() gets the request's JSON, decoded: compare that with what was sent.")
    assert len(run(ip, "%invoke churn [[1, 2]]")) == 1
    assert "For example: %invoke churn --data '[[1, 2]]'" in fails(ip, "%invoke churn").hint
    card = shown(ip, run(ip, "%model show churn"))
    assert "run() gets the request's JSON, decoded" in card
    hinted = run(ip, AS_JSON.replace("(data)", "(data: pd.DataFrame)", 1))
    assert "data: a frame of mean radius: float64, texture: int64" in shown(ip, hinted)
    assert len(run(ip, "%invoke churn X_test")) == 4


def test_a_run_without_a_return_says_so(ip: InteractiveShell) -> None:
    script = run(ip, "%%score_script churn\ndef run(data):\n    print(data)\n")
    assert "run() has no return: its answer is always {}" in shown(ip, script)
    service = ip.user_ns["service"]
    before = service.logs().count("returned None")
    for _ in range(2):
        assert service.request([1]).sentence().endswith(" · run() returned None: is a return missing?")
    assert service.logs().count("run() returned None, so the answer is {}: is a return missing?") == before + 1


def test_samples_are_of_the_kernels_own_libraries(ip: InteractiveShell) -> None:
    script = run(
        ip, "%%score_script churn --sample X[:2]\ndef run(data):\n    return [str(data.dtypes.texture), len(data)]\n"
    )
    assert "data: a frame of mean radius: float64, texture: int64" in script.contract
    assert run(ip, "%invoke churn X_test") == ["int64", 4]
    assert isinstance(ip.user_ns["X"], pd.DataFrame)
    assert isinstance(ip.user_ns["np"].zeros(1), np.ndarray)
