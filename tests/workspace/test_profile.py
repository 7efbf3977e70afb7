"""A profile: true numbers of a server of its own, a rule for what to give it, and what is kept where it fails."""

from __future__ import annotations

import http.client
import math
import stat
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from jupyter_deploy.errors import NotFound, ProfileFailed, UsageProblem
from jupyter_deploy.workspace import Latencies, Profile, Workspace

SLOW = "import json, time\n\ndef run(data):\n    time.sleep(0.02)\n    return json.loads(data)\n"
PICKY = "import json\n\ndef run(data):\n    return 1 / json.loads(data)\n"
BUSY = (
    "import time\n\ndef run(data):\n    began = time.process_time()\n"
    "    while time.process_time() - began < 0.05:\n        pass\n    return 1\n"
)
# Needs much memory while it starts.
HEAVY = (
    "import os, time\n\ndef init():\n    held = bytearray(os.urandom(1 << 20)) * 300\n"
    "    until = time.monotonic() + 1\n"
    "    while time.monotonic() < until:\n        held[0] = 1\n\ndef run(data):\n    return 1\n"
)
SUCCESS = {
    *("name", "state", "createdTime", "requestedCpu", "requestedMemoryInGB", "requestedMemoryInGb"),
    *("requestedQueriesPerSecond", "maxUtilizedCpu", "maxUtilizedMemoryInGB", "maxUtilizedMemoryInGb", "totalQueries"),
    *("successQueries", "successRate", "averageLatencyInMs", "latencyPercentile50InMs", "latencyPercentile90InMs"),
    *("latencyPercentile95InMs", "latencyPercentile99InMs", "latencyPercentile999InMs", "measuredQueriesPerSecond"),
    *("recommendedCpu", "recommendedMemoryInGB", "recommendedMemoryInGb"),
}


def own_times(uri: str, bodies: list[str]) -> list[float]:
    """Seconds of the same requests by a client that shares no code with the package's."""
    parts = urlsplit(uri)
    connection, times = http.client.HTTPConnection(parts.hostname or "", parts.port), []
    for body in bodies:
        began = time.perf_counter()
        connection.request("POST", parts.path, body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        response.read()
        times.append(time.perf_counter() - began)
        assert response.status == 200
    connection.close()
    return sorted(times)


def test_the_numbers_are_those_of_another_client(workspace: Workspace) -> None:
    workspace.score_script("slow", SLOW)
    service = workspace.deploy("slow")
    before = service.record
    rows = [f"[{number}]" for number in range(40)]
    said: list[str] = []
    found = workspace.profile("slow", rows, progress=said.append)
    times = own_times(service.scoring_uri, rows)
    assert found.latency is not None
    # Both slept as long, and both ran on a machine that may be busy.
    assert found.latency.fastest >= 0.02
    assert found.latency.p50 < 3 * times[len(times) // 2]
    assert times[len(times) // 2] < 3 * found.latency.p50
    assert 1 / 3 < found.rate / (len(times) / sum(times)) < 3
    assert found.seconds >= 40 * 0.02
    assert (found.state, found.sent, found.succeeded, found.success_rate) == ("Succeeded", 40, 40, 100)
    assert sum(count for _, _, count in found.bars) == 40
    assert any("of 40 rows" in text for text in said)
    # The service has heard of nothing, and no server is left.
    assert service.record == before
    assert service.health.requests == len(rows)
    assert list(workspace.services) == ["slow"]
    details = found.details()
    assert set(details) == SUCCESS
    assert None not in details.values()
    order = [details[f"latencyPercentile{percent}InMs"] for percent in (50, 90, 95, 99, 999)]
    assert order == sorted(order)
    assert details["totalQueries"] == 40
    assert (details["successRate"], details["recommendedCpu"]) == (100, found.recommended_cpus)
    assert details["requestedMemoryInGb"] == details["requestedMemoryInGB"] > 0.1
    # Kept, and the same when it is read again.
    assert Workspace().profiles["slow"] == found
    assert list(workspace.profiles) == ["slow"]


def test_processors_that_are_used_are_seen(workspace: Workspace) -> None:
    workspace.score_script("busy", BUSY)
    found = workspace.profile("busy", ["1"] * 20, cpus=1, memory="1g", description="for the order")
    # 20 requests of 0.05 processor seconds each, in the time that they took.
    assert found.busy_cpus == pytest.approx(1.0 / found.seconds, rel=0.4)
    assert found.max_cpus >= found.busy_cpus
    assert found.recommended_cpus == pytest.approx(found.busy_cpus * 1.2, abs=0.1001)
    assert (found.limits, found.requested_cpus, found.requested_memory) == ("not enforced", 1.0, 1 << 30)
    assert any("target process enforces no limits" in note for note in found.notes)
    assert found.details()["description"] == "for the order"


def test_memory_that_only_init_needs_counts(workspace: Workspace) -> None:
    workspace.score_script("heavy", HEAVY)
    found = workspace.profile("heavy", ["1"] * 3)
    assert found.max_memory > 300 << 20
    assert found.recommended_gb is not None
    assert found.recommended_gb >= 0.4
    assert found.init_seconds > 1
    assert any("need more rows" in note for note in found.notes)


def test_a_row_that_fails_counts_and_is_explained(workspace: Workspace, home: Path) -> None:
    workspace.score_script("picky", PICKY)
    found = workspace.profile("picky", ["1", "0", "2", "0", object()])
    assert (found.state, found.succeeded, found.failed, found.sent) == ("Succeeded", 2, 3, 5)
    assert found.success_rate == 40
    first, second, third = found.errors
    assert (first.row, second.row, third.row) == (2, 4, 5)
    assert first.message.startswith("ZeroDivisionError: division by zero in %%score_script picky line 5")
    assert "%%score_script picky, line 5, in run" in first.details
    assert first.request_id
    assert second.details == ""
    assert "cannot be sent as JSON" in third.message
    with pytest.raises(ProfileFailed, match="picky: none of 2 requests went well; row 1: ZeroDivisionError") as caught:
        workspace.profile("picky", ["0", "0"])
    assert "%%score_script picky, line 5, in run" in caught.value.details
    kept = workspace.profiles["picky"]
    assert kept.state == "Failed"
    details = kept.details()
    assert set(details) == {
        *("name", "state", "createdTime", "requestedCpu", "requestedMemoryInGB", "requestedMemoryInGb"),
        *("requestedQueriesPerSecond", "error", "errorLogsUri"),
    }
    assert "ZeroDivisionError" in details["error"]["message"]
    log = Path(kept.log)
    assert str(log) in caught.value.hint
    assert details["errorLogsUri"] == f"file://{log}"
    assert "ZeroDivisionError" in log.read_text()
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    workspace.profile("picky", ["1"])
    assert not log.exists()
    assert workspace.profiles["picky"].state == "Succeeded"


def test_a_script_that_does_not_start(workspace: Workspace) -> None:
    workspace.score_script("broken", "def init():\n    raise RuntimeError('no')\n\ndef run(data):\n    return 1\n")
    with pytest.raises(ProfileFailed, match="broken: RuntimeError: no in %%score_script broken line 3") as caught:
        workspace.profile("broken", ["1"])
    assert "try-" not in caught.value.text()
    kept = workspace.profiles["broken"]
    assert kept.trouble is not None
    assert (kept.state, kept.trouble.code, kept.sent) == ("Failed", "StartFailed", 0)
    assert "RuntimeError: no" in Path(kept.log).read_text()
    assert not list(workspace.services)


def test_ctrl_c_keeps_what_was_measured(workspace: Workspace, home: Path) -> None:
    workspace.score_script("slow", SLOW)

    def interrupt(text: str) -> None:
        if "rows" in text and not text.startswith("1 of"):
            raise KeyboardInterrupt

    found = workspace.profile("slow", ["1"] * 100_000, progress=interrupt)
    assert (found.state, found.interrupted) == ("Cancelled", True)
    assert 0 < found.succeeded == found.sent < 1000
    assert found.latency is not None
    assert found.recommended_gb is not None
    assert found.details()["totalQueries"] == found.sent
    assert workspace.profiles["slow"] == found
    assert not list((home / "trials").iterdir())


def test_what_cannot_be_meant_keeps_nothing(workspace: Workspace) -> None:
    with pytest.raises(UsageProblem, match="The data set is empty"):
        workspace.profile("nothing", [])
    with pytest.raises(NotFound):
        workspace.profile("nothing", ["1"])
    with pytest.raises(NotFound, match="No profile named 'nothing'") as caught:
        workspace.profiles["nothing"]
    assert caught.value.hint == "Measure one: jupyter model profile nothing --data FILE"
    assert "nothing" not in workspace.profiles
    assert len(workspace.profiles) == 0


@pytest.mark.parametrize(
    ("busy", "memory", "cpus", "gb"),
    [
        (0.0, 1 << 20, 0.1, 0.1),
        (0.25, 0.24 * 2**30, 0.3, 0.3),
        (0.5, 0.8 * 2**30, 0.6, 1.0),
        (0.501, 0.801 * 2**30, 0.7, 1.1),
        (8.0, 100 * 2**30, 3.5, 15.0),
    ],
)
def test_the_rule_of_the_recommendation(busy: float, memory: float, cpus: float, gb: float) -> None:
    known = Profile("x", "Succeeded", datetime.now(UTC), latency=Latencies.of([0.1]), max_memory=math.ceil(memory))
    found = replace(known, busy_cpus=busy)
    assert (found.recommended_cpus, found.recommended_gb) == (cpus, gb)
    assert replace(found, latency=None).recommended_cpus is None


def test_percentiles_are_times_that_were_measured() -> None:
    times = [number / 1000 for number in range(1, 101)]
    found = Latencies.of(times)
    assert found == Latencies(sum(times) / 100, 0.001, 0.05, 0.09, 0.095, 0.099, 0.1, 0.1)
    assert Latencies.of([0.5]) == Latencies(0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5)
    assert Latencies.of([]) is None
