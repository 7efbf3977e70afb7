"""What all tests share: a workspace of their own, and no process left behind."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_deploy.workspace import Workspace

# What measures time or owns the browser: never beside other tests.
ALONE = (
    "ui/",
    "faults/test_latency.py",
    "faults/test_streams.py",
    "faults/test_floods.py",
    "architecture/test_imports.py",
)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object:
    """Distribute files, and what owns the engine as if it were one file."""
    from .scheduling import ByFile

    return ByFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that ``python -m tests`` runs alone."""
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here) and item.path.relative_to(here).as_posix().startswith(ALONE):
            item.add_marker("alone")


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
