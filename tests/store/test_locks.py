"""Locks and claims between processes: one holds, the others wait; what a dead process held is free at once."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from jupyter_deploy.errors import StoreProblem
from jupyter_deploy.home import Home
from jupyter_deploy.store import Database, Held, built_once

HOLD = """
import sys
from jupyter_deploy.home import Home
from jupyter_deploy.store import Database
from pathlib import Path
database = Database.at(Home(Path(sys.argv[1])).database)
with database.lock("service", "churn", 0), database.claims.open() as opened:
    opened.claim("digest")
    print(opened.token, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def database(tmp_path: Path) -> Database:
    home = Home(tmp_path / "home")
    home.create()
    return Database.at(home.database)


def test_what_a_killed_process_held_is_free_at_once(database: Database, tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path / "home")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        token = holder.stdout.readline().strip()
        with pytest.raises(Held), database.lock("service", "churn", 0.1):
            pass
        with database.lock("service", "other", 0.0):
            assert database.claims.living() == {"digest"}
        assert database.claims.is_open(token)
        assert not database.claims.left_behind().locks
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        started = time.monotonic()
        with database.lock("service", "churn", 20.0):
            assert time.monotonic() - started < 5.0
    assert not database.claims.is_open(token)
    assert database.claims.living() == set()
    assert database.claims.left_behind().digests == {"digest"}


def test_a_process_that_holds_a_lock_does_not_get_it_again(database: Database) -> None:
    with database.lock("service", "churn", 0.0), pytest.raises(Held), database.lock("service", "churn", 0.0):
        pass
    with database.lock("service", "churn", 0.0):
        pass


def test_looking_for_claims_leaves_nothing(database: Database, tmp_path: Path) -> None:
    with database.claims.open() as opened:
        token = opened.token
    assert not database.claims.is_open(token)
    assert database.claims.living() == set()
    assert list((tmp_path / "home" / "staging").iterdir()) == []


def test_a_database_that_has_no_file_says_that_it_cannot_keep_processes_apart() -> None:
    with pytest.raises(StoreProblem, match="postgresql"):
        Database("postgresql://somewhere/rows").lock("service", "churn", 0.0)


def test_what_is_built_once_is_built_by_one_at_a_time(tmp_path: Path) -> None:
    order = []

    def build() -> None:
        with built_once(tmp_path, "environment"):
            order.append("second")

    other = threading.Thread(target=build)
    with built_once(tmp_path, "environment"):
        other.start()
        other.join(0.2)
        order.append("first")
    other.join()
    assert order == ["first", "second"]
