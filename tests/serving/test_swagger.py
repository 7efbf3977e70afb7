"""The three OpenAPI documents."""

from __future__ import annotations

import datetime as dt
import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from inference_schema.parameter_types.numpy_parameter_type import NumpyParameterType as Numpy
from inference_schema.parameter_types.pandas_parameter_type import PandasParameterType as Pandas
from inference_schema.parameter_types.standard_py_parameter_type import StandardPythonParameterType as Standard
from inference_schema.schema_decorators import input_schema, output_schema
from openapi_spec_validator import OpenAPIV2SpecValidator, OpenAPIV30SpecValidator, OpenAPIV31SpecValidator

from jupyter_deploy.serving import ServingConfig
from jupyter_deploy.serving.front.swagger import NoDocument, document
from jupyter_deploy.serving.worker.schema import schema_function, schemas

VALIDATORS = {"2": OpenAPIV2SpecValidator, "3": OpenAPIV30SpecValidator, "3.1": OpenAPIV31SpecValidator}
VERSIONS = list(VALIDATORS)
NUMBERS = itertools.count()


def described(**samples: Any) -> dict[str, Any]:
    """What a worker tells of a script whose run() takes these samples (``output`` is what it returns)."""
    output = samples.pop("output", None)
    arguments = ", ".join(samples)
    # inference-schema knows functions by their names: each gets one of its own.
    name = f"run_{next(NUMBERS)}"
    made: dict[str, Any] = {"__name__": __name__}
    exec(f"def {name}({arguments}): pass", made)
    run = made[name]
    for parameter, sample in samples.items():
        run = input_schema(parameter, sample)(run)
    if output is not None:
        run = output_schema(output)(run)
    return {"schemas": schemas(schema_function(run))}


def built(asked: str, script: dict[str, Any], root: str = "", **settings: Any) -> Any:
    body = document(asked, ServingConfig(**settings), script, root)
    return json.loads(body, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))


def kinds_of(found: dict[str, Any]) -> dict[str, Any]:
    kinds: dict[str, Any] = found["definitions"] if "definitions" in found else found["components"]["schemas"]
    return kinds


TABLE = pd.DataFrame({"n": [1], "x": [0.5], "s": ["a"], "t": [pd.Timestamp("2026-01-02")]})
SCRIPTS: dict[str, dict[str, Any]] = {
    "plain": {},
    "numpy": {"x": Numpy(np.array([[1.5, 2.5]])), "output": Numpy(np.array([1]))},
    "nan": {"x": Numpy(np.array([[np.nan, 1.0]]))},
    "table": {"x": Pandas(TABLE), "y": Standard(1)},
    "nested": {"x": Standard({"a": Standard(dt.date(2026, 1, 2)), "b": Standard([Standard(1.5)]), "c": b"x"})},
    "number keys": {"x": Standard({1: "a", 2: "b"})},
    "huge": {"x": Standard(2**70)},
}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", SCRIPTS)
def test_documents_are_valid(name: str, version: str) -> None:
    script = described(**dict(SCRIPTS[name])) if SCRIPTS[name] else {}
    VALIDATORS[version](built(version, script)).validate()


@pytest.mark.parametrize("version", VERSIONS)
def test_names_may_have_any_characters(version: str) -> None:
    found = built(version, {}, title='a "quoted" \\ näme', version="1'\"", path_prefix="/pre/fix/")
    VALIDATORS[version](found).validate()
    assert found["info"]["title"] == 'a "quoted" \\ näme'
    description = 'API specification for the Azure Machine Learning service a "quoted" \\ näme'
    assert found["info"]["description"] == description
    assert list(found["paths"]) == ["/pre/fix/", "/pre/fix/score", "/pre/fix/swagger.json"]


def test_the_second_version_is_as_the_reference_has_it() -> None:
    found = built("2", {})
    assert (found["swagger"], found["schemes"], found["info"]["version"]) == ("2.0", ["http"], "1.0")
    assert found["consumes"] == found["produces"] == ["application/json"]
    bearer = found["securityDefinitions"]["Bearer"]
    assert (bearer["type"], bearer["name"], bearer["in"]) == ("apiKey", "Authorization", "header")
    operations = {
        path: {method: o["operationId"] for method, o in item.items()} for path, item in found["paths"].items()
    }
    assert operations == {
        "/": {"get": "ServiceHealthCheck"},
        "/score": {"post": "RunMLService"},
        "/swagger.json": {"get": "GetSwaggerSpec"},
    }
    post = found["paths"]["/score"]["post"]
    assert post["security"] == [{"Bearer": []}]
    assert [(p["name"], p["in"], p["schema"]) for p in post["parameters"]] == [
        ("serviceInputPayload", "body", {"$ref": "#/definitions/ServiceInput"})
    ]
    assert post["responses"]["200"]["schema"] == {"$ref": "#/definitions/ServiceOutput"}
    assert post["responses"]["default"]["schema"] == {"$ref": "#/definitions/ErrorResponse"}
    assert found["definitions"] == {
        "ServiceInput": {"type": "object", "example": {}},
        "ServiceOutput": {"type": "object", "example": {}},
        "ErrorResponse": {
            "type": "object",
            "properties": {"status_code": {"type": "integer", "format": "int32"}, "message": {"type": "string"}},
        },
    }


def test_the_third_versions_differ_by_their_number_alone() -> None:
    third, later = built("3", {}), built("3.1", {})
    assert (third.pop("openapi"), later.pop("openapi")) == ("3.0.3", "3.1.0")
    assert third == later
    assert third["security"] == [{"Bearer": []}]
    body = third["paths"]["/score"]["post"]["requestBody"]["content"]["application/json"]
    assert body == {"schema": {"$ref": "#/components/schemas/ServiceInput"}}
    assert set(third["components"]) == {"schemas", "securitySchemes"}


@pytest.mark.parametrize("version", VERSIONS)
def test_schemas(version: str) -> None:
    found = kinds_of(built(version, described(x=Numpy(np.array([[1.5, 2.5]])), y=Pandas(TABLE), z=Standard(1))))
    given = found["ServiceInput"]
    assert given["type"] == "object"
    assert "required" not in given
    number = {"type": "number", "format": "double"}
    assert given["properties"]["x"] == {
        "type": "array",
        "items": {"type": "array", "items": number},
        "format": "numpy.ndarray",
    }
    rows = given["properties"]["y"]
    assert rows["format"] == "pandas.DataFrame:records"
    assert rows["items"]["required"] == ["n", "x", "s", "t"]
    assert rows["items"]["properties"]["t"] == {"type": "string", "format": "date-time"}
    assert given["properties"]["z"] == {"type": "integer", "format": "int64"}
    assert given["example"]["x"] == [[1.5, 2.5]]
    assert found["ServiceOutput"] == {"type": "object"}


@pytest.mark.parametrize(
    ("asked", "told"), [("2", "2.0"), ("2.0", "2.0"), ("3", "3.0.3"), ("3.0", "3.0.3"), ("3.1", "3.1.0")]
)
def test_versions(asked: str, told: str) -> None:
    found = built(asked, {})
    assert found.get("swagger", found.get("openapi")) == told


@pytest.mark.parametrize("asked", ["", "1", "9", "2.1", "3.0.3", " 2", "x"])
def test_unknown_versions(asked: str) -> None:
    with pytest.raises(NoDocument) as raised:
        built(asked, {})
    assert str(raised.value) == f"Swagger version [{asked}] is not valid. Supported versions: [2, 3, 3.1]."


def test_lists_of_several_types_have_no_second_version() -> None:
    script = described(x=Standard([1, "a"]))
    with pytest.raises(NoDocument) as raised:
        built("2", script)
    text = "Swagger version [2] is not supported for the scoring script. Supported versions: [3, 3.1]."
    assert str(raised.value) == text
    OpenAPIV30SpecValidator(built("3", script)).validate()


@pytest.mark.parametrize(
    ("file", "asked"),
    [("swagger.json", "2"), ("swagger2.json", "2.0"), ("swagger3.json", "3"), ("swagger3.1.json", "3.1")],
)
def test_files_of_the_users_own(tmp_path: Path, file: str, asked: str) -> None:
    (tmp_path / file).write_bytes(b'{ "as":  "it is" }\n')
    assert document(asked, ServingConfig(), {}, str(tmp_path)) == b'{ "as":  "it is" }\n'
    other = "2" if asked != "2" and not asked.startswith("2") else "3"
    assert "info" in built(other, {}, str(tmp_path))


def test_swagger_json_goes_before_swagger2_json(tmp_path: Path) -> None:
    (tmp_path / "swagger2.json").write_text('{"which": 2}')
    (tmp_path / "swagger.json").write_text('{"which": 1}')
    assert built("2", {}, str(tmp_path)) == {"which": 1}
