"""The feed: what any process changes is told at once, a death soon, and nothing is asked while no page listens."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

import jupyter_deploy.workspace.watching as watching
from jupyter_deploy.labserver import hub
from jupyter_deploy.services import Health, ServiceRecord
from jupyter_deploy.workspace import Workspace
from tests.servers import process_of

from .conftest import Ask


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Probe often: this is about what is told, not about when."""
    monkeypatch.setattr(watching, "PROBE_SECONDS", 0.3)
    monkeypatch.setattr(watching, "_SILENT_SECONDS", 0.5)
    monkeypatch.setattr(watching, "ASK_SECONDS", 0.3)


class Events:
    """The events that a page would get, with their times."""

    def __init__(self) -> None:
        self.all: list[tuple[float, dict[str, Any]]] = []
        self._arrived = asyncio.Event()

    async def hear(self, logger: Any, schema_id: str, data: dict[str, Any]) -> None:
        """Note one (jupyter_events' hook)."""
        self.all.append((time.monotonic(), data))
        self._arrived.set()

    async def until(self, wanted: Callable[[dict[str, Any]], bool], since: float, seconds: float = 10.0) -> float:
        """Wait for an event; returns how long after ``since`` it came."""
        async with asyncio.timeout(seconds):
            while True:
                self._arrived.clear()
                for when, data in self.all:
                    if when >= since and wanted(data):
                        return when - since
                await self._arrived.wait()


@pytest.fixture
def events(jp_serverapp: Any) -> Events:
    found = Events()
    jp_serverapp.event_logger.add_listener(schema_id=hub.SCHEMA_ID, listener=found.hear)
    return found


def names(kind: str, name: str) -> Callable[[dict[str, Any]], bool]:
    return lambda data: name in data["changed"][kind]


async def state_of(ask: Ask, name: str) -> dict[str, Any]:
    _, found = await ask("GET", "overview")
    return next(one for one in found["services"] if one["name"] == name)


async def until_state(ask: Ask, events: Events, name: str, state: str) -> dict[str, Any]:
    """Look as a page does: again when an event names the service."""
    async with asyncio.timeout(15):
        while True:
            asked = time.monotonic()
            if (found := await state_of(ask, name))["state"] == state:
                return found
            await events.until(names("services", name), asked)


async def test_what_another_process_records_is_told_within_half_a_second(
    ask: Ask, events: Events, shared: Workspace
) -> None:
    _, before = await ask("GET", "overview")
    code = (
        "import sys, time; from jupyter_deploy.workspace import Workspace; from pathlib import Path\n"
        "w = Workspace(); sys.stdin.readline()\n"
        "w.models.tag('weights', {'stage': 'late'}); print(time.monotonic(), flush=True)\n"
        "sys.stdin.readline(); w.services['echo'].stop(); sys.stdin.readline()"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin
    assert process.stdout
    started = time.monotonic()
    process.stdin.write(b"\n")
    written = float(await process.stdout.readline())
    await events.until(names("models", "weights"), started)
    arrived = next(when for when, data in events.all if names("models", "weights")(data))
    assert arrived - written < 0.5
    assert events.all[-1][1]["revision"] > before["revision"]
    process.stdin.write(b"\n")
    await events.until(names("services", "echo"), time.monotonic())
    process.stdin.close()
    await process.wait()
    await until_state(ask, events, "echo", "Stopped")
    await asyncio.to_thread(shared.deploy, "echo")
    await until_state(ask, events, "echo", "Healthy")


async def test_a_killed_server_is_seen_and_comes_back(ask: Ask, events: Events, shared: Workspace) -> None:
    before = await state_of(ask, "echo")
    killed = time.monotonic()
    os.kill(before["pid"], signal.SIGKILL)
    assert await events.until(names("services", "echo"), killed) < 3.0
    async with asyncio.timeout(15):
        # What was told first may have been seen just before.
        while (await until_state(ask, events, "echo", "Healthy"))["workers"] == before["workers"]:
            await events.until(names("services", "echo"), time.monotonic())


async def test_a_server_that_ends_by_a_signal_is_seen_as_stopped(
    often: None, ask: Ask, events: Events, shared: Workspace
) -> None:
    before = await state_of(ask, "echo")
    ended = time.monotonic()
    os.kill(before["pid"], signal.SIGTERM)
    await until_state(ask, events, "echo", "Stopped")
    assert time.monotonic() - ended < 5.0
    await asyncio.to_thread(shared.deploy, "echo")


async def test_one_that_hangs_does_not_hide_the_others(
    often: None, ask: Ask, events: Events, shared: Workspace
) -> None:
    await asyncio.to_thread(shared.deploy, "other", script=shared.services["echo"].record.spec.script, target="process")
    pid = process_of(shared.services["echo"]).pid
    front = (await state_of(ask, "echo"))["pid"] or pid
    os.kill(front, signal.SIGSTOP)
    try:
        asked, state = time.monotonic(), "Healthy"
        async with asyncio.timeout(15):
            # What is told first may have been seen before.
            while state == "Healthy":
                await events.until(names("services", "echo"), asked)
                asked = time.monotonic()
                assert (await state_of(ask, "other"))["state"] == "Healthy"
                hung = await state_of(ask, "echo")
                assert time.monotonic() - asked < 1.0
                state = hung["state"]
        assert state == "Unhealthy"
        assert "has not answered" in hung["reason"]
    finally:
        os.kill(front, signal.SIGCONT)
        shared.services["other"].delete()


async def test_traffic_comes_with_the_events(often: None, ask: Ask, events: Events, shared: Workspace) -> None:
    await ask("GET", "overview")
    started = time.monotonic()
    for _ in range(3):
        await asyncio.to_thread(shared.services["echo"].invoke, [1])
    await events.until(lambda data: data["recent"].get("echo", {}).get("requests", 0) >= 3, started)
    _, found = await ask("GET", "services/echo/traffic")
    assert sum(found["seconds"]) >= 3


def test_a_quiet_service_is_not_asked_until_something_happens(
    shared: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "PROBE_SECONDS", 0.0)
    monkeypatch.setattr(watching, "ASK_SECONDS", 3600.0)
    asked: list[str] = []
    ask_it = watching.health_of

    def counted(workspace: Workspace, record: ServiceRecord) -> Health:
        asked.append(record.name)
        return ask_it(workspace, record)

    monkeypatch.setattr(watching, "health_of", counted)
    calm = shared.deploy("calm", script=shared.services["echo"].record.spec.script, target="process")
    watch = watching.Watch(shared)

    def look_until(wanted: Callable[[Health | None], bool]) -> None:
        until = time.monotonic() + 10
        while not wanted(watch.known(calm.record)):
            assert time.monotonic() < until
            watch.look()

    try:
        look_until(lambda health: health is not None and health.state == "Healthy")
        asked.clear()
        for _ in range(10):
            watch.look()
        assert "calm" not in asked
        worker = calm.health.workers[0]
        os.kill(worker, signal.SIGKILL)
        look_until(lambda health: health is not None and health.restarts == 1)
        calm.invoke([1])
        look_until(lambda health: health is not None and health.requests == 1)
    finally:
        watch.close()
        calm.delete()


def looking() -> list[str]:
    """The threads that look at the workspace by themselves."""
    prefixes = ("jupyter-deploy-hub", "jupyter-deploy-probe")
    return [one.name for one in threading.enumerate() if one.name.startswith(prefixes)]


async def test_without_a_page_nothing_is_asked(
    ask: Ask, events: Events, shared: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "LISTENING_SECONDS", 1.5)
    await ask("GET", "info")
    await ask("GET", "services/echo")
    assert not looking()
    await ask("GET", "overview")
    assert looking()
    async with asyncio.timeout(5):
        while looking():
            await asyncio.sleep(0.05)
    await asyncio.to_thread(shared.models.tag, "weights", {"stage": "unheard"})
    # A page that comes back is told that there may be news.
    started = time.monotonic()
    status, found = await ask("POST", "listening")
    assert status == 200
    await events.until(names("models", "weights"), started)
    assert events.all[-1][1]["revision"] > found["revision"]
