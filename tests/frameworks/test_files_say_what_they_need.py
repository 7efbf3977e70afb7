"""What registering finds out by looking into files, without executing them."""

from __future__ import annotations

import gzip
import json
import pickle
import zipfile
import zlib
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from jupyter_deploy.environments import Environment, version_mismatches
from jupyter_deploy.frameworks import distribution_of, installed_version, requirements_of
from jupyter_deploy.frameworks.files import Found, look
from jupyter_deploy.workspace import Workspace

ROWS, TARGETS = np.arange(40.0).reshape(20, 2), np.arange(20) % 2
HERE = installed_version("scikit-learn")


@pytest.fixture(scope="module")
def fitted() -> Any:
    return make_pipeline(StandardScaler(), LogisticRegression()).fit(ROWS, TARGETS)


@pytest.mark.parametrize("protocol", range(6))
def test_a_pickle_of_any_protocol(tmp_path: Path, fitted: Any, protocol: int) -> None:
    (tmp_path / "m.pkl").write_bytes(pickle.dumps(fitted, protocol=protocol))
    found = look(tmp_path / "m.pkl")
    assert (found.framework, found.written) == ("ScikitLearn", {"sklearn": HERE})
    assert {"sklearn.linear_model._logistic", "sklearn.pipeline"} <= found.modules


@pytest.mark.parametrize("packed", ["", "zlib", "gzip", "bz2", "xz", "lzma"])
def test_a_file_of_joblib_with_arrays_of_all_kinds(tmp_path: Path, packed: str) -> None:
    # The forest's version stands behind its arrays: what lies between must be left out exactly.
    value = {
        "objects": np.array(["a", None], dtype=object),
        "records": np.zeros(3, dtype=[("a", "i4"), ("b", "O")]),
        "plain": np.zeros((2, 3), dtype=[("a", "i4"), ("b", "f8")]),
        "dates": np.array(["2020-01-01"], dtype="M8[ns]"),
        "texts": np.array(["abc", "de"]),
        "columns": np.asfortranarray(ROWS),
        "none": np.zeros((0, 4)),
        "model": RandomForestClassifier(3).fit(ROWS, TARGETS),
    }
    joblib.dump(value, tmp_path / "m.joblib", compress=(packed, 3) if packed else 0)
    found = look(tmp_path / "m.joblib")
    assert (found.framework, found.written, found.notices) == ("ScikitLearn", {"sklearn": HERE}, ())


def test_files_of_other_libraries(tmp_path: Path, fitted: Any) -> None:
    lightgbm, xgboost = pytest.importorskip("lightgbm"), pytest.importorskip("xgboost")
    booster = xgboost.XGBClassifier(n_estimators=1).fit(ROWS, TARGETS)
    booster.save_model(tmp_path / "x.json")
    booster.save_model(tmp_path / "x.ubj")
    lightgbm.LGBMClassifier(n_estimators=1, verbose=-1).fit(ROWS, TARGETS).booster_.save_model(tmp_path / "l.txt")
    for name in ("x.json", "x.ubj"):
        assert look(tmp_path / name).written == {"xgboost": xgboost.__version__}
    assert look(tmp_path / "l.txt").framework == "LightGBM"
    joblib.dump(booster, tmp_path / "x.pkl")
    assert {"xgboost", "sklearn"} <= {module.partition(".")[0] for module in look(tmp_path / "x.pkl").modules}
    skops = pytest.importorskip("skops.io")
    skops.dump(fitted, tmp_path / "m.skops")
    assert look(tmp_path / "m.skops").written["sklearn"] == HERE
    onnx = pytest.importorskip("onnx")
    values = [onnx.helper.make_tensor_value_info(name, 1, [1]) for name in "xy"]
    graph = onnx.helper.make_graph([onnx.helper.make_node("Relu", ["x"], ["y"])], "g", values[:1], values[1:])
    onnx.save(onnx.helper.make_model(graph, producer_name="mine"), tmp_path / "m.onnx")
    found = look(tmp_path / "m.onnx")
    assert (found.framework, found.modules) == ("Onnx", {"onnxruntime"})
    assert "written by mine" in found.notices[0]
    assert look(tmp_path).framework == "Multi"


def zipped(path: Path, **files: str | bytes) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name.replace("__", "/").replace("_DOT_", "."), data)
    return path


def test_archives_and_heads(tmp_path: Path) -> None:
    weights = b"\x80\x02ccollections\nOrderedDict\n)R."
    whole = b"\x80\x02cmy_nets.small\nNet\n)R."
    assert look(zipped(tmp_path / "w.pt", m__data_DOT_pkl=weights)).modules >= {"torch"}
    assert "my_nets.small" in look(zipped(tmp_path / "n.pt", m__data_DOT_pkl=whole)).modules
    script = look(zipped(tmp_path / "s.pt", m__data_DOT_pkl=whole, m__constants_DOT_pkl=weights))
    assert (script.framework, script.modules) == ("PyTorch", {"torch"})
    three = zipped(tmp_path / "k.keras", metadata_DOT_json='{"keras_version": "3.4.1"}', config_DOT_json="{}")
    assert requirements_of(look(three))[0] == ("keras==3.4.1", "tensorflow")
    two = zipped(tmp_path / "k2.keras", metadata_DOT_json='{"keras_version": "2.15.0"}', config_DOT_json="{}")
    assert "tensorflow==2.15.*" in requirements_of(look(two))[0]
    (tmp_path / "c.cbm").write_bytes(b"CBM1....")
    assert look(tmp_path / "c.cbm").framework == "CatBoost"
    header = json.dumps({"__metadata__": {"format": "pt"}, "w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}})
    (tmp_path / "w.safetensors").write_bytes(len(header).to_bytes(8, "little") + header.encode() + b"\0" * 4)
    assert look(tmp_path / "w.safetensors").modules == {"safetensors", "torch"}
    (tmp_path / "h.h5").write_bytes(
        b"\x89HDF\r\n\x1a\n" + b"\0" * 64 + b"keras_version\0\0\0" + b"2.12.0\0model_config"
    )
    assert look(tmp_path / "h.h5").written == {"keras": "2.12.0"}


def test_folders(tmp_path: Path) -> None:
    flow = tmp_path / "flow"
    flow.mkdir()
    (flow / "MLmodel").write_text("flavors:\n  sklearn:\n    sklearn_version: 1.2.2\n  python_function: {}\n")
    (flow / "requirements.txt").write_text("mlflow==2.9.2\nscikit-learn==1.2.2  # it\n-r other\nhttps://x/y.whl\n")
    found = look(flow)
    assert (found.framework, found.written, found.lines) == (
        "ScikitLearn", {"sklearn": "1.2.2"}, ("mlflow==2.9.2", "scikit-learn==1.2.2")
    )  # fmt: skip
    (flow / "requirements.txt").unlink()
    (flow / "conda.yaml").write_text("dependencies:\n- python=3.9.1\n- pip\n- numpy=1.24\n- pip:\n  - xgboost==1.7.6\n")
    found = look(flow)
    assert found.lines == ("numpy==1.24", "xgboost==1.7.6")
    assert "Python 3.9.1" in found.notices[-1]
    saved = tmp_path / "saved"
    saved.mkdir()
    info = b"\x0a\x08\x2a\x062.15.0"
    (saved / "saved_model.pb").write_bytes(b"\x08\x01\x12" + bytes([len(info)]) + info)
    assert look(saved).written == {"tensorflow": "2.15.0"}


def test_hostile_files_are_unknown_and_nothing_is_executed(tmp_path: Path) -> None:
    proof = tmp_path / "proof"
    files = {
        "system.pkl": b"cos\nsystem\n(S'touch " + str(proof).encode() + b"'\ntR.",
        "frame.pkl": b"\x80\x04\x95" + b"\xff" * 8 + b"K\x01.",
        "long.pkl": b"\x80\x04\x8e" + b"\xff" * 7 + b"\x7f",
        "memo.pkl": b"\x80\x04r\xff\xff\xff\xff.",
        "stack.pkl": b"\x80\x04" + b"0" * 100,
        "marks.pkl": b"\x80\x04" + b"(" * 200_000 + b"t",
        "bomb.pkl": zlib.compress(b"\x80\x04" + b"N0" * 200_000),
        "gzip.pkl": gzip.compress(b"\x80\x04K\x01.")[:-9],
        "empty.pkl": b"",
        "array.joblib": b"\x80\x04\x95cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81}(X\x05\x00\x00\x00shape)ub.",
        "broken.keras": b"PK\x03\x04" + b"\0" * 50,
        "cut.onnx": b"\x08\x07\x3a\xff\xff\xff\xff\x0f",
        "deep.json": b'{"learner":' * 5000,
        "header.safetensors": (2**40).to_bytes(8, "little") + b"{}",
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
        assert look(tmp_path / name).written == {}, name
    assert not proof.exists()


def test_what_only_the_session_had_is_named(tmp_path: Path) -> None:
    (tmp_path / "m.pkl").write_bytes(b"\x80\x02c__main__\nMyScaler\n)\x81.")
    assert "needs MyScaler of the session that wrote it" in look(tmp_path / "m.pkl").notices[0]


def test_the_version_that_wrote_the_file_is_the_one_of_an_inferred_environment(
    workspace: Workspace, tmp_path: Path
) -> None:
    text = pickle.dumps(LogisticRegression().fit(ROWS, TARGETS), protocol=2)
    size = len(HERE)
    old = "1.2.2".ljust(size, "0") if size > 5 else "1.2.2"
    (tmp_path / "old.pkl").write_bytes(
        text.replace(
            b"X" + size.to_bytes(4, "little") + HERE.encode(), b"X" + len(old).to_bytes(4, "little") + old.encode()
        )
    )
    model = workspace.register("old", tmp_path / "old.pkl")
    assert (model.framework, model.framework_version) == ("ScikitLearn", old)
    assert f"scikit-learn=={old}" in model.requirements
    assert f"written with scikit-learn {old}; here is {HERE}" in model.notices[-1]
    assert "numpy>=2" in model.requirements
    said = version_mismatches([model], Environment("kernel"))
    assert said == [f"old:1 was written with scikit-learn {old}, and is served with scikit-learn {HERE}"]
    assert version_mismatches([model], Environment("inferred", requirements=model.requirements)) == []
    # Who names the framework says no version, as notebooks of Azure ML do.
    named = workspace.register("old", tmp_path / "old.pkl", framework="ScikitLearn")
    assert version_mismatches([named], Environment("kernel")) == [said[0].replace("old:1", "old:2")]
    assert workspace.register("same", tmp_path / "old.pkl", framework="Custom").framework == "Custom"


def test_a_library_that_is_not_here_is_named_right() -> None:
    found = Found(modules=frozenset({"cv2", "PIL.Image", "catboost.core", "azure.identity", "nobody_knows.this"}))
    lines, unknown = requirements_of(found)
    assert {line.partition("==")[0].lower() for line in lines} >= {"opencv-python", "pillow", "catboost"}
    assert unknown == ("nobody_knows",)
    assert distribution_of("azure.identity") == "azure-identity"
