"""Rows about what a script finds: its models' folders, its source folder, and how often its functions run."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from jupyter_deploy.sdk.v1 import InferenceConfig, LocalWebservice, Model, Workspace

from .services import BODY, CHOICE, registered

TREE = """\
import os
from pathlib import Path

from azureml.core.model import Model


def init():
    pass


def run(raw_data):
    root = Path(os.environ["AZUREML_MODEL_DIR"])
    files = sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())
    paths = [Path(Model.get_model_path(name)) for name in raw_data.split()]
    return {
        "files": files,
        "ends": list(root.parts[-2:]),
        "found": [[path.name, path.is_dir()] for path in paths],
        "bytes": [(root / file).read_text() for file in files],
    }
"""
COUNTED = """\
import json
import os

import joblib
import numpy as np
from azureml.core.model import Model


def init():
    global model
    with open("counted.txt", "a") as counted:
        counted.write("init\\n")
    model = joblib.load(Model.get_model_path("classification_model"))


def run(raw_data):
    with open("counted.txt", "a") as counted:
        counted.write("run\\n")
    data = np.array(json.loads(raw_data)["data"])
    return [model.predict(data).tolist(), open("counted.txt").read().split()]
"""


def deployed(ws: Workspace, folder: Path, models: Sequence[Any], text: str, name: str = "layout") -> Any:
    (folder / "score.py").write_text(text)
    config = LocalWebservice.deploy_configuration()
    service = Model.deploy(ws, name, models, InferenceConfig(entry_script="score.py"), config)
    service.wait_for_deployment()
    return service


@pytest.fixture
def trees(ws: Workspace, folder: Path) -> dict[str, Model]:
    """A model of one file, of a folder, of some of a folder's children, and of a run's folder."""
    deep = folder / "outputs" / "deep"
    deep.mkdir(parents=True)
    (deep / "m.pkl").write_text("file")
    for name in ("a/x.bin", "b.bin", "c.bin"):
        (folder / "my_model_folder" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "my_model_folder" / name).write_text(name)
    return {
        "file": Model.register(ws, "outputs/deep/m.pkl", "file"),
        "whole": Model.register(ws, "my_model_folder", "whole"),
        "part": Model.register(ws, "my_model_folder", "part", child_paths=["a/x.bin", "b.bin"]),
    }


# Models → what lies below AZUREML_MODEL_DIR, its last two parts, and what get_model_path finds.
LAYOUTS: list[tuple[list[str], list[str], list[str]]] = [
    (["file"], ["m.pkl"], ["file", "1"]),
    (["whole"], ["my_model_folder/a/x.bin", "my_model_folder/b.bin", "my_model_folder/c.bin"], ["whole", "1"]),
    (["part"], ["my_model_folder/a/x.bin", "my_model_folder/b.bin"], ["part", "1"]),
    (["file", "part"], ["file/1/m.pkl", "part/1/my_model_folder/a/x.bin", "part/1/my_model_folder/b.bin"], []),
]


@pytest.mark.parametrize(("names", "files", "ends"), LAYOUTS, ids=["file", "folder", "children", "several"])
def test_row_2_22_the_tree_below_azureml_model_dir(
    ws: Workspace, folder: Path, trees: dict[str, Model], names: list[str], files: list[str], ends: list[str]
) -> None:
    service = deployed(ws, folder, [trees[name] for name in names], TREE)
    answer = service.run(" ".join(names))
    assert answer["files"] == files
    if ends:
        assert answer["ends"] == ends
    assert answer["found"] == [["m.pkl", False] if name == "file" else ["my_model_folder", True] for name in names]
    assert answer["bytes"] == ["file" if file.endswith("m.pkl") else file.partition("folder/")[2] for file in files]


def test_row_2_6_a_script_loads_by_the_basename_whatever_folder_it_was_registered_from(
    ws: Workspace, folder: Path, trees: dict[str, Model]
) -> None:
    text = TREE.replace("    pass", '    print(open(os.path.join(os.getenv("AZUREML_MODEL_DIR"), "m.pkl")).read())')
    assert deployed(ws, folder, [trees["file"]], text).run("file")["files"] == ["m.pkl"]


def test_row_2_23_file_names_are_kept(ws: Workspace, folder: Path) -> None:
    name = "Modell für Ärger (1).pkl"
    (folder / name).write_text("1")
    assert deployed(ws, folder, [Model.register(ws, name, "odd")], TREE).run("odd")["files"] == [name]


def test_row_2_16_a_request_selects_one_of_several_models(ws: Workspace, folder: Path) -> None:
    for name in ("cats", "dogs"):
        (folder / f"{name}.txt").write_text(name.upper())
    models = [Model.register(ws, f"{name}.txt", name) for name in ("cats", "dogs")]
    service = deployed(ws, folder, models, CHOICE)
    assert service.run(json.dumps({"model": "dogs"})) == ["DOGS", ["dogs"]]
    assert service.run(json.dumps({"model": "cats"})) == ["CATS", ["cats", "dogs"]]
    assert [model.id for model in service.models] == ["cats:1", "dogs:1"]


def test_row_0_6_and_2_21_init_runs_once_and_run_for_each_request(ws: Workspace, outputs: Path, folder: Path) -> None:
    service = deployed(ws, folder, [registered(ws, outputs)], COUNTED)
    for count in (1, 2, 3):
        assert service.run(BODY) == [[0, 1], ["init", *["run"] * count]]


def test_row_0_9_and_0_5_a_source_folder_with_script_and_environment(
    ws: Workspace, outputs: Path, folder: Path
) -> None:
    source = folder / "service_files"
    source.mkdir()
    (source / "score.py").write_text(
        "import helper_of_mine, json\n\ndef init():\n    pass\n\n"
        "def run(raw_data):\n    return [helper_of_mine.NAME, json.load(open('service_files/extra.json'))]\n"
    )
    (source / "helper_of_mine.py").write_text("NAME = 'beside the script'\n")
    (source / "extra.json").write_text("[1]")
    (source / "env.yml").write_text(f"dependencies:\n- python={sys.version_info.major}.{sys.version_info.minor}\n")
    with pytest.warns(DeprecationWarning, match="runtime"):
        config = InferenceConfig(
            runtime="python", source_directory="service_files", entry_script="score.py", conda_file="env.yml"
        )
    service = Model.deploy(
        ws, "classifier-service", [registered(ws, outputs)], config, LocalWebservice.deploy_configuration()
    )
    service.wait_for_deployment()
    assert service.run("{}") == ["beside the script", [1]]
