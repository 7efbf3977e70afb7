"""A tilde at the beginning of a path: a user's home, or a letter of a file's name."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_deploy.files import in_home
from jupyter_deploy.workspace import Workspace


def test_a_tilde_is_a_home_where_a_user_has_it() -> None:
    assert in_home("~/models") == Path.home() / "models"
    assert in_home("models/~") == Path("models/~")
    assert in_home(Path("~no-such-user.py")) == Path("~no-such-user.py")


def test_a_file_whose_name_begins_with_a_tilde_is_registered_and_served(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("~draft.txt").write_text("weights")
    Path("~draft.py").write_text("def run(data):\n    return data\n")
    workspace = Workspace(tmp_path / "home")
    assert workspace.register("draft", "~draft.txt").id == "draft:1"
    service = workspace.deploy("draft", script="~draft.py", models=["draft:1"], target="process")
    try:
        assert service.invoke([1]) == "[1]"  # a file follows the contract: text
    finally:
        service.delete()
