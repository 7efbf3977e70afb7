"""Workers that die: whom it costs what, and when the service gives up."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
import requests

from .harness import Clients, Held, served, until

DIE = """import ctypes, os, signal

def run(data):
    print("begun", data)
    if data.startswith("hold"):
        hold()
    if data == "hold segfault":
        ctypes.string_at(0)
    if data == "hold exit":
        os._exit(7)
    if data == "hold kill":
        os.kill(os.getpid(), signal.SIGKILL)
    return [data, os.getpid()]
"""


@pytest.mark.parametrize(
    ("how", "why", "method"),
    [
        ("hold segfault", "was killed by SIGSEGV", "fork"),
        ("hold segfault", "was killed by SIGSEGV", "spawn"),
        ("hold exit", "exited with code 7", "fork"),
        ("hold kill", "was killed by SIGKILL (perhaps because memory ran out)", "fork"),
    ],
)
def test_a_death_costs_only_the_request_that_ran(tmp_path: Path, home: Path, how: str, why: str, method: str) -> None:
    held = Held(tmp_path)
    with served(tmp_path, held.code + DIE, start_method=method) as server:
        (before,) = server.workers
        clients = Clients(server)
        clients.send_in_order(how, *"abcdefghij")
        held.release()
        answers = clients.wait()
        status, body = answers.pop(how)
        assert status == 502
        assert body == {"message": f"The worker process ended while it ran this request: it {why}."}
        assert {status for status, _ in answers.values()} == {200}
        (after,) = {answer[1] for _, answer in answers.values()}
        assert after != before
        assert server.workers == [after]
        assert server.metrics()["model_worker_restarts_total"] == 1
        assert sorted(server.log.count(f"begun {letter}\n") for letter in "abcdefghij") == [1] * 10
        assert server.lines_with(f"worker {before} of generation 1 {why}")
        if "segfault" in how:
            assert server.lines_with("Fatal Python error: Segmentation fault")


def test_a_crash_loop_ends_in_failed_and_a_reload_repairs_it(tmp_path: Path, home: Path) -> None:
    script = "import os\n\ndef run(data):\n    os._exit(5)\n"
    with served(tmp_path, script, max_restarts=2) as server:
        for _ in range(3):
            assert server.post().status_code == 502
        until(lambda: server.state["state"] == "Failed")
        refused = server.post()
        assert refused.status_code == 503
        assert "its workers keep dying; the last one exited with code 5" in refused.json()["message"]
        state = server.state
        assert state["state"] == "Failed"
        assert state["reason"] == "its workers keep dying; the last one exited with code 5"
        assert server.get("/-/ready").status_code == 503
        server.write("def run(data):\n    return 'better'\n")
        assert server.reload().status_code == 200
        assert server.ask() == "better"
        assert server.state["state"] == "Healthy"


def test_an_init_that_fails_only_on_a_restart_ends_in_failed_with_its_reason(tmp_path: Path, home: Path) -> None:
    script = "import os\n\ndef init():\n    open('once', 'x')\n\ndef run(data):\n    os._exit(1)\n"
    with served(tmp_path, script, max_restarts=2) as server:
        assert server.post().status_code == 502
        until(lambda: server.state["state"] == "Failed")
        assert "FileExistsError" in server.state["reason"]
        assert server.state["failure"]["line"] == 4
        assert server.post().status_code == 503


@pytest.mark.parametrize("config", [{}, {"start_method": "spawn"}, {"preload": True}], ids=["fork", "spawn", "preload"])
def test_a_failing_init_ends_with_3_its_traceback_and_the_models(
    tmp_path: Path, home: Path, config: dict[str, object]
) -> None:
    (tmp_path / "models" / "deep").mkdir(parents=True)
    (tmp_path / "models" / "deep" / "weights.bin").touch()
    script = "def helper():\n    open('nothing')\n\ndef init():\n    helper()\n\ndef run(data):\n    return 1\n"
    with served(tmp_path, script, "--model-dir", "models", ready=False, **config) as server:
        assert server.process.wait(20) == 3
        assert server.lines_with("score.py, line 5, in init")
        assert server.lines_with("score.py, line 2, in helper")
        assert server.lines_with("FileNotFoundError: ")
        assert server.lines_with("deep/")
        assert server.lines_with("weights.bin")


@pytest.mark.parametrize(
    ("code", "why", "config"),
    [
        ("import os; os._exit(9)", "exited with code 9", {}),
        ("import os; os._exit(9)", "exited with code 9", {"start_method": "spawn"}),
        ("import os; os._exit(9)", "exited with code 9", {"preload": True}),
        ("import ctypes; ctypes.string_at(0)", "was killed by SIGSEGV", {}),
    ],
    ids=["exit", "spawn", "preload", "segfault"],
)
def test_an_import_that_kills_the_process_ends_the_server(
    tmp_path: Path, home: Path, code: str, why: str, config: dict[str, object]
) -> None:
    with served(tmp_path, f"{code}\n\ndef run(data):\n    return 1\n", ready=False, **config) as server:
        assert server.process.wait(20) == 3
        assert server.lines_with(f"the service cannot start: WorkerDied: the worker {why} before it was ready")


def test_a_worker_that_dies_while_the_others_start_is_not_served_by(tmp_path: Path, home: Path) -> None:
    """Found by reading: requests given to it waited for ever."""
    script = """import os, threading, time

def init():
    global number
    for number in range(2):
        try:
            os.close(os.open(f"{generation}-{number}", os.O_CREAT | os.O_EXCL))
            break
        except FileExistsError:
            pass
    if generation == 2 and number == 0:
        threading.Timer(0.1, os._exit, (6,)).start()
    if generation == 2 and number == 1:
        time.sleep(0.4)

def run(data):
    return generation
"""
    with served(tmp_path, "generation = 1\n" + script, workers=2) as server:
        server.write("generation = 2\n" + script)
        answer = server.reload()
        assert answer.status_code == 422
        assert "exited with code 6" in answer.json()["message"]
        assert [server.ask(timeout=5) for _ in range(6)] == [1] * 6
        assert server.state["state"] == "Healthy"


def test_nothing_outlives_a_front_that_is_killed(tmp_path: Path, home: Path) -> None:
    script = "def run(data):\n    print('begun')\n    while True:\n        pass\n"
    with served(tmp_path, script, workers=2) as server:
        # Front, fork-server, two workers, and the worker that is forked ahead of the next version.
        family = until(lambda: len(server.family()) == 5 and server.family())
        with pytest.raises(requests.ReadTimeout):
            server.post(timeout=0.5)
        os.kill(server.process.pid, signal.SIGKILL)
        server.process.wait()
        until(lambda: not any(alive(pid) for pid in family))


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
