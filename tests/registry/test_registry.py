"""The registry: versions, tags, properties, filters, download and unregister; and what it refuses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

import joblib
import pytest
from sklearn.linear_model import LogisticRegression

from jupyter_deploy.errors import DeployError, ModelProblem, NotFound, UsageProblem
from jupyter_deploy.workspace import Workspace

from .registered import X, Y, contents, kept


def test_an_object(workspace: Workspace, tmp_path: Path) -> None:
    before = datetime.now(UTC)
    classifier = LogisticRegression().fit(X, Y)
    model = workspace.register(
        "churn", classifier, tags={"stage": "trial", "n": 1}, properties={"seed": 7}, description="first", run_id="r1"
    )
    assert (model.id, model.entry, model.notices) == ("churn:1", "model.joblib", ())
    assert (model.framework, model.framework_version) == ("ScikitLearn", installed("scikit-learn"))
    assert (model.tags, model.properties) == ({"stage": "trial", "n": "1"}, {"seed": "7"})
    assert (model.description, model.run_id) == ("first", "r1")
    assert before <= model.created <= datetime.now(UTC)
    assert workspace.models["churn"] == model
    assert list(workspace.home.staging.iterdir()) == []
    place = workspace.models.download("churn", tmp_path / "out")
    assert place.stat().st_size == model.size
    assert joblib.load(place).predict(X).tolist() == classifier.predict(X).tolist()


def test_a_file_keeps_its_basename(workspace: Workspace, folder: Path, tmp_path: Path) -> None:
    model = workspace.register("churn", str(folder / "a.txt"))
    assert (model.entry, model.size, model.framework, model.requirements) == ("a.txt", 1, "Custom", ())
    place = workspace.models.download("churn:1", tmp_path / "out")
    assert place == tmp_path / "out" / "a.txt"
    assert contents(tmp_path / "out") == {"a.txt": "a"}


@pytest.mark.parametrize("spelling", ["{}", "{}/", "{}/../churn", "{}/."])
def test_a_folder_keeps_its_basename(workspace: Workspace, folder: Path, tmp_path: Path, spelling: str) -> None:
    model = workspace.register("churn", spelling.format(folder))
    assert (model.entry, model.size) == ("churn", 6)
    place = workspace.models.download("churn", tmp_path / "out")
    assert place == tmp_path / "out" / "churn"
    assert contents(tmp_path / "out") == {"churn/a.txt": "a", "churn/b.txt": "bb", "churn/deep/c.txt": "ccc"}


def test_a_link_keeps_its_own_name(workspace: Workspace, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "best").symlink_to(folder)
    assert workspace.register("churn", tmp_path / "best").entry == "best"


def test_a_relative_path(workspace: Workspace, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    assert workspace.register("churn", ".").entry == "churn"
    assert workspace.register("churn", "deep/c.txt").entry == "c.txt"


@pytest.mark.parametrize(
    ("children", "expected"),
    [
        (["a.txt"], {"churn/a.txt": "a"}),
        (["deep/c.txt", "b.txt"], {"churn/deep/c.txt": "ccc", "churn/b.txt": "bb"}),
        (["deep"], {"churn/deep/c.txt": "ccc"}),
        (["./deep/"], {"churn/deep/c.txt": "ccc"}),
        (["a.txt", "a.txt"], {"churn/a.txt": "a"}),
        (["deep", "deep/c.txt"], {"churn/deep/c.txt": "ccc"}),
        (["deep/c.txt", "deep"], {"churn/deep/c.txt": "ccc"}),
    ],
)
def test_child_paths(
    workspace: Workspace, folder: Path, tmp_path: Path, children: list[str], expected: dict[str, str]
) -> None:
    model = workspace.register("churn", folder, child_paths=children)
    assert model.entry == "churn"
    assert model.size == sum(map(len, expected.values()))
    workspace.models.download("churn", tmp_path / "out")
    assert contents(tmp_path / "out") == expected


def test_empty_folders_come_back(workspace: Workspace, folder: Path, tmp_path: Path) -> None:
    (folder / "cache").mkdir()
    workspace.register("whole", folder)
    workspace.register("part", folder, child_paths=["a.txt", "cache"])
    for name in ("whole", "part"):
        assert (workspace.models.download(name, tmp_path / name) / "cache").is_dir()


def test_links_beside_their_targets_come_back(workspace: Workspace, folder: Path, tmp_path: Path) -> None:
    (folder / "current").symlink_to("deep")
    workspace.register("churn", folder)
    found = contents(workspace.models.download("churn", tmp_path / "out"))
    assert (found["current/c.txt"], found["deep/c.txt"]) == ("ccc", "ccc")


def test_versions_count_from_1_and_numbers_are_not_given_again(workspace: Workspace, folder: Path) -> None:
    versions = [workspace.register("churn", folder).version for _ in range(3)]
    assert versions == [1, 2, 3]
    assert len({model.digest for model in workspace.models.list("churn")}) == 1
    assert len(list(workspace.home.artifacts.iterdir())) == 1
    assert workspace.unregister("churn").version == 3
    assert workspace.unregister("churn:1").version == 1
    assert workspace.register("churn", folder).version == 4
    assert [model.version for model in workspace.models.list("churn")] == [4, 2]
    for reference in ("churn:4", "churn:2"):
        workspace.unregister(reference)
    assert "churn" not in workspace.models
    assert workspace.register("churn", folder).version == 5
    assert workspace.register("other", folder).version == 1


def test_files_go_with_the_last_version_that_has_them(workspace: Workspace, folder: Path, tmp_path: Path) -> None:
    shared = workspace.register("churn", folder)
    assert workspace.register("twin", folder).digest == shared.digest
    single = workspace.register("single", folder / "a.txt")
    workspace.unregister("churn")
    assert {path.name for path in workspace.home.artifacts.iterdir()} == {shared.digest, single.digest}
    assert contents(workspace.models.download("twin", tmp_path / "out")) == contents(folder)
    workspace.unregister("twin")
    assert [path.name for path in workspace.home.artifacts.iterdir()] == [single.digest]
    workspace.unregister("single")
    assert kept(workspace) == {}


@pytest.mark.parametrize(
    ("reference", "version", "expected"),
    [
        ("churn", None, "churn:3"),
        ("churn:2", None, "churn:2"),
        ("churn", 2, "churn:2"),
        ("churn", "1", "churn:1"),
        ("churn@latest", None, "churn:3"),
        ("churn:latest", None, "churn:3"),
        ("azureml:churn:1", None, "churn:1"),
    ],
)
def test_references(
    workspace: Workspace, folder: Path, reference: str, version: int | str | None, expected: str
) -> None:
    for _ in range(3):
        workspace.register("churn", folder / "a.txt")
    assert workspace.models.get(reference, version).id == expected


@pytest.mark.parametrize(
    ("reference", "kind", "message", "hint"),
    [
        ("chrun", NotFound, "ModelNotFound: Model with name chrun not found", "Did you mean 'churn'?"),
        ("zzzzz", NotFound, "ModelNotFound: Model with name zzzzz not found", "Known models: churn"),
        ("churn:3", NotFound, "Model with name churn and version 3 not found", "Versions of churn: 1, 2."),
        ("churn:99999999999999999999", NotFound, "version 99999999999999999999 not found", "Versions of churn: 1, 2."),
        ("churn:0", UsageProblem, "not '0'", "Write churn:1"),
        ("churn:-1", UsageProblem, "not '-1'", "Write churn:1"),
        ("churn:1.5", UsageProblem, "not '1.5'", "Write churn:1"),
        ("churn:one", UsageProblem, "not 'one'", "Write churn:1"),
        ("churn:²", UsageProblem, "not '²'", "Write churn:1"),
        ("", NotFound, "Model with name  not found", "Known models: churn"),
    ],
)
def test_references_to_nothing(
    workspace: Workspace,
    folder: Path,
    tmp_path: Path,
    reference: str,
    kind: type[DeployError],
    message: str,
    hint: str,
) -> None:
    for _ in range(2):
        workspace.register("churn", folder / "a.txt")
    before = kept(workspace)
    calls: list[Callable[[], object]] = [
        lambda: workspace.models.get(reference),
        lambda: workspace.unregister(reference),
        lambda: workspace.models.tag(reference, {"a": "b"}),
        lambda: workspace.models.add_properties(reference, {"a": "b"}),
        lambda: workspace.models.download(reference, tmp_path / "out"),
    ]
    for call in calls:
        with pytest.raises(kind) as caught:
            call()
        assert message in caught.value.message
        assert hint in caught.value.hint
    assert kept(workspace) == before
    assert not (tmp_path / "out").exists()


def test_the_first_model_is_hinted_at(workspace: Workspace) -> None:
    with pytest.raises(NotFound) as caught:
        workspace.models.get("churn")
    assert "%register" in caught.value.hint


def test_tags_merge_and_properties_are_write_once(workspace: Workspace, folder: Path) -> None:
    workspace.register("churn", folder, tags={"stage": "trial"}, properties={"seed": "7"})
    workspace.register("churn", folder)
    assert workspace.models.tag("churn:1", {"stage": "prod", "auc": 0.9}).tags == {"stage": "prod", "auc": "0.9"}
    assert workspace.models.add_properties("churn:1", {"data": "v1"}).properties == {"seed": "7", "data": "v1"}
    with pytest.raises(ModelProblem) as caught:
        workspace.models.add_properties("churn:1", {"seed": "8", "new": "x", "data": "v1"})
    assert caught.value.message == (
        "Error, properties are immutable, the following keys cannot be added/modified: data, seed"
    )
    assert "tag" in caught.value.hint
    first = workspace.models["churn:1"]
    assert (first.tags, first.properties) == ({"stage": "prod", "auc": "0.9"}, {"seed": "7", "data": "v1"})
    assert (workspace.models["churn:2"].tags, workspace.models["churn:2"].properties) == ({}, {})


@pytest.mark.parametrize("pairs", [["a"], "a=b", {1: "x"}, {"": "x"}, [("a", "b")], 7])
@pytest.mark.parametrize("what", ["tags", "properties"])
def test_pairs_that_are_none(workspace: Workspace, folder: Path, what: str, pairs: Any) -> None:
    model = workspace.register("churn", folder)
    change = workspace.models.tag if what == "tags" else workspace.models.add_properties
    calls: list[Callable[[], Any]] = [
        lambda: workspace.register("churn", folder, **{what: pairs}),
        lambda: change("churn", pairs),
    ]
    for call in calls:
        with pytest.raises(ModelProblem, match=f"{what} must be a dict") as caught:
            call()
        assert f"{what}={{" in caught.value.hint
    assert workspace.models.list() == [model]


@pytest.fixture
def shelf(workspace: Workspace, folder: Path) -> Workspace:
    """Five versions that differ in what can be asked for."""
    file = folder / "a.txt"
    workspace.register("churn", file, tags={"stage": "trial", "team": "risk"}, framework="onnx", run_id="r1")
    workspace.register("churn", file, tags={"stage": "prod"}, properties={"seed": "7"})
    workspace.register("spam", file, tags={"stage": "trial"}, framework="scikit-learn", framework_version="1.0")
    workspace.register("spam", file, properties={"seed": "8", "data": ""})
    workspace.register("churn", file)
    return workspace


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, ["churn:3", "spam:2", "spam:1", "churn:2", "churn:1"]),
        ({"name": "churn"}, ["churn:3", "churn:2", "churn:1"]),
        ({"name": "chur"}, []),
        ({"tags": {"stage": "trial"}}, ["spam:1", "churn:1"]),
        ({"tags": {"stage": None}}, ["spam:1", "churn:2", "churn:1"]),
        ({"tags": {"stage": "trial", "team": "risk"}}, ["churn:1"]),
        ({"tags": ["stage"]}, ["spam:1", "churn:2", "churn:1"]),
        ({"tags": ["team", ["stage", "trial"]]}, ["churn:1"]),
        ({"tags": [("stage", "prod")]}, ["churn:2"]),
        ({"tags": {}}, ["churn:3", "spam:2", "spam:1", "churn:2", "churn:1"]),
        ({"tags": {"Stage": None}}, []),
        ({"properties": {"seed": 8}}, ["spam:2"]),
        ({"properties": ["seed"]}, ["spam:2", "churn:2"]),
        ({"properties": {"data": ""}}, ["spam:2"]),
        ({"tags": ["stage"], "properties": ["seed"]}, ["churn:2"]),
        ({"framework": "Onnx"}, ["churn:1"]),
        ({"framework": "ScikitLearn"}, ["spam:1"]),
        ({"run_id": "r1"}, ["churn:1"]),
        ({"latest": True}, ["churn:3", "spam:2"]),
        ({"latest": True, "tags": ["stage"]}, ["spam:1", "churn:2"]),
        ({"latest": True, "name": "spam"}, ["spam:2"]),
    ],
    ids=str,
)
def test_filters(shelf: Workspace, filters: dict[str, Any], expected: list[str]) -> None:
    found = shelf.models.list(**filters)
    assert [model.id for model in found] == expected
    assert all(shelf.models.get(model.id) == model for model in found)


@pytest.mark.parametrize("what", ["tags", "properties"])
@pytest.mark.parametrize("given", ["stage", 7, [["a", "b", "c"]], [1]], ids=str)
def test_filters_that_are_none(shelf: Workspace, what: str, given: Any) -> None:
    with pytest.raises(UsageProblem, match=what):
        shelf.models.list(**{what: given})


def test_names(shelf: Workspace) -> None:
    assert shelf.models.names() == list(shelf.models) == ["churn", "spam"]
    assert len(shelf.models) == 2
    assert "churn" in shelf.models
    assert "chur" not in shelf.models


def test_as_dict_is_plain(shelf: Workspace) -> None:
    import json

    values = json.loads(json.dumps(shelf.models["spam:1"].as_dict()))
    assert (values["id"], values["version"], values["tags"]) == ("spam:1", 1, {"stage": "trial"})
    assert (values["framework"], values["framework_version"]) == ("ScikitLearn", "1.0")
    assert datetime.fromisoformat(values["created"]) == shelf.models["spam:1"].created


def test_a_download_in_the_way_of_others_writes_nothing(workspace: Workspace, folder: Path, tmp_path: Path) -> None:
    workspace.register("churn", folder)
    (tmp_path / "out" / "churn").mkdir(parents=True)
    (tmp_path / "out" / "churn" / "b.txt").write_text("mine")
    with pytest.raises(ModelProblem) as caught:
        workspace.models.download("churn", tmp_path / "out")
    assert caught.value.message.startswith("File already exists. To overwrite, set exist_ok to True. ")
    assert caught.value.message.endswith("b.txt")
    assert contents(tmp_path / "out") == {"churn/b.txt": "mine"}

    place = workspace.models.download("churn", tmp_path / "out", exist_ok=True)
    assert contents(place) == contents(folder)


@pytest.mark.parametrize(
    ("source", "blocked"),
    [
        pytest.param("churn", "out", id="the target is a file"),
        pytest.param("churn", "out/churn", id="a file where the folder goes"),
        pytest.param("churn", "out/churn/deep", id="a file where a folder below goes"),
        pytest.param("churn/a.txt", "out/a.txt/", id="a folder where the file goes"),
    ],
)
@pytest.mark.parametrize("exist_ok", [False, True])
def test_a_download_that_cannot_be_written(
    workspace: Workspace, folder: Path, tmp_path: Path, source: str, blocked: str, exist_ok: bool
) -> None:
    workspace.register("churn", folder.parent / source)
    place = tmp_path / blocked
    place.parent.mkdir(parents=True, exist_ok=True)
    if blocked.endswith("/"):
        place.mkdir()
    else:
        place.write_text("mine")
    before = sorted(tmp_path.rglob("out*")), contents(tmp_path / "out") if (tmp_path / "out").is_dir() else None
    with pytest.raises(DeployError) as caught:
        workspace.models.download("churn", tmp_path / "out", exist_ok=exist_ok)
    assert caught.value.hint
    assert place.is_dir() if blocked.endswith("/") else place.read_text() == "mine"
    assert before == (
        sorted(tmp_path.rglob("out*")),
        contents(tmp_path / "out") if (tmp_path / "out").is_dir() else None,
    )


def test_a_download_is_the_users_own(workspace: Workspace, folder: Path, tmp_path: Path) -> None:
    workspace.register("churn", folder / "a.txt")
    workspace.models.download("churn", tmp_path / "out").write_text("edited")
    assert workspace.models.download("churn", tmp_path / "again").read_text() == "a"
