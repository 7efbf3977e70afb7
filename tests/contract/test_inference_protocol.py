"""The Open Inference Protocol, version 2: an unmodified client of Triton, and what goes wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
import requests
import tritonclient.http as triton
from sklearn.linear_model import LogisticRegression
from tritonclient.utils import InferenceServerException

from jupyter_deploy.scripts import unwritten_script

from . import Server, fixture_of
from . import served as serving_ready

ROWS = np.array([[0.0, 1.0], [1.0, 0.0], [5.0, 6.0], [6.0, 5.0]])
MODEL = LogisticRegression().fit(ROWS, ["low", "low", "high", "high"])
NAME = "ML service"
SCHEMA = """
import numpy as np
import pandas as pd
from inference_schema.schema_decorators import input_schema
from inference_schema.parameter_types.numpy_parameter_type import NumpyParameterType
from inference_schema.parameter_types.pandas_parameter_type import PandasParameterType

@input_schema("x", NumpyParameterType(np.array([[1.5, 2.5]])))
@input_schema("table", PandasParameterType(pd.DataFrame({"city": ["Oslo"], "age": [30]})))
def run(x, table):
    return {"sum": x.sum(axis=1) + table["age"], "city": table["city"].str.upper()}
"""
schema = fixture_of(SCHEMA, "--max-batch", "8")
SCALARS = """
import numpy as np
import pandas as pd
from inference_schema.schema_decorators import input_schema, output_schema
from inference_schema.parameter_types.numpy_parameter_type import NumpyParameterType
from inference_schema.parameter_types.pandas_parameter_type import PandasParameterType
from inference_schema.parameter_types.standard_py_parameter_type import StandardPythonParameterType

@input_schema("word", StandardPythonParameterType("word"))
@input_schema("times", StandardPythonParameterType(1))
@input_schema("x", NumpyParameterType(np.array([[1.5, 2.5]])))
@output_schema(PandasParameterType(pd.DataFrame({"word": ["a"], "sum": [1.0]})))
def run(x, word, times=1):
    return [{"word": word * times, "sum": float(row.sum())} for row in x]
"""
scalars = fixture_of(SCALARS)
text = fixture_of("def run(data):\n    return data\n")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The root of a server of the model above, which has no script."""
    folder = tmp_path_factory.mktemp("model")
    joblib.dump(MODEL, folder / "model.joblib")
    script = unwritten_script("risk", "risk:1", "ScikitLearn", "").source
    with serving_ready(tmp_path_factory, script, "--model-dir", str(folder)) as server:
        yield server.removesuffix("/score")


def client_of(root: str) -> Any:
    return triton.InferenceServerClient(root.removeprefix("http://"))


def tensor(name: str, values: Any, kind: str, *, binary: bool) -> Any:
    array = np.array(values)
    found = triton.InferInput(name, list(array.shape), kind)
    found.set_data_from_numpy(array, binary_data=binary)
    return found


def test_health_and_metadata(served: str) -> None:
    client = client_of(served)
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready(NAME)
    assert client.is_model_ready(NAME, "1.0")
    assert client.get_server_metadata()["extensions"] == ["binary_tensor_data"]
    assert client.get_model_metadata(NAME) == {
        "name": NAME,
        "versions": ["1.0"],
        "platform": "ScikitLearn",
        "inputs": [{"name": "data", "datatype": "FP64", "shape": [-1, 2]}],
        "outputs": [
            {"name": "predict", "datatype": "BYTES", "shape": [-1]},
            {"name": "predict_proba", "datatype": "FP64", "shape": [-1, 2]},
        ],
    }


@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize("kind", ["FP32", "FP64", "INT64"])
def test_numbers_in_both_forms(served: str, binary: bool, kind: str) -> None:
    sent = ROWS.astype({"FP32": "float32", "FP64": "float64", "INT64": "int64"}[kind])
    asked = [triton.InferRequestedOutput(name, binary_data=binary) for name in ("predict_proba", "predict")]
    found = client_of(served).infer(NAME, [tensor("x", sent, kind, binary=binary)], outputs=asked, request_id="seven")
    np.testing.assert_allclose(found.as_numpy("predict_proba"), MODEL.predict_proba(ROWS), rtol=1e-6)
    labels = [item.decode() if isinstance(item, bytes) else item for item in found.as_numpy("predict")]
    assert labels == ["low", "low", "high", "high"]
    assert found.get_response()["id"] == "seven"


def test_all_outputs_where_none_are_named(served: str) -> None:
    # This client then asks for bytes of all of them.
    found = client_of(served).infer(NAME, [tensor("x", ROWS, "FP64", binary=True)])
    assert {one["name"] for one in found.get_response()["outputs"]} == {"predict", "predict_proba"}
    np.testing.assert_allclose(found.as_numpy("predict_proba"), MODEL.predict_proba(ROWS))


def test_compressed_requests(served: str) -> None:
    found = client_of(served).infer(
        NAME, [tensor("x", ROWS, "FP64", binary=True)], request_compression_algorithm="gzip"
    )
    np.testing.assert_allclose(found.as_numpy("predict_proba"), MODEL.predict_proba(ROWS))


@pytest.mark.parametrize(
    ("name", "change", "status", "message"),
    [
        ("nobody", {}, 404, "no model 'nobody'"),
        (f"{NAME}/versions/7", {}, 404, "no version 7"),
        (NAME, {"shape": [2, 1]}, 400, r"has the shape \[2, 1\], but the model takes \[any, 2\]"),
        (NAME, {"shape": [3, 2]}, 400, r"the data has 2 values, but the shape \[3, 2\] has 6"),
        (NAME, {"datatype": "BF16"}, 400, "no datatype 'BF16'"),
        (NAME, {"datatype": "INT8", "data": [1, 300]}, 400, "INT8 does not hold all of the values"),
        (NAME, {"data": [1.0, "2"]}, 400, "a value in the data is no number"),
        (NAME, {"data": None}, 400, "there is no data"),
        (NAME, {"parameters": {"binary_data_size": 16}}, 400, "binary_data_size is 16, but 0 bytes are left"),
        (NAME, {"parameters": {"shared_memory_region": "r"}}, 400, "shared memory is not served"),
    ],
)
def test_what_is_refused(served: str, name: str, change: dict[str, Any], status: int, message: str) -> None:
    one = {"name": "x", "shape": [1, 2], "datatype": "FP64", "data": [1.0, 2.0], **change}
    answer = requests.post(f"{served}/v2/models/{name}/infer", json={"inputs": [one]}, timeout=20)
    assert answer.status_code == status
    with pytest.raises(ValueError, match=message):
        raise ValueError(answer.json()["error"])


def test_more_that_is_refused(served: str) -> None:
    url = f"{served}/v2/models/{NAME}/infer"
    inputs = [{"name": "x", "shape": [1, 2], "datatype": "FP64", "data": [1.0, 2.0]}]
    for body, message in (
        (b"{", "the request is not JSON"),
        (b"[]", "a list 'inputs'"),
        (json.dumps({"inputs": inputs, "outputs": [{"name": "y"}]}).encode(), "there is no output 'y'"),
        (
            json.dumps(
                {"inputs": inputs, "outputs": [{"name": "predict", "parameters": {"classification": 2}}]}
            ).encode(),
            "classification is not served",
        ),
    ):
        answer = requests.post(url, data=body, timeout=20)
        assert (answer.status_code, message in answer.json()["error"]) == (400, True), answer.text
    answer = requests.post(url, data=b"{}", headers={"Inference-Header-Content-Length": "9"}, timeout=20)
    assert (answer.status_code, answer.json()["error"].split(",")[0]) == (400, "Inference-Header-Content-Length is 9")
    assert requests.get(url, timeout=20).status_code == 405
    assert requests.get(f"{served}/v2/repository", timeout=20).json() == {"error": "There is no /v2/repository."}


def test_a_script_with_a_schema_takes_tensors(schema: Server) -> None:
    client = client_of(str(schema).removesuffix("/score"))
    kinds = {one["name"]: one["datatype"] for one in client.get_model_metadata(NAME)["inputs"]}
    assert kinds == {"x": "FP64", "city": "BYTES", "age": "INT64"}
    inputs = [
        tensor("x", [[1.0, 2.0], [3.0, 4.0]], "FP64", binary=True),
        tensor("age", [30, 40], "INT64", binary=False),
        tensor("city", np.array(["Oslo", "Rome"], dtype=object), "BYTES", binary=True),
    ]
    found = client.infer(NAME, inputs)
    assert found.as_numpy("sum").tolist() == [33.0, 47.0]
    assert found.as_numpy("city").tolist() == [b"OSLO", b"ROME"]
    with pytest.raises(InferenceServerException, match="no input 'z'"):
        client.infer(NAME, [*inputs, tensor("z", [1], "INT64", binary=True)])
    bad = tensor("age", np.array(["old", "new"], dtype=object), "BYTES", binary=True)
    with pytest.raises(InferenceServerException, match="age"):
        client.infer(NAME, [inputs[0], bad, inputs[2]])


def test_a_text_by_itself_is_a_value(scalars: Server) -> None:
    client = client_of(str(scalars).removesuffix("/score"))
    described = client.get_model_metadata(NAME)
    assert [(one["name"], one["datatype"], one["shape"]) for one in described["outputs"]] == [
        ("word", "BYTES", [-1]),
        ("sum", "FP64", [-1]),
    ]
    word = tensor("word", np.array(["hm"], dtype=object), "BYTES", binary=True)
    inputs = [word, tensor("x", [[1.0, 2.0], [3.0, 4.0]], "FP64", binary=True)]
    found = client.infer(NAME, [*inputs, tensor("times", [2], "INT64", binary=False)])
    assert (found.as_numpy("word").tolist(), found.as_numpy("sum").tolist()) == ([b"hmhm", b"hmhm"], [3.0, 7.0])
    with pytest.raises(InferenceServerException, match="no output 'z'; there is 'word', 'sum'") as caught:
        client.infer(NAME, inputs, outputs=[triton.InferRequestedOutput("z")])
    assert caught.value.status() == "400"


def test_a_script_of_text_says_where_to_send_it(text: Server) -> None:
    root = str(text).removesuffix("/score")
    assert requests.get(f"{root}/v2/health/ready", timeout=20).json() == {"ready": True}
    answer = requests.get(f"{root}/v2/models/{NAME}", timeout=20)
    assert (answer.status_code, "send it to /score" in answer.json()["error"]) == (400, True)


def test_tensors_and_json_are_answered_side_by_side(served: str) -> None:
    frame = pd.DataFrame(ROWS)
    score = requests.post(f"{served}/score", json={"data": frame.to_numpy().tolist()}, timeout=20).json()
    infer = client_of(served).infer(NAME, [tensor("x", ROWS, "FP64", binary=True)])
    np.testing.assert_allclose(infer.as_numpy("predict_proba"), score)
