"""A run() that takes too long: its client gets the contract's answer, and nobody else notices."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import requests

from .harness import Clients, served, until

SCRIPT = """import time

def stuck():
    while True:
        pass

def run(data):
    print("begun", data)
    if data == "sleep":
        time.sleep(60)
    if data == "busy":
        stuck()
    while data == "exception":
        try:
            time.sleep(60)
        except Exception:
            pass
    while data == "base":
        try:
            stuck()
        except BaseException:
            pass
    return data
"""
LIMIT = {"message": "Scoring timeout after 300 ms"}


def test_the_contracts_answer_in_time(tmp_path: Path, home: Path) -> None:
    with served(tmp_path, SCRIPT, scoring_timeout_ms=300) as server:
        for what in ("sleep", "busy", "exception", "base"):
            (before,) = server.workers
            started = time.monotonic()
            answer = server.post(what, headers={"x-request-id": f"{what}-id"})
            took = time.monotonic() - started
            assert (answer.status_code, answer.json()) == (500, LIMIT)
            assert answer.headers["x-ms-run-function-failed"] == "True"
            assert 0.3 <= took < 0.6
            assert server.ask("next") == "next"
            (after,) = server.workers
            assert after != before
            # Where it was, in the log under the request's id.
            where = {"sleep": "line 10 in run", "exception": "line 15 in run"}.get(what, "in stuck")
            until(lambda: [line for line in server.lines_with(f"{what}-id") if "score.py" in line and where in line])  # noqa: B023
        assert server.state["state"] == "Healthy"


def test_queued_requests_and_other_connections_are_untouched(tmp_path: Path, home: Path) -> None:
    with served(tmp_path, SCRIPT, scoring_timeout_ms=300) as server:
        kept = server.connect()
        kept.request("POST", "/score", "kept")
        assert kept.getresponse().read() == b'"kept"'
        port = kept.sock.getsockname()[1]
        clients = Clients(server)
        clients.send("sleep")
        until(lambda: "begun sleep\n" in server.log)
        clients.send(*"abcdefghijkl")
        kept.request("POST", "/score", "kept")
        assert kept.getresponse().read() == b'"kept"'
        assert kept.sock.getsockname()[1] == port
        kept.close()
        answers = clients.wait()
        assert answers.pop("sleep") == (500, LIMIT)
        assert answers == {letter: (200, letter) for letter in "abcdefghijkl"}
        # None of them ran twice, on the stuck worker and on the next one.
        assert sorted(server.log.count(f"begun {letter}\n") for letter in "abcdefghijkl") == [1] * 12


@pytest.mark.parametrize("workers", [1, 2])
def test_ten_timeouts_in_a_row_are_not_a_crash_loop(tmp_path: Path, home: Path, workers: int) -> None:
    with served(tmp_path, SCRIPT, scoring_timeout_ms=100, workers=workers) as server:
        for _ in range(10):
            assert server.post("sleep").json() == {"message": "Scoring timeout after 100 ms"}
        assert server.ask("x") == "x"
        until(lambda: server.state["state"] == "Healthy" and len(server.workers) == workers)
        assert server.metrics()["model_timeouts_total"] == 10


def test_a_batch_that_hangs_fails_together_and_those_behind_it_run(tmp_path: Path, home: Path) -> None:
    script = """import time

def run_batch(items):
    print("batch", sorted(items))
    if any(item == "sleep" for item in items):
        time.sleep(60)
    return items
"""
    with served(tmp_path, script, scoring_timeout_ms=300) as server:
        clients = Clients(server)
        clients.send("sleep")
        until(lambda: "batch" in server.log)
        clients.send(*"abcd")
        answers = clients.wait()
        assert answers.pop("sleep") == (500, LIMIT)
        assert answers == {letter: (200, letter) for letter in "abcd"}


def test_a_stream_that_hangs_is_cut_and_the_worker_replaced(tmp_path: Path, home: Path) -> None:
    script = """import time

def run(data):
    if data == "stream":
        return parts()
    return data

def parts():
    yield b"first"
    time.sleep(60)
    yield b"never"
"""
    with served(tmp_path, script, scoring_timeout_ms=300) as server:
        answer = requests.post(server.url, data="stream", stream=True, timeout=10)
        got = []
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            got += answer.iter_content(None)
            got.append(answer.raw.read())
        assert server.ask("next") == "next"
        until(lambda: 'score.py", line 10 in parts' in server.log)


def test_a_changed_limit_holds_at_once(tmp_path: Path, home: Path) -> None:
    with served(tmp_path, SCRIPT) as server:
        assert server.reload({"settings": {"scoring_timeout_ms": 150}}).status_code == 200
        assert server.post("sleep").json() == {"message": "Scoring timeout after 150 ms"}
