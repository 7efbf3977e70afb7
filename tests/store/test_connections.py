"""Connections that are kept between transactions: never to another file, never after a failure."""

from __future__ import annotations

import gc
import os
import shutil
import sqlite3
import threading
from pathlib import Path

import psutil
import pytest
import sqlalchemy as sa

from jupyter_deploy.store import Database
from jupyter_deploy.store.connections import Connection, Connections
from jupyter_deploy.store.tables import meta


def opened(path: Path) -> int:
    """How often this process has a file open."""
    return sum(file.path == str(path) for file in psutil.Process().open_files())


def facts(database: Database) -> dict[str, str]:
    with database.read() as connection:
        return {row.key: row.value for row in connection.execute(sa.select(meta))}


def add(database: Database, key: str) -> None:
    with database.write() as connection:
        connection.execute(meta.insert().values(key=key, value="x"))


def test_one_connection_serves_transactions_that_follow_each_other(tmp_path: Path) -> None:
    connections = Connections(tmp_path / "x.db")
    first = connections.take(1.0)
    first.close()
    second = connections.take(1.0)
    assert second is first
    third = connections.take(1.0)
    assert third is not first
    for one in (second, third):
        one.close()
    connections.end()
    assert opened(tmp_path / "x.db") == 0


def test_another_file_in_its_place_is_opened(tmp_path: Path) -> None:
    place, other = tmp_path / "a", tmp_path / "b"
    place.mkdir()
    database = Database.at(place / "x.db")
    add(database, "old")
    shutil.move(place, other)
    place.mkdir()
    fresh = Database.at(place / "x.db")
    add(fresh, "new")
    assert "new" in facts(database)
    assert "old" not in facts(database)
    add(database, "newer")
    assert {"new", "newer"} <= set(facts(fresh))
    assert "newer" not in facts(Database.at(other / "x.db"))


def test_a_failure_closes_its_connection(tmp_path: Path) -> None:
    connections = Connections(tmp_path / "x.db")
    used = connections.take(1.0)

    def fail() -> None:
        try:
            used.execute("SELECT nothing FROM nowhere")
        finally:
            used.close()

    with pytest.raises(sqlite3.OperationalError):
        fail()
    with pytest.raises(sqlite3.ProgrammingError):
        used.execute("SELECT 1")
    assert connections.take(1.0) is not used


def test_one_in_a_transaction_is_not_kept(tmp_path: Path) -> None:
    connections = Connections(tmp_path / "x.db")
    used = connections.take(1.0)
    used.execute("BEGIN IMMEDIATE")
    used.close()
    again = connections.take(0.1)
    again.execute("BEGIN IMMEDIATE")
    again.execute("ROLLBACK")
    again.close()


def test_each_wait_is_its_own(tmp_path: Path) -> None:
    def wait(connection: Connection) -> int:
        return int(connection.execute("PRAGMA busy_timeout").fetchone()[0])

    connections = Connections(tmp_path / "x.db")
    for seconds in (30.0, 0.2, 30.0):
        used = connections.take(seconds)
        assert wait(used) == seconds * 1000
        used.wait(1.5)
        used.close()


def test_threads_have_connections_of_their_own(tmp_path: Path) -> None:
    database = Database.at(tmp_path / "x.db")
    database.open()
    names = [f"k{number}" for number in range(40)]
    threads = [
        threading.Thread(target=lambda part: [add(database, name) for name in part], args=(names[start::4],))
        for start in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(names) <= set(facts(database))


def test_a_forked_process_opens_its_own(tmp_path: Path) -> None:
    database = Database.at(tmp_path / "x.db")
    add(database, "parent")
    child = os.fork()
    if not child:
        try:
            add(database, "child")
            os._exit(0)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    add(database, "after")
    assert {"parent", "child", "after"} <= set(facts(database))


def test_they_end_with_their_database(tmp_path: Path) -> None:
    database = Database.at(tmp_path / "x.db")
    add(database, "a")
    assert opened(tmp_path / "x.db") >= 2
    del database
    gc.collect()
    assert opened(tmp_path / "x.db") == 0
