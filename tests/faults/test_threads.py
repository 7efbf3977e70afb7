"""Who calls ``init()`` and ``run()``: one thread of one process, one call after the other."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from .harness import served

SCRIPT = """import threading, time

calls, inside = 0, 0
thread = None

def init():
    global thread
    thread = threading.get_ident()

def work(data):
    global calls, inside
    assert threading.current_thread() is threading.main_thread()
    assert threading.get_ident() == thread
    assert inside == 0, "run() overlaps"
    inside += 1
    time.sleep(0.005)
    inside -= 1
    calls += 1
    return calls

def run(data):
    return work(data)
"""
ASYNC = SCRIPT.replace("def init", "async def init").replace(
    "def run(data):\n    return work(data)", "async def run(data):\n    await asyncio.sleep(0)\n    return work(data)"
)
METHODS: list[dict[str, Any]] = [{}, {"preload": True}, {"start_method": "spawn"}]


@pytest.mark.parametrize(
    ("script", "config"),
    [*((SCRIPT, method) for method in METHODS), ("import asyncio\n" + ASYNC, {})],
    ids=["fork", "preload", "spawn", "async"],
)
def test_init_and_run_share_one_thread_and_globals_persist(
    tmp_path: Path, home: Path, script: str, config: dict[str, Any]
) -> None:
    with served(tmp_path, script, **config) as server, ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(lambda _: server.ask(), range(40))) == list(range(1, 41))
