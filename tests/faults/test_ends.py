"""How processes end: with a script that holds on to them, at a deadline, and by signals to the whole group."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import psutil
import pytest

from jupyter_deploy.serving.messages import Kind, note

from .harness import Clients, Held, served, until

# Native code that keeps the interpreter's lock: no other thread of the process runs meanwhile.
LOCKED = "import re\n    re.match('(a|a)+$', 'a' * 60 + 'b')\n"


def gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def is_worker(pid: int) -> bool:
    """Whether it has run the script: such a process waits in the script's thread."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).num_threads() > 1
    return False


def send_all(pids: list[int], number: int) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


@pytest.mark.parametrize("preload", [False, True])
def test_a_retired_worker_ends_whatever_threads_the_script_has_left(tmp_path: Path, home: Path, preload: bool) -> None:
    script = (
        "import threading\n\ndef init():\n    threading.Thread(target=threading.Event().wait).start()\n\n"
        "def run(data):\n    return data\n"
    )
    with served(tmp_path, script, preload=preload) as server:
        before = server.family()
        server.write("def run(data):\n    return data\n")
        assert server.reload().status_code == 200
        now = {server.process.pid, *server.workers}
        until(lambda: all(gone(pid) for pid in before if pid not in now and is_worker(pid)))
        assert server.process.poll() is None


def test_a_script_that_fails_after_it_started_a_thread_leaves_no_process(tmp_path: Path, home: Path) -> None:
    script = "import threading\nthreading.Thread(target=threading.Event().wait).start()\n1 / 0\n"
    with served(tmp_path, "def run(data):\n    return data\n") as server:
        server.write(script)
        assert server.reload().status_code == 422
        (line,) = server.lines_with("the script cannot serve")
        failed = int(line.split("[")[1].split("]")[0])
        until(lambda: gone(failed))
        assert not gone(server.workers[0])


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_run_that_cannot_be_interrupted_does_not_outlive_a_front_that_was_killed(
    tmp_path: Path, home: Path, method: str
) -> None:
    script = f"def run(data):\n    print('begun')\n    {LOCKED}"
    with served(tmp_path, script, start_method=method) as server:
        (worker,) = server.workers
        clients = Clients(server)
        clients.send("x")
        until(lambda: "begun" in server.log)
        server.process.kill()
        until(lambda: gone(worker))


def test_a_fork_server_ends_its_workers_where_the_front_was_killed_with_a_note_unread() -> None:
    ours, theirs = socket.socketpair()
    command = [sys.executable, "-m", "jupyter_deploy.serving.worker.forkserver", str(theirs.fileno())]
    server = subprocess.Popen(command, pass_fds=[theirs.fileno()], stderr=subprocess.PIPE)
    front, worker = socket.socketpair()
    reader, output = os.pipe()
    socket.send_fds(ours, [note(Kind.FORK, spare=False, modules=[])], [worker.fileno(), output])
    select.select([ours], [], [], 20)
    ours.close()
    for end in (theirs, front, worker):
        end.close()
    _, errors = server.communicate(timeout=20)
    for end in (reader, output):
        os.close(end)
    assert (server.returncode, errors) == (0, b"")


def test_a_run_that_cannot_be_interrupted_ends_with_its_timeout(tmp_path: Path, home: Path) -> None:
    script = f"def run(data):\n    {LOCKED}"
    with served(tmp_path, script, scoring_timeout_ms=300) as server:
        (worker,) = server.workers
        answer = server.post("x")
        assert (answer.status_code, answer.json()) == (500, {"message": "Scoring timeout after 300 ms"})
        until(lambda: gone(worker))


@pytest.mark.parametrize("preload", [False, True])
def test_an_init_has_a_deadline_and_the_old_version_serves_on(tmp_path: Path, home: Path, preload: bool) -> None:
    with served(tmp_path, "def run(data):\n    return 1\n", init_timeout_ms=1500, preload=preload) as server:
        before = server.workers
        server.write(f"def init():\n    {LOCKED}\ndef run(data):\n    return 2\n")
        answer = server.reload()
        assert answer.status_code == 422
        assert "init() took longer than 1.5 s (init_timeout_ms)" in answer.json()["message"]
        assert server.ask() == 1
        assert server.workers == before
        assert "in init" in server.log, "the log shows where the script was"
        children = psutil.Process(server.process.pid).children(recursive=True)
        assert {child.pid for child in children if child.cpu_times().user > 1} == set()


def test_a_first_init_has_a_deadline(tmp_path: Path, home: Path) -> None:
    script = "import threading\n\ndef init():\n    threading.Event().wait()\n\ndef run(data):\n    return data\n"
    with served(tmp_path, script, ready=False, init_timeout_ms=300) as server:
        assert server.process.wait(20) == 3
        assert "init() took longer than 0.3 s" in server.log


def test_a_drain_does_not_wait_behind_an_init(tmp_path: Path, home: Path) -> None:
    held = Held(tmp_path)
    with served(tmp_path, "def run(data):\n    return data\n") as server:
        server.write(held.code + "def init():\n    print('waiting')\n    hold()\n\ndef run(data):\n    return data\n")
        answers: list[Any] = []
        thread = threading.Thread(target=lambda: answers.append(server.reload()))
        thread.start()
        until(lambda: "waiting" in server.log)
        server.process.terminate()
        assert server.process.wait(10) == 0
        thread.join()
    assert answers[0].status_code == 422
    assert "the service is ending" in answers[0].json()["message"]


@pytest.mark.parametrize("workers", [1, 2])
def test_sigterm_to_every_process_fails_no_request(tmp_path: Path, home: Path, workers: int) -> None:
    held = Held(tmp_path)
    with served(tmp_path, held.code + "def run(data):\n    hold()\n    return data\n", workers=workers) as server:
        clients = Clients(server)
        clients.send_in_order(*"abcdefghijkl")
        send_all(server.family(), signal.SIGTERM)
        until(lambda: "SIGTERM: no new requests" in server.log)
        held.release()
        assert clients.wait() == {letter: (200, letter) for letter in "abcdefghijkl"}
        assert server.process.wait(20) == 0


@pytest.mark.parametrize("config", [{}, {"preload": True}, {"start_method": "spawn"}], ids=["fork", "preload", "spawn"])
def test_sighup_to_every_process_reloads_once_and_fails_no_request(
    tmp_path: Path, home: Path, config: dict[str, Any]
) -> None:
    held = Held(tmp_path)
    with served(tmp_path, held.code + "def run(data):\n    hold()\n    return data\n", **config) as server:
        clients = Clients(server)
        clients.send_in_order(*"abcdef")
        send_all(server.family(), signal.SIGHUP)
        until(lambda: server.state["generation"] == 2)
        held.release()
        assert clients.wait() == {letter: (200, letter) for letter in "abcdef"}
        assert server.state["generation"] == 2
        assert server.state["restarts"] == 0
