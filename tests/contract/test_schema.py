"""Scripts with inference-schema's decorators."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.contract import FAILED, Server, fixture_of

HEAD = """
import datetime
import numpy as np
import pandas as pd
from inference_schema.schema_decorators import input_schema, output_schema
from inference_schema.parameter_types.numpy_parameter_type import NumpyParameterType as Numpy
from inference_schema.parameter_types.pandas_parameter_type import PandasParameterType as Pandas
from inference_schema.parameter_types.standard_py_parameter_type import StandardPythonParameterType as Standard
"""
ARRAYS = """
@input_schema("x", Numpy(np.array([[1.5, 2.5]])))
@input_schema("n", Numpy(np.array([1, 2])), optional=True)
@output_schema(Numpy(np.array([1.0])))
def run(x, n=None):
    if x.sum() > 1000:
        raise ValueError("run's own")
    return [type(x).__name__, str(x.dtype), x.tolist(), None if n is None else list(map(int, n))]
"""
TABLE = """
KIND = Pandas(pd.DataFrame({"a": [1], "b": [0.5], "c": ["x"]}))

@input_schema("data", KIND)
@input_schema("other", KIND, optional=True)
def run(data, other=None):
    if other is not None:
        data = other
    return [list(data.columns), data.values.tolist()]
"""
STANDARD = """
@input_schema("whole", Standard(1))
@input_schema("number", Standard(1.5))
@input_schema("text", Standard("a"), optional=True)
@input_schema("day", Standard(datetime.date(2024, 1, 2)), optional=True)
@input_schema("nested", Standard({"inner": Standard(1), "list": Standard([Standard(1.5)])}), optional=True)
@input_schema("maybe", Standard("a"), optional=True)
def run(whole=1, number=1.5, text="t", day=None, nested=None, maybe="default", *, plain=7):
    return [whole, number, text, type(day).__name__, nested, maybe, plain]
"""
arrays = fixture_of(HEAD + ARRAYS)
table = fixture_of(HEAD + TABLE)
standard = fixture_of(HEAD + STANDARD)


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        ({"x": [[1, 2]]}, ["ndarray", "float64", [[1.0, 2.0]], None]),
        ({"x": [[1, 2], [3, 4]], "other": 1}, ["ndarray", "float64", [[1.0, 2.0], [3.0, 4.0]], None]),
        ({"x": [[1, 2]], "n": [3, 4, 5]}, ["ndarray", "float64", [[1.0, 2.0]], [3, 4, 5]]),
        ({"x": [[1, 2]], "n": [3.0]}, ["ndarray", "float64", [[1.0, 2.0]], [3]]),
        ({"x": [[1, 2]], "n": []}, ["ndarray", "float64", [[1.0, 2.0]], []]),
    ],
)
def test_arrays(arrays: Server, body: dict[str, Any], answer: Any) -> None:
    response = requests.post(arrays, json=body, timeout=20)
    assert (response.status_code, response.json()) == (200, answer)


X = "The value of 'x' does not fit the schema: expected an array of float64 with shape (*, 2); "


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"x": [[1, 2, 3]]}, X),
        ({"x": [1, 2]}, X),
        ({"x": [["a", "b"]]}, X),
        ({"x": [[1], [1, 2]]}, X),
        ({"x": {"a": 1}}, X),
        (
            {"x": [[1, 2]], "n": [1.5]},
            "The value of 'n' does not fit the schema: expected an array of int64 with shape (*); "
            "row 0: 1.5 is not a whole number\nSend a whole number.",
        ),
        ({"n": [1]}, "A value is not provided for the 'x' parameter."),
        ([], "POST body should be a JSON dictionary."),
    ],
)
def test_misfits_are_the_clients_fault(arrays: Server, body: Any, message: str) -> None:
    response = requests.post(arrays, json=body, timeout=20)
    assert response.status_code == 400, response.text
    assert response.json()["message"].startswith(message)


def test_exceptions_of_run_stay_500(arrays: Server) -> None:
    response = requests.post(arrays, json={"x": [[1000, 2]]}, timeout=20)
    assert (response.status_code, response.json()) == (500, FAILED)


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("application/json", 200),
        ("Application/JSON; charset=utf-8", 200),
        ("application/vnd.x+json", 200),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        (None, 415),
    ],
)
def test_content_types(arrays: Server, kind: str | None, status: int) -> None:
    headers = {"content-type": kind} if kind else {}
    response = requests.post(arrays, data=b'{"x": [[1, 2]]}', headers=headers, timeout=20)
    assert response.status_code == status
    if status == 415:
        assert response.json() == {"message": "Expects Content-Type to be application/json"}


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        (b"", 400, "POST body is empty. Expecting a JSON dictionary."),
        (b"{", 400, "POST body could not be decoded as JSON: "),
        (b"\xff\xff\xff", 400, "POST body could not be decoded as JSON: "),
        (b"[" * 100_000, 400, "POST body could not be decoded as JSON: "),
        (b"\xef\xbb\xbf" + b'{"x": [[1, 2]]}', 200, ""),
        ('{"x": [[1, 2]]}'.encode("utf-16"), 200, ""),
    ],
)
def test_json(arrays: Server, body: bytes, status: int, message: str) -> None:
    response = requests.post(arrays, data=body, headers={"content-type": "application/json"}, timeout=20)
    assert response.status_code == status, response.text
    if message:
        assert response.json()["message"].startswith(message)


def test_queries_are_values(arrays: Server) -> None:
    response = requests.get(arrays, params={"x": "[[1, 2]]", "n": ["1", "2"]}, timeout=20)
    assert response.json() == ["ndarray", "float64", [[1.0, 2.0]], [1, 2]]


ROWS = [["a", "b", "c"], [[1, 2.5, "x"]]]


@pytest.mark.parametrize(
    "rows",
    [
        [{"a": 1, "b": 2.5, "c": "x"}],
        [{"c": "x", "b": 2.5, "a": 1}],
        [{"b": 2.5, "a": 1, "c": "x"}],
    ],
)
def test_columns_are_put_in_order(table: Server, rows: Any) -> None:
    response = requests.post(table, json={"data": rows}, timeout=20)
    assert (response.status_code, response.json()) == (200, ROWS)


def test_columns_of_an_optional_table(table: Server) -> None:
    rows = [{"c": "x", "b": 2.5, "a": 1}]
    response = requests.post(table, json={"data": [{"a": 9, "b": 9, "c": "9"}], "other": rows}, timeout=20)
    assert (response.status_code, response.json()) == (200, ROWS)


@pytest.mark.parametrize("rows", [[{"a": 1, "b": 2.5, "z": "x"}], [{"a": 1}], [{"a": "no", "b": 1, "c": "x"}], 3])
def test_tables_that_do_not_fit(table: Server, rows: Any) -> None:
    response = requests.post(table, json={"data": rows}, timeout=20)
    assert response.status_code == 400, response.text
    expected = "The value of 'data' does not fit the schema: expected a table with the columns a (int64), b (float64), "
    assert response.json()["message"].startswith(expected)


DEFAULTS = {"whole": 1, "number": 1.5, "text": "t", "day": "NoneType", "nested": None, "maybe": "default", "plain": 7}


@pytest.mark.parametrize(
    ("sent", "seen"),
    [
        ({}, {}),
        ({"whole": 5, "number": 2, "text": "é"}, {}),
        ({"day": "2024-02-29"}, {"day": "date"}),
        ({"nested": {"inner": 3, "list": [1, 2.5], "more": "x"}}, {}),
        ({"nested": {}}, {}),
        ({"maybe": ""}, {}),
        ({"maybe": "x", "plain": [1]}, {}),
    ],
)
def test_standard_types(standard: Server, sent: dict[str, Any], seen: dict[str, Any]) -> None:
    response = requests.post(standard, json=sent, timeout=20)
    assert (response.status_code, response.json()) == (200, list({**DEFAULTS, **sent, **seen}.values()))


@pytest.mark.parametrize(
    ("sent", "name", "expected"),
    [
        ({"whole": 1.5}, "whole", "an integer"),
        ({"whole": "1"}, "whole", "an integer"),
        ({"number": "x"}, "number", "a number"),
        ({"text": 1}, "text", "a text"),
        ({"day": "29.2.2024"}, "day", "a date (YYYY-MM-DD)"),
        ({"day": 3}, "day", "a date (YYYY-MM-DD)"),
        ({"nested": [1]}, "nested", "an object"),
        ({"nested": {"inner": "x"}}, "nested.inner", "an integer"),
        ({"nested": {"list": [1, "x"]}}, "nested.list[1]", "a number"),
    ],
)
def test_standard_types_that_do_not_fit(standard: Server, sent: dict[str, Any], name: str, expected: str) -> None:
    response = requests.post(standard, json=sent, timeout=20)
    assert response.status_code == 400, response.text
    message = response.json()["message"]
    assert message.startswith(f"The value of {name!r} does not fit the schema: expected {expected}; ")
