"""Models of each library, registered as objects or files, and asked without a script: as the library itself answers."""

from __future__ import annotations

import base64
import json
import pickle
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import catboost
import joblib
import lightgbm
import numpy as np
import onnx
import pandas as pd
import pytest
import xgboost
from onnx import TensorProto, helper
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder
from sklearn.svm import LinearSVC

from jupyter_deploy.errors import ModelProblem
from jupyter_deploy.frameworks import framework_of
from jupyter_deploy.frameworks.files import look
from jupyter_deploy.registry import prepare
from jupyter_deploy.serving.modes import BadInput
from jupyter_deploy.serving.nocode import ServedModel
from jupyter_deploy.store import TreeWriter

NUMBERS = np.random.default_rng(7)
TABLE = pd.DataFrame(NUMBERS.random((60, 3)), columns=["a", "b", "c"])
LABELS = (TABLE["a"] > 0.5).astype(int)
CITIES = pd.DataFrame({"city": ["Oslo", "Rome"] * 30, "age": TABLE["a"]})
QUIET: dict[str, Any] = {"iterations": 3, "verbose": 0, "allow_writing_files": False}


def saved(model: object, folder: Path) -> ServedModel:
    """Save a model as ``register`` does, look into its file, and load it as a service does."""
    folder.mkdir(exist_ok=True)
    framework = framework_of(model)
    entry = framework.save(model, TreeWriter(folder).open).entry
    assert look(folder / entry).framework == framework.NAME
    return loaded(folder, framework.NAME)


def loaded(folder: Path, framework: str) -> ServedModel:
    found = ServedModel(framework)
    found.load(str(folder))
    return found


def answer(model: ServedModel, body: Any) -> Any:
    found = model.answers([json.dumps(body)])[0]
    if isinstance(found, BaseException):
        raise found
    return found


def rows(table: pd.DataFrame) -> Any:
    return json.loads(table.to_json(orient="values", double_precision=15))


def test_a_classifier_of_xgboost(tmp_path: Path) -> None:
    model = xgboost.XGBClassifier(n_estimators=3).fit(TABLE, LABELS)
    found = saved(model, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["model.ubj"]
    np.testing.assert_allclose(answer(found, rows(TABLE)), model.predict_proba(TABLE), rtol=1e-5)
    assert answer(found, {"data": rows(TABLE), "method": "predict"}).tolist() == model.predict(TABLE).tolist()
    with pytest.raises(BadInput, match=r"lacks 'c'"):
        answer(found, [{"a": 1, "b": 2}])


def test_a_regressor_and_a_booster_of_xgboost(tmp_path: Path) -> None:
    model = xgboost.XGBRegressor(n_estimators=3).fit(TABLE.to_numpy(), TABLE["a"])
    found = saved(model, tmp_path / "regressor")
    np.testing.assert_allclose(answer(found, rows(TABLE)), model.predict(TABLE.to_numpy()), rtol=1e-5)
    booster = xgboost.train({"objective": "reg:squarederror"}, xgboost.DMatrix(TABLE, TABLE["a"]), 3)
    expected = booster.predict(xgboost.DMatrix(TABLE))
    np.testing.assert_allclose(answer(saved(booster, tmp_path / "booster"), rows(TABLE)), expected, rtol=1e-5)
    (tmp_path / "file").mkdir()
    booster.save_model(tmp_path / "file" / "model.json")
    np.testing.assert_allclose(answer(loaded(tmp_path / "file", "XGBoost"), rows(TABLE)), expected, rtol=1e-5)


def test_what_the_own_format_of_xgboost_would_forget_is_pickled(tmp_path: Path) -> None:
    table = CITIES.assign(city=CITIES["city"].astype("category"))
    model = xgboost.XGBClassifier(n_estimators=2, enable_categorical=True).fit(table, LABELS)
    framework_of(model).save(model, TreeWriter(tmp_path).open)
    assert [path.name for path in tmp_path.iterdir()] == ["model.joblib"]


def test_models_of_lightgbm(tmp_path: Path) -> None:
    model = lightgbm.LGBMClassifier(n_estimators=3, verbose=-1).fit(TABLE, np.where(LABELS, "yes", "no"))
    found = saved(model, tmp_path / "estimator")
    np.testing.assert_allclose(answer(found, rows(TABLE)), model.predict_proba(TABLE))
    assert answer(found, {"data": rows(TABLE), "method": "predict"}).tolist() == model.predict(TABLE).tolist()
    found = saved(model.booster_, tmp_path / "booster")
    assert (tmp_path / "booster" / "model.txt").exists()
    np.testing.assert_allclose(answer(found, rows(TABLE)), model.booster_.predict(TABLE))
    assert answer(found, [{"c": 1, "b": 2, "a": 3}]).shape == (1,)


def test_categories_of_lightgbm_come_as_texts(tmp_path: Path) -> None:
    table = CITIES.assign(city=CITIES["city"].astype("category"))
    model = lightgbm.LGBMClassifier(n_estimators=3, verbose=-1, min_child_samples=1).fit(
        table, CITIES["city"] == "Oslo"
    )
    found = saved(model.booster_, tmp_path)
    np.testing.assert_allclose(answer(found, rows(CITIES)), model.booster_.predict(table))


def test_models_of_catboost(tmp_path: Path) -> None:
    table = CITIES.assign(size=[1, 2, 3] * 20)
    labels = np.where(LABELS, "yes", "no")
    model = catboost.CatBoostClassifier(**QUIET, cat_features=["city", "size"]).fit(table, labels)
    found = saved(model, tmp_path / "classifier")
    assert (tmp_path / "classifier" / "model.cbm").exists()
    np.testing.assert_allclose(answer(found, rows(table)), model.predict_proba(table))
    assert answer(found, {"data": rows(table), "method": "predict"}).tolist() == model.predict(table).tolist()
    regressor = catboost.CatBoostRegressor(**QUIET).fit(TABLE.to_numpy(), TABLE["a"])
    found = saved(regressor, tmp_path / "regressor")
    np.testing.assert_allclose(answer(found, rows(TABLE)), regressor.predict(TABLE.to_numpy()))


def test_scikit_learn_without_pickles(tmp_path: Path) -> None:
    model = LogisticRegression().fit(TABLE, LABELS)
    with TemporaryDirectory() as staging:
        prepared = prepare(model, Path(staging), file_format="skops")
        (tmp_path / "model.skops").write_bytes(Path(staging, "tree", "model.skops").read_bytes())
    assert (prepared.framework, prepared.entry) == ("ScikitLearn", "model.skops")
    assert any(line.startswith("skops==") for line in prepared.requirements)
    np.testing.assert_allclose(answer(loaded(tmp_path, "ScikitLearn"), rows(TABLE)), model.predict_proba(TABLE))
    for source, file_format, message in (
        (model, "npz", "in the format skops, not 'npz'"),
        (tmp_path / "model.skops", "skops", "registered as it is"),
        ({"a": 1}, "skops", "this is a dict"),
        (make_pipeline(FunctionTransformer(len)), "skops", "skops reads no"),
    ):
        with TemporaryDirectory() as staging, pytest.raises(ModelProblem, match=message):
            prepare(source, Path(staging), file_format=file_format)


@pytest.mark.parametrize(
    "model",
    [
        RandomForestClassifier(3),
        HistGradientBoostingClassifier(max_iter=2),
        make_pipeline(ColumnTransformer([("one", SimpleImputer(), ["a"])], remainder="passthrough"), LinearSVC()),
        make_pipeline(OneHotEncoder(handle_unknown="ignore"), LogisticRegression()),
        GridSearchCV(KNeighborsClassifier(), {"n_neighbors": [1, 2]}, cv=2),
        CalibratedClassifierCV(GaussianNB(), cv=2),
    ],
    ids=lambda model: type(model).__name__,
)
def test_usual_models_are_kept_without_pickles(tmp_path: Path, model: Any) -> None:
    table = TABLE.round(3)
    model.fit(table, LABELS)
    with TemporaryDirectory() as staging:
        prepare(model, Path(staging), file_format="skops")
        (tmp_path / "model.skops").write_bytes(Path(staging, "tree", "model.skops").read_bytes())
    found = loaded(tmp_path, "ScikitLearn")
    assert answer(found, {"data": rows(table), "method": "predict"}).tolist() == model.predict(table).tolist()


def test_a_file_of_skops_with_other_parts_is_refused_by_their_names(tmp_path: Path) -> None:
    import skops.io

    skops.io.dump(make_pipeline(FunctionTransformer(len)), tmp_path / "model.skops")
    with pytest.raises(ModelProblem, match=r"only where they are trusted: builtins\.len"):
        loaded(tmp_path, "ScikitLearn")


def graph(first: int | str = "n") -> onnx.ModelProto:
    """``y = x @ [1, 2] + bias``, for any number of rows or a fixed one."""
    made = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["xw"]), helper.make_node("Add", ["xw", "bias"], ["y"])],
        "sums",
        [
            helper.make_tensor_value_info("x", TensorProto.FLOAT, [first, 2]),
            helper.make_tensor_value_info("bias", TensorProto.FLOAT, [first, 1]),
        ],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [first, 1])],
        [helper.make_tensor("w", TensorProto.FLOAT, [2, 1], [1, 2])],
    )
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def test_onnx_by_values(tmp_path: Path) -> None:
    found = saved(graph(), tmp_path)
    inputs = {"x": [[1, 2], [3, 4]], "bias": [[0.5], [0]]}
    assert answer(found, {"data": inputs}).tolist() == [[5.5], [11.0]]
    assert answer(found, inputs).tolist() == [[5.5], [11.0]]
    many = found.answers([json.dumps({"data": {"x": [[n, 0]], "bias": [[0]]}}) for n in range(3)])
    assert [one.tolist() for one in many] == [[[0.0]], [[1.0]], [[2.0]]]


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"x": [[1, 2, 3]], "bias": [[0]]}, r"x has the shape \[1, 3\], but the model takes \[any, 2\]"),
        ({"x": [1, 2], "bias": [[0]]}, "one row is a list in the list"),
        ({"x": [[1, 2]]}, "the input 'bias' is missing; the model takes 'x', 'bias'"),
        ({"x": [[1, "2"]], "bias": [[0]]}, "x: the model takes numbers"),
        ({"x": [[1, 2], [3]], "bias": [[0]]}, "x: its lists have different lengths"),
    ],
)
def test_what_does_not_fit_a_graph(tmp_path: Path, inputs: Any, message: str) -> None:
    found = saved(graph(), tmp_path)
    with pytest.raises(BadInput, match=message) as caught:
        answer(found, {"data": inputs})
    assert answer(found, json.loads(caught.value.message.rpartition("example ")[2])).shape == (1, 1)


def tensor(values: Any) -> dict[str, Any]:
    array = np.array(values, np.float32)
    raw = base64.b64encode(array.tobytes()).decode()
    return {"dims": list(map(str, array.shape)), "dataType": 1, "rawData": raw}


def test_onnx_by_protobufs_json(tmp_path: Path) -> None:
    found = saved(graph(), tmp_path)
    bias = {"dims": ["1", "1"], "dataType": 1, "floatData": [0.5]}
    made = answer(found, {"inputs": {"x": tensor([[1, 2]]), "bias": bias}, "outputFilter": ["y"]})
    assert made["outputs"]["y"]["dims"] == ["1", "1"]
    assert np.frombuffer(base64.b64decode(made["outputs"]["y"]["rawData"]), np.float32).tolist() == [5.5]
    for body, message in (
        ({"inputs": {"x": tensor([[1, 2]]), "bias": bias}, "outputFilter": ["z"]}, "there is no output 'z'"),
        ({"inputs": {"x": {**tensor([[1, 2]]), "dims": [2, 2]}, "bias": bias}}, "x: the tensor cannot be read"),
        ({"inputs": {"x": {**tensor([[1, 2]]), "dataType": 99}, "bias": bias}}, "there is no dataType 99"),
    ):
        with pytest.raises(BadInput, match=message):
            answer(found, body)


def test_a_graph_of_fixed_size_is_asked_for_each_request(tmp_path: Path) -> None:
    found = saved(graph(1), tmp_path)
    assert not found.signature.joins
    many = found.answers([json.dumps({"data": {"x": [[n, 0]], "bias": [[0]]}}) for n in range(3)])
    assert [one.tolist() for one in many] == [[[0.0]], [[1.0]], [[2.0]]]


def test_a_folder_holds_one_model(tmp_path: Path) -> None:
    (tmp_path / "outputs").mkdir()
    (tmp_path / "outputs" / "metrics.csv").write_text("a,b")
    model = lightgbm.LGBMRegressor(n_estimators=2, verbose=-1).fit(TABLE, TABLE["a"])
    joblib.dump(model, tmp_path / "outputs" / "model.pkl")
    np.testing.assert_allclose(answer(loaded(tmp_path, "LightGBM"), rows(TABLE)), model.predict(TABLE))


def test_what_pytorch_says_of_a_misfit_is_found_behind_a_programs_traceback() -> None:
    from jupyter_deploy.frameworks.torch import misfit_in

    said = "mat1 and mat2 shapes cannot be multiplied (1x2 and 3x2)"
    traced = f"""The following operation failed in the TorchScript interpreter.
Traceback of TorchScript (most recent call last):
  File "net.py", line 20, in forward
        return torch.softmax(self.layer(x.reshape(x.size(0), -1)), 1)
                             ~~~~~~~~~~ <--- HERE
RuntimeError: {said}
"""
    assert misfit_in(traced) == misfit_in(said) == said
    assert misfit_in("[enforce fail at alloc_cpu.cpp:117] err == 0. can't allocate memory: you tried 8 bytes") == ""
    assert misfit_in("") == ""


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"hello", "model.pkl was not written by joblib or pickle"),
        (b"garbage", "model.pkl was not written by joblib or pickle"),
        (b"Sepal length,width\n1,2\n", "model.pkl was not written by joblib or pickle"),
        (b"version https://git-lfs.example/spec/v1\n", "model.pkl was not written by joblib or pickle"),
        (b"", "model.pkl is empty"),
        (b"{}", "model.pkl was not written by joblib or pickle"),
        (pickle.dumps(LogisticRegression())[:-20], "or not to its end"),
        (pickle.dumps({"weights": 1}), "A dict has no predict"),
        (pickle.dumps(TABLE), "A DataFrame has no predict"),
        (pickle.dumps(LogisticRegression), "LogisticRegression is a class, not a fitted model"),
    ],
    ids=["text", "number", "table", "pointer", "empty", "json", "cut", "dict", "frame", "class"],
)
def test_what_is_no_model_is_told(tmp_path: Path, data: bytes, words: str) -> None:
    (tmp_path / "model.pkl").write_bytes(data)
    with pytest.raises(ModelProblem, match=words) as refused:
        ServedModel("ScikitLearn").load(str(tmp_path))
    assert refused.value.hint
