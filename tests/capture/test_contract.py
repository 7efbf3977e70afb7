"""How the cell's run() gets its value: text, decoded, or by a schema from a hint or a sample."""

from __future__ import annotations

import ast
import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from jupyter_deploy.errors import ScriptProblem
from jupyter_deploy.serving import place_of
from jupyter_deploy.serving.origins import comes_from_a_cell

from .minibook import Minibook

DECODED = "run() gets the request's JSON, decoded"
TEXT = "run() gets the request's text"
BY_HAND = f"{TEXT} (it is decoded by hand: "
BY_SCHEMA = "run() gets x from the request's JSON, converted and checked"


@pytest.mark.parametrize(
    ("cell", "contract"),
    [
        ("def run(x):\n    return K * x", DECODED),
        ("def run(x):\n    import json\n    return K * json.loads(x)", f"{BY_HAND}json.loads(x))"),
        ("from json import loads\ndef run(x):\n    return K * loads(x)", f"{BY_HAND}loads(x))"),
        ("def run(x):\n    return K * int(x.strip())", f"{BY_HAND}x.strip)"),
        ("def run(x):\n    return K * parse(x)", f"{BY_HAND}json.loads(text))"),
        ("def read(y):\n    return parse(y)\ndef run(x):\n    return K * read(x)", f"{BY_HAND}json.loads(text))"),
        ("def run(x: str):\n    return K * int(x)", f"{TEXT} (x is hinted as str)"),
        ("def run(x: int):\n    return K * x", BY_SCHEMA),
        ("def run(x: 'list[int]'):\n    return [K * one for one in x]", BY_SCHEMA),
        ("def init(): pass\ndef run(x):\n    return K * x", f"{TEXT} (the cell has init())"),
        ("def init(): pass\ndef run(x: int):\n    return K * x", f"{TEXT} (the cell has init())"),
    ],
)
def test_contracts(book: Minibook, cell: str, contract: str) -> None:
    book.run("import json\nK = 2\ndef parse(text):\n    return json.loads(text)")
    assert book.capture(cell).contract.split("\n")[0] == contract


def test_what_a_script_takes_of_the_notebook_changes_nothing_about_what_run_gets(book: Minibook) -> None:
    book.run("K = 2")
    for body in ("x", "str(x)", "x * K", "str(x) + str(K)"):
        assert book.capture(f"def run(x):\n    return {body}").contract == DECODED
    script = book.capture("def run(x: int):\n    return x + 1")
    assert script.contract == f"{BY_SCHEMA}\nx: an integer"
    assert "StandardPythonParameterType(0)" in script.source


def test_what_is_no_json_is_the_clients_fault(book: Minibook) -> None:
    book.run("K = 2")
    script = book.capture("def run(x):\n    return K * x")
    (book.folder / "score.py").write_text(script.source)
    from jupyter_deploy.serving.shims import install

    install()
    namespace: dict[str, object] = {"__name__": "score"}
    exec(script.source, namespace)
    answer = namespace["run"]("{no")  # type: ignore[operator]
    assert answer.status_code == 400
    assert b"The request is not JSON" in answer.get_data()


def test_headers_and_async(book: Minibook) -> None:
    book.run("K = 2")
    script = book.capture("async def run(x, request_headers):\n    return [K * x, request_headers]")
    assert "async def run(x, request_headers):" in script.source
    assert "return await _run(value, request_headers=request_headers)" in script.source


@pytest.mark.parametrize(
    ("cell", "call"),
    [
        ("def run(*, x):\n    return K * x", "return _run(x=value)"),
        ("def run(request_headers, x):\n    return K * x", "_run(x=value, request_headers=request_headers)"),
        ("def run(json):\n    return K * json", "value = json.loads(data)"),
        ("def run(value, y=2):\n    return K * value", "value = json.loads(data)"),
    ],
)
def test_whatever_the_parameter_is_called(book: Minibook, cell: str, call: str) -> None:
    book.run("K = 2")
    script = book.capture(cell)
    assert call in script.source
    if "request_headers" not in cell:
        assert book.alone(script, 4) == [8]


@pytest.mark.parametrize(
    ("cells", "cell", "message"),
    [
        (["K = 2"], "json = 5\ndef run(x):\n    return K", "cell line 2: 'json' is a name that the script needs"),
        (["K = 2"], "def _run(x):\n    return 1\ndef run(x):\n    return K", "cell line 2: '_run' is a name that the"),
        (["json = 5"], "def run(x):\n    return json", "cell line 3: 'json' cannot be shipped: the script needs that"),
        (["def init():\n    return 7"], "def run(x):\n    return init()", "'init' cannot be shipped: the script needs"),
        (["import numpy\nos = numpy.zeros(2)"], "def run(x):\n    return os[0]", "(import os)"),
    ],
)
def test_names_that_the_script_needs_for_itself(book: Minibook, cells: list[str], cell: str, message: str) -> None:
    book.run(*cells)
    assert message in book.refused(cell).message


def test_the_cells_own_imports_of_what_the_script_needs_are_no_clash(book: Minibook) -> None:
    book.run("import numpy\nW = numpy.zeros(2)")
    script = book.capture("import json, os.path\nimport joblib\ndef run(x):\n    return W[0] + x")
    assert book.alone(script, 1) == [1.0]


def test_what_init_has_set_elsewhere_is_not_taken_of_the_notebook(book: Minibook) -> None:
    book.run("import numpy\nmodel = numpy.zeros(2)")
    cell = "def _load():\n    global model\n    model = 5\ndef init():\n    _load()\ndef run(x):\n    return model\n"
    assert not book.capture(cell).taken


@pytest.mark.parametrize(
    ("sample", "expression"),
    [
        ([[1, 2]], "StandardPythonParameterType([[1, 2]])"),
        ({"a": 1.5}, "StandardPythonParameterType({'a': 1.5})"),
        (np.array([[1.0, 2.0]]), "NumpyParameterType(np.array([[1.0, 2.0]], dtype='float64'))"),
        (
            np.array([[np.nan, np.inf]]),
            """NumpyParameterType(np.array([[float('nan'), float('inf')]], dtype='float64'))""",
        ),
        (np.array(["banana", "inf"]), "NumpyParameterType(np.array(['banana', 'inf'], dtype='<U6'))"),
        (np.zeros((9, 28, 28)), "NumpyParameterType(np.zeros((1, 28, 28), dtype='float64'))"),
        (pd.DataFrame({"a": [1], "b": ["x"]}), "PandasParameterType(pd.DataFrame({'a': [1], 'b': ['x']}))"),
        (
            pd.DataFrame({"a": pd.to_datetime(["2020-01-02"])}),
            "PandasParameterType(pd.DataFrame({'a': ['2020-01-02 00:00:00']}).astype({'a': 'datetime64[",
        ),
        (pd.Series([1, 2]), "StandardPythonParameterType([1, 2])"),
        (np.zeros((0, 3)), "NumpyParameterType(np.zeros((1, 3), dtype='float64'))"),
        (
            pd.DataFrame({"a": pd.array([None], dtype="boolean")}),
            "PandasParameterType(pd.DataFrame({'a': [None]}).astype({'a': 'boolean'}))",
        ),
        (
            pd.DataFrame({"a": pd.Categorical([1, 2])}),
            "PandasParameterType(pd.DataFrame({'a': [1, 2]}).astype({'a': pd.CategoricalDtype([1, 2])}))",
        ),
    ],
)
def test_samples_give_the_schema(book: Minibook, sample: object, expression: str) -> None:
    script = book.capture("def run(x):\n    return 1", sample)
    run = next(node for node in ast.parse(script.source).body if getattr(node, "name", "") == "run")
    assert isinstance(run, ast.FunctionDef)
    assert ast.unparse(run.decorator_list[0]).startswith(f"input_schema('x', {expression}")
    namespace: dict[str, object] = {"__name__": "score"}
    exec(script.source, namespace)
    assert callable(namespace["run"])


DECORATED = """import functools

def timed(f):
    @functools.wraps(f)
    def inner(*args, **kwargs):
        return f(*args, **kwargs)
    return inner

# Doubles.
@timed
def run(x):
    return [2 * value for value in x]
"""


def test_a_schema_stands_above_run_and_lines_are_still_the_cells(book: Minibook) -> None:
    script = book.capture(DECORATED, [1.5])
    written = '# Doubles.\n@input_schema("x", StandardPythonParameterType([1.5]))\n@timed\ndef run(x):\n'
    assert written in script.source
    assert script.cell.splitlines()[1:] == DECORATED.splitlines()
    lines = script.source.split("\n")
    for text in (
        "import functools",
        "    return inner",
        "@timed",
        "def run(x):",
        "    return [2 * value for value in x]",
    ):
        place = place_of(lines.index(text) + 1, "elsewhere", script.origins)
        # The magic's line is the cell's first.
        assert place == ("%%score_script mini", DECORATED.split("\n").index(text) + 2)
    assert not comes_from_a_cell(lines.index("@timed"), script.origins)
    namespace: dict[str, Any] = {"__name__": "score"}
    exec(script.source, namespace)
    assert namespace["run"](x=[1, 2]) == [2, 4]


@pytest.mark.parametrize(
    "more", ["again = run", "run = again = run", "def other():\n    return run([1])", "class A:\n    run = 1"]
)
def test_a_schema_goes_after_a_cell_that_does_more_with_run(book: Minibook, more: str) -> None:
    script = book.capture(f"def run(x):\n    return x\n\n{more}", [1])
    assert script.source.endswith(f'{more}\n\n\nrun = input_schema("x", StandardPythonParameterType([1]))(run)\n')


def test_a_long_sample_is_laid_out_over_lines(book: Minibook) -> None:
    script = book.capture(
        "def run(x):\n    return len(x)", pd.DataFrame({f"column {n}": [n, n / 7] for n in range(40)})
    )
    assert max(map(len, script.source.split("\n"))) <= 120
    assert "                'column 7': [7.0, 1.0],\n" in script.source
    assert script.cell == "# %%score_script mini\ndef run(x):\n    return len(x)"


def test_a_sample_goes_with_an_init_too(book: Minibook) -> None:
    script = book.capture("def init(): pass\ndef run(x):\n    return x", [1])
    assert script.contract == f"{BY_SCHEMA}\nx: a list, for example [1]"


def test_samples_of_several_parameters(book: Minibook) -> None:
    cell = "def run(x, y):\n    return [x, y]"
    script = book.capture(cell, {"x": 1, "y": "a"})
    assert 'input_schema("x"' in script.source
    assert 'input_schema("y"' in script.source
    with pytest.raises(ScriptProblem, match="run\\(\\) has 2 parameters \\(x, y\\), but the sample is one value"):
        book.capture(cell, [1])
    with pytest.raises(ScriptProblem, match="'z', but run\\(\\) has no such parameter"):
        book.capture(cell, {"z": 1, "x": 1})
    with pytest.raises(ScriptProblem, match="says nothing of y, which run\\(\\) requires"):
        book.capture(cell, {"x": 1})
    assert 'input_schema("x", StandardPythonParameterType([1]))' in book.capture(cell.replace("y)", "y=2)"), [1]).source
    with pytest.raises(ScriptProblem, match="has no JSON form"):
        book.capture("def run(x):\n    return 1", object())


@pytest.mark.parametrize(
    ("sample", "reason"),
    [
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "several of its columns are called 'a'"),
        (np.array([1j]), "complex128"),
        (np.array(3.0), "it is a single number"),
        (float("nan"), "cannot be None"),
        (pd.DataFrame({"a": pd.interval_range(0, 1)}), "no JSON form"),
        ("x" * 200_000, "would be 200 KB of the script"),
        ([[[]]] * 2 + [(item for item in [1])], "no JSON form"),
    ],
)
def test_samples_that_inference_schema_does_not_take(book: Minibook, sample: object, reason: str) -> None:
    with pytest.raises(ScriptProblem) as caught:
        book.capture("def run(x):\n    return 1", sample)
    assert reason in caught.value.message


def test_a_sample_does_not_go_with_decorators_that_say_the_same(book: Minibook) -> None:
    book.run("from azureml.contrib.services.aml_request import rawhttp")
    with pytest.raises(ScriptProblem, match="its decorators do so already"):
        book.capture("@rawhttp\ndef run(request):\n    return 1", [1])


def test_a_parameter_with_a_default_may_be_left_out(book: Minibook) -> None:
    script = book.capture("def run(x: int, y: int = 2):\n    return x + y")
    namespace: dict[str, object] = {"__name__": "score"}
    exec(script.source, namespace)
    assert namespace["run"](x=1) == 3  # type: ignore[operator]
    assert namespace["run"](x=1, y=4) == 5  # type: ignore[operator]


FITTED = """import numpy as np, pandas as pd
from sklearn.decomposition import PCA
from sklearn.linear_model import LinearRegression
rows = np.arange(12.0).reshape(4, 3)
pca = PCA(2).fit(rows)
line = LinearRegression().fit(pca.transform(rows), [1.0, 2.0, 3.0, 4.0])
frame = pd.DataFrame({"id": [7, 8], "age": [1, 2], "name": ["a", "b"]})
class Sized:
    feature_names_in_ = ["age", "name"]
    def predict(self, x):
        return [len(x)]
sized = Sized()
"""


def test_an_arrays_width_is_what_its_first_model_was_fitted_on(book: Minibook) -> None:
    book.run(FITTED)
    script = book.capture("def run(x: np.ndarray):\n    return line.predict(pca.transform(x)).round(6).tolist()")
    assert "NumpyParameterType(np.zeros((1, 3)))" in script.source
    own = book.run("line.predict(pca.transform(rows[:2])).round(6).tolist()")
    assert book.alone(script) == []
    namespace: dict[str, object] = {"__name__": "score"}
    exec(script.source, namespace)
    namespace |= {"line": book.shell.user_ns["line"], "pca": book.shell.user_ns["pca"]}
    assert namespace["run"](x=book.run("rows[:2].tolist()")) == own  # type: ignore[operator]


def test_a_frames_columns_are_those_that_the_model_was_fitted_on_and_none_of_its_rows_travel(book: Minibook) -> None:
    book.run(FITTED)
    script = book.capture("def run(x: pd.DataFrame):\n    return sized.predict(x)")
    assert "pd.DataFrame({'age': [0], 'name': ['']})" in script.source
    without = book.capture("def run(x: pd.DataFrame):\n    return len(x)")
    assert "enforce_shape=False" in without.source


def test_several_hinted_parameters_are_looked_up_by_name(book: Minibook) -> None:
    script = book.capture("def run(x: list, scale: float = 2.0):\n    return [scale * one for one in x]")
    sentence = "run() gets x, scale from the request's JSON, converted and checked"
    assert script.contract == f"{sentence}\nx: a list\nscale: a number"
    assert json.dumps(script.as_dict()["origins"])


def test_a_line_with_two_required_values_needs_hints_for_both(book: Minibook) -> None:
    with pytest.raises(ScriptProblem, match="run\\(\\) requires 2 values"):
        book.capture("def run(x: list, y):\n    return x")
