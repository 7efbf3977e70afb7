"""Rows about entry scripts: what they return, their schemas, and whole requests."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
from openapi_spec_validator import OpenAPIV2SpecValidator

from jupyter_deploy.sdk.v1 import LocalWebservice, Model, WebserviceException, Workspace

from .services import RAW, echoes_bytes, inference, registered, until

EVALUATED = """\
import datetime

import numpy as np


def init():
    pass


def run(raw_data):
    return eval(raw_data)
"""
SWAGGER = """\
import json
import numpy as np
import os
import joblib
from inference_schema.schema_decorators import input_schema, output_schema
from inference_schema.parameter_types.numpy_parameter_type import NumpyParameterType


def init():
    global model
    model = joblib.load(os.path.join(os.getenv("AZUREML_MODEL_DIR"), "model.pkl"))


input_sample = np.array([[10.0, 9.0]])
output_sample = np.array([0])


@input_schema("data", NumpyParameterType(input_sample))
@output_schema(NumpyParameterType(output_sample))
def run(data):
    try:
        result = model.predict(data)
        return result.tolist()
    except Exception as e:
        error = str(e)
        return error
"""
FRAMES = """\
import json
import os
import joblib
import pandas as pd
from azureml.core.model import Model
from inference_schema.schema_decorators import input_schema, output_schema
from inference_schema.parameter_types.numpy_parameter_type import NumpyParameterType
from inference_schema.parameter_types.pandas_parameter_type import PandasParameterType
import numpy as np


def init():
    global model
    model = joblib.load(os.path.join(os.getenv("AZUREML_MODEL_DIR"), "model.pkl"))


input_sample = pd.DataFrame(data=[{"input_name_1": 5.1, "input_name_2": 1.5}])
output_sample = np.array([0])


@input_schema("data", PandasParameterType(input_sample))
@output_schema(NumpyParameterType(output_sample))
def run(data):
    return model.predict(data.to_numpy()).tolist()
"""
STANDARD = """\
from inference_schema.schema_decorators import input_schema, output_schema
from inference_schema.parameter_types.standard_py_parameter_type import StandardPythonParameterType
from inference_schema.parameter_types.pandas_parameter_type import PandasParameterType
from inference_schema.parameter_types.numpy_parameter_type import NumpyParameterType
import numpy as np
import pandas as pd


def init():
    pass


@input_schema("words", StandardPythonParameterType({"name": "a", "count": 1}))
@input_schema("numbers", NumpyParameterType(np.array([[1.5]])))
@input_schema("table", PandasParameterType(pd.DataFrame({"x": [1]})))
@output_schema(StandardPythonParameterType(["text"]))
def run(words, numbers, table):
    return [words["name"], type(numbers).__name__, list(table.columns)]
"""
# The swagger document of Azure ML's page for this script, but for its texts and the sample's numbers.
DOCUMENT = {
    "swagger": "2.0",
    "info": {"title": "scripted", "version": "1.0"},
    "consumes": ["application/json"],
    "produces": ["application/json"],
    "securityDefinitions": {
        "Bearer": {
            "type": "apiKey", "name": "Authorization", "in": "header", "description": "For example: Bearer abc123",
        },
    },
    "paths": {
        "/": {
            "get": {
                "operationId": "ServiceHealthCheck",
                "responses": {"200": {}, "default": {"schema": {"$ref": "#/definitions/ErrorResponse"}}},
            },
        },
        "/score": {
            "post": {
                "operationId": "RunMLService",
                "security": [{"Bearer": []}],
                "parameters": [
                    {
                        "name": "serviceInputPayload",
                        "in": "body",
                        "schema": {"$ref": "#/definitions/ServiceInput"},
                    },
                ],
                "responses": {
                    "200": {"schema": {"$ref": "#/definitions/ServiceOutput"}},
                    "default": {"schema": {"$ref": "#/definitions/ErrorResponse"}},
                },
            },
        },
    },
    "definitions": {
        "ServiceInput": {
            "type": "object",
            "properties": {
                "data": {"type": "array", "items": {"type": "array", "items": {"type": "number", "format": "double"}}},
            },
            "example": {"data": [[10.0, 9.0]]},
        },
        "ServiceOutput": {"type": "array", "items": {"type": "integer", "format": "int64"}, "example": [0]},
        "ErrorResponse": {
            "type": "object",
            "properties": {"status_code": {"type": "integer", "format": "int32"}, "message": {"type": "string"}},
        },
    },
}  # fmt: skip
SPARK = """\
from inference_schema.schema_decorators import input_schema
from inference_schema.parameter_types.spark_parameter_type import SparkParameterType


def init():
    pass


@input_schema("data", SparkParameterType(None))
def run(data):
    return 1
"""
ONNX = """\
import json
import os

import numpy as np
import onnxruntime


def init():
    global session
    path = os.path.join(os.getenv("AZUREML_MODEL_DIR"), "net.onnx")
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])


def run(raw_data):
    data = np.array(json.loads(raw_data)["data"], dtype=np.float32)
    return session.run(None, {session.get_inputs()[0].name: data})[0].tolist()
"""
TORCH = """\
import json
import os

import torch


def init():
    global model
    model = torch.jit.load(os.path.join(os.getenv("AZUREML_MODEL_DIR"), "net.pt")).eval()


def run(raw_data):
    with torch.no_grad():
        return model(torch.tensor(json.loads(raw_data)["data"])).numpy().tolist()
"""

Deploy = Callable[[str], Any]


@pytest.fixture
def deploy(ws: Workspace, outputs: Path, folder: Path) -> Deploy:
    """Deploy a script locally, beside the trained model."""

    def made(text: str) -> Any:
        config = LocalWebservice.deploy_configuration()
        service = Model.deploy(ws, "scripted", [registered(ws, outputs)], inference(folder, text), config)
        service.wait_for_deployment()
        return service

    return made


def post(service: Any, body: Any, **headers: str) -> requests.Response:
    return requests.post(service.scoring_uri, body, headers=headers, timeout=20)


def test_row_0_7_whatever_is_json_is_an_answer(deploy: Deploy) -> None:
    service = deploy(EVALUATED)
    for value in ([1, 2], {"a": [1, None]}, "text", 1.5, True, [{"deep": {"er": []}}]):
        assert post(service, repr(value)).json() == value
    # As in the reference server.
    assert post(service, "None").json() == {}
    # More than the documents promise.
    assert post(service, "np.array([1, 2])").json() == [1, 2]
    assert post(service, "object()").status_code == 500
    with pytest.raises(WebserviceException, match="object"):
        service.run("object()")


def test_row_2_26_and_2_25_and_2_49_the_script_with_a_schema(deploy: Deploy) -> None:
    service = deploy(SWAGGER)
    assert service.run(json.dumps({"data": [[0.0, 1.0], [1.0, 0.0]]})) == [0, 1]
    # What does not fit the sample's shape is told to the client, before run.
    refused = post(service, json.dumps({"data": [1, 2, 3]}), **{"Content-Type": "application/json"})
    assert refused.status_code == 400
    assert "data" in refused.json()["message"]
    # Row 2.49: all that the document of Azure ML's page says, and valid for tools that read such documents.
    document = requests.get(service.swagger_uri, timeout=10).json()
    OpenAPIV2SpecValidator(document).validate()
    assert lacking(document, DOCUMENT) == []
    refused_at_once = requests.post(service.scoring_uri, '{"data": [1]}', timeout=10).json()
    assert set(refused_at_once) <= set(document["definitions"]["ErrorResponse"]["properties"])


def test_row_2_27_the_script_for_frames(deploy: Deploy) -> None:
    service = deploy(FRAMES)
    rows = [{"input_name_1": 0.0, "input_name_2": 1.0}, {"input_name_2": 0.0, "input_name_1": 1.0}]
    assert service.run(json.dumps({"data": rows})) == [0, 1]
    document = requests.get(service.swagger_uri, timeout=10).json()
    columns = document["definitions"]["ServiceInput"]["properties"]["data"]["items"]["properties"]
    assert {name: column["type"] for name, column in columns.items()} == {
        "input_name_1": "number",
        "input_name_2": "number",
    }


def test_row_2_27_and_2_28_automls_own_packages_are_named_with_what_to_do(deploy: Deploy) -> None:
    with pytest.raises(WebserviceException, match=r"No module named 'azureml.train'") as caught:
        deploy("import azureml.train.automl\n" + FRAMES)
    assert "name them in an environment" in str(caught.value)


def test_row_2_28_a_script_with_onnx_runtime(ws: Workspace, folder: Path) -> None:
    import onnx
    from onnx import TensorProto, helper

    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 2]) for name in ("x", "y")]
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "net", ends[:1], ends[1:])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), folder / "net.onnx")
    assert of_a_file(ws, folder, "net.onnx", ONNX).run('{"data": [[1, -1], [2, 3]]}') == [[1, 0], [2, 3]]


def test_a_script_with_pytorch(ws: Workspace, folder: Path) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed here: pip install torch")
    torch.jit.script(torch.nn.ReLU()).save(folder / "net.pt")
    assert of_a_file(ws, folder, "net.pt", TORCH).run('{"data": [[1.0, -1.0]]}') == [[1, 0]]


def lacking(found: Any, wanted: Any, place: str = "") -> list[str]:
    """What a document lacks of another, or has otherwise."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        absent = [f"{place}/{key}" for key in wanted if key not in found]
        return absent + [
            text for key in wanted if key in found for text in lacking(found[key], wanted[key], f"{place}/{key}")
        ]
    if isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        pairs = enumerate(zip(found, wanted, strict=True))
        return [text for number, (one, other) in pairs for text in lacking(one, other, f"{place}/{number}")]
    return [] if found == wanted else [f"{place}: {found!r} is not {wanted!r}"]


def of_a_file(ws: Workspace, folder: Path, name: str, text: str) -> Any:
    config = LocalWebservice.deploy_configuration()
    service = Model.deploy(ws, "scripted", [Model.register(ws, name, "net")], inference(folder, text), config)
    service.wait_for_deployment()
    return service


def test_row_2_25_standard_values_arrays_and_frames_together(deploy: Deploy) -> None:
    service = deploy(STANDARD)
    body = {"words": {"name": "n", "count": 2}, "numbers": [[1], [2]], "table": [{"x": 3}]}
    assert service.run(json.dumps(body)) == ["n", "ndarray", ["x"]]


def test_row_2_25_a_spark_table_is_named_with_what_it_needs(deploy: Deploy) -> None:
    with pytest.raises(WebserviceException, match="No module named 'pyspark'") as caught:
        deploy(SPARK)
    assert "install the package that has it" in caught.value.message
    assert "spark_parameter_type" in caught.value.message


def test_row_2_67_and_2_68_bytes_go_in_and_out_as_they_are(deploy: Deploy) -> None:
    service = deploy(RAW)
    echoes_bytes(service)
    until(lambda: "This is run()" in service.get_logs())
    # What the SDK sends goes the same way.
    assert requests.post(service.scoring_uri, b"\x00\xff", timeout=10).content == b"\x00\xff"


def test_row_2_69_and_2_70_headers_of_the_answer_and_a_browsers_question(deploy: Deploy) -> None:
    service = deploy(RAW)
    got = requests.get(service.scoring_uri, timeout=10)
    assert got.headers["Access-Control-Allow-Origin"] == "http://www.example.com"
    assert got.headers["Allow"] == "OPTIONS, GET, POST"
    asked = requests.options(service.scoring_uri, timeout=10)
    assert (asked.status_code, asked.headers["Access-Control-Allow-Methods"]) == (200, "OPTIONS, GET, POST")
