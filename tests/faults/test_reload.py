"""New code for a service that runs."""

from __future__ import annotations

import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.e2e.conftest import until
from tests.serving import serving

from . import admin, log_of, reload, state

FIRST = "def run(data):\n    return 'v0'\n"


def _edit(folder: Path, version: str, name: str = "score.py") -> None:
    # At once, as editors do it: no reader shall see half a file.
    temporary = folder / "edited"
    temporary.write_text(FIRST.replace("v0", version))
    temporary.replace(folder / name)


def _answer(url: str) -> Any:
    return requests.post(url, data="1", timeout=20).json()


def test_a_reload_without_a_body_reads_the_script_again(tmp_path: Path, home: Path) -> None:
    with serving(tmp_path, FIRST, *admin(tmp_path)) as (url, _):
        assert _answer(url) == "v0"
        _edit(tmp_path, "v1")
        response = requests.post(url.replace("/score", "/-/reload"), headers={"Authorization": "Bearer x"}, timeout=20)
        assert response.status_code == 401
        assert reload(url).json()["generation"] == 2
        assert _answer(url) == "v1"


@pytest.mark.parametrize("broken", ["def run(:\n", "1 / 0\n", "def init():\n    raise OSError\n\ndef run(d): pass\n"])
def test_a_broken_edit_keeps_the_old_version(tmp_path: Path, home: Path, broken: str) -> None:
    with serving(tmp_path, FIRST, *admin(tmp_path)) as (url, _):
        assert _answer(url) == "v0"
        (tmp_path / "score.py").write_text(broken)
        response = reload(url)
        assert response.status_code == 422
        assert response.json()["failure"]["label"]
        assert _answer(url) == "v0"
        assert state(url)["state"] == "Healthy"
        _edit(tmp_path, "v2")
        assert reload(url).status_code == 200
        assert _answer(url) == "v2"


def test_sighup_reloads(tmp_path: Path, home: Path) -> None:
    with serving(tmp_path, FIRST) as (url, process):
        assert _answer(url) == "v0"
        _edit(tmp_path, "v1")
        process.send_signal(signal.SIGHUP)
        until(lambda: _answer(url) == "v1")
        (tmp_path / "score.py").write_text("def run(:\n")
        process.send_signal(signal.SIGHUP)
        until(lambda: "was not taken" in log_of(tmp_path))
        assert _answer(url) == "v1"


def test_watch_follows_the_script_and_the_modules_beside_it(tmp_path: Path, home: Path) -> None:
    (tmp_path / "beside.py").write_text("VALUE = 'b0'\n")
    script = "import beside\n\ndef run(data):\n    return 'v0' + beside.VALUE\n"
    with serving(tmp_path, script, "--watch") as (url, _):
        assert _answer(url) == "v0b0"
        until(lambda: "watching" in log_of(tmp_path))
        (tmp_path / "score.py").write_text(script.replace("v0", "v1.1"))
        until(lambda: _answer(url) == "v1.1b0")
        (tmp_path / "beside.py").write_text("VALUE = 'b1.1'\n")
        until(lambda: _answer(url) == "v1.1b1.1")
        (tmp_path / "score.py").write_text("def run(:\n")
        until(lambda: "was not taken" in log_of(tmp_path))
        assert _answer(url) == "v1.1b1.1"


def test_a_sample_must_be_answered(tmp_path: Path, home: Path) -> None:
    with serving(tmp_path, FIRST, *admin(tmp_path)) as (url, _):
        assert _answer(url) == "v0"
        (tmp_path / "score.py").write_text("def run(data):\n    return 10 // int(data)\n")
        refused = reload(url, {"sample": "0"})
        assert refused.status_code == 422
        assert refused.json()["failure"]["kind"] == "ZeroDivisionError"
        assert _answer(url) == "v0"
        assert reload(url, {"sample": "5"}).status_code == 200
        assert _answer(url) == 10
        (tmp_path / "score.py").write_text("def run(data):\n    raise KeyError(data)\n")
        # It holds for the generations behind it too.
        assert reload(url).status_code == 422
        assert _answer(url) == 10


def test_a_misspelt_setting_names_the_right_one(tmp_path: Path, home: Path) -> None:
    with serving(tmp_path, FIRST, *admin(tmp_path)) as (url, _):
        assert _answer(url) == "v0"
        response = reload(url, {"settings": {"max_bach": 1}})
        assert response.status_code == 400
        assert "max_batch" in response.json()["message"]
        assert state(url)["generation"] == 1


def test_reloads_that_queue_end_in_the_last_version(tmp_path: Path, home: Path) -> None:
    with serving(tmp_path, FIRST, *admin(tmp_path)) as (url, _), ThreadPoolExecutor(10) as pool:
        assert _answer(url) == "v0"
        asked = []
        for number in range(1, 11):
            _edit(tmp_path, f"v{number}")
            asked.append(pool.submit(reload, url))
        assert [one.result().status_code for one in asked] == [200] * 10
        assert _answer(url) == "v10"
        assert state(url)["generation"] == 11


@pytest.mark.parametrize("options", [(), ("--workers", "2"), ("--preload", "--workers", "2")])
def test_reloads_under_load_lose_nothing_and_leave_nothing_old(
    tmp_path: Path, home: Path, options: tuple[str, ...]
) -> None:
    with serving(tmp_path, FIRST, *admin(tmp_path), *options) as (url, _):
        assert _answer(url) == "v0"
        over, current, wrong, count = threading.Event(), [0], [], [0] * 8

        def ask(thread: int) -> None:
            with requests.Session() as session:
                while not over.is_set():
                    least = current[0]
                    try:
                        response = session.post(url, data="1", timeout=20)
                    except requests.RequestException as error:
                        wrong.append(error)
                        return
                    count[thread] += 1
                    if response.status_code != 200 or int(response.json()[1:]) < least:
                        wrong.append((least, response.status_code, response.text))

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        try:
            for number in range(1, 11):
                _edit(tmp_path, f"v{number}")
                assert reload(url).status_code == 200
                current[0] = number
                assert _answer(url) == f"v{number}"
        finally:
            over.set()
            for thread in threads:
                thread.join(30)
    assert not wrong
    assert min(count) > 10
