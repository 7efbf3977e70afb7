"""The one log of front and workers."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from tests.e2e import test_server
from tests.e2e.conftest import until
from tests.serving import serving

from . import log_of

SCRIPT = """import logging, sys, threading, warnings

def run(data):
    print("by print", data)
    logging.info("by logging %s", data)
    warnings.warn("by warnings " + data)
    print("by stderr", data, file=sys.stderr)
    print("line one", data + "\\nline two", data)
    thread = threading.Thread(target=lambda: print("by thread", data))
    thread.start()
    thread.join()
    return data
"""
WRITTEN = ["by print", "by logging", "by warnings", "by stderr", "line one", "line two", "by thread"]


def _send(url: str, name: str) -> None:
    assert requests.post(url, data=name, headers={"x-ms-request-id": f"id-{name}"}, timeout=20).ok


def test_every_line_carries_its_request_in_order(tmp_path: Path, home: Path) -> None:
    names = [f"n{number}n" for number in range(12)]
    with serving(tmp_path, SCRIPT, "--workers", "2") as (url, _), ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda name: _send(url, name), names))
    lines = log_of(tmp_path).splitlines()
    for name in names:
        mine = [line for line in lines if f" id-{name} " in line]
        positions = [next(at for at, line in enumerate(mine) if f"{text} {name}" in line) for text in WRITTEN]
        assert positions == sorted(positions)
        assert len([line for line in mine if re.search(r" access - POST /score 200 ", line)]) == 1
        assert not [line for line in lines if name in line and f" id-{name} " not in line]


def test_json_logs_are_json_throughout(tmp_path: Path, home: Path) -> None:
    with serving(tmp_path, SCRIPT, "--log-format", "json") as (url, _):
        for name in ("a1", "a2", "a3"):
            _send(url, name)
    first, *lines = log_of(tmp_path).splitlines()
    assert first.startswith("Serving score.py at ")
    records = [json.loads(line) for line in lines]
    for name in ("a1", "a2", "a3"):
        mine = [record for record in records if record.get("request_id") == f"id-{name}"]
        for text in WRITTEN:
            assert any(f"{text} {name}" in record["message"] for record in mine), text
        assert len([record for record in mine if record["logger"] == "access"]) == 1


@pytest.mark.parametrize("prints", [False, True])
def test_a_log_that_nobody_reads_stops_nothing(tmp_path: Path, home: Path, prints: bool) -> None:
    script = f"def run(data):\n    {'print(data)' if prints else 'pass'}\n    return data\n"
    with test_server.serving(tmp_path, script) as (url, process):

        def many(_: int) -> int:
            with requests.Session() as session:
                return sum(session.post(url, data="x" * 50, timeout=20).ok for _ in range(1250))

        with ThreadPoolExecutor(4) as pool:
            assert sum(pool.map(many, range(4))) == 5000
        process.kill()
        until(lambda: process.poll() is not None)
