"""What all tests share: a workspace of their own, and no process left behind."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_deploy.workspace import Workspace


@pytest.fixture(scope="session", autouse=True)
def _plain_processes() -> Iterator[None]:
    """Where Docker runs, new services would be containers: those have tests of their own, which say so."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_DEPLOY_TARGET", "process")
        yield


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace folder that this test, and every process it starts, uses."""
    folder = tmp_path / "home"
    monkeypatch.setenv("JUPYTER_DEPLOY_HOME", str(folder))
    return folder


@pytest.fixture
def workspace(home: Path) -> Iterator[Workspace]:
    """An open workspace; its services are deleted at the end, whatever the test did to them."""
    opened = Workspace()
    yield opened
    assert Path(os.environ["JUPYTER_DEPLOY_HOME"]) == home
    for service in opened.services.values():
        service.delete()
