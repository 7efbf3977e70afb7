"""A workspace that several processes are the first to use."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

# One of several hundred goes wrong where nobody waits.
DATABASES = 300
FIRST_USE = """
import sys
from pathlib import Path
from jupyter_deploy.store.database import Database

print("ready", flush=True)
sys.stdin.readline()
for path in sorted(Path(sys.argv[1]).glob("*.db")):
    print(Database.at(path).workspace_id)
"""


def test_eight_processes_are_the_first_to_use_each_of_many_databases(tmp_path: Path) -> None:
    for number in range(DATABASES):
        with closing(sqlite3.connect(tmp_path / f"{number}.db")) as database:
            database.execute("CREATE TABLE own (a)")
    command = [sys.executable, "-c", FIRST_USE, str(tmp_path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    running = [subprocess.Popen(command, text=True, **pipes) for _ in range(8)]  # type: ignore[call-overload]
    for process in running:
        assert process.stdout.readline() == "ready\n"
    for process in running:
        process.stdin.write("\n")
        process.stdin.flush()
    said = {process.communicate(timeout=60)[0] for process in running}
    assert len(said) == 1
    assert len(said.pop().split()) == DATABASES
