"""Rows about models: registered, found, filtered, downloaded, tagged and deleted."""

from __future__ import annotations

import time
from pathlib import Path

import joblib
import pytest

from jupyter_deploy.sdk.v1 import Model, ResourceConfiguration, UserErrorException, WebserviceException, Workspace


def test_row_0_3_every_registration_is_a_new_version(
    ws: Workspace, outputs: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "model.pkl").write_bytes((outputs / "model.pkl").read_bytes())
    first = Model.register(workspace=ws, model_name="classification_model", model_path="model.pkl", description="d")
    second = Model.register(ws, "model.pkl", "classification_model", description="d")
    assert capsys.readouterr().out == "Registering model classification_model\n" * 2
    assert (first.name, first.version, second.version, first.description) == ("classification_model", 1, 2, "d")
    assert ws.models["classification_model"].version == 2
    place = first.download(target_dir="there")
    assert Path(place).read_bytes() == (folder / "model.pkl").read_bytes()
    with pytest.raises(KeyError, match="Did you mean 'classification_model'"):
        ws.models["clasification_model"]


def test_row_1_3_the_registry_lists_name_version_tags_and_time(ws: Workspace, outputs: Path) -> None:
    Model.register(ws, "outputs/model.pkl", "diabetic_model", tags={"a": "b"})
    (model,) = Model.list(ws)
    assert (model.name, model.id, model.version, model.tags) == ("diabetic_model", "diabetic_model:1", 1, {"a": "b"})
    assert model.created_time.utcoffset() is not None
    assert "name=diabetic_model, id=diabetic_model:1, version=1, tags={'a': 'b'}" in repr(model)


def test_row_2_5_a_folder_of_three_files_comes_back_whole(ws: Workspace, folder: Path) -> None:
    files = {"weights.bin": b"\0\xff", "vocabulary/words.txt": b"a b", "config.json": b"{}"}
    for name, data in files.items():
        (folder / "my_model" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "my_model" / name).write_bytes(data)
    model = Model.register(ws, model_path="./my_model", model_name="many")
    place = Path(model.download(target_dir="copy"))
    assert place == Path("copy/my_model")
    assert {str(path.relative_to(place)): path.read_bytes() for path in place.rglob("*") if path.is_file()} == files
    child = Model.register(ws, "my_model", "part", child_paths=["vocabulary/words.txt"])
    assert [str(path) for path in Path(child.download("c")).rglob("*.txt")] == ["c/my_model/vocabulary/words.txt"]


def test_row_2_6_a_model_lies_under_its_basename(ws: Workspace, outputs: Path, folder: Path) -> None:
    (outputs / "deep").mkdir()
    (outputs / "model.pkl").rename(outputs / "deep" / "m.pkl")
    model = Model.register(ws, "outputs/deep/m.pkl", "deep")
    assert Path(model.download("there")) == Path("there/m.pkl")


def test_row_2_7_tags_and_properties_filter_together(ws: Workspace, outputs: Path) -> None:
    path = "outputs/model.pkl"
    Model.register(ws, path, "a", tags={"area": "mnist", "type": "sklearn"}, properties={"seed": "1"})
    Model.register(ws, path, "a", tags={"area": "mnist"})
    Model.register(ws, path, "b", tags={"area": "other"}, properties={"seed": "1"})
    ids = {
        "key": [model.id for model in Model.list(ws, tags=["area"])],
        "pair": [model.id for model in Model.list(ws, tags=[["area", "mnist"]])],
        "both": [model.id for model in Model.list(ws, tags=[["area", "mnist"], "type"])],
        "all": [model.id for model in Model.list(ws, tags=["area"], properties=[["seed", "1"]])],
        "latest": [model.id for model in Model.list(ws, latest=True)],
    }
    assert ids == {
        "key": ["b:1", "a:2", "a:1"], "pair": ["a:2", "a:1"], "both": ["a:1"], "all": ["b:1", "a:1"],
        "latest": ["b:1", "a:2"],
    }  # fmt: skip
    assert Model(ws, "a").version == 2
    assert Model(ws, "a", tags=["type"]).version == 1
    assert Model(ws, name="a", version="1").id == Model(ws, id="a:1").id == "a:1"
    with pytest.raises(UserErrorException, match="tags must be a list"):
        Model.list(ws, tags={"area": "mnist"})  # type: ignore[arg-type]
    with pytest.raises(UserErrorException, match="page_count"):
        Model.list(ws, page_count=5)


def test_a_model_that_is_not_there_is_named(ws: Workspace, outputs: Path) -> None:
    Model.register(ws, "outputs/model.pkl", "mymodel")
    with pytest.raises(WebserviceException, match=r"Error, one of id or name must be provided\."):
        Model(ws)
    with pytest.raises(
        WebserviceException, match=r"ModelNotFound: Model with name mymodl not found in provided"
    ) as one:
        Model(ws, "mymodl")
    assert "Did you mean 'mymodel'?" in one.value.message
    with pytest.raises(WebserviceException, match=r"and version 7 not found in provided workspace") as two:
        Model(ws, "mymodel", version=7)
    assert "Versions of mymodel: 1." in two.value.message
    with pytest.raises(WebserviceException, match=r"and tags \['x'\] not found"):
        Model(ws, "mymodel", tags=["x"])


def test_row_2_13_a_local_file_with_tags_and_description(ws: Workspace, folder: Path) -> None:
    (folder / "mnist.onnx").write_bytes(b"\x08\x07")
    model = Model.register(
        workspace=ws, model_path="mnist.onnx", model_name="onnx_mnist", tags={"onnx": "demo"},
        description="MNIST", model_framework=Model.Framework.ONNX, model_framework_version="1.3",
        resource_configuration=ResourceConfiguration(cpu=1, memory_in_gb=0.5),
    )  # fmt: skip
    assert (model.tags, model.description) == ({"onnx": "demo"}, "MNIST")
    assert (model.model_framework, model.model_framework_version) == ("Onnx", "1.3")
    assert model.resource_configuration == ResourceConfiguration(1, 0.5)
    assert model.serialize()["resourceConfiguration"] == {"cpu": 1, "memoryInGB": 0.5, "gpu": None}


def test_what_register_refuses(ws: Workspace, outputs: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"Path does not exist\. Did you mean outputs/model\.pkl\?"):
        Model.register(ws, "outputs/modl.pkl", "m")
    with pytest.raises(WebserviceException, match="Tags must be a dict"):
        Model.register(ws, "outputs/model.pkl", "m", tags=["x"])  # type: ignore[arg-type]
    with pytest.raises(WebserviceException, match="framework version without a framework"):
        Model.register(ws, "outputs/model.pkl", "m", model_framework_version="1")
    with pytest.raises(WebserviceException, match="resource_configuration cannot be a dict"):
        Model.register(ws, "outputs/model.pkl", "m", resource_configuration={})  # type: ignore[arg-type]
    with pytest.raises(WebserviceException, match="cannot be a model's name"):
        Model.register(ws, "outputs/model.pkl", "-m")
    assert Model.list(ws) == []


def test_row_2_15_a_registration_takes_less_than_a_second(ws: Workspace, outputs: Path) -> None:
    Model.register(ws, "outputs/model.pkl", "first")
    started = time.perf_counter()
    Model.register(ws, "outputs/model.pkl", "second")
    assert time.perf_counter() - started < 1


def test_row_2_24_get_model_path(ws: Workspace, outputs: Path, folder: Path) -> None:
    Model.register(ws, "outputs/model.pkl", "one")
    Model.register(ws, "outputs", "tree")
    assert Model.get_model_path("outputs/model.pkl") == "outputs/model.pkl"
    place = Model.get_model_path("one", _workspace=ws)
    assert place == "azureml-models/one/1/model.pkl"
    assert joblib.load(place).predict([[0.0, 1.0]]).tolist() == [0]
    assert Model.get_model_path("tree", version=1, _workspace=ws) == "azureml-models/tree/1/outputs"
    assert Model.get_model_path("one") == str(Path("azureml-models/one/1/model.pkl"))
    with pytest.raises(WebserviceException, match="version should be an int"):
        Model.get_model_path("one", version="1")  # type: ignore[arg-type]
    with pytest.raises(Exception, match=r"Model two not found in cache at .* or in current working directory"):
        Model.get_model_path("two")


def test_row_2_37_tags_are_there_when_the_model_is_looked_up_again(
    ws: Workspace, outputs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = Model.register(ws, "outputs/model.pkl", "m", tags={"old": "1"})
    other = Model(ws, "m")
    capsys.readouterr()
    model.add_tags({"requestedCpu": 3.5, "old": 2})
    assert capsys.readouterr().out == "Replacing tag old -> 1 with old -> 2\nModel tag add operation complete.\n"
    assert Model(ws, "m").tags == other.tags == {"old": "2", "requestedCpu": "3.5"}
    model.remove_tags(["old", "none"])
    assert capsys.readouterr().out == "Tag with key none not found.\nModel tag remove operation complete.\n"
    model.update(tags={"only": "this"}, description="new", resource_configuration=ResourceConfiguration(cpu=2))
    assert (other.tags, other.description) == ({"only": "this"}, "new")
    assert other.resource_configuration == ResourceConfiguration(cpu=2)
    model.add_properties({"seed": 7})
    with pytest.raises(WebserviceException, match=r"Error, properties are immutable.*: seed"):
        model.add_properties({"seed": 8})
    model.update_tags_properties(add_tags={"a": "b"}, remove_tags=["only"], add_properties={"new": "1"})
    assert (other.tags, other.properties) == ({"a": "b"}, {"seed": "7", "new": "1"})


def test_row_2_54_a_second_download_is_refused_unless_it_may(ws: Workspace, outputs: Path) -> None:
    model = Model.register(ws, "outputs/model.pkl", "mymodel")
    place = Model(ws, "mymodel").download()
    assert place == "model.pkl"
    with pytest.raises(WebserviceException, match=r"File already exists\. To overwrite, set exist_ok to True\."):
        model.download()
    assert model.download(exist_ok=True) == model.download(".", exists_ok=True) == place


def test_row_2_66_a_version_is_deleted_alone(ws: Workspace, outputs: Path) -> None:
    first = Model.register(ws, "outputs/model.pkl", "m")
    Model.register(ws, "outputs/model.pkl", "m")
    first.delete()
    assert [model.id for model in Model.list(ws, "m")] == ["m:2"]
    assert (first.id, first.tags) == ("m:1", {})
    with pytest.raises(WebserviceException):
        first.add_tags({"a": "b"})
