"""Model files somewhere else: an object store through fsspec, a folder of the user's own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import pytest

from jupyter_deploy.errors import ModelProblem, StoreProblem
from jupyter_deploy.workspace import Workspace


@pytest.fixture
def bucket(tmp_path: Path) -> Iterator[str]:
    """The path of an empty folder in fsspec's memory, this test's own."""
    path = f"/{tmp_path.name}/x"
    yield path
    memory = fsspec.filesystem("memory")
    if memory.exists(f"/{tmp_path.name}"):
        memory.rm(f"/{tmp_path.name}", recursive=True)


@pytest.fixture
def remote(home: Path, bucket: str) -> Workspace:
    """A workspace whose model files lie in memory."""
    return Workspace(home, artifacts=f"memory:/{bucket}")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model of several files."""
    (tmp_path / "churn" / "deep" / "er").mkdir(parents=True)
    (tmp_path / "churn" / "a.txt").write_text("a")
    (tmp_path / "churn" / "deep" / "er" / "b.bin").write_bytes(bytes(range(256)))
    return tmp_path / "churn"


def stored(bucket: str) -> list[str]:
    """The folders in the bucket: one a digest."""
    memory: Any = fsspec.filesystem("memory")
    parts = [path[len(bucket) + 1 :].partition("/") for path in memory.find(bucket)]
    return sorted({folder for folder, slash, _ in parts if slash})


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_folder_there_and_back(remote: Workspace, bucket: str, folder: Path, tmp_path: Path) -> None:
    model = remote.register("churn", folder)
    assert (model.id, model.entry, model.size) == ("churn:1", "churn", 257)
    assert stored(bucket) == [model.digest]
    assert list(remote.home.artifacts.iterdir()) == []
    assert list(remote.home.staging.iterdir()) == []

    place = remote.models.download("churn", tmp_path / "out")
    assert place == tmp_path / "out" / "churn"
    assert contents(place) == contents(folder)
    assert list(remote.home.staging.iterdir()) == []


def test_a_file_and_an_object_there_and_back(remote: Workspace, bucket: str, folder: Path, tmp_path: Path) -> None:
    import joblib

    file = remote.register("file", folder / "a.txt")
    thing = remote.register("object", {"a": [1, 2]})
    assert stored(bucket) == sorted([file.digest, thing.digest])
    assert remote.models.download("file", tmp_path / "out").read_text() == "a"
    assert joblib.load(remote.models.download("object", tmp_path / "out")) == {"a": [1, 2]}


def test_another_process_finds_the_files(remote: Workspace, home: Path, folder: Path, tmp_path: Path) -> None:
    remote.register("churn", folder)
    again = Workspace(home)
    assert contents(again.models.download("churn", tmp_path / "out")) == contents(folder)


def test_who_has_opened_it_already_follows_its_place(
    home: Path, folder: Path, tmp_path: Path, monkeypatch: Any
) -> None:
    """As a Jupyter server's panel does, when a notebook says where model files are."""
    panel = Workspace(home)
    monkeypatch.chdir(tmp_path)
    Workspace(home, artifacts="mine").register("churn", folder)
    monkeypatch.chdir(home)
    assert contents(panel.models.download("churn", tmp_path / "out")) == contents(folder)
    assert list(panel.home.artifacts.iterdir()) == []
    assert [path.stat().st_mode & 0o777 for path in home.glob("artifacts.*")] == [0o600]
    found = subprocess.run(
        [sys.executable, "-m", "jupyter_deploy.cli", "download", "churn", "--to", str(tmp_path / "cli")],
        env={**os.environ, "JUPYTER_DEPLOY_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (found.returncode, found.stderr) == (0, "")
    assert contents(tmp_path / "cli" / "churn") == contents(folder)
    # A later word holds.
    Workspace(home, artifacts=str(home / "artifacts")).register("small", {"a": 1})
    assert len(list(panel.home.artifacts.iterdir())) == 1


def test_a_download_that_is_refused_writes_nothing(remote: Workspace, folder: Path, tmp_path: Path) -> None:
    remote.register("churn", folder)
    (tmp_path / "out" / "churn" / "deep" / "er").mkdir(parents=True)
    (tmp_path / "out" / "churn" / "deep" / "er" / "b.bin").write_text("mine")
    with pytest.raises(ModelProblem, match="File already exists"):
        remote.models.download("churn", tmp_path / "out")
    assert contents(tmp_path / "out") == {"churn/deep/er/b.bin": b"mine"}


def test_the_last_version_takes_its_files_along(remote: Workspace, bucket: str, folder: Path) -> None:
    first, other = remote.register("churn", folder), remote.register("other", folder / "a.txt")
    second = remote.register("churn", folder)
    assert (second.version, second.digest) == (2, first.digest)
    remote.unregister("churn:1")
    assert stored(bucket) == sorted([first.digest, other.digest])
    remote.unregister("churn:2")
    assert stored(bucket) == [other.digest]
    remote.unregister("other")
    assert fsspec.filesystem("memory").find(bucket) == []


def test_the_local_copy_goes_with_the_files(remote: Workspace, folder: Path, tmp_path: Path) -> None:
    model = remote.register("churn", folder)
    remote.models.download("churn", tmp_path / "out")
    assert remote._artifacts.local(model.digest).is_dir()
    remote.unregister("churn")
    assert [path.name for path in (remote.home.root / "cache").iterdir()] == []


def test_pruning_removes_what_no_version_names(remote: Workspace, home: Path, bucket: str, folder: Path) -> None:
    model = remote.register("churn", folder)
    fsspec.filesystem("memory").pipe(f"{bucket}/{'0' * 64}/left.txt", b"by a dead process")
    assert len(stored(bucket)) == 2
    opened = Workspace(home, artifacts=remote._artifacts.url)
    assert len(stored(bucket)) == 2
    opened.housekeeping.remove(opened.housekeeping.leftovers())
    assert stored(bucket) == [model.digest]


def test_the_next_change_removes_half_an_upload_of_a_dead_process(remote: Workspace, bucket: str, folder: Path) -> None:
    dead = "d" * 32
    (remote.home.staging / f"{dead}.lock").touch()
    (remote.home.staging / f"{dead}.claims").write_text("0" * 64 + "\n")
    fsspec.filesystem("memory").pipe(f"{bucket}/{'0' * 64}/left.txt", b"by a dead process")
    assert len(stored(bucket)) == 1
    model = remote.register("churn", folder)
    assert stored(bucket) == [model.digest]
    assert list(remote.home.staging.iterdir()) == []


def test_an_upload_that_was_cut_short_is_not_taken_for_whole(
    remote: Workspace, bucket: str, folder: Path, tmp_path: Path
) -> None:
    digest = remote.register("churn", folder).digest
    remote.unregister("churn")
    # As an upload leaves it that was interrupted after its first file.
    fsspec.filesystem("memory").pipe(f"{bucket}/{digest}/churn/a.txt", b"a")
    assert remote.register("churn", folder).digest == digest
    assert contents(remote.models.download("churn", tmp_path / "out")) == contents(folder)


def test_files_removed_by_hand_are_named(remote: Workspace, bucket: str, folder: Path, tmp_path: Path) -> None:
    model = remote.register("churn", folder)
    fsspec.filesystem("memory").rm(f"{bucket}/{model.digest}", recursive=True)
    with pytest.raises(StoreProblem, match=model.digest[:12]) as caught:
        remote.models.download("churn", tmp_path / "out")
    assert "Register the model again" in caught.value.hint
    assert not (tmp_path / "out").exists()


def test_credentials_of_a_place_are_not_shown(home: Path, folder: Path, tmp_path: Path) -> None:
    place = f"memory://user:passw0rd@{tmp_path.name}/x"
    workspace = Workspace(home, artifacts=place)
    model = workspace.register("churn", folder)
    filesystem, root = fsspec.core.url_to_fs(place)
    filesystem.rm(f"{root}/{model.digest}", recursive=True)
    with pytest.raises(StoreProblem) as caught:
        Workspace(home).models.download("churn", tmp_path / "out")
    assert "passw0rd" not in str(caught.value)
    assert "***@" in str(caught.value)


def test_what_is_not_an_artifact_stays_in_the_bucket(home: Path, bucket: str) -> None:
    fsspec.filesystem("memory").pipe(f"{bucket}/report/summary.txt", b"somebody's")
    Workspace(home, artifacts=f"memory:/{bucket}")
    assert stored(bucket) == ["report"]


@pytest.mark.parametrize("spelling", ["{}", "file://{}"])
def test_a_folder_of_ones_own(home: Path, tmp_path: Path, folder: Path, spelling: str) -> None:
    workspace = Workspace(home, artifacts=spelling.format(tmp_path / "not" / "there" / "yet"))
    model = workspace.register("churn", folder)
    assert [path.name for path in (tmp_path / "not" / "there" / "yet").iterdir()] == [model.digest]
    assert contents(workspace.models.download("churn", tmp_path / "out")) == contents(folder)


def test_what_is_not_an_artifact_stays_in_ones_own_folder(home: Path, tmp_path: Path, folder: Path) -> None:
    mine = tmp_path / "data"
    (mine / "thesis").mkdir(parents=True)
    (mine / "thesis" / "chapter1.txt").write_text("years of work")
    (mine / "notes.txt").write_text("more")
    workspace = Workspace(home, artifacts=str(mine))
    workspace.register("churn", folder)
    workspace.unregister("churn")
    assert contents(mine) == {"thesis/chapter1.txt": b"years of work", "notes.txt": b"more"}
