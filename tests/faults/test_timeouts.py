"""A ``run()`` that does not come back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from tests.e2e.conftest import until
from tests.serving import serving

from . import admin, log_of, samples, state, until_waiting

SCRIPT = """import os, time

def stuck_here():
    while True:
        pass

def run(data):
    if data == "stuck":
        stuck_here()
    if data == "stubborn":
        while True:
            try:
                while True:
                    time.sleep(0.01)
            except BaseException:
                pass
    return os.getpid()
"""
LIMIT = ("--set", "scoring_timeout_ms=300")


@pytest.mark.parametrize("how", ["stuck", "stubborn"])
def test_a_stuck_request_gets_the_contract_s_error_and_others_their_answers(
    tmp_path: Path, home: Path, how: str
) -> None:
    with serving(tmp_path, SCRIPT, *LIMIT) as (url, _):
        before = requests.post(url, data="1", timeout=20).json()
        with ThreadPoolExecutor(8) as pool:
            stuck = pool.submit(requests.post, url, data=how, timeout=20)
            until(lambda: samples(url)["model_requests_in_flight", ""] == 1)
            others = [pool.submit(requests.post, url, data="1", timeout=20) for _ in range(6)]
            response = stuck.result()
            assert (response.status_code, response.json()) == (500, {"message": "Scoring timeout after 300 ms"})
            answers = [other.result() for other in others]
        assert [answer.status_code for answer in answers] == [200] * 6
        after = {answer.json() for answer in answers}
        assert len(after) == 1
        assert before not in after
        assert samples(url)["model_timeouts_total", ""] == 1
    text = log_of(tmp_path)
    line = 5 if how == "stuck" else 14
    assert f'score.py", line {line}' in text or f'score.py", line {line - 1}' in text


def test_ten_timeouts_in_a_row_do_not_end_the_service(tmp_path: Path, home: Path) -> None:
    with serving(tmp_path, SCRIPT, *LIMIT, *admin(tmp_path)) as (url, _):
        assert requests.post(url, data="1", timeout=20).ok
        for _ in range(10):
            assert requests.post(url, data="stuck", timeout=20).status_code == 500
        assert requests.post(url, data="1", timeout=20).status_code == 200
        assert state(url)["state"] == "Healthy"


def test_more_than_the_limit_is_refused_at_once(tmp_path: Path, home: Path) -> None:
    script = "import time\n\ndef run(data):\n    time.sleep(1.0 if data == 'slow' else 0)\n    return data\n"
    with serving(tmp_path, script, "--set", "queue_limit=3") as (url, _), ThreadPoolExecutor(8) as pool:
        assert requests.post(url, data="1", timeout=20).ok
        slow = pool.submit(requests.post, url, data="slow", timeout=20)
        until(lambda: samples(url)["model_requests_in_flight", ""] == 1)
        waiting = [pool.submit(requests.post, url, data="1", timeout=20) for _ in range(3)]
        until_waiting(url, 3)
        refused = requests.post(url, data="1", timeout=20)
        assert refused.status_code == 503
        assert refused.headers["retry-after"] == "1"
        assert [one.result().status_code for one in [slow, *waiting]] == [200] * 4


@pytest.mark.parametrize("chunked", [False, True])
def test_bodies_above_the_limit_are_refused(tmp_path: Path, home: Path, chunked: bool) -> None:
    with serving(tmp_path, "def run(data):\n    return len(data)\n", "--set", "body_limit=1000") as (url, _):
        body = iter([b"x" * 600, b"x" * 600]) if chunked else b"x" * 1001
        assert requests.post(url, data=body, timeout=20).status_code == 413
        assert requests.post(url, data=b"x" * 1000, timeout=20).json() == 1000


def test_what_nobody_waits_for_is_never_run(tmp_path: Path, home: Path) -> None:
    script = (
        "import time\n\ndef run(data):\n    print('ran', data)\n    time.sleep(1.0 * (data == 'slow'))\n    return 1\n"
    )
    with serving(tmp_path, script) as (url, _), ThreadPoolExecutor(2) as pool:
        assert requests.post(url, data="first", timeout=20).ok
        slow = pool.submit(requests.post, url, data="slow", timeout=20)
        until(lambda: "ran slow" in log_of(tmp_path))
        with pytest.raises(requests.ReadTimeout):
            requests.post(url, data="left", timeout=0.3)
        assert slow.result().ok
        assert requests.post(url, data="last", timeout=20).ok
    assert "ran last" in log_of(tmp_path)
    assert "ran left" not in log_of(tmp_path)
