"""Two packages on one workspace: an upgrade keeps a copy, and what the older package reads stays readable."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import asdict, fields, replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from jupyter_deploy.environments import Environment
from jupyter_deploy.errors import StoreProblem
from jupyter_deploy.services import ServiceRecord, Services, ServiceSpec
from jupyter_deploy.store import Database, migrations, models
from jupyter_deploy.store.tables import metadata
from jupyter_deploy.workspace import Workspace

# A workspace as the package of that schema leaves it, with a model, a script and a service.
DUMP = (Path(__file__).parent / "schema_3.sql").read_text()
WITHOUT = {
    3: "",
    2: "ALTER TABLE scripts DROP COLUMN origins; ALTER TABLE scripts DROP COLUMN models; DROP TABLE environments;",
    1: "ALTER TABLE scripts DROP COLUMN origins; ALTER TABLE scripts DROP COLUMN models; DROP TABLE environments;"
    "DELETE FROM meta WHERE key = 'workspace';",
}


def facts(path: Path) -> dict[str, str]:
    with closing(sqlite3.connect(path)) as database:
        return dict(database.execute("SELECT key, value FROM meta"))


NOW = migrations.SCHEMA_VERSION


@pytest.fixture
def older(home: Path) -> Callable[[int], Path]:
    def make(schema: int) -> Path:
        home.mkdir(mode=0o700)
        with closing(sqlite3.connect(home / "state.db")) as database:
            database.execute("PRAGMA journal_mode=wal")
            database.executescript(DUMP + WITHOUT[schema])
            database.execute("UPDATE meta SET value = ? WHERE key = 'schema'", (str(schema),))
            database.commit()
        return home / "state.db"

    return make


@pytest.mark.parametrize("schema", [1, 2, 3])
def test_an_upgrade_keeps_a_copy_and_every_row(older: Callable[[int], Path], schema: int) -> None:
    path = older(schema)
    before = os.umask(0)
    try:
        opened = Workspace()
        assert opened.models.get("price").tags == {"stage": "trial"}
    finally:
        os.umask(before)
    assert opened.scripts.get("double").source.startswith("# %%score_script double")
    assert opened.services["double"].state == "Stopped"
    assert opened.services["double"].record.spec.workers == 2
    copy = path.with_name(f"state.db.before-{NOW}")
    assert facts(copy)["schema"] == str(schema)
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert facts(path)["revision"] == str(NOW)
    assert sorted(entry.name for entry in path.parent.glob("*state.db*before*")) == [f"state.db.before-{NOW}"]


def test_a_new_workspace_and_one_of_today_need_no_copy(home: Path) -> None:
    for _ in range(2):
        assert Workspace().models.list() == []
    assert list(home.glob("*before*")) == []


def test_the_three_newest_copies_are_kept(older: Callable[[int], Path]) -> None:
    path = older(3)
    for _ in range(5):
        with closing(sqlite3.connect(path)) as database:
            database.execute("DELETE FROM meta WHERE key = 'revision'")
            database.commit()
        Workspace().models.list()
    assert len(list(path.parent.glob(f"state.db.before-{NOW}*"))) == 3


def test_an_upgrade_that_fails_changes_nothing(older: Callable[[int], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    path = older(3)

    def fail(connection: sa.Connection) -> None:
        connection.execute(models.delete())
        raise LookupError("in between")

    monkeypatch.setattr(migrations, "STEPS", (replace(migrations.STEPS[0], run=fail),))
    with pytest.raises(LookupError, match="in between"):
        Database.at(path).engine  # noqa: B018 - opens it
    assert "revision" not in facts(path)
    monkeypatch.undo()
    assert [model.id for model in Workspace(path.parent).models.list()] == ["price:1"]


def test_eight_at_once_upgrade_and_copy_once(older: Callable[[int], Path]) -> None:
    path = older(3)
    opened = [Database.at(path) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda database: database.engine, opened))
    assert facts(path)["revision"] == str(NOW)
    assert [copy.name for copy in path.parent.glob("*before*")] == [f"state.db.before-{NOW}"]
    assert facts(path.with_name(f"state.db.before-{NOW}"))["schema"] == "3"
    assert sum(bool(database.upgraded_from) for database in opened) == 1


def test_what_the_package_of_schema_3_reads_stays_as_it_was(older: Callable[[int], Path]) -> None:
    """It opens the workspace, finds each table with its columns, and nothing in them that it does not know."""
    path = older(3)
    with closing(sqlite3.connect(path)) as database:
        names = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        before = {name: list(database.execute(f"PRAGMA table_info({name})")) for name in names}
    Workspace().models.list()
    assert facts(path)["schema"] == "3"
    with closing(sqlite3.connect(path)) as database:
        for name, columns in before.items():
            after = list(database.execute(f"PRAGMA table_info({name})"))
            assert after[: len(columns)] == columns
            # What it does not know it does not fill in.
            assert not any(column[3] for column in after[len(columns) :])
    # Its one statement that names no columns.
    assert len(metadata.tables["model_names"].columns) == 2


def test_a_row_of_a_service_is_one_that_the_package_of_schema_3_reads(home: Path) -> None:
    rows = Services(Workspace()._database)
    rows.put(ServiceRecord(ServiceSpec("churn", "churn"), "b", (), desired="stopped"))
    with closing(sqlite3.connect(home / "state.db")) as database:
        spec, more = database.execute("SELECT spec, more FROM services").fetchone()
    known = "name script script_is_file models target port environment workers settings variables memory cpus image"
    assert list(json.loads(spec)) == known.split()
    assert {*json.loads(spec), *json.loads(more)} <= {field.name for field in fields(ServiceSpec)}
    assert rows.get("churn").spec == ServiceSpec("churn", "churn")
    # It makes an Environment of what stands in a handle, and would refuse another key.
    known = "name python_version requirements options constraints base_image dockerfile variables version notices"
    assert list(asdict(Environment("mine"))) == known.split()


@pytest.mark.parametrize("found", ["0", str(NOW + 1), "99", "x"])
def test_a_workspace_of_another_time_is_left_alone(older: Callable[[int], Path], found: str) -> None:
    path = older(3)
    with closing(sqlite3.connect(path)) as database:
        database.execute("UPDATE meta SET value = ? WHERE key = 'schema'", (found,))
        database.execute("INSERT INTO meta VALUES ('package', '7.1')")
        database.commit()
    size = path.stat().st_size
    with pytest.raises(StoreProblem, match=rf"version 7\.1 of this package \(schema {found}, not {NOW}\)") as caught:
        Workspace().models.list()
    assert "Upgrade jupyter-model-deploy" in caught.value.hint
    assert path.stat().st_size == size
    assert list(path.parent.glob("*before*")) == []


def test_a_kernel_that_has_it_open_is_told_when_a_newer_package_upgrades_it(home: Path) -> None:
    opened = Workspace()
    assert opened.models.list() == []
    with closing(sqlite3.connect(home / "state.db")) as database:
        database.execute("DROP TABLE models")
        database.execute(f"UPDATE meta SET value = '{NOW + 1}' WHERE key = 'schema'")
        database.execute("UPDATE meta SET value = '9.9' WHERE key = 'package'")
        database.execute(f"PRAGMA user_version = {NOW + 1}")
        database.commit()
    for act in (opened.models.list, lambda: opened.register("churn", {"a": 1}), lambda: list(opened.services)):
        with pytest.raises(
            StoreProblem, match=rf"version 9\.9 of this package \(schema {NOW + 1}, not {NOW}\)"
        ) as caught:
            act()
        assert "restart the kernel" in caught.value.hint
