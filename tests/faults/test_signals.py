"""SIGTERM: once, to finish what is in flight; twice, to end now."""

from __future__ import annotations

import signal
import socket
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from .harness import Clients, Held, Served, served, until


def listens(server: Served) -> bool:
    parts = urlsplit(server.url)
    try:
        socket.create_connection((parts.hostname, parts.port), timeout=5).close()
    except ConnectionRefusedError:
        return False
    return True


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_drain_finishes_what_runs_and_what_waits(tmp_path: Path, home: Path, method: str) -> None:
    held = Held(tmp_path)
    script = held.code + "def run(data):\n    hold()\n    return data\n"
    with served(tmp_path, script, start_method=method) as server:
        clients = Clients(server)
        clients.send_in_order(*"abc")
        server.process.terminate()
        until(lambda: "SIGTERM: no new requests" in server.log)
        until(lambda: not listens(server))
        held.release()
        assert clients.wait() == {letter: (200, letter) for letter in "abc"}
        assert server.process.wait(20) == 0
        log = server.log
    assert log.rstrip().endswith("stopped")
    assert "Traceback" not in log
    assert "was destroyed" not in log


@pytest.mark.parametrize("config", [{}, {"workers": 2}, {"preload": True}], ids=["one", "two", "preload"])
def test_a_second_signal_ends_it_now(tmp_path: Path, home: Path, config: dict[str, Any]) -> None:
    held = Held(tmp_path)
    script = held.code + "def run(data):\n    hold()\n    return data\n"
    with served(tmp_path, script, **config) as server:
        clients = Clients(server)
        clients.send_in_order(*"abcde")
        server.process.terminate()
        until(lambda: "SIGTERM: no new requests" in server.log)
        # Twice within half a second is one Ctrl-C that arrived twice.
        started = time.monotonic()
        until(lambda: time.monotonic() - started > 0.6)
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(4) == 0
        assert {status for status, _ in clients.wait().values()} <= {502, 503}
        assert "again: requests in flight are given up" in server.log
        assert "replaces it" not in server.log


def test_a_drain_has_an_end(tmp_path: Path, home: Path) -> None:
    script = "import time\n\ndef run(data):\n    print('begun')\n    time.sleep(60)\n"
    with served(tmp_path, script, drain_seconds=1) as server:
        clients = Clients(server)
        clients.send("x")
        until(lambda: "begun" in server.log)
        server.process.terminate()
        assert server.process.wait(10) == 0
        for answer in clients.answers.values():
            assert not isinstance(answer, requests.Response) or answer.status_code >= 500


def test_a_signal_during_init_ends_it(tmp_path: Path, home: Path) -> None:
    held = Held(tmp_path)
    script = held.code + "def init():\n    print('waiting')\n    hold()\n\ndef run(data):\n    return data\n"
    with served(tmp_path, script, ready=False) as server:
        until(lambda: "waiting" in server.log)
        clients = Clients(server)
        clients.send("x")
        server.process.terminate()
        assert server.process.wait(20) == 0
