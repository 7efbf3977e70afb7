"""A workspace that cannot be opened is an answer with a hint, and the server recovers without a restart."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from jupyter_deploy.workspace import Workspace

from .conftest import Ask


async def test_a_folder_that_is_none(ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "workspace"
    place.write_text("in the way")
    monkeypatch.setenv("JUPYTER_DEPLOY_HOME", str(place))
    for path in ("overview", "models/x", "services/x/log"):
        status, error = await ask("GET", path)
        assert (status, error["code"]) == (500, "StoreProblem")
        assert error["hint"]
    status, found = await ask("GET", "info")
    assert (status, [one["code"] for one in found["problems"]]) == (200, ["StoreProblem"])
    place.unlink()
    status, found = await ask("GET", "overview")
    assert (status, found["services"]) == (200, [])


async def test_a_newer_database_and_a_folder_that_is_replaced(
    ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "workspace"
    monkeypatch.setenv("JUPYTER_DEPLOY_HOME", str(place))
    assert (await ask("GET", "overview"))[0] == 200
    with sqlite3.connect(place / "state.db") as connection:
        connection.execute("PRAGMA user_version=9999")
    connection.close()
    status, error = await ask("GET", "overview")
    assert (status, error["code"]) == (500, "StoreProblem")
    assert error["hint"]
    shutil.rmtree(place)
    (tmp_path / "w.bin").write_bytes(b"1")
    Workspace().register("fresh", tmp_path / "w.bin")
    status, found = await ask("GET", "overview")
    assert (status, [one["name"] for one in found["models"]]) == (200, ["fresh"])
