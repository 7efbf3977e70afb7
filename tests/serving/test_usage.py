"""What a container uses, from files as both versions of control groups have them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jupyter_deploy.serving.front.usage import usage
from jupyter_deploy.serving.memory import explained, kills, limit

NETWORK = """Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:     999       1    0    0    0     0          0         0      999       1    0    0    0     0       0          0
  eth0:     700       1    0    0    0     0          0         0       30       1    0    0    0     0       0          0
  eth1:       5       1    0    0    0     0          0         0        7       1    0    0    0     0       0          0
"""  # noqa: E501 - proc(5)'s own lines
VERSIONS = {
    "1": {
        "cpuacct/cpuacct.usage": "2500000000\n",
        "memory/memory.usage_in_bytes": "1000\n",
        "memory/memory.stat": "inactive_file 1\ntotal_inactive_file 300\n",
        "memory/memory.limit_in_bytes": f"{256 << 20}\n",
        "memory/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n",
        "pids/pids.current": "7\n",
    },
    "2": {
        "cpu.stat": "usage_usec 2500000\nuser_usec 1\n",
        "memory.current": "1000\n",
        "memory.stat": "anon 700\ninactive_file 300\n",
        "memory.max": f"{256 << 20}\n",
        "memory.events": "low 0\noom 4\noom_kill 3\noom_group_kill 0\n",
        "pids.current": "7\n",
    },
}


@pytest.fixture(params=list(VERSIONS))
def cgroup(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A control group's files."""
    for name, text in VERSIONS[request.param].items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "network").write_text(NETWORK)
    return tmp_path


def test_usage(cgroup: Path) -> None:
    found = usage(cgroup, cgroup / "network")
    assert 1 <= found["processors"] <= (os.cpu_count() or 1)
    assert {**found, "at": 0, "processors": 0} == {
        "at": 0,
        "processors": 0,
        "processor": 2.5,
        "memory": 700,
        "memory_limit": 256 << 20,
        "processes": 7,
        "received": 705,
        "sent": 37,
    }


def test_a_kill_for_want_of_memory_is_told_from_others(cgroup: Path) -> None:
    assert (kills(cgroup), limit(cgroup)) == (3, 256 << 20)
    assert explained("was killed by SIGKILL", 3, cgroup) == "was killed by SIGKILL"
    assert explained("was killed by SIGSEGV", 2, cgroup) == "was killed by SIGSEGV"
    told = explained("was killed by SIGKILL", 2, cgroup)
    assert told == "was OOMKilled: it needed more memory than the limit of 256 MB"


@pytest.mark.parametrize("text", ["max\n", "9223372036854771712\n"])
def test_no_limit(cgroup: Path, text: str) -> None:
    for name in ("memory.max", "memory/memory.limit_in_bytes"):
        if (cgroup / name).exists():
            (cgroup / name).write_text(text)
    assert limit(cgroup) == 0


def test_a_system_that_tells_nothing(tmp_path: Path) -> None:
    found = usage(tmp_path, tmp_path / "network")
    assert not any(value for key, value in found.items() if key not in {"at", "processors"})
    assert (kills(tmp_path), limit(tmp_path)) == (0, 0)
    assert explained("was killed by SIGKILL", 0, tmp_path) == "was killed by SIGKILL"


@pytest.mark.parametrize(
    ("name", "text", "processors"), [("cpu.max", "50000 100000\n", 0.5), ("cpu.max", "max 100000\n", 1.0)]
)
def test_a_part_of_a_processor(tmp_path: Path, name: str, text: str, processors: float) -> None:
    (tmp_path / name).write_text(text)
    found = usage(tmp_path, tmp_path / "network")["processors"]
    assert found == processors if processors < 1 else found >= 1
