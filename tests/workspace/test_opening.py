"""Opening a workspace collects nothing: it lists no folder, and asks the database the same however much there is."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from jupyter_deploy.cli import main
from jupyter_deploy.workspace import Workspace
from tests.registry.filled import fill

_listed: list[str] | None = None


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if _listed is not None and event in {"os.listdir", "os.scandir"}:
        _listed.append(str(arguments[0]))


@pytest.fixture(scope="module", autouse=True)
def _audited() -> None:
    # A hook cannot be taken away again; without a list it does nothing.
    sys.addaudithook(_hook)


@contextmanager
def watched() -> Iterator[tuple[list[str], list[str]]]:
    """The folders that are listed meanwhile, and the statements that the database is asked."""
    global _listed
    _listed, statements = [], []

    def count(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", count)
    try:
        yield _listed, statements
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", count)
        _listed = None


def in_home(listed: list[str], home: Path) -> set[str]:
    """The folders of the workspace among those that were listed."""
    return {Path(place).relative_to(home).parts[0] for place in listed if Path(place).is_relative_to(home)}


def test_opening_lists_nothing_and_does_not_grow(workspace: Workspace, home: Path) -> None:
    asked = []
    for count in (10, 300):
        fill(workspace, count)
        with watched() as (listed, statements):
            Workspace()
        assert in_home(listed, home) == set()
        asked.append(statements)
    assert asked[0] == asked[1]
    assert not [statement for statement in asked[1] if "FROM models" in statement or "FROM services" in statement]


@pytest.mark.parametrize("line", ["services", "overview", "models", "environments"])
def test_what_only_looks_lists_no_artifacts(
    workspace: Workspace, home: Path, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(workspace, 10)
    with watched() as (listed, _):
        main([line])
    assert capsys.readouterr().out
    assert not in_home(listed, home) & {"artifacts", "bundles"}


def test_a_registration_and_its_removal_list_no_artifacts(workspace: Workspace, home: Path) -> None:
    fill(workspace, 10)
    with watched() as (listed, _):
        model = workspace.register("price", {"a": 1})
        workspace.unregister("price")
    assert "artifacts" not in in_home(listed, home)
    assert not (home / "artifacts" / model.digest).exists()


def test_what_a_change_replaces_is_removed_with_it(workspace: Workspace, home: Path) -> None:
    def bundles() -> set[str]:
        return {entry.name for entry in (home / "bundles").iterdir()}

    workspace.score_script("echo", "def run(data):\n    return data\n", value="1")
    assert bundles() == set()
    service = workspace.deploy("echo")
    first = service.record.bundle
    with watched() as (listed, _):
        workspace.score_script("echo", "def run(data):\n    return [data]\n", value="1")
        service.reload()
    assert "artifacts" not in in_home(listed, home)
    assert bundles() <= {service.record.bundle, first}
    service.delete()
    assert bundles() == set()
