"""Frames: every kind of column x how it is sent x how run() is written comes out as it was, or is refused by name."""

from __future__ import annotations

import datetime as dt
import itertools
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import orjson
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from jupyter_deploy.capture import Cell, Notebook, capture
from jupyter_deploy.invoking.payloads import payload_of
from jupyter_deploy.invoking.signatures import signature_in
from jupyter_deploy.registry import Model
from jupyter_deploy.scripts import Script
from jupyter_deploy.serving.modes import BadInput
from jupyter_deploy.serving.shims import install
from jupyter_deploy.serving.worker import schema

COLUMNS: dict[str, Any] = {
    "int64": [1, -(2**60), 3],
    "int8": np.array([1, 2, 3], "int8"),
    "uint64": np.array([1, 2**63, 3], "uint64"),
    "Int64 with a gap": pd.array([1, None, 3], dtype="Int64"),
    "float with a gap": [1.5, np.nan, 0.1],
    "float32": np.array([0.1, 2, 3], "float32"),
    "Float64": pd.array([1.5, None, 3], dtype="Float64"),
    "bool": [True, False, True],
    "boolean with a gap": pd.array([True, None, False], dtype="boolean"),
    "text": ["00123", "1e5", "true"],
    "text with a gap": ["a", None, "2020-01-01"],
    "text in objects": pd.Series(["00123", None, "x"], dtype=object),
    "string": pd.array(["a", None, ""], dtype="string"),
    "mixed": pd.Series(["a", 1, None], dtype=object),
    "datetime": pd.to_datetime(["2020-01-02", None, "1969-12-31 23:59:59.999999"], format="ISO8601"),
    "datetime, ns": pd.to_datetime(["2020-01-02 03:04:05.123456789", None, "2021-01-01"], format="ISO8601"),
    "datetime with a zone": pd.to_datetime(["2020-07-02 12:00", None, "2021-01-01 00:00"]).tz_localize("Europe/Berlin"),
    "timedelta": pd.to_timedelta([1, None, 86_400_000_001], unit="us"),
    "dates in objects": [dt.date(2020, 1, 2), None, dt.date(1999, 12, 31)],
    "decimals in objects": [Decimal(1), Decimal(2), Decimal(3)],
    "category": pd.Categorical(["x", None, "y"], categories=["z", "y", "x"]),
    "ordered category": pd.Categorical(["low", "high", "low"], categories=["low", "mid", "high"], ordered=True),
    "category of numbers": pd.Categorical([3, 1, 3]),
    "sparse": pd.arrays.SparseArray([0, 1, 0]),
}
SENT: dict[str, Callable[[pd.DataFrame], Any]] = {
    "the frame": lambda frame: frame,
    "records": lambda frame: frame.to_dict("records"),
    "by name": lambda frame: {"data": frame},
    "in another order": lambda frame: frame[frame.columns[::-1]],
    "with an index": lambda frame: frame.set_index(pd.Index(range(7, 7 + len(frame)))),
}
ONE_ROW: dict[str, Callable[[pd.DataFrame], Any]] = {
    "a dict": lambda frame: frame.iloc[0].to_dict(),
    "a row": lambda frame: frame.iloc[0],
    "a frame of one": lambda frame: frame.iloc[:1],
    "JSON": lambda frame: payload_of(frame.iloc[0].to_dict()).body.decode(),
}
WRITTEN = {
    "hinted": "import pandas as pd\ndef run(data: pd.DataFrame):\n    return model.predict(data)",
    "hinted, with a second parameter": "def run(data: 'pd.DataFrame', top: int = 3):\n    return model.predict(data)",
    "without a hint": "def run(data):\n    return model.predict(data)",
    "with a sample": "def run(data):\n    return len(data)",
}


NUMBERS = itertools.count()


class Fitted:
    """What was fitted on a frame."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self.feature_names_in_ = np.array(list(frame.columns), dtype=object)

    def fit(self, data: Any) -> Any:
        return self

    def predict(self, data: Any) -> Any:
        return data


def notebook(*cells: str, **variables: Any) -> Notebook:
    named = tuple(Cell(f"In [{number}]", cell) for number, cell in enumerate(cells, 1))
    return Notebook(variables={"pd": pd, "np": np, **variables}, cells=named)


def saved(name: str, value: object) -> Model:
    now = dt.datetime.now(dt.UTC)
    return Model(f"mini-{name}", 1, "pickle", "", "0" * 64, "model.joblib", 1, {}, {}, "", "", (), (), now)


def script_of(cell: str, book: Notebook, folder: Path, sample: Any = None) -> Script:
    return capture("mini", cell, folder, book, saved, sample=sample)


class Loaded:
    """A script as the server sees it, without one."""

    def __init__(self, script: Script) -> None:
        install()
        # inference-schema knows functions by their module's name.
        namespace: dict[str, Any] = {"__name__": f"score_{next(NUMBERS)}"}
        exec(script.source, namespace)
        run = namespace["run"]
        known = schema.schema_function(run)
        assert known is not None, script.source
        self.converters = schema.converters(run)
        document = {"definitions": {"ServiceInput": schema.schemas(known)["input"]}}
        signature = signature_in(document)
        assert signature is not None
        self.signature = signature

    def gets(self, value: Any) -> Any:
        """What run() gets of what %invoke is given."""
        body = orjson.loads(payload_of(value, self.signature).body)
        assert set(body) == {"data"}, body
        return self.converters["data"](body["data"])


@pytest.fixture(scope="module")
def every() -> pd.DataFrame:
    return pd.DataFrame(COLUMNS)


@pytest.fixture(scope="module", params=WRITTEN)
def loaded(request: pytest.FixtureRequest, every: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    book = notebook(every=every, model=Fitted(every))
    sample = every if request.param == "with a sample" else None
    return Loaded(script_of(WRITTEN[request.param], book, tmp_path_factory.mktemp("frames"), sample))


def check(found: pd.DataFrame, wanted: pd.DataFrame, column: str) -> None:
    left, right = found[column].reset_index(drop=True), wanted[column].reset_index(drop=True)
    if left.dtype == object:
        # NaN and None mean the same in objects.
        left, right = (one.where(one.notna(), None) for one in (left, right))
    pd.testing.assert_series_equal(left, right)


@pytest.mark.parametrize("sent", SENT)
def test_every_column_comes_out_as_it_was(loaded: Loaded, every: pd.DataFrame, sent: str) -> None:
    found = loaded.gets(SENT[sent](every))
    assert list(found.columns) == list(every.columns)
    for column in every:
        check(found, every, str(column))


@pytest.mark.parametrize("sent", ONE_ROW)
def test_one_record_is_one_row(loaded: Loaded, every: pd.DataFrame, sent: str) -> None:
    found = loaded.gets(ONE_ROW[sent](every))
    for column in every:
        check(found, every.iloc[:1], str(column))


@pytest.mark.parametrize("gap", [None, float("nan"), np.nan, pd.NA])
def test_gaps_are_taken_in_numbers_and_texts(tmp_path: Path, gap: Any) -> None:
    frame = pd.DataFrame({"age": [1, 2], "pay": [1.5, 2.5], "city": ["a", "b"], "kind": pd.Categorical(["u", "v"])})
    loaded = Loaded(script_of(WRITTEN["without a hint"], notebook(frame=frame, model=Fitted(frame)), tmp_path))
    found = loaded.gets([{"age": 1, "pay": 2, "city": "a", "kind": "u"}, dict.fromkeys(frame, gap)])
    assert found.isna().to_numpy().tolist() == [[False] * 4, [True] * 4]
    assert found.age.dtype == "float64"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda frame: frame.drop(columns="city"), ["missing", "city"]),
        (lambda frame: frame.rename(columns={"city": "City"}), ["city", "City"]),
        (lambda frame: frame.rename(columns={"age": "agee"}), ["age", "agee"]),
        (lambda frame: frame.assign(more=1), ["unknown", "more"]),
        (lambda frame: frame.assign(age="x"), ["age", "x"]),
        (lambda frame: frame.assign(age=1.5), ["age", "1.5"]),
        (lambda frame: frame.assign(city=5), ["city", "5"]),
        (lambda frame: {"age": 1}, ["missing", "city"]),
        (lambda frame: frame.iloc[0].drop("age"), ["missing columns: age"]),
    ],
)
def test_what_does_not_fit_is_refused_by_name(
    tmp_path: Path, change: Callable[[pd.DataFrame], Any], words: list[str]
) -> None:
    frame = pd.DataFrame({"age": [1, 2], "city": ["a", "b"]})
    loaded = Loaded(script_of(WRITTEN["without a hint"], notebook(frame=frame, model=Fitted(frame)), tmp_path))
    with pytest.raises(BadInput) as caught:
        loaded.gets(change(frame))
    assert caught.value.status == 400
    assert all(word in caught.value.message for word in words), caught.value.message


STRAIGHT = [
    "def run(data):\n    return model.predict(data)",
    "def run(data):\n    return model.predict(X=data).tolist()",
    "def run(rows):\n    fitted = model\n    return {'p': fitted.predict(rows)}",
    "def run(data):\n    X = data\n    with guard:\n        return model.predict(X)",
    "def run(data):\n    if flag:\n        return model.predict(data)\n    return second.transform(data)",
    "def score(x):\n    return model.predict(x)\n\ndef run(data):\n    return score(data)",
    "def run(data):\n    return helper(x=data)",
    "def run(data):\n    return models['a'].predict(data)",
    "def run(data):\n    return [one.predict(data) for one in several]",
    "def run(data):\n    out = []\n    for one in several:\n        out.append(one.predict(data))\n    return out",
    "def run(data):\n    predict = model.predict\n    return predict(data)",
    "def run(data):\n    def inner():\n        return model.predict(data)\n    return inner()",
    "run = lambda data: model.predict(data)",
    "def run(data):\n    try:\n        return model.predict(data)\n    except ValueError:\n        return None",
    "async def run(data):\n    return model.predict(data)",
    "def run(data, request_headers):\n    return model.predict(data)",
    "def same(x):\n    return x\n\ndef run(data):\n    return model.predict(same(data))",
]
OTHERWISE = [
    "def run(data):\n    return [model.predict(row) for row in data]",
    "def run(data):\n    return model.predict(data[0])",
    "def run(data):\n    return model.predict(data), len(data)",
    "def run(data):\n    return model.predict([data])",
    "def run(data):\n    print(data)\n    return model.predict(data)",
    "def run(data):\n    if data is None:\n        return []\n    return model.predict(data)",
    "def run(data):\n    return model.predict(data or [])",
    "def run(data):\n    return model.predict(np.array(data))",
    "def run(data):\n    return model.predict(data['rows'])",
    "def run(data):\n    return model.score(data, [1])",
    "def run(data):\n    return unfitted.predict(data)",
    "def run(data):\n    return other.predict(data) + model.predict(data)",
    "def run(data):\n    data = data['x']\n    return model.predict(data)",
    "def run(data):\n    global last\n    last = data\n    return model.predict(data)",
    "def run(data):\n    box.last = data\n    return model.predict(data)",
    "def run(data):\n    model.predict(data)\n    return data",
    "def run(data):\n    return unknown(data)",
    "def run(data):\n    rows, *_ = data\n    return model.predict(data)",
    "def run(data):\n    for model in data:\n        pass\n    return model.predict(data)",
    "def run(data):\n    return list(map(model.predict, data))",
    "def run(data):\n    return 1",
]


def book_of_models() -> Notebook:
    frame = pd.DataFrame({"a": [1.0], "b": ["x"]})
    model = Fitted(frame)
    unfitted = Fitted(frame)
    del unfitted.feature_names_in_
    helper = "def helper(x):\n    return model.predict(x)"
    namespace: dict[str, Any] = {"model": model, "__name__": "__main__"}
    exec(helper, namespace)
    return notebook(
        helper,
        frame=frame,
        model=model,
        second=SimpleFitted(frame),
        models={"a": model},
        several=[model, model],
        other=Fitted(frame[["b", "a"]]),
        unfitted=unfitted,
        flag=[True],
        guard=Guard(),
        box=SimpleNamespace(),
        helper=namespace["helper"],
        unknown=len,
        last=0,
    )


class SimpleFitted(Fitted):
    def transform(self, data: Any) -> Any:
        return data


class Guard:
    def __enter__(self) -> None: ...
    def __exit__(self, *_: object) -> None: ...


@pytest.mark.parametrize("cell", STRAIGHT)
def test_a_value_that_goes_straight_into_a_fitted_model_is_a_frame(tmp_path: Path, cell: str) -> None:
    script = script_of(cell, book_of_models(), tmp_path)
    assert ": a frame of a: float64, b: text" in script.contract


@pytest.mark.parametrize("cell", OTHERWISE)
def test_a_value_that_anything_else_sees_is_plain_json(tmp_path: Path, cell: str) -> None:
    assert script_of(cell, book_of_models(), tmp_path).contract == "run() gets the request's JSON, decoded"


def mixed_frame() -> pd.DataFrame:
    values = {"age": [20, 30, 40, 50], "pay": [1.5, np.nan, 3, 4], "city": ["a", "b", None, "b"], "id": [*"wxyz"]}
    return pd.DataFrame(values)


def mixed_model(frame: pd.DataFrame) -> Pipeline:
    texts = make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder())
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    columns = ColumnTransformer([("numbers", numbers, ["age", "pay"]), ("texts", texts, ["city"])])
    return Pipeline([("columns", columns), ("model", LogisticRegression())]).fit(frame, [0, 1, 0, 1])


def test_types_come_from_the_frame_of_the_fitting(tmp_path: Path) -> None:
    frame = mixed_frame()
    scaled = frame.assign(age=frame.age / 7, city=1.0)
    book = notebook("model.fit(train, y)", model=mixed_model(frame), scaled=scaled, train=frame)
    assert "age: int64, pay: float64, city: text" in script_of(WRITTEN["without a hint"], book, tmp_path).contract


def test_frames_that_disagree_prove_only_what_they_agree_on(tmp_path: Path) -> None:
    frame = mixed_frame()
    book = notebook(model=mixed_model(frame), one=frame, two=frame.assign(age=frame.age / 7, city=1.0))
    contract = script_of(WRITTEN["without a hint"], book, tmp_path).contract
    assert "age: float64, pay: float64, city: as it is sent, id: text" in contract


def test_without_a_frame_the_models_own_steps_tell_what_they_prove(tmp_path: Path) -> None:
    script = script_of(WRITTEN["without a hint"], notebook(model=mixed_model(mixed_frame())), tmp_path)
    assert "age: float64, pay: float64, city: text, id: as it is sent" in script.contract
    loaded = Loaded(script)
    found = loaded.gets(mixed_frame())
    assert found.city.tolist()[:2] == ["a", "b"]
    assert found.id.tolist() == [*"wxyz"]


def test_the_example_is_one_that_the_model_takes_and_none_of_the_notebooks_rows(tmp_path: Path) -> None:
    frame = mixed_frame()
    model = mixed_model(frame)
    script = script_of(WRITTEN["without a hint"], notebook(model=model, frame=frame), tmp_path)
    loaded = Loaded(script)
    assert loaded.signature.example == {"data": [{"age": 0, "pay": 0.0, "city": "a", "id": ""}]}
    assert model.predict(loaded.gets(json.dumps(loaded.signature.example))).shape == (1,)


def test_the_scripts_frame_gives_the_notebooks_answers(tmp_path: Path) -> None:
    frame = mixed_frame()
    model = mixed_model(frame)
    loaded = Loaded(script_of(WRITTEN["without a hint"], notebook(model=model, frame=frame), tmp_path))
    assert model.predict_proba(loaded.gets(frame)).tolist() == model.predict_proba(frame).tolist()


@pytest.mark.parametrize(
    ("column", "reason"),
    [
        (pd.interval_range(0, 2), "interval[int64, right] values"),
        ([1j, 2j], "complex128 values"),
        (pd.period_range("2020-01", periods=2, freq="M"), "period[M] values"),
        ([b"a", b"b"], "builtins.bytes"),
        ([object(), 1], "builtins.object"),
    ],
)
def test_a_sample_that_json_cannot_carry_is_refused_by_column(tmp_path: Path, column: Any, reason: str) -> None:
    from jupyter_deploy.errors import ScriptProblem

    with pytest.raises(ScriptProblem, match="the column 'x' holds") as caught:
        script_of(WRITTEN["with a sample"], notebook(), tmp_path, pd.DataFrame({"a": [1, 2], "x": column}))
    assert reason in caught.value.message


def test_a_column_called_as_the_parameter_is(tmp_path: Path) -> None:
    frame = pd.DataFrame({"data": [1.0, 2.0], "b": ["x", "y"]})
    loaded = Loaded(script_of(WRITTEN["without a hint"], notebook(frame=frame, model=Fitted(frame)), tmp_path))
    for value in (frame, {"data": 1.0, "b": "x"}, {"data": {"data": 1.0, "b": "x"}}, frame.iloc[0]):
        assert loaded.gets(value).iloc[0].tolist() == [1.0, "x"]


def test_a_model_of_an_array_takes_lists(tmp_path: Path) -> None:
    model = LogisticRegression().fit([[1.0], [2.0]], [0, 1])
    script = script_of(WRITTEN["without a hint"], notebook(model=model, frame=pd.DataFrame({"a": [1.0]})), tmp_path)
    assert script.contract == "run() gets the request's JSON, decoded"
