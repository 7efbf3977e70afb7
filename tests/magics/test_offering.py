"""The cells of "Serve This Model": which variables are offered, and that the cells run and answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from jupyter_deploy.magics.offering import cells_for, cells_here, models_here, models_in
from jupyter_deploy.workspace import Workspace

from ..e2e.shell import new_shell, shared_workspace

MODELS = """
import numpy as np, pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

answers = [0, 1, 0, 1]
cities = pd.DataFrame({"city": ["a", "b", "a", "c"], "age": [1.0, 2, 3, 4]})
encoded = make_column_transformer((OneHotEncoder(), ["city"]), (StandardScaler(), ["age"]))
of_table = make_pipeline(encoded, LogisticRegression()).fit(cities, answers)
of_texts = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(["good", "bad", "very good", "very bad"], answers)
of_numbers = LogisticRegression().fit(np.eye(4), answers)
wide = LogisticRegression().fit(np.random.default_rng(0).random((4, 300)), answers)
class Sums:
    n_features_in_ = 3
    def predict(self, rows):
        return [sum(row) for row in rows]
rows, modèle, _hidden = Sums(), Sums(), Sums()
kept = {"a": of_numbers}
class Unwilling:
    def __getattr__(self, name):
        raise ValueError(name)
unwilling = Unwilling()
"""
BOOSTER = """
import xgboost
booster = xgboost.train({}, xgboost.DMatrix(np.eye(4), answers), 2)
"""
GRAPH = """
from onnx import TensorProto as Type, helper
ends = [helper.make_tensor_value_info(name, Type.FLOAT, [None, 3]) for name in "xy"]
graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "g", ends[:1], ends[1:])
graph = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
"""


@pytest.fixture(scope="module")
def ip(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InteractiveShell]:
    workspace = shared_workspace(tmp_path_factory.mktemp("offering"))
    next(workspace)
    shells = new_shell()
    shell = next(shells)
    shell.run_cell("%config ModelMagics.target = 'process'").raise_error()
    shell.run_cell(MODELS).raise_error()
    yield shell
    for ending in (shells, workspace):
        next(ending, None)


def _answers(ip: InteractiveShell, expression: str) -> tuple[list[str], Any]:
    """Run the cells twice, as a notebook that is run again; returns them and the last answer."""
    cells = cells_for(expression, "offered", ip.user_ns)
    value = None
    for cell in cells * 2:
        ran = ip.run_cell(cell)
        ran.raise_error()
        value = ran.result
    return cells, value


def test_models_are_offered_and_nothing_else(ip: InteractiveShell) -> None:
    assert list(models_in(ip.user_ns)) == ["of_table", "of_texts", "of_numbers", "wide", "rows", "modèle"]
    assert models_here().data == list(models_in(ip.user_ns))  # type: ignore[no-untyped-call]


@pytest.mark.parametrize(
    ("expression", "request_line", "answer"),
    [
        ("of_table", "%invoke offered cities[:2]", [0, 1]),
        ("of_texts", "%invoke offered ['a text']", None),
        ("of_numbers", "%invoke offered [[0.0, 0.0, 0.0, 0.0]]", None),
        ("wide", "%invoke offered [[0.0] * 300]", None),
        ("rows", "%invoke offered [[0, 0, 0]]", [0]),
        ("modèle", "%invoke offered [[0, 0, 0]]", [0]),
        ("kept['a']", "%invoke offered [[0.0, 0.0, 0.0, 0.0]]", None),
    ],
)
def test_the_cells_run_and_answer_and_run_again(
    ip: InteractiveShell, expression: str, request_line: str, answer: list[int] | None
) -> None:
    cells, value = _answers(ip, expression)
    assert cells[0].startswith("%%score_script offered\ndef run(")
    assert cells[1:] == ["%deploy offered", request_line]
    assert len(value) == len(answer or [0])
    assert answer is None or value == answer


def test_columns_without_a_table_at_hand_are_named(ip: InteractiveShell) -> None:
    alone = {"of_table": ip.user_ns["of_table"]}
    assert cells_for("of_table", "offered", alone)[-1] == "%invoke offered [{'city': 'a', 'age': 0.0}]"
    ran = ip.run_cell(cells_for("of_table", "offered", alone)[0] + "\n\n")
    ran.raise_error()
    assert ip.run_cell("%deploy offered").success
    assert list(ip.run_cell("%invoke offered [{'city': 'a', 'age': 0.0}]").result) == [0]


def test_a_booster_gets_rows(ip: InteractiveShell) -> None:
    pytest.importorskip("xgboost")
    ip.run_cell(BOOSTER).raise_error()
    cells, value = _answers(ip, "booster")
    assert "booster.inplace_predict(rows)" in cells[0]
    assert len(value) == 1


def test_a_graph_answers_without_a_script(ip: InteractiveShell) -> None:
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    ip.run_cell(GRAPH).raise_error()
    assert "graph" in models_in(ip.user_ns)
    cells = cells_here("graph", "drawn").data  # type: ignore[no-untyped-call]
    assert cells == ["%register drawn graph", "%deploy drawn", "%invoke drawn [[0.0, 0.0, 0.0]]"]
    for cell in cells * 2:
        ran = ip.run_cell(cell)
        ran.raise_error()
    assert ran.result == [[0.0, 0.0, 0.0]]


def test_a_variable_that_a_script_defines_itself_is_registered() -> None:
    assert cells_for("run", "offered", {})[0] == "%register offered run"


@pytest.mark.parametrize("expression", ["nowhere", "not an expression", ""])
def test_what_cannot_be_looked_at_has_plain_cells(expression: str) -> None:
    cells = cells_for(expression, "offered", {})
    assert cells[0] == f"%%score_script offered\ndef run(rows):\n    return {expression}.predict(rows)"
    assert cells[1:] == ["%deploy offered", "%invoke offered [[0, 0]]"]


def test_nothing_is_left_open(ip: InteractiveShell) -> None:
    assert {"offered", "drawn"} >= set(Workspace().services) - {"echo", "text"}
