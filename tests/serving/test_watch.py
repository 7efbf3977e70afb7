"""Which files a plain script is watched by."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jupyter_deploy.serving.front import watch
from jupyter_deploy.serving.front.watch import changed, state_of
from jupyter_deploy.serving.layout import layout_of_script


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in ("code/score.py", "code/lib/inner.py", "code/data.csv", "code/.git/x.py", "models/1/weights"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    (tmp_path / "code" / "__pycache__").mkdir()
    (tmp_path / "code" / "__pycache__" / "y.py").touch()
    return tmp_path


def look(project: Path, models: str = "models") -> watch.State:
    model_dir = str(project / models) if models else ""
    return state_of(layout_of_script(project / "code" / "score.py", model_dir, project / "code"))


def names(project: Path, paths: list[str]) -> list[str]:
    return [Path(path).relative_to(project).as_posix() for path in paths]


def test_python_files_and_all_of_the_model(project: Path) -> None:
    assert names(project, sorted(look(project))) == ["code/lib/inner.py", "code/score.py", "models/1/weights"]
    assert names(project, sorted(look(project, ""))) == ["code/lib/inner.py", "code/score.py"]


def test_edits_additions_and_removals_are_changes(project: Path) -> None:
    before = look(project)
    assert changed(before, look(project)) == []
    (project / "code" / "score.py").write_text("longer than before")
    (project / "code" / "new.py").touch()
    (project / "models" / "1" / "weights").unlink()
    (project / "code" / "data.csv").write_text("not code")
    assert names(project, changed(before, look(project))) == ["code/new.py", "code/score.py", "models/1/weights"]


def test_the_same_length_at_another_time_is_a_change(project: Path) -> None:
    before = look(project)
    status = (project / "code" / "score.py").stat()
    os.utime(project / "code" / "score.py", ns=(status.st_atime_ns, status.st_mtime_ns + 1000))
    assert names(project, changed(before, look(project))) == ["code/score.py"]


def test_a_model_folder_that_is_not_there_yet(project: Path) -> None:
    before = look(project, "later")
    (project / "later").mkdir()
    (project / "later" / "weights").touch()
    assert names(project, changed(before, look(project, "later"))) == ["later/weights"]


def test_links_that_lead_nowhere_are_passed_over(project: Path) -> None:
    (project / "code" / "broken.py").symlink_to(project / "nowhere.py")
    assert len(look(project)) == 3


def test_many_files_are_cut(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "_MOST_FILES", 1)
    assert len(look(project)) == 2
