"""Schemas at their edges: every orient of a table, defaults, types of the script's own, other decorators around."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.contract import FAILED, Server, fixture_of, refusal

HEAD = """
import datetime as dt, functools
import numpy as np, pandas as pd
from inference_schema.schema_decorators import input_schema, output_schema
from inference_schema.parameter_types.abstract_parameter_type import AbstractParameterType
from inference_schema.parameter_types.numpy_parameter_type import NumpyParameterType as Numpy
from inference_schema.parameter_types.pandas_parameter_type import PandasParameterType as Pandas
from inference_schema.parameter_types.standard_py_parameter_type import StandardPythonParameterType as Standard
"""
ORIENTS = ("records", "split", "index", "columns", "values", "table")
TABLES = (
    'SAMPLE = pd.DataFrame({"n": [1], "x": [0.5], "s": ["a"]})\n'
    + "".join(f'@input_schema("{orient}", Pandas(SAMPLE, orient="{orient}"), optional=True)\n' for orient in ORIENTS)
    + f"def run({', '.join(f'{orient}=None' for orient in ORIENTS)}):\n"
    + f"    table = next(t for t in [{', '.join(ORIENTS)}] if t is not None)\n"
    + "    return [list(map(str, table.columns)), [str(d) for d in table.dtypes], table.values.tolist()]\n"
)
VALUES = """
class Word(str):
    pass

class Upper(AbstractParameterType):
    def deserialize_input(self, value):
        if value == "bad":
            raise ValueError("the script's own type")
        return Word(value.upper())

    def input_to_swagger(self):
        return {"type": "string", "example": str(self.sample_input)}

def timed(function):
    @functools.wraps(function)
    def inner(*args, **kwargs):
        return ["outer", function(*args, **kwargs)]
    return inner

NESTED = Standard({"day": Standard(dt.date(2026, 1, 2)), "rows": Standard([Numpy(np.array([1]))]), "free": 1})

@timed
@input_schema("when", Standard(dt.datetime(2026, 1, 2)), optional=True)
@input_schema("clock", Standard(dt.time(1, 2)), optional=True)
@input_schema("data", Standard(b"bytes"), optional=True)
@input_schema("own", Upper(Word("a")), optional=True)
@input_schema("nested", NESTED, optional=True)
@input_schema("flags", Numpy(np.array([True])), optional=True)
@input_schema("as_is", Numpy(np.array([1])), convert_to_provided_type=False)
@output_schema(Standard("text"))
def run(as_is=1, when=None, clock=None, data=None, own=None, nested=None, flags=None, *, request_headers):
    kinds = nested and {key: type(value).__name__ for key, value in nested.items()}
    text, flags = data and data.decode("latin-1"), None if flags is None else flags.tolist()
    return [as_is, when, clock, text, own, kinds, flags, request_headers.get("x-mine")]
"""
DEFAULTS = """
@input_schema("rows", Numpy(np.array([[1, 2]])))
@input_schema("scale", Standard(1.5))
def run(rows=None, scale=2.0):
    if rows is None:
        return ["none", scale]
    if rows[0, 0] == 7:
        raise TypeError("run's own")
    return [rows.tolist(), scale, type(scale).__name__]
"""
OUTPUT_ONLY = """
@output_schema(Standard([1]))
def run(data, factor=2):
    return [data, factor]
"""
ASYNC = """
@input_schema("x", Standard(1))
async def run(x):
    return x + 1
"""
STREAM = """
@input_schema("x", Standard(1))
def run(x):
    yield from range(x)
"""
tables = fixture_of(HEAD + TABLES)
values = fixture_of(HEAD + VALUES)
defaults = fixture_of(HEAD + DEFAULTS)
output_only = fixture_of(HEAD + OUTPUT_ONLY)
concurrent = fixture_of(HEAD + ASYNC)
stream = fixture_of(HEAD + STREAM)


def table_as(orient: str, n: Any = 3) -> Any:
    """One table of two rows, its columns in another order than the sample's, where the orient names them."""
    rows = [{"s": "b", "x": 1.5, "n": n}, {"s": "c", "x": 2, "n": 4}]
    return {
        "records": rows,
        "split": {"columns": ["s", "x", "n"], "index": [0, 1], "data": [list(row.values()) for row in rows]},
        "index": {"0": rows[0], "1": rows[1]},
        "columns": {name: {"0": rows[0][name], "1": rows[1][name]} for name in rows[0]},
        "values": [[row["n"], row["x"], row["s"]] for row in rows],
        "table": {
            "schema": {
                "fields": [
                    {"name": "index", "type": "integer"},
                    {"name": "n", "type": "integer" if isinstance(n, int) else "number"},
                    {"name": "x", "type": "number"},
                    {"name": "s", "type": "string"},
                ],
                "primaryKey": ["index"],
                "pandas_version": "1.4.0",
            },
            "data": [{"index": index, **row} for index, row in enumerate(rows)],
        },
    }[orient]


@pytest.mark.parametrize("orient", ORIENTS)
def test_tables_in_every_orient(tables: Server, orient: str) -> None:
    response = requests.post(tables, json={orient: table_as(orient)}, timeout=20)
    assert response.status_code == 200, response.text
    columns, kinds, rows = response.json()
    assert rows == [[3, 1.5, "b"], [4, 2.0, "c"]]
    if orient != "values":
        assert columns == ["n", "x", "s"]
        assert kinds[:2] == ["int64", "float64"]


@pytest.mark.parametrize("n", [3.5, "three", [1], 2**63])
@pytest.mark.parametrize("orient", [orient for orient in ORIENTS if orient != "values"])
def test_tables_that_do_not_fit_in_any_orient(tables: Server, orient: str, n: Any) -> None:
    response = requests.post(tables, json={orient: table_as(orient, n)}, timeout=20)
    assert response.status_code == 400, response.text
    start = f"The value of '{orient}' does not fit the schema: expected a table with the columns n (int64), x (float64)"
    assert response.json()["message"].startswith(start)
    assert f"column 'n', row 0: {json.dumps(n)} is not " in response.json()["message"]


def test_a_gap_in_a_column_of_whole_numbers_is_nan(tables: Server) -> None:
    """As in pandas; models that are fitted on frames have an imputer for it."""
    response = requests.post(tables, json={"records": table_as("records", None)}, timeout=20)
    assert response.status_code == 200, response.text
    _, kinds, rows = response.json()
    assert kinds[:2] == ["float64", "float64"]
    assert rows == [[None, 1.5, "b"], [4.0, 2.0, "c"]]


@pytest.mark.parametrize("body", ["text", 5, [5], [[]], {"columns": 5}, {"data": []}, [None], {"0": 5}])
@pytest.mark.parametrize("orient", ORIENTS)
def test_no_shape_of_a_body_is_the_servers_fault(tables: Server, orient: str, body: Any) -> None:
    response = requests.post(tables, json={orient: body}, timeout=20)
    assert response.status_code == 400, response.text
    assert f"'{orient}'" in response.json()["message"]


DEFAULT = {"as_is": 1, "when": None, "clock": None, "data": None, "own": None, "nested": None, "flags": None}


@pytest.mark.parametrize(
    ("sent", "seen"),
    [
        ({}, {}),
        ({"when": "2026-11-25T10:00:00Z"}, {"when": "2026-11-25T10:00:00+00:00"}),
        ({"clock": "10:11:12"}, {"clock": "10:11:12"}),
        ({"data": base64.b64encode(b"\x00\xff").decode()}, {"data": "\x00\xff"}),
        ({"data": "Zm9v\nYmFy\n"}, {"data": "foobar"}),
        ({"own": "abc"}, {"own": "ABC"}),
        (
            {"nested": {"day": "2026-01-02", "rows": [[1], [2, 3]], "free": "x"}},
            {"nested": {"day": "date", "rows": "list", "free": "str"}},
        ),
        ({"nested": {}}, {"nested": {}}),
        ({"flags": [True, False]}, {"flags": [True, False]}),
        ({"as_is": [1.5]}, {"as_is": [1.5]}),
        ({"own": ""}, {"own": ""}),
    ],
)
def test_values(values: Server, sent: dict[str, Any], seen: dict[str, Any]) -> None:
    response = requests.post(values, json=sent, headers={"X-Mine": "h"}, timeout=20)
    assert response.status_code == 200, response.text
    assert response.json() == ["outer", [*{**DEFAULT, **seen}.values(), "h"]]


@pytest.mark.parametrize(
    ("sent", "path", "expected"),
    [
        ({"when": "soon"}, "when", "a date and time (ISO 8601)"),
        ({"when": 5}, "when", "a date and time (ISO 8601)"),
        ({"clock": "25:00"}, "clock", "a time (ISO 8601)"),
        ({"data": "?"}, "data", "base64 text"),
        ({"data": 5}, "data", "base64 text"),
        ({"nested": {"day": "x"}}, "nested.day", "a date (YYYY-MM-DD)"),
        ({"nested": {"rows": [[1], ["x"]]}}, "nested.rows[1]", "an array of int64 with shape (*)"),
        ({"nested": {"rows": [[1], [1.5]]}}, "nested.rows[1]", "an array of int64 with shape (*)"),
        ({"nested": {"rows": {"a": 1}}}, "nested.rows", "a list"),
    ],
)
def test_values_that_do_not_fit(values: Server, sent: dict[str, Any], path: str, expected: str) -> None:
    response = requests.post(values, json=sent, timeout=20)
    assert response.status_code == 400, response.text
    assert response.json()["message"].startswith(f"The value of '{path}' does not fit the schema: expected {expected}")
    assert response.headers["x-ms-run-function-failed"] == "False"


def test_types_of_the_scripts_own_fail_as_scripts_do(values: Server) -> None:
    response = requests.post(values, json={"own": "bad"}, timeout=20)
    assert (response.status_code, response.json()) == (500, FAILED)


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        ({}, ["none", 2.0]),
        ({"scale": 3}, ["none", 3]),
        ({"rows": [[1, 2]]}, [[[1, 2]], 2.0, "float"]),
        ({"rows": [[1.0, 2]], "scale": 0.5}, [[[1, 2]], 0.5, "float"]),
    ],
)
def test_defaults_hold_without_optional(defaults: Server, sent: dict[str, Any], answer: Any) -> None:
    response = requests.post(defaults, json=sent, timeout=20)
    assert (response.status_code, response.json()) == (200, answer)


def test_a_type_error_of_run_is_not_the_clients(defaults: Server) -> None:
    response = requests.post(defaults, json={"rows": [[7, 7]]}, timeout=20)
    assert (response.status_code, response.json()) == (500, FAILED)


@pytest.mark.parametrize(
    "rows", [[[1e300, 1]], [[2**63, 1]], [[float("nan"), 1]], [[None, 1]], [["1.5", 2]], [], [[[1]]]]
)
def test_numbers_that_no_array_holds(defaults: Server, rows: Any) -> None:
    headers = {"content-type": "application/json"}
    response = requests.post(defaults, data=json.dumps({"rows": rows}), headers=headers, timeout=20)
    assert response.status_code == 400, response.text
    assert "'rows' does not fit the schema: expected an array of int64 with shape (*, 2)" in response.json()["message"]


def test_output_schema_alone(output_only: Server) -> None:
    assert requests.post(output_only, json={"data": {"a": 1}, "more": 1}, timeout=20).json() == [{"a": 1}, 2]
    assert requests.post(output_only, data="{}", timeout=20).status_code == 415
    assert requests.post(output_only, json={"factor": 3}, timeout=20).status_code == 400


def test_async_run(concurrent: Server) -> None:
    assert requests.post(concurrent, json={"x": 1}, timeout=20).json() == 2
    assert requests.post(concurrent, json={"x": "a"}, timeout=20).status_code == 400


def test_generators(stream: Server) -> None:
    assert requests.post(stream, json={"x": 3}, timeout=20).json() == [0, 1, 2]


@pytest.mark.parametrize(
    ("script", "message"),
    [
        (
            HEAD + "@input_schema('dta', Standard(1))\ndef run(data):\n    return 1\n",
            "@input_schema names 'dta', which is not a parameter of run()",
        ),
        ("import inference_schema_x\ndef run(data):\n    return 1\n", "No module named 'inference_schema_x'"),
        ("def run(*, request_headers):\n    return 1\n", "run() has no parameter for the request's data"),
        ("def run(a, /):\n    return 1\n", "positional-only"),
        ("def run(a, **more):\n    return 1\n", "cannot have *args, **kwargs"),
        ("def run_batch():\n    return 1\n", "run_batch() is called with one list"),
        ("run = 5\n", "no run() function"),
        ("import sys\nsys.exit(0)\n", "SystemExit"),
        ("def run(data)\n    return 1\n", "SyntaxError"),
        ("async def init():\n    raise ValueError('late')\n\ndef run(data):\n    return 1\n", "ValueError: late"),
    ],
)
def test_scripts_that_cannot_serve(tmp_path: Path, script: str, message: str) -> None:
    code, output = refusal(tmp_path, script)
    assert code == 3, output
    assert message in output
