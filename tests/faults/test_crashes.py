"""Workers that end while they run a request."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from tests.e2e.conftest import until
from tests.serving import serving

from . import admin, log_of, reload, samples, until_waiting

SCRIPT = """import ctypes, os, signal, time

def run(data):
    if data != "1":
        print("ran", data)
        while not os.path.exists("go"):
            time.sleep(0.01)
        if data == "segfault":
            ctypes.string_at(0)
        if data == "exit":
            os._exit(7)
        os.kill(os.getpid(), signal.SIGKILL)
    return os.getpid()
"""
PIDS = """import os, time

def init():
    with open("inits", "a") as file:
        file.write("once\\n")

def run(data):
    time.sleep(0.05)
    return os.getpid()
"""


@pytest.mark.parametrize(
    ("how", "message"),
    [("segfault", "was killed by SIGSEGV"), ("exit", "exited with code 7"), ("kill", "was killed by SIGKILL")],
)
def test_a_crash_costs_only_its_own_request(tmp_path: Path, home: Path, how: str, message: str) -> None:
    with serving(tmp_path, SCRIPT) as (url, _), ThreadPoolExecutor(8) as pool:
        before = requests.post(url, data="1", timeout=20).json()
        crash = pool.submit(requests.post, url, data=how, timeout=20)
        until(lambda: f"ran {how}" in log_of(tmp_path))
        others = [pool.submit(requests.post, url, data="1", timeout=20) for _ in range(6)]
        until_waiting(url, 6)
        (tmp_path / "go").touch()
        response = crash.result()
        assert response.status_code == 502
        assert message in response.json()["message"]
        answers = [other.result() for other in others]
        assert [answer.status_code for answer in answers] == [200] * 6
        assert before not in {answer.json() for answer in answers}
        found = samples(url)
        assert found["model_worker_restarts_total", ""] == 1
        assert found["model_requests_total", "502"] == 1


def test_spawned_workers_serve_reload_and_survive(tmp_path: Path, home: Path) -> None:
    script = SCRIPT.replace("return os.getpid()", "return ['A', os.getpid()]")
    options = ("--set", "start_method=spawn", *admin(tmp_path))
    with serving(tmp_path, script, *options) as (url, _):
        (tmp_path / "go").touch()
        name, before = requests.post(url, data="1", timeout=60).json()
        assert name == "A"
        assert requests.post(url, data="exit", timeout=60).status_code == 502
        assert requests.post(url, data="1", timeout=60).json()[1] != before
        (tmp_path / "score.py").write_text(script.replace("'A'", "'New'"))
        assert reload(url).status_code == 200
        assert requests.post(url, data="1", timeout=60).json()[0] == "New"


def _pids(url: str) -> set[int]:
    with ThreadPoolExecutor(9) as pool:
        return set(pool.map(lambda _: requests.post(url, timeout=20).json(), range(18)))


def test_preloaded_workers_share_one_init(tmp_path: Path, home: Path) -> None:
    inits = tmp_path / "inits"
    options = ("--preload", "--workers", "3", *admin(tmp_path))
    with serving(tmp_path, PIDS, *options) as (url, _):
        assert requests.post(url, timeout=20).ok
        pids = until(lambda: len(found := _pids(url)) == 3 and found)
        assert inits.read_text() == "once\n"
        killed = min(pids)
        os.kill(killed, signal.SIGKILL)
        until(lambda: len(found := _pids(url)) == 3 and killed not in found)
        assert inits.read_text() == "once\n"
        assert reload(url).status_code == 200
        assert inits.read_text() == "once\n" * 2
        after = until(lambda: len(found := _pids(url)) == 3 and found)
        assert not after & pids


def test_a_client_that_leaves_a_stream_frees_the_worker(tmp_path: Path, home: Path) -> None:
    script = """import time

def run(data):
    if data == "1":
        return 1
    return parts()

def parts():
    while True:
        yield b"x" * 1000
        time.sleep(0.01)
"""
    with serving(tmp_path, script) as (url, _):
        assert requests.post(url, data="1", timeout=20).json() == 1
        with requests.post(url, data="stream", stream=True, timeout=20) as response:
            assert next(response.iter_content(100)).startswith(b"x")
        assert requests.post(url, data="1", timeout=20).json() == 1
        until(lambda: samples(url)["model_requests_in_flight", ""] == 0)
        assert samples(url)["model_worker_restarts_total", ""] == 0
