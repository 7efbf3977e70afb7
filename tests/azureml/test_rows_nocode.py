"""Rows about models that are deployed without a script."""

from __future__ import annotations

import base64
import importlib.util
import json
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from sklearn.linear_model import LogisticRegression, Ridge

from jupyter_deploy.sdk.v1 import Model, ResourceConfiguration, UserErrorException, WebserviceException, Workspace

ROWS = [[0.0, 1.0], [1.0, 0.0], [0.2, 0.9], [0.9, 0.1]]


def served(ws: Workspace, model: Model, name: str = "no-code") -> Any:
    service = Model.deploy(ws, name, [model])
    service.wait_for_deployment(show_output=True)
    return service


def test_row_2_57_a_classifier_of_scikit_learn(ws: Workspace, folder: Path) -> None:
    fitted = LogisticRegression().fit(ROWS, [0, 1, 0, 1])
    joblib.dump(fitted, folder / "sklearn_regression_model.pkl")
    model = Model.register(
        workspace=ws,
        model_name="my-sklearn-model",
        model_path="./sklearn_regression_model.pkl",
        model_framework=Model.Framework.SCIKITLEARN,
        model_framework_version="1.5",
        resource_configuration=ResourceConfiguration(cpu=1, memory_in_gb=0.5),
        description="Ridge regression model to predict diabetes progression.",
        tags={"area": "diabetes", "type": "regression"},
    )
    service = served(ws, model, "my-sklearn-service")
    np.testing.assert_allclose(service.run(json.dumps({"data": ROWS})), fitted.predict_proba(ROWS))
    assert service.run(json.dumps({"data": ROWS, "method": "predict"})) == [0, 1, 0, 1]
    assert (model.resource_configuration.cpu, model.resource_configuration.memory_in_gb) == (1, 0.5)
    with pytest.raises(WebserviceException, match="row 0 has 3 values, but the model takes 2"):
        service.run(json.dumps({"data": [[1, 2, 3]]}))


def test_row_2_57_a_regressor_predicts(ws: Workspace, folder: Path) -> None:
    fitted = Ridge().fit(ROWS, [0.0, 1.0, 0.1, 0.9])
    joblib.dump(fitted, folder / "ridge.pkl")
    model = Model.register(ws, "ridge.pkl", "ridge", model_framework=Model.Framework.SCIKITLEARN)
    np.testing.assert_allclose(served(ws, model).run(json.dumps({"data": ROWS})), fitted.predict(ROWS))


def test_row_2_56_a_graph_by_values_and_by_protobufs_json(ws: Workspace, folder: Path) -> None:
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["Input3", "weights"], ["Plus214_Output_0"])],
        "mnist",
        [helper.make_tensor_value_info("Input3", TensorProto.FLOAT, ["n", 2])],
        [helper.make_tensor_value_info("Plus214_Output_0", TensorProto.FLOAT, ["n", 1])],
        [helper.make_tensor("weights", TensorProto.FLOAT, [2, 1], [1, 2])],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(made, folder / "mnist-model.onnx")
    model = Model.register(
        workspace=ws,
        model_name="mnist-sample",
        model_path="mnist-model.onnx",
        model_framework=Model.Framework.ONNX,
        model_framework_version="1.3",
        description="Onnx MNIST model",
    )
    service = served(ws, model, "onnx-mnist-service")
    assert service.run(json.dumps({"data": [[1, 2], [3, 4]]})) == [[5.0], [11.0]]
    raw = base64.b64encode(np.array([[1, 2]], np.float32).tobytes()).decode()
    tensor = {"dims": ["1", "2"], "dataType": 1, "rawData": raw}
    answer = service.run(json.dumps({"inputs": {"Input3": tensor}, "outputFilter": ["Plus214_Output_0"]}))
    output = answer["outputs"]["Plus214_Output_0"]
    assert output["dims"] == ["1", "1"]
    assert np.frombuffer(base64.b64decode(output["rawData"]), np.float32).tolist() == [5.0]


@pytest.mark.skipif(importlib.util.find_spec("tensorflow") is not None, reason="TensorFlow is installed here")
def test_row_2_55_without_tensorflow_it_is_said_what_to_install(ws: Workspace, folder: Path) -> None:
    # The beginning of a file that TensorFlow wrote.
    (folder / "flowers" / "1" / "variables").mkdir(parents=True)
    (folder / "flowers" / "1" / "saved_model.pb").write_bytes(b"\x08\x01\x12\x0a\x0a\x08\x12\x06serve\x00")
    model = Model.register(
        workspace=ws,
        model_name="flowers",
        model_path="flowers",
        model_framework=Model.Framework.TENSORFLOW,
        model_framework_version="1.14.0",
        description="Flowers model",
    )
    with pytest.raises(WebserviceException, match="tensorflow is not installed here") as refused:
        Model.deploy(ws, "tensorflow-web-service", [model])
    assert "pip install tensorflow" in refused.value.message
    assert list(ws.webservices) == []


def test_row_2_57_a_file_that_is_no_model_is_told_with_what_to_do(ws: Workspace, folder: Path) -> None:
    (folder / "bad.pkl").write_bytes(b"")
    model = Model.register(ws, "bad.pkl", "bad", model_framework=Model.Framework.SCIKITLEARN)
    with pytest.raises(WebserviceException, match=r"bad\.pkl is empty") as refused:
        Model.deploy(ws, "no-model", [model]).wait_for_deployment()
    # There is no script that could be corrected.
    assert "Hint: Save the model again with joblib.dump(model, path)" in refused.value.message


def test_a_framework_that_has_no_server_of_its_own_is_refused(ws: Workspace, outputs: Path) -> None:
    model = Model.register(ws, str(outputs / "model.pkl"), "own", model_framework=Model.Framework.CUSTOM)
    with pytest.raises((UserErrorException, WebserviceException)):
        served(ws, model)
