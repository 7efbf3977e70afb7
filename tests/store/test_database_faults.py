"""What the database cannot do, in two lines: locked by somebody, damaged, gone; reading as well as writing."""

from __future__ import annotations

import contextlib
import gc
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from jupyter_deploy.cli import main
from jupyter_deploy.errors import DeployError, Locked, StoreProblem
from jupyter_deploy.store import Database
from jupyter_deploy.store import database as databases
from jupyter_deploy.workspace import Workspace

HOLD = """
import sqlite3, sys
held = sqlite3.connect(sys.argv[1], isolation_level=None)
for line in sys.argv[2].split(";"):
    held.execute(line)
print("held", flush=True)
sys.stdin.read()
"""
WRITER = "BEGIN IMMEDIATE"
# Takes the whole file: nobody else can even read.
ALONE = "PRAGMA journal_mode=delete;PRAGMA locking_mode=exclusive;BEGIN EXCLUSIVE;CREATE TABLE other (a)"


@pytest.fixture
def impatient(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Database.at(home / "state.db").read() if home.exists() else contextlib.nullcontext():
        pass
    monkeypatch.setattr(databases, "BUSY_SECONDS", 0.2)


@pytest.fixture
def holder(home: Path, impatient: None) -> Iterator[Callable[[str], int]]:
    """Another process that holds the database, and its pid."""
    Workspace(home).register("price", {"a": 1})
    gc.collect()
    with contextlib.ExitStack() as stack:

        def hold(how: str) -> int:
            command = [sys.executable, "-c", HOLD, str(home / "state.db"), how]
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            stack.enter_context(process)
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
            return process.pid

        yield hold


def test_a_writer_that_stays_is_named_on_every_verb_that_writes(
    home: Path, holder: Callable[[str], int], capsys: pytest.CaptureFixture[str]
) -> None:
    pid = holder(WRITER)
    for line in (["register", "more", __file__], ["tag", "price", "a=b"], ["unregister", "price:1", "--yes"]):
        assert main(line) == 1
        said = capsys.readouterr().err
        assert said.startswith(f"Locked: The workspace's database {home / 'state.db'} has been locked for 0.2 s by ")
        assert f"(pid {pid})" in said
        assert len(said.splitlines()) == 2
    for line in (["models"], ["services"], ["show", "price"]):
        assert main(line) == 0


def test_who_has_the_whole_file_is_named_on_every_verb_that_reads(
    home: Path, holder: Callable[[str], int], capsys: pytest.CaptureFixture[str]
) -> None:
    pid = holder(ALONE)
    for line in (["models"], ["services"], ["overview"], ["stop", "x"], ["register", "more", __file__], ["prune"]):
        assert main(line) == 1
        said = capsys.readouterr().err
        assert said.startswith("Locked: ")
        assert f"(pid {pid})" in said
        assert len(said.splitlines()) == 2


def test_python_and_an_open_workspace_get_the_same_error(home: Path, holder: Callable[[str], int]) -> None:
    opened = Workspace(home)
    holder(WRITER)
    for act in (
        lambda: opened.register("more", {"a": 2}),
        lambda: opened.score_script("double", "def run(data):\n    return 1\n"),
        lambda: opened.models.tag("price", {"a": "b"}),
    ):
        with pytest.raises(Locked, match=r"locked for 0\.2 s by"):
            act()
    assert list(home.joinpath("staging").iterdir()) == []
    assert [model.id for model in opened.models.list()] == ["price:1"]


def test_opening_does_not_wait_for_a_lock_to_tidy_up(home: Path, holder: Callable[[str], int]) -> None:
    (home / "bundles" / ("0" * 64)).mkdir()
    holder(WRITER)
    assert [model.id for model in Workspace(home).models.list()] == ["price:1"]
    assert (home / "bundles" / ("0" * 64)).exists()


@pytest.mark.parametrize("damage", [b"no database at all" * 100, b"SQLite format 3\x00" + os.urandom(9000)])
def test_a_damaged_database_is_called_that(home: Path, damage: bytes) -> None:
    home.mkdir(mode=0o700)
    (home / "state.db").write_bytes(damage)
    with pytest.raises(StoreProblem, match=r"state\.db is damaged") as caught:
        Workspace(home)
    assert "backup" in caught.value.hint


def test_what_is_damaged_inside_is_called_that_and_the_copy_is_named(home: Path) -> None:
    Workspace(home).register("price", {"a": 1})
    gc.collect()
    with closing(sqlite3.connect(home / "state.db")) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.execute("PRAGMA journal_mode=delete")
    (home / "state.db.before-4").touch()
    data = bytearray((home / "state.db").read_bytes())
    data[4096:] = os.urandom(len(data) - 4096)
    (home / "state.db").write_bytes(data)
    with pytest.raises(StoreProblem, match="is damaged") as caught:
        Workspace(home).models.list()
    assert "state.db.before-4" in caught.value.hint


def test_a_folder_that_is_gone_is_no_empty_workspace(home: Path) -> None:
    opened = Workspace(home)
    opened.models.list()
    home.rename(home.with_name("moved"))
    with pytest.raises(DeployError):
        opened.models.list()


def test_a_mistake_of_our_own_stays_what_it_is(home: Path) -> None:
    database = Database.at(home / "state.db")
    home.mkdir()
    with pytest.raises(sa.exc.IntegrityError), database.write() as connection:
        connection.execute(sa.text("INSERT INTO models (name, version) VALUES ('a', 1)"))
