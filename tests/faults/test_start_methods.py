"""The other ways to start workers: fresh interpreters, and copies of one process after its ``init()``."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import psutil
import pytest

from .harness import served, until

SCRIPT = """import os

def init():
    global value
    value = {}
    with open("inits", "a") as file:
        print(os.getpid(), file=file)

def run(data):
    if data == "die":
        os._exit(4)
    return [value, os.getpid()]
"""


def inits(folder: Path) -> list[int]:
    return [int(line) for line in (folder / "inits").read_text().splitlines()]


def test_spawned_workers_serve_reload_and_come_back(tmp_path: Path, home: Path) -> None:
    with served(tmp_path, SCRIPT.format(1), start_method="spawn") as server:
        value, first = server.ask()
        assert (value, inits(tmp_path)) == (1, [first])
        assert server.post("die").json()["message"].endswith("it exited with code 4.")
        value, second = server.ask()
        assert value == 1
        assert second != first
        server.write("1 / 0\n")
        assert server.reload().status_code == 422
        server.write(SCRIPT.format(2))
        assert server.reload().status_code == 200
        value, third = server.ask()
        assert (value, server.workers) == (2, [third])
        # The replaced ones are gone; nothing was forked ahead.
        until(lambda: sorted(server.family()) == sorted([server.process.pid, third]))
        os.kill(third, signal.SIGSEGV)
        until(lambda: server.lines_with("was killed by SIGSEGV"))
        log = server.stop()
        assert server.process.returncode == 0
    assert "Traceback" not in log.partition("SIGTERM")[2]


def test_preload_runs_init_once_for_all_workers(tmp_path: Path, home: Path) -> None:
    with served(tmp_path, SCRIPT.format(1), preload=True, workers=3) as server:
        (template,) = inits(tmp_path)
        workers = server.workers
        assert len(set(workers)) == 3
        assert template not in workers
        os.kill(workers[0], signal.SIGKILL)
        until(lambda: len({*server.workers} - {workers[0]}) == 3)
        assert inits(tmp_path) == [template]
        assert {server.ask()[0] for _ in range(6)} == {1}
        # The copied process is killed: the workers serve on, and the next one that dies has it made anew.
        os.kill(template, signal.SIGKILL)
        until(lambda: server.lines_with("the process that workers are copied from ended"))
        assert server.ask()[0] == 1
        dead = {*workers, *server.workers}
        for worker in dead - {workers[0]}:
            os.kill(worker, signal.SIGKILL)
        until(lambda: len({*server.workers} - dead) == 3)
        assert len(inits(tmp_path)) == 2
        assert {server.ask()[0] for _ in range(6)} == {1}
        server.write(SCRIPT.format(2))
        assert server.reload().status_code == 200
        assert {server.ask()[0] for _ in range(6)} == {2}
        assert len(inits(tmp_path)) == 3
        # Front, fork-server, the template and its three workers, and the one that is forked ahead.
        until(lambda: len(server.family()) == 7)
        assert not psutil.pid_exists(template) or psutil.Process(template).status() == psutil.STATUS_ZOMBIE


def test_a_long_init_does_not_delay_its_copies(tmp_path: Path, home: Path) -> None:
    """Found by reading: ending the thread that watches the front took two seconds after an init() of more than one."""
    script = (
        "import time\n\ndef init():\n    time.sleep(1.2)\n    print('initialised')\n\ndef run(data):\n    return 1\n"
    )
    with served(tmp_path, script, preload=True, ready=False) as server:
        until(lambda: "print - initialised" in server.log)
        until(lambda: server.get("/-/ready").ok, seconds=1.5)


def test_settings_choose_preload_at_a_reload(tmp_path: Path, home: Path) -> None:
    with served(tmp_path, SCRIPT.format(1), workers=2) as server:
        assert len(inits(tmp_path)) == 2
        assert server.reload({"settings": {"preload": True}}).status_code == 200
        assert len(inits(tmp_path)) == 3
        assert server.reload({"settings": {"preload": False}}).status_code == 200
        assert len(inits(tmp_path)) == 5
        assert server.ask()[0] == 1


TREES = """import os
import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

def init():
    global model
    with open("inits", "a") as file:
        print(os.getpid(), file=file)
    X = np.arange(4000.0).reshape(-1, 2)
    model = HistGradientBoostingClassifier(max_iter=5).fit(X, X[:, 0] > 2000)
    model.predict(X)

def run(data):
    return int(model.predict(np.arange(4000.0).reshape(-1, 2)).sum() > 900)
"""
BLAS = """import os
import numpy as np

def init():
    global square
    with open("inits", "a") as file:
        print(os.getpid(), file=file)
    square = np.ones((800, 800))
    square @ square

def run(data):
    return (square @ square)[0, 0].item()
"""
PYTHON = """import os, threading

def init():
    with open("inits", "a") as file:
        print(os.getpid(), file=file)
    threading.Thread(target=threading.Event().wait, name="refresh", daemon=True).start()

def run(data):
    return [thread.name for thread in threading.enumerate()].count("refresh")
"""


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="OpenMP starts no thread on one processor")
@pytest.mark.parametrize(
    ("script", "answer", "left"), [(TREES, 1, "native thread"), (PYTHON, 1, "the Python thread 'refresh'")]
)
def test_preload_makes_no_copy_where_init_leaves_threads_and_says_so(
    tmp_path: Path, home: Path, script: str, answer: int, left: str
) -> None:
    with served(tmp_path, script, ready=False, preload=True, workers=2) as server:
        until(lambda: server.get("/-/ready").ok, seconds=60.0)
        assert [server.ask(timeout=10) for _ in range(4)] == [answer] * 4
        assert set(server.workers) < set(inits(tmp_path)), "each worker has called init() itself"
        (line,) = server.lines_with("preload is off")
        assert left in line
        assert server.state["state"] == "Healthy"
        assert server.state["reason"].startswith("preload is off: init() leaves")


def test_preload_copies_where_a_library_ends_its_threads_for_a_copy(tmp_path: Path, home: Path) -> None:
    with served(tmp_path, BLAS, preload=True, workers=2) as server:
        assert [server.ask(timeout=10) for _ in range(4)] == [800] * 4
        assert len(inits(tmp_path)) == 1
        assert not server.lines_with("preload is off")
