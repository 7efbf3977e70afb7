"""What can be registered and what cannot: names, paths, objects; and versions that are in use."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from jupyter_deploy.errors import DeployError, InUse, ModelProblem
from jupyter_deploy.registry import Model
from jupyter_deploy.services import ServiceRecord, ServiceSpec
from jupyter_deploy.workspace import Workspace

from .registered import X, Y, contents, in_fresh_interpreter, kept


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("", "'churn'"),
        ("a b", "'a-b'"),
        ("-churn", "'churn'"),
        (".churn", "'churn'"),
        ("_churn", "'churn'"),
        ("a/b", "'a-b'"),
        ("../../etc", "'etc'"),
        ("churn:1", "'churn-1'"),
        ("churn\n", "'churn-'"),
        ("été", "'t-'"),
        ("a" * 256, repr("a" * 255)),
        ("\0", "'churn'"),
    ],
)
def test_bad_names(workspace: Workspace, folder: Path, name: str, hint: str) -> None:
    with pytest.raises(ModelProblem, match="cannot be a model's name") as caught:
        workspace.register(name, folder)
    assert hint in caught.value.hint
    assert kept(workspace) == {}


@pytest.mark.parametrize("name", ["a", "7", "Churn-2.0_final", "a" * 255])
def test_good_names(workspace: Workspace, folder: Path, name: str) -> None:
    assert workspace.register(name, folder).id == workspace.models[name].id == f"{name}:1"


@pytest.mark.parametrize("name", [None, 7, b"churn"])
def test_names_that_are_no_text(workspace: Workspace, folder: Path, name: Any) -> None:
    with pytest.raises(ModelProblem, match="cannot be a model's name"):
        workspace.register(name, folder)


@pytest.mark.parametrize(
    ("source", "options", "message", "hint"),
    [
        ("outputs/chrun", {}, "Path does not exist: ", "Did you mean {0}/outputs/churn?"),
        ("outputs/churn/a.tx", {}, "Path does not exist: ", "Did you mean {0}/outputs/churn/a.txt?"),
        ("outputs/zzzzzzzz", {}, "Path does not exist: ", "holds: churn."),
        ("nowhere/at/all", {}, "Path does not exist: ", "There is no folder {0}/nowhere/at either"),
        ("outputs/churn", {"child_paths": ["c.txt"]}, "Path does not exist: ", "Did you mean"),
        ("outputs/churn", {"child_paths": ["../churn/a.txt"]}, "leaves the folder", "relative"),
        ("outputs/churn", {"child_paths": ["deep/../../x"]}, "leaves the folder", "relative"),
        ("outputs/churn", {"child_paths": ["/etc/hosts"]}, "leaves the folder", "relative"),
        ("outputs/churn", {"child_paths": []}, "child_paths is empty", ""),
        ("outputs/churn/a.txt", {"child_paths": ["a.txt"]}, "only goes with a folder", ""),
        ("outputs/churn", {"framework_version": "1"}, "version without a framework", "framework="),
    ],
)
def test_bad_paths(
    workspace: Workspace, folder: Path, tmp_path: Path, source: str, options: dict[str, Any], message: str, hint: str
) -> None:
    with pytest.raises(ModelProblem) as caught:
        workspace.register("churn", tmp_path / source, **options)
    assert message in caught.value.message
    assert hint.format(tmp_path) in caught.value.hint
    assert kept(workspace) == {}


def test_an_empty_text_is_not_the_current_folder(
    workspace: Workspace, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    with pytest.raises(ModelProblem):
        workspace.register("churn", "")
    assert kept(workspace) == {}


def test_a_folder_without_a_file_is_no_model(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "hollow").mkdir()
    with pytest.raises(ModelProblem, match="hollow"):
        workspace.register("churn", tmp_path / "hollow")
    assert kept(workspace) == {}


def test_a_broken_link_is_named(workspace: Workspace, folder: Path) -> None:
    (folder / "gone").symlink_to("nowhere")
    with pytest.raises(DeployError, match="gone"):
        workspace.register("churn", folder)
    assert kept(workspace) == {}


def test_a_file_name_that_is_no_text(workspace: Workspace, folder: Path, tmp_path: Path) -> None:
    try:
        (folder / "caf\udce9.txt").write_text("x")
    except OSError:
        pytest.skip("this file system only takes names that are text")
    workspace.register("churn", folder)
    assert contents(workspace.models.download("churn", tmp_path / "out")) == contents(folder)


@pytest.mark.parametrize(
    ("source", "options", "message"),
    [
        (None, {}, "None is not a model"),
        ({"a": 1}, {"child_paths": ["a"]}, "child_paths only goes with a folder"),
        (threading.Lock(), {}, "the object itself"),
        ((number for number in [1]), {}, "the object itself"),
    ],
    ids=["None", "child_paths", "lock", "generator"],
)
def test_bad_objects(workspace: Workspace, source: object, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelProblem, match=message) as caught:
        workspace.register("churn", source, **options)
    assert caught.value.hint
    assert kept(workspace) == {}


class Guarded(StandardScaler):
    """A step that holds something which cannot be pickled."""

    def __init__(self, guard: object = None) -> None:
        super().__init__()
        self.guard = guard


def closure() -> Callable[[], object]:
    lock = threading.Lock()
    return lambda: lock


@pytest.mark.parametrize(
    ("make", "attribute"),
    [
        (lambda: make_pipeline(Guarded(threading.Lock()), LogisticRegression()), "Pipeline.steps[0][1].guard (a lock)"),
        (lambda: Pipeline([("scale", Guarded({"in": [threading.Lock()]}))]), ".guard['in'][0] (a lock)"),
        (lambda: {"model": LogisticRegression(), "lock": threading.Lock()}, "dict['lock'] (a lock)"),
        (lambda: [1, (i for i in [])], "list[1] (a generator)"),
        (lambda: {"f": closure()}, "dict['f'].lock (a lock)"),
    ],
    ids=["pipeline", "nested", "dict", "list", "closure"],
)
def test_what_cannot_be_pickled_is_named(workspace: Workspace, make: Callable[[], object], attribute: str) -> None:
    with pytest.raises(ModelProblem) as caught:
        workspace.register("churn", make())
    assert attribute in caught.value.message
    assert "init()" in caught.value.hint
    assert kept(workspace) == {}


LOAD = """
import sys, joblib
for place in sys.argv[1:]:
    print(joblib.load(place).predict([[1.0, 2.0], [3.0, 4.0]]).tolist())
"""


def test_a_lambda_falls_back_to_cloudpickle(workspace: Workspace, tmp_path: Path) -> None:
    pipeline = make_pipeline(FunctionTransformer(lambda rows: rows * 2), LogisticRegression()).fit(X, Y)
    model = workspace.register("churn", pipeline)
    assert len(model.notices) == 1
    assert "cloudpickle" in model.notices[0]
    assert "lambda" in model.notices[0]
    assert f"cloudpickle=={installed('cloudpickle')}" in model.requirements
    place = workspace.models.download("churn", tmp_path / "out")
    printed = in_fresh_interpreter(LOAD, place, cwd=tmp_path)
    assert printed == str(pipeline.predict([[1.0, 2.0], [3.0, 4.0]]).tolist())


MAIN = """
from jupyter_deploy.workspace import Workspace

OFFSET = 100

class Adder:
    def __init__(self, n):
        self.n = n
    def predict(self, rows):
        import numpy as np
        return np.array(rows).sum(axis=1) + self.n + OFFSET

class More(Adder):
    pass

for name, model in ("direct", Adder(1)), ("derived", More(1)):
    model = Workspace().register(name, model)
    print(len(model.notices), model.framework)
"""


def test_a_class_of_the_notebook_loads_elsewhere(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(MAIN)
    done = subprocess.run(
        [sys.executable, tmp_path / "script.py"], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.split() == ["1", "Custom"] * 2
    places = [workspace.models.download(name, tmp_path / name) for name in ("direct", "derived")]
    (tmp_path / "elsewhere").mkdir()
    printed = in_fresh_interpreter(LOAD, *places, cwd=tmp_path / "elsewhere")
    assert printed.splitlines() == ["[104.0, 108.0]"] * 2


@pytest.mark.parametrize(
    ("make", "needed", "not_needed"),
    [
        (lambda: LogisticRegression().fit(X, Y), {"scikit-learn", "numpy", "joblib"}, {"pandas", "cloudpickle"}),
        (lambda: np.ones(3), {"numpy", "joblib"}, {"scikit-learn", "cloudpickle"}),
        (lambda: {"a": 1}, {"joblib"}, {"numpy", "scikit-learn"}),
        (lambda: {"f": lambda x: x, "weights": np.ones(3)}, {"cloudpickle", "numpy"}, {"scikit-learn"}),
        (lambda: {"f": lambda x: np.log(x)}, {"cloudpickle", "numpy"}, {"scikit-learn"}),
        (
            lambda: Pipeline([("f", FunctionTransformer(lambda x: x)), ("m", LogisticRegression().fit(X, Y))]),
            {"cloudpickle", "scikit-learn", "numpy"},
            {"pandas"},
        ),
    ],
    ids=["estimator", "array", "dict", "lambda before an array", "lambda that uses a module", "lambda in a pipeline"],
)
def test_requirements(workspace: Workspace, make: Callable[[], object], needed: set[str], not_needed: set[str]) -> None:
    model = workspace.register("churn", make())
    assert {f"{name}=={installed(name)}" for name in needed} <= set(model.requirements)
    assert not not_needed & {line.partition("==")[0] for line in model.requirements}
    assert list(model.requirements) == sorted(model.requirements)


@pytest.mark.parametrize(
    ("given", "expected"),
    [("sklearn", "ScikitLearn"), ("scikit-learn", "ScikitLearn"), ("ONNX", "Onnx"), ("MyOwn", "MyOwn")],
)
def test_the_users_framework_wins(workspace: Workspace, given: str, expected: str) -> None:
    model = workspace.register("churn", LogisticRegression().fit(X, Y), framework=given, framework_version="0.1")
    assert (model.framework, model.framework_version) == (expected, "0.1")
    assert f"scikit-learn=={installed('scikit-learn')}" in model.requirements


def service(name: str, *models: Model) -> ServiceRecord:
    return ServiceRecord(ServiceSpec(name, script=name), "0" * 64, tuple(model.id for model in models))


def test_a_version_in_use_stays(workspace: Workspace, folder: Path) -> None:
    one, two = (workspace.register("churn", folder / "a.txt") for _ in range(2))
    workspace._rows.put(service("web", one))
    workspace._rows.put(service("batch", one))
    try:
        before = kept(workspace)
        with pytest.raises(InUse, match=r"churn:1 cannot be unregistered: services batch, web use it") as caught:
            workspace.unregister("churn:1")
        assert "delete batch" in caught.value.hint
        assert kept(workspace) == before
        assert workspace.unregister("churn:2") == two
    finally:
        workspace._rows.remove("web")
        workspace._rows.remove("batch")
    assert workspace.unregister("churn:1") == one


def test_a_version_whose_number_only_begins_alike_is_not_in_use(workspace: Workspace, folder: Path) -> None:
    versions = [workspace.register("churn", folder / "a.txt") for _ in range(10)]
    workspace._rows.put(service("web", versions[9]))
    try:
        assert workspace.unregister("churn:1") == versions[0]
        with pytest.raises(InUse):
            workspace.unregister("churn:10")
    finally:
        workspace._rows.remove("web")
