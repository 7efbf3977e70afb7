"""Tensors of graphs and of the Open Inference Protocol: converted without loss, or refused by name."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from jupyter_deploy.serving.modes import BadInput
from jupyter_deploy.serving.nocode import ServedModel
from jupyter_deploy.serving.openinference import read_request, write_answer


def served(folder: Path, inputs: list[Any], output: Any, *nodes: onnx.NodeProto, weights: tuple[Any, ...] = ()) -> Any:
    graph = helper.make_graph(
        list(nodes),
        "graph",
        [helper.make_tensor_value_info(*one) for one in inputs],
        [helper.make_tensor_value_info(*output)],
        list(weights),
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), folder / "m.onnx")
    found = ServedModel("Onnx")
    found.load(str(folder))
    return found


def answer(model: ServedModel, body: Any) -> Any:
    (found,) = model.answers([json.dumps(body)])
    if isinstance(found, BaseException):
        raise found
    return found


def echo(folder: Path, kind: int, shape: Any = ("n",)) -> Any:
    node = helper.make_node("Identity", ["x"], ["y"])
    return served(folder, [("x", kind, shape)], ("y", kind, shape), node)


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (TensorProto.INT64, [2**63]),
        (TensorProto.INT64, [2**53 + 1, 1.0]),
        (TensorProto.UINT64, [-1]),
        (TensorProto.UINT8, [300]),
        (TensorProto.INT32, [1.5]),
        (TensorProto.BOOL, [2]),
        (TensorProto.FLOAT16, [1e6]),
        (TensorProto.FLOAT, [1e300]),
    ],
)
def test_a_number_that_a_type_does_not_hold_is_refused(tmp_path: Path, kind: int, values: list[Any]) -> None:
    model = echo(tmp_path, kind)
    with pytest.raises(BadInput, match="which does not hold all of the values"):
        answer(model, {"data": values})
    name = {
        TensorProto.INT64: "INT64",
        TensorProto.UINT64: "UINT64",
        TensorProto.UINT8: "UINT8",
        TensorProto.INT32: "INT32",
        TensorProto.BOOL: "BOOL",
        TensorProto.FLOAT16: "FP16",
        TensorProto.FLOAT: "FP32",
    }[kind]
    body = {"inputs": [{"name": "x", "datatype": name, "shape": [len(values)], "data": values}]}
    with pytest.raises(BadInput, match=f"{name} does not hold all of the values"):
        read_request(json.dumps(body).encode(), None)


def test_null_is_nan_among_floats_alone(tmp_path: Path) -> None:
    model = echo(tmp_path, TensorProto.FLOAT)
    np.testing.assert_array_equal(answer(model, {"data": [1, None]}), [1, np.nan])
    body: dict[str, Any] = {"name": "x", "datatype": "FP64", "shape": [2], "data": [None, 2.5]}
    asked = read_request(json.dumps({"inputs": [body]}).encode(), None)
    np.testing.assert_array_equal(asked.inputs["x"], [np.nan, 2.5])
    written = json.loads(write_answer({"y": asked.inputs["x"]}, asked, "m", "1")[0])
    assert written["outputs"][0]["data"] == [None, 2.5]
    for change in ({"datatype": "INT64"}, {"datatype": "FP64", "data": [None, 10**400]}, {"data": [None, "2"]}):
        with pytest.raises(BadInput, match="a value in the data is no number"):
            read_request(json.dumps({"inputs": [{**body, **change}]}).encode(), None)


def test_texts_are_not_made_of_numbers(tmp_path: Path) -> None:
    model = echo(tmp_path, TensorProto.STRING)
    assert answer(model, {"data": ["a", "é"]}).tolist() == ["a", "é"]
    assert answer(model, {"data": []}).tolist() == []
    with pytest.raises(BadInput, match="x: the model takes texts"):
        answer(model, {"data": ["a", 1]})
    body = {"inputs": [{"name": "x", "datatype": "BYTES", "shape": [2], "data": ["a", 1]}]}
    with pytest.raises(BadInput, match="x: the data of BYTES must be texts"):
        read_request(json.dumps(body).encode(), None)


def test_no_rows_are_a_request(tmp_path: Path) -> None:
    assert answer(echo(tmp_path, TensorProto.FLOAT, ["n", 3]), {"data": []}).shape == (0, 3)


def test_inputs_may_have_the_names_of_keys(tmp_path: Path) -> None:
    inputs = [("data", TensorProto.FLOAT, ["n", 2]), ("inputs", TensorProto.FLOAT, ["n", 2])]
    output = ("y", TensorProto.FLOAT, ["n", 2])
    model = served(tmp_path, inputs, output, helper.make_node("Add", ["data", "inputs"], ["y"]))
    whole = {"data": [[1, 2], [3, 4]], "inputs": [[1, 0], [0, 1]]}
    rows = [{"data": [1, 2], "inputs": [1, 0]}, {"data": [3, 4], "inputs": [0, 1]}]
    for body in (whole, {"data": whole}, {"data": rows}):
        assert answer(model, body).tolist() == [[2, 2], [3, 5]]
    assert answer(model, {"instances": rows})["predictions"].tolist() == [[2, 2], [3, 5]]


def test_what_only_the_graph_finds_out_is_the_clients_fault(tmp_path: Path) -> None:
    inputs = [("a", TensorProto.FLOAT, ["n", 2]), ("b", TensorProto.FLOAT, ["m", 2])]
    output = ("y", TensorProto.FLOAT, ["n", 2])
    model = served(tmp_path, inputs, output, helper.make_node("Add", ["a", "b"], ["y"]))
    expected = r"it got a of \[2, 2\], b of \[3, 2\]; the model takes a of \[any, 2\], b of \[any, 2\]"
    with pytest.raises(BadInput, match=expected) as caught:
        answer(model, {"data": {"a": [[1, 2]] * 2, "b": [[1, 2]] * 3}})
    assert answer(model, json.loads(caught.value.message.rpartition("example ")[2])).shape == (1, 2)


@pytest.mark.parametrize("shape", [["n", "k"], None])
def test_no_example_is_better_than_one_that_fails(tmp_path: Path, shape: Any) -> None:
    weights = (helper.make_tensor("w", TensorProto.FLOAT, [3, 1], [1, 2, 3]),)
    output = ("y", TensorProto.FLOAT, ["n", 1] if shape else None)
    node = helper.make_node("MatMul", ["x", "w"], ["y"])
    model = served(tmp_path, [("x", TensorProto.FLOAT, shape)], output, node, weights=weights)
    assert answer(model, {"data": [[1, 1, 1], [0, 0, 1]]}).tolist() == [[6], [3]]
    assert "example" not in model.schemas()["input"]
    with pytest.raises(BadInput, match=r"it got x of \[1, 2\]") as caught:
        answer(model, {"data": [[1, 1]]})
    assert "example" not in caught.value.message


def test_a_method_for_a_model_of_tensors_is_not_ignored(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="a model of tensors has no methods"):
        answer(echo(tmp_path, TensorProto.FLOAT), {"data": [1], "method": "predict"})


@pytest.mark.parametrize("keys", [("dataType", "rawData"), ("data_type", "raw_data")])
def test_protobufs_json_has_two_names_for_a_field(tmp_path: Path, keys: tuple[str, str]) -> None:
    raw = base64.b64encode(np.array([2**60], "<i8").tobytes()).decode()
    tensor = {"dims": ["1"], keys[0]: 7, keys[1]: raw}
    made = answer(echo(tmp_path, TensorProto.INT64), {"inputs": {"x": tensor}})["outputs"]["y"]
    assert made == {"dims": ["1"], "dataType": 7, "rawData": raw}
