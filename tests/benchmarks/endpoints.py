"""Measure endpoints: ``python -m tests.benchmarks.endpoints``.

Shares, changes under load, what the router adds, how long a first deployment takes, and what fails when processes are
killed. Everything runs on this machine with real deployments; clients keep their connections.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from jupyter_deploy.workspace import Endpoint, Workspace

from .load import lua, wrk
from .section import machine, mark, write_section

SCRIPT = 'def run(data):\n    return "{name}"\n'
TWO_MS = 'import time\n\ndef run(data):\n    time.sleep(0.002)\n    return "{name}"\n'
CLIENTS = 16


class Clients:
    """Clients that send one request after the other on kept connections, and what became of them."""

    def __init__(self, endpoint: Endpoint, count: int = CLIENTS) -> None:
        self._url, self._key = endpoint.scoring_uri, endpoint.get_keys().primary
        self._over = threading.Event()
        self._lock = threading.Lock()
        self.answers: Counter[str] = Counter()
        self.failed: Counter[str] = Counter()
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(count)]

    def _run(self) -> None:
        answers: Counter[str] = Counter()
        failed: Counter[str] = Counter()
        with requests.Session() as session:
            session.headers["Authorization"] = f"Bearer {self._key}"
            while not self._over.is_set():
                try:
                    answer = session.post(self._url, data=b"1", timeout=30)
                    good = answer.status_code == 200
                    (answers if good else failed)[answer.text if good else str(answer.status_code)] += 1
                except requests.RequestException as error:
                    failed[type(error).__name__] += 1
        with self._lock:
            self.answers += answers
            self.failed += failed

    def __enter__(self) -> Clients:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    @property
    def sent(self) -> int:
        """All requests."""
        return self.answers.total() + self.failed.total()


@contextmanager
def endpoint_of(text: str, *names: str) -> Iterator[tuple[Endpoint, Path]]:
    """An endpoint in a workspace of its own, the first deployment at 100 %."""
    with tempfile.TemporaryDirectory() as root:
        folder = Path(root)
        workspace = Workspace(folder / "home")
        try:
            endpoint = workspace.endpoints.create("bench")
            for name in names:
                (folder / f"{name}.py").write_text(text.format(name=name))
                endpoint.deploy(name, script=folder / f"{name}.py", target="process")
            if names:
                endpoint.route({names[0]: 100})
            yield endpoint, folder
        finally:
            for one in list(workspace.endpoints.values()):
                one.delete()


def shares(endpoint: Endpoint, count: int) -> list[str]:
    """How requests are shared."""
    rows = []
    for green in (10, 50):
        endpoint.route({"blue": 100 - green, "green": green})
        found: Counter[str] = Counter()
        with requests.Session() as session:
            session.headers["Authorization"] = f"Bearer {endpoint.get_keys().primary}"
            for _ in range(count):
                found[session.post(endpoint.scoring_uri, data=b"1", timeout=30).json()] += 1
        share = green / 100
        allowed = 3 * (count * share * (1 - share)) ** 0.5
        off = abs(found["green"] - count * share)
        rows.append(
            f"| {count:,} requests at {100 - green}/{green} | {found['green'] / count:.2%} to green | "
            f"within 3σ (± {allowed / count:.2%}) | {mark(off <= allowed)} |"
        )
    return rows


def changes(endpoint: Endpoint, folder: Path, wanted: int) -> list[str]:
    """100 changes of shares, 20 deployments added and removed, under 16 clients, and how long a change takes."""
    lags: list[float] = []
    with Clients(endpoint) as clients, requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {endpoint.get_keys().primary}"

        def moved(green: int) -> None:
            endpoint.route({"blue": 100 - green, "green": green})
            began = time.perf_counter()
            if green in {0, 100}:
                right = "green" if green else "blue"
                # The last answer of the old rules tells how long they stayed in force.
                late = [
                    time.perf_counter() - began
                    for _ in range(20)
                    if session.post(endpoint.scoring_uri, data=b"1", timeout=30).json() != right
                ]
                lags.append(max(late, default=0.0))

        before, started = _sent(endpoint), time.monotonic()
        for number in range(100):
            moved((0, 10, 50, 100)[number % 4])
            if number % 5 == 0:
                endpoint.deploy("red", script=folder / "green.py", target="process")
                endpoint.route({"red": 50, "blue": 50})
                endpoint.route({"blue": 100})
                endpoint.deployments["red"].delete()
        turn = 0
        while _sent(endpoint) - before < wanted and time.monotonic() - started < 900:
            moved(turn % 2 * 100)
            turn += 1
            time.sleep(0.05)
    return [
        f"| 100 changes of shares, 20 deployments added and removed, {CLIENTS} clients | "
        f"{clients.failed.total()} failed of {clients.sent:,} {dict(clients.failed) or ''} | 0 of ≥ {wanted:,} | "
        f"{mark(not clients.failed and clients.sent >= wanted)} |",
        f"| until a change is in force, after the call has returned ({len(lags)} changes) | at most "
        f"{max(lags) * 1000:.0f} ms | ≤ 500 ms | {mark(max(lags) <= 0.5)} |",
    ]


def _sent(endpoint: Endpoint) -> int:
    """Requests that the router has answered, of deployments that are there at present."""
    return sum(one.requests for one in endpoint.numbers().values())


def added(rounds: int) -> list[str]:
    """What the router adds to one request, and what it leaves of a 2 ms model's rate."""
    rows = []
    for title, text, connections in (("one connection", SCRIPT, 1), ("2 ms model, 32 connections", TWO_MS, 32)):
        with endpoint_of(text, "blue") as (endpoint, folder):
            direct = endpoint.deployments["blue"].instances[0]
            inner = direct.get_keys().primary
            ways = {
                "direct": (direct.scoring_uri, _script(folder / "direct", inner)),
                "endpoint": (endpoint.scoring_uri, _script(folder / "routed", endpoint.get_keys().primary)),
            }
            found: dict[str, list[Any]] = {"direct": [], "endpoint": []}
            for _ in range(rounds):
                for name, (url, script) in ways.items():
                    found[name].append(wrk(url, script, connections, 2))
        p50 = {name: statistics.median(load.p50 for load in loads) for name, loads in found.items()}
        rate = {name: statistics.median(load.rate for load in loads) for name, loads in found.items()}
        failed = sum(load.failed for loads in found.values() for load in loads)
        if connections == 1:
            more = p50["endpoint"] - p50["direct"]
            rows.append(
                f"| router's share of p50, {title} | {more:.2f} ms ({p50['endpoint']:.2f} with, {p50['direct']:.2f} "
                f"without; {failed} failed) | ≤ 0.3 ms | {mark(more <= 0.3)} |"
            )
        else:
            ratio = rate["endpoint"] / rate["direct"]
            rows.append(
                f"| {title} | {ratio:.2f} × direct ({rate['endpoint']:,.0f} of {rate['direct']:,.0f} requests/s; "
                f"{failed} failed) | ≥ 0.8 × | {mark(ratio >= 0.8)} |"
            )
    return rows


def _script(folder: Path, key: str) -> Path:
    folder.mkdir()
    script = lua(folder, b"1")
    script.write_text(script.read_text() + f'wrk.headers["Authorization"] = "Bearer {key}"\n')
    return script


def first(rounds: int) -> list[str]:
    """Endpoint and first deployment, as a process on warm files."""
    took = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as root:
            folder = Path(root)
            (folder / "blue.py").write_text(SCRIPT.format(name="blue"))
            workspace = Workspace(folder / "home")
            started = time.perf_counter()
            endpoint = workspace.endpoints.create("bench")
            endpoint.deploy("blue", script=folder / "blue.py", target="process")
            endpoint.route({"blue": 100})
            endpoint.invoke(1)
            took.append(time.perf_counter() - started)
            endpoint.delete()
    middle = statistics.median(took)
    return [f"| endpoint, deployment, traffic, first answer | {middle:.2f} s | ≤ 2 s | {mark(middle <= 2)} |"]


def _kernel(endpoint: Endpoint) -> subprocess.Popen[bytes]:
    """Another process that changes the endpoint, and goes on running."""
    program = (
        "import sys, time; from pathlib import Path; from jupyter_deploy.workspace import Workspace\n"
        "endpoint = Workspace(Path(sys.argv[1])).endpoints['bench']\n"
        "endpoint.deploy('blue', variables={'BY': 'kernel'})\n"
        "print('done', flush=True); time.sleep(600)"
    )
    command = [sys.executable, "-c", program, str(endpoint.changes.home.root)]
    started = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert started.stdout is not None
    started.stdout.readline()
    return started


def deaths() -> list[str]:
    """What fails when a process is killed with SIGKILL under load: at most what it was just working on."""
    rows = []
    with endpoint_of(SCRIPT, "blue", "green") as (endpoint, _):
        endpoint.deploy("blue", instances=2)
        endpoint.route({"blue": 50, "green": 50})
        router = endpoint.changes.home.endpoint("bench") / "router"

        def pids() -> dict[str, int]:
            found: dict[str, int] = json.loads((router / "router.pids").read_text())
            return found

        def front(deployment: str) -> int:
            return endpoint.deployments[deployment].instances[0].health.pid

        cases: dict[str, Callable[[], int]] = {
            "one of two instances (its front)": lambda: front("blue"),
            "a deployment's only instance": lambda: front("green"),
            "the router": lambda: pids()["router"],
            "what restarts the router": lambda: pids()["watcher"],
            "the supervisor": lambda: int((router / "supervisor.pid").read_text()),
            "the kernel that had deployed": lambda: kernel.pid,
        }
        # Its instances are looked after, though their number stays.
        endpoint.deploy("green", min_instances=1, max_instances=2, cool_down=600)
        kernel = _kernel(endpoint)
        for title, which in cases.items():
            with Clients(endpoint, 8) as clients:
                time.sleep(1)
                os.kill(which(), signal.SIGKILL)
                time.sleep(3)
                back = endpoint.state
            rows.append(
                f"| kill -9 of {title}, 8 clients | {clients.failed.total()} failed of {clients.sent:,} "
                f"{dict(clients.failed) or ''}; {back} after 3 s | what it had in hand (≤ 8) | "
                f"{mark(clients.failed.total() <= 8)} |"
            )
    return rows


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=100_000, help="at least so many under changes")
    parser.add_argument("--shared", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    rows = [*first(options.rounds), *added(options.rounds)]
    with endpoint_of(SCRIPT, "blue", "green") as (endpoint, folder):
        rows += [*shares(endpoint, options.shared), *changes(endpoint, folder, options.requests)]
    rows += deaths()
    lines = ["| what | measured | wanted | met |", "|---|---|---|---|", *rows, "", machine()]
    print("\n".join(lines))
    write_section("endpoints", lines)


if __name__ == "__main__":
    main()
