"""The stand-in for inference-schema: it says and does what the real package does, and never shadows it."""

from __future__ import annotations

import datetime as dt
import importlib
import json
import subprocess
import sys
from typing import Any

import numpy as np
import pandas as pd
import pytest

from jupyter_deploy.serving.shims import SCHEMA_MODULES
from jupyter_deploy.serving.shims import parameter_types as ours
from jupyter_deploy.serving.shims import schema_decorators as decorators

FRAME = pd.DataFrame(
    {
        "whole": [1, 2],
        "part": [0.5, None],
        "text": ["a", None],
        "flag": [True, False],
        "when": pd.to_datetime(["2026-01-02", "2026-01-03"]),
        "long": pd.to_timedelta(["1 days", "02:00:00"]),
        "kind": pd.Categorical(["x", "y"]),
    }
)
PLAIN = [
    1,
    1.5,
    "text",
    True,
    b"bytes",
    bytearray(b"bytes"),
    dt.date(2026, 1, 2),
    dt.datetime(2026, 1, 2, 3, 4, 5, 6),
    dt.datetime(2026, 1, 2, tzinfo=dt.UTC),
    dt.time(1, 2, 3),
    [],
    [1, "mixed"],
    [[1, 2], [3, 4]],
    {"a": 1, "b": {"c": [1.5]}},
    (1, 2),
]
ARRAYS = [
    np.array([1]),
    np.array([[1.5, 2.5]]),
    np.array(["ab"]),
    np.array([[1]], dtype="uint8"),
    np.array([1.5], dtype="float32"),
    np.array([(1, 0.5)], dtype=[("a", "i8"), ("b", "f8")]),
]


def real(module: str, name: str) -> Any:
    return getattr(importlib.import_module(f"inference_schema.parameter_types.{module}_parameter_type"), name)


def same(shim: Any, package: Any) -> None:
    assert json.loads(json.dumps(shim.input_to_swagger())) == json.loads(json.dumps(package.input_to_swagger()))
    assert shim.supported_versions() == package.supported_versions()


@pytest.mark.parametrize("sample", PLAIN, ids=repr)
def test_plain_values_are_described_as_by_the_real_package(sample: object) -> None:
    same(ours.StandardPythonParameterType(sample), real("standard_py", "StandardPythonParameterType")(sample))


@pytest.mark.parametrize("sample", ARRAYS, ids=lambda sample: str(sample.dtype))
def test_arrays_are_described_as_by_the_real_package(sample: Any) -> None:
    same(ours.NumpyParameterType(sample), real("numpy", "NumpyParameterType")(sample))


@pytest.mark.parametrize("orient", ["records", "split", "index", "columns", "values", "table"])
def test_tables_are_described_as_by_the_real_package(orient: str) -> None:
    package = real("pandas", "PandasParameterType")(FRAME, orient=orient)
    same(ours.PandasParameterType(FRAME, orient=orient), package)


def test_nested_types_are_described_as_by_the_real_package() -> None:
    def nested(plain: Any, arrays: Any) -> Any:
        return plain({"rows": arrays(np.array([[1.5]])), "list": plain([plain(1)]), "free": "x"})

    same(
        nested(ours.StandardPythonParameterType, ours.NumpyParameterType),
        nested(real("standard_py", "StandardPythonParameterType"), real("numpy", "NumpyParameterType")),
    )


def test_functions_are_described_as_by_the_real_package() -> None:
    from inference_schema import schema_util as package
    from inference_schema.schema_decorators import input_schema, output_schema

    plain, arrays = real("standard_py", "StandardPythonParameterType"), real("numpy", "NumpyParameterType")

    def run(x: Any, n: Any = 1, other: Any = None) -> Any:
        return [x, n]

    theirs = input_schema("x", arrays(np.array([1.5])))(input_schema("n", plain(1))(output_schema(plain([1]))(run)))
    shim = decorators.input_schema("x", ours.NumpyParameterType(np.array([1.5])))(
        decorators.input_schema("n", ours.StandardPythonParameterType(1))(
            decorators.output_schema(ours.StandardPythonParameterType([1]))(run)
        )
    )
    assert decorators.get_input_schema(shim) == package.get_input_schema(theirs)
    assert decorators.get_output_schema(shim) == package.get_output_schema(theirs)
    assert decorators.get_supported_versions(shim) == package.get_supported_versions(theirs)
    assert decorators.is_schema_decorated(shim)
    assert not decorators.is_schema_decorated(run)


def test_a_decorated_function_converts_when_it_is_called() -> None:
    @decorators.input_schema("x", ours.NumpyParameterType(np.array([[1.5]])))
    @decorators.input_schema("n", ours.StandardPythonParameterType(1), optional=True)
    def run(x: Any, n: Any = None) -> Any:
        return x.sum(), n

    assert run([[1], [2]]) == (3.0, None)
    assert run(x=[[1], [2]], n=4) == (3.0, 4)
    assert run(np.array([[5.0]]), n=None) == (5.0, None)
    assert run.__name__ == "run"


@pytest.mark.parametrize(
    ("kind", "sample"),
    [
        (ours.NumpyParameterType, [1]),
        (ours.PandasParameterType, {"a": [1]}),
        (ours.SparkParameterType, None),
    ],
)
def test_samples_of_another_kind_are_refused(kind: Any, sample: object) -> None:
    with pytest.raises((TypeError, RuntimeError), match="ParameterType"):
        kind(sample)


def test_parameter_types_are_asked_for() -> None:
    with pytest.raises(TypeError, match="takes a parameter type with a sample"):
        decorators.input_schema("x", np.array([1]))
    with pytest.raises(ValueError, match="cannot be None"):
        decorators.output_schema(ours.StandardPythonParameterType(None))


ABSENT = """
import sys
# As where neither inference-schema nor what it needs is installed.
hidden = ("inference_schema", "wrapt", "numpy", "pandas")
class Hiding:
    def __init__(self, inner):
        self.inner = inner

    def find_spec(self, name, path=None, target=None):
        return None if name.partition(".")[0] in hidden else self.inner.find_spec(name, path, target)

sys.meta_path[:] = [Hiding(finder) for finder in sys.meta_path]
from jupyter_deploy.serving.shims import install
install()
"""


def test_all_of_its_modules_import_where_nothing_is_installed() -> None:
    names = [name.removesuffix(".") for name in SCHEMA_MODULES]
    code = "\n".join(
        [
            ABSENT,
            *(f"import {name}" for name in names),
            "from inference_schema.schema_decorators import input_schema, output_schema",
            "from inference_schema.parameter_types.standard_py_parameter_type import StandardPythonParameterType as S",
            "@input_schema('x', S(1))\n@output_schema(S([1]))\ndef run(x): return x + 1",
            "assert run(2) == 3 and 'numpy' not in sys.modules",
            "from inference_schema import schema_util",
            "assert schema_util.get_input_schema(run)['example'] == {'x': 1}",
        ]
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def test_a_real_package_is_never_shadowed() -> None:
    code = (
        "from jupyter_deploy.serving.shims import install; install()\n"
        "import inference_schema.schema_decorators as found; print(found.__file__)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert "inference_schema" in done.stdout
    assert "shims" not in done.stdout
