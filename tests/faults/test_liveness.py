"""The routes that need no worker answer at once, whatever the worker does."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from tests.e2e.conftest import until
from tests.serving import serving

from . import samples, slowest

SCRIPT = """import os

def run(data):
    while data == "busy" and not os.path.exists("go"):
        pass
    return len(data)
"""
PATHS = ("/", "/-/ready", "/-/live", "/metrics")


@contextmanager
def _busy(folder: Path, url: str) -> Iterator[None]:
    """The worker computes all the time."""
    thread = threading.Thread(target=requests.post, args=(url, "busy"))
    thread.start()
    until(lambda: samples(url)["model_requests_in_flight", ""] == 1)
    yield
    (folder / "go").touch()
    thread.join(20)


@contextmanager
def _dribbling(folder: Path, url: str) -> Iterator[None]:
    """A large body comes in by and by."""
    over, answers = threading.Event(), []

    def parts() -> Iterator[bytes]:
        for _ in range(640):
            yield b"x" * (16 << 10)
            over.wait(0.002)

    thread = threading.Thread(target=lambda: answers.append(requests.post(url, data=parts(), timeout=60).json()))
    thread.start()
    yield
    over.set()
    thread.join(60)
    assert answers == [640 * (16 << 10)]


@contextmanager
def _idle(folder: Path, url: str) -> Iterator[None]:
    """Many connections do nothing."""
    parts = urlsplit(url)
    with ExitStack() as stack:
        for _ in range(200):
            stack.enter_context(socket.create_connection((parts.hostname, parts.port), timeout=10))
        yield


@pytest.mark.parametrize("load", [_busy, _dribbling, _idle], ids=lambda load: load.__name__.strip("_"))
def test_routes_answer_at_once(tmp_path: Path, home: Path, load: object) -> None:
    with serving(tmp_path, SCRIPT) as (url, _):
        assert requests.post(url, data="1", timeout=20).json() == 1
        with load(tmp_path, url):  # type: ignore[operator]
            seconds = slowest(url, PATHS, 400)
    assert seconds < 0.05
