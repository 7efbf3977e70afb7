"""The database's counter of changes."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from jupyter_deploy.store import ChangeCounter, Database, meta


def test_it_notices_commits_only(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    database = Database.at(path)
    database.open()
    counter = ChangeCounter(path)
    assert [counter.changed(), counter.changed()] == [True, False]
    with database.write() as connection:
        connection.execute(meta.insert().values(key="a", value="b"))
        assert not counter.changed()
    assert [counter.changed(), counter.changed()] == [True, False]
    with database.read() as connection:
        assert not counter.changed()
    counter.close()


def test_it_notices_another_file_and_makes_none(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    counter = ChangeCounter(path)
    assert [counter.changed(), counter.changed()] == [True, False]
    assert not path.exists()
    for name in ("one.db", "two.db"):
        with closing(sqlite3.connect(tmp_path / name)) as made:
            made.execute("CREATE TABLE t (a)")
        (tmp_path / name).rename(path)
        assert [counter.changed(), counter.changed()] == [True, False]
    path.write_bytes(b"this is no database" * 100)
    assert [counter.changed(), counter.changed()] == [True, False]
    counter.close()
