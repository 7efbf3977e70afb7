"""A schema where inference-schema is not installed: the server's own decorators say and convert the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.contract import FAILED, Server, served

# Python imports it when it starts, in every process of the server.
ABSENT = """
import sys

class Hiding:
    def __init__(self, inner):
        self.inner = inner

    def find_spec(self, name, path=None, target=None):
        hidden = name.partition(".")[0] in {"inference_schema", "wrapt"}
        return None if hidden else self.inner.find_spec(name, path, target)

sys.meta_path[:] = [Hiding(finder) for finder in sys.meta_path]
"""
SCRIPT = """
import functools
import numpy as np, pandas as pd
from inference_schema import schema_decorators
from inference_schema.schema_decorators import input_schema, output_schema
from inference_schema.parameter_types.abstract_parameter_type import AbstractParameterType
from inference_schema.parameter_types.numpy_parameter_type import NumpyParameterType
from inference_schema.parameter_types.pandas_parameter_type import PandasParameterType
from inference_schema.parameter_types.standard_py_parameter_type import StandardPythonParameterType

assert "jupyter_deploy" in schema_decorators.__spec__.origin

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

SAMPLE = pd.DataFrame({"n": [1], "when": pd.to_datetime(["2026-01-02"]), "flag": [True]})

@timed
@input_schema("data", PandasParameterType(SAMPLE), optional=True)
@input_schema("x", NumpyParameterType(np.array([[1, 2]], dtype="uint8")), optional=True)
@input_schema("k", StandardPythonParameterType(1), optional=True)
@input_schema("own", Upper(Word("a")), optional=True)
@output_schema(StandardPythonParameterType([1]))
def run(data=None, x=None, k=None, own=None):
    if data is not None:
        return [str(kind) for kind in data.dtypes] + data.astype(str).values.tolist()
    return [None if x is None else [str(x.dtype), x.tolist()], k, own]
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder: Path = tmp_path_factory.mktemp("absent")
    (folder / "sitecustomize.py").write_text(ABSENT)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(folder))
        with served(tmp_path_factory, SCRIPT) as found:
            yield found


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        ({"x": [[1, 255], [3.0, 4]]}, [["uint8", [[1, 255], [3, 4]]], None, None]),
        ({"k": 5, "own": "abc"}, [None, 5, "ABC"]),
        (
            {"data": [{"flag": "false", "when": 1588672800000, "n": 5}]},
            ["int64", "datetime64[us]", "bool", ["5", "2020-05-05 10:00:00", "False"]],
        ),
    ],
)
def test_values_are_converted(server: Server, sent: Any, answer: Any) -> None:
    response = requests.post(server, json=sent, timeout=20)
    assert response.status_code == 200, response.text
    kind, value = response.json()
    assert kind == "outer"
    assert [str(item).replace("[ns]", "[us]") for item in value] == [str(item) for item in answer]


@pytest.mark.parametrize(
    ("sent", "status", "message"),
    [
        ({"x": [[1, 300]]}, 400, "column 1, row 0: 300 is not between 0 and 255"),
        ({"data": [{"flag": "no", "when": 0, "n": 5}]}, 400, "column 'flag', row 0: \"no\" is neither true nor false"),
        ({"data": [{"when": 0, "n": 5}]}, 400, "missing columns: flag"),
        ({"k": "5"}, 400, "expected an integer; got"),
        ({"own": "bad"}, 500, FAILED["message"]),
    ],
)
def test_what_does_not_fit_is_refused(server: Server, sent: Any, status: int, message: str) -> None:
    response = requests.post(server, json=sent, timeout=20)
    assert response.status_code == status
    assert message in response.json()["message"]


def test_the_document_describes_it(server: Server) -> None:
    found = requests.get(server.at("/swagger.json"), timeout=20).json()["definitions"]
    properties = found["ServiceInput"]["properties"]
    assert properties["data"]["items"]["properties"]["when"]["format"] == "date-time"
    assert properties["x"]["format"] == "numpy.ndarray"
    assert found["ServiceOutput"]["type"] == "array"
