"""A model that answers requests by itself: every form of a request, and why one is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler, scale

from jupyter_deploy.errors import ModelProblem
from jupyter_deploy.serving.modes import BadInput
from jupyter_deploy.serving.nocode import ServedModel

ROWS = np.array([[0.0, 1.0], [1.0, 0.0], [5.0, 6.0], [6.0, 5.0]])
TABLE = pd.DataFrame({"city": ["Oslo", "Oslo", "Rome", "Rome"], "age": [30, 40, 30, 50]})


def served(folder: Path, model: Any) -> ServedModel:
    joblib.dump(model, folder / "model.joblib")
    found = ServedModel("ScikitLearn")
    found.load(str(folder))
    return found


def answer(model: ServedModel, body: Any) -> Any:
    return model.answers([json.dumps(body)])[0]


@pytest.fixture
def classifier(tmp_path: Path) -> ServedModel:
    return served(tmp_path, LogisticRegression().fit(ROWS, ["low", "low", "high", "high"]))


@pytest.fixture
def columns(tmp_path: Path) -> ServedModel:
    encoded = make_column_transformer((OneHotEncoder(), ["city"]), (StandardScaler(), ["age"]))
    return served(tmp_path, make_pipeline(encoded, LogisticRegression()).fit(TABLE, [0, 0, 1, 1]))


def test_a_classifier_answers_with_probabilities_unless_asked_for_labels(classifier: ServedModel) -> None:
    expected = LogisticRegression().fit(ROWS, ["low", "low", "high", "high"])
    np.testing.assert_allclose(answer(classifier, {"data": ROWS.tolist()}), expected.predict_proba(ROWS))
    assert list(answer(classifier, {"data": [[0, 0], [6, 6]], "method": "predict"})) == ["low", "high"]


def test_a_regressor_predicts(tmp_path: Path) -> None:
    model = served(tmp_path, LinearRegression().fit(ROWS, ROWS.sum(axis=1)))
    np.testing.assert_allclose(answer(model, {"data": [[2, 3]]}), [5.0])


@pytest.mark.parametrize(
    "body",
    [
        {"data": [["Oslo", 30], ["Rome", 50]]},
        [["Oslo", 30], ["Rome", 50]],
        {"data": [{"age": 30, "city": "Oslo"}, {"city": "Rome", "age": 50}]},
        {"data": {"columns": ["age", "city"], "data": [[30, "Oslo"], [50, "Rome"]]}},
        {"data": {"city": ["Oslo", "Rome"], "age": [30, 50]}},
        {"input_data": {"columns": ["city", "age"], "index": [0, 1], "data": [["Oslo", 30], ["Rome", 50]]}},
        {"dataframe_split": {"columns": ["city", "age"], "data": [["Oslo", 30], ["Rome", 50]]}},
        {"city": ["Oslo", "Rome"], "age": [30, 50]},
        {"data": {"city": {"0": "Oslo", "7": "Rome"}, "age": {"7": 50, "0": 30}}},
    ],
)
def test_rows_come_in_many_forms(columns: ServedModel, body: Any) -> None:
    found = answer(columns, body)
    np.testing.assert_allclose(found, answer(columns, {"data": [["Oslo", 30], ["Rome", 50]]}))
    assert np.argmax(found, axis=1).tolist() == [0, 1]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"data": [["Oslo"]]}, r"row 0 has 1 value, but the model takes 2 \(city, age\)"),
        ({"data": ["Oslo", 30]}, "row 0 is a text, not a list of 2 values: one row is a list in the list"),
        ({"data": [{"city": "Oslo", "agee": 1}]}, r"row 0 lacks 'age' and has 'agee', which the model does not know"),
        ({"data": [[["Oslo"], 30]]}, "some of their values are lists"),
        ({"data": 7}, "the rows are a number, not a list of rows"),
        ({"data": [[{"a": 1}, 30]]}, "row 0 has an object where one value belongs"),
        ({"data": {"city": {"0": "Oslo"}, "age": {"1": 30}}}, "the columns have different rows"),
        ({"data": [["Oslo", "old"]]}, r"the model takes 2 values a row \(city, age\)"),
        ({"data": [["Oslo", 30]], "method": "predit"}, "no method 'predit'; it has predict_proba, predict"),
        ({"rows": []}, "it has no 'data'"),
        ({"data": [["Paris", 30]]}, "Found unknown categories"),
    ],
)
def test_what_does_not_fit_is_the_clients_fault(columns: ServedModel, body: Any, message: str) -> None:
    found = answer(columns, body)
    assert isinstance(found, BadInput)
    with pytest.raises(BadInput, match=message):
        raise found
    example = found.message.rpartition("Send for example ")[2]
    assert json.loads(example) == {"data": [{"city": "Oslo", "age": 0.0}]}
    assert not isinstance(columns.answers([example])[0], BadInput), "the example is one that the model takes"


def test_a_frame_without_names_is_a_request(classifier: ServedModel) -> None:
    frame = pd.DataFrame(ROWS)
    expected = answer(classifier, {"data": ROWS.tolist()})
    for orient in ("records", "list", "split"):
        values = {"data": json.loads(json.dumps(frame.to_dict(orient=orient)))}
        np.testing.assert_allclose(answer(classifier, values), expected)
    assert isinstance(answer(classifier, {"data": [{"0": 1, "2": 2}]}), BadInput)


def test_a_method_is_never_ignored(classifier: ServedModel, columns: ServedModel) -> None:
    labels = answer(columns, {"city": ["Oslo", "Rome"], "age": [30, 50], "method": "predict"})
    assert list(labels) == list(answer(columns, {"data": [["Oslo", 30], ["Rome", 50]], "method": "predict"}))
    rows = {"city": ["Oslo"], "age": [30]}
    assert np.array_equal(answer(columns, {**rows, "method": None}), answer(columns, rows))
    for slip in ("methods", "Method", "metod"):
        refused = answer(classifier, {"data": [[0, 0]], slip: "predict"})
        assert f"there is no '{slip}': did you mean 'method'?" in refused.message
    # Other words of other servers are none of a model's.
    assert answer(classifier, {"inputs": [[0, 0]], "params": {}, "parameters": {}}).shape == (1, 2)


def test_a_batch_keeps_apart_what_each_asked(classifier: ServedModel) -> None:
    bodies = [{"data": [[0, 0]]}, {"data": [[1, "x"]]}, {"data": [[6, 6]], "method": "predict"}, {"data": [[6.0, 6.0]]}]
    found = classifier.answers([json.dumps(body) for body in bodies])
    assert isinstance(found[1], BadInput)
    assert list(found[2]) == ["high"]
    np.testing.assert_allclose(found[0], answer(classifier, bodies[0]))
    np.testing.assert_allclose(found[3], answer(classifier, bodies[3]))


def test_numbers_beside_texts_stay_numbers(tmp_path: Path) -> None:
    table = TABLE.assign(age=["30", "40", "30", "50"])
    model = served(
        tmp_path,
        make_pipeline(make_column_transformer((OneHotEncoder(), ["city", "age"])), RandomForestClassifier(5)).fit(
            table, [0, 0, 1, 1]
        ),
    )
    assert isinstance(answer(model, {"data": [["Oslo", 30]]}), BadInput), "30 is not '30'"
    assert not isinstance(answer(model, {"data": [["Oslo", "30"]]}), BadInput)


def test_rows_that_a_model_sees_together_are_not_joined(tmp_path: Path) -> None:
    model = make_pipeline(FunctionTransformer(scale), LogisticRegression()).fit([[1, 2], [3, 4], [5, 9]], [0, 1, 1])
    bodies = [[[1.0, 2.0], [3.0, 9.0]], [[7.0, 2.0], [8.0, 4.0]]]
    found = served(tmp_path, model).answers([json.dumps({"data": rows}) for rows in bodies])
    for rows, answer in zip(bodies, found, strict=True):
        np.testing.assert_allclose(answer, model.predict_proba(rows))


def test_texts_are_rows_too(tmp_path: Path) -> None:
    model = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(["good film", "bad film"], [1, 0])
    found = served(tmp_path, model)
    assert list(answer(found, {"data": ["good", "bad"], "method": "predict"})) == [1, 0]


def test_several_outputs_have_a_row_each(tmp_path: Path) -> None:
    labels = np.array([[0, 1], [0, 1], [1, 0], [1, 0]])
    model = MultiOutputClassifier(LogisticRegression()).fit(ROWS, labels)
    found = served(tmp_path, model)
    assert np.asarray(answer(found, {"data": ROWS.tolist()})).shape == (4, 2, 2)
    both = found.answers([json.dumps({"data": [row]}) for row in ROWS.tolist()])
    np.testing.assert_allclose(np.concatenate(both), answer(found, {"data": ROWS.tolist()}))


def test_a_model_that_cannot_answer_is_refused_when_it_is_loaded(tmp_path: Path) -> None:
    with pytest.raises(ModelProblem, match="LogisticRegression is not fitted"):
        served(tmp_path, LogisticRegression())
    with pytest.raises(ModelProblem, match=r"A dict has no predict\(\)"):
        served(tmp_path, {"a": 1})
    (tmp_path / "more.pkl").write_bytes(b"")
    with pytest.raises(ModelProblem, match=r"several files that may be the ScikitLearn model: model.joblib, more.pkl"):
        served(tmp_path, LogisticRegression().fit(ROWS, [0, 0, 1, 1]))
