"""Measure deployments that sleep: ``python -m tests.benchmarks.wakeups``; ``--target docker`` for containers.

A deployment falls asleep and is woken again and again, by one request or under clients that never stop; and instances
follow a load that begins at once.
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import docker
import psutil
import requests

from jupyter_deploy.workspace import Endpoint, Service, Workspace

from ..servers import container_of
from .endpoints import Clients
from .section import machine, mark, write_section

SCRIPT = 'import time\n\ndef run(data):\n    time.sleep(0.02)\n    return "blue"\n'


@contextmanager
def sleeper(target: str) -> Iterator[Endpoint]:
    """An endpoint with one deployment of 0 to 4 instances."""
    with TemporaryDirectory() as folder:
        (script := Path(folder, "blue.py")).write_text(SCRIPT)
        made = Workspace(Path(folder, "home")).endpoints.create("bench")
        try:
            made.deploy("blue", script=script, target=target, min_instances=0, max_instances=4, cool_down=600)
            made.route({"blue": 100})
            yield made
        finally:
            made.delete()


def asleep(endpoint: Endpoint) -> None:
    endpoint.changes.resizing.resize(endpoint.name, "blue", 0, 60.0)


def awake(endpoint: Endpoint) -> bool:
    return not endpoint.deployments["blue"].record.sleeps


def memory(endpoint: Endpoint) -> int:
    """What the processes of the instances hold, in bytes."""
    total = 0
    for one in endpoint.deployments["blue"].instances:
        pid = one.health.pid if one.record.active and one.record.active.target == "process" else in_container(one)
        if pid and psutil.pid_exists(pid):
            front = psutil.Process(pid)
            total += sum(process.memory_info().rss for process in (front, *front.children(recursive=True)))
    return total


def in_container(one: Service) -> int:
    """The first process of an instance's container, as this machine knows it; 0 without one."""
    if one.record.active is None:
        return 0
    with contextlib.closing(docker.from_env()) as client, contextlib.suppress(docker.errors.NotFound):
        return int(client.api.inspect_container(container_of(one).container)["State"]["Pid"])
    return 0


def warm(endpoint: Endpoint) -> psutil.Process:
    """Wait for the process that servers are forked from, with all of its imports."""
    root = str(endpoint.changes.home.root / "warm")
    while True:
        for process in psutil.process_iter(["cwd"]):
            # What has started it ends at once.
            with contextlib.suppress(psutil.NoSuchProcess):
                if (process.info["cwd"] or "").startswith(root):
                    # It has imported everything once it uses no more processor time.
                    before = process.cpu_times().user
                    time.sleep(1)
                    if process.cpu_times().user == before:
                        return process
        time.sleep(0.1)


def wakeups(endpoint: Endpoint, count: int, most: float, shares: bool) -> list[str]:
    """``most`` seconds may pass until the first answer; ``shares`` is whether a warm process helps."""
    key = {"Authorization": f"Bearer {endpoint.get_keys().primary}"}
    full, took, refused = memory(endpoint), [], 0
    for number in range(count):
        asleep(endpoint)
        if not number:
            left, shared = memory(endpoint), warm(endpoint).memory_info().rss if shares else 0
        began = time.perf_counter()
        refused += requests.post(endpoint.scoring_uri, data=b"1", headers=key, timeout=60).status_code != 200
        took.append(time.perf_counter() - began)
        while not awake(endpoint):
            time.sleep(0.01)
    median, late = statistics.median(took), statistics.quantiles(took, n=20)[-1]
    given_back = 100 * (1 - left / full)
    return [
        f"| {count:,} wake-ups by one request | {refused} refused | 0 | {mark(not refused)} |",
        f"| until the first answer | median {median:.2f} s, p95 {late:.2f} s, at most {max(took):.2f} s | ≤ {most} s | "
        f"{mark(median <= most)} |",
        f"| memory of the instance that is given back | {given_back:.0f} % of {full / 1e6:.0f} MB | ≥ 90 % | "
        f"{mark(given_back >= 90)} |",
        *([f"| memory of the warm process, which all such deployments share | {shared / 1e6:.0f} MB | | |"] * shares),
    ]


def under_load(endpoint: Endpoint, count: int) -> list[str]:
    with Clients(endpoint, 4) as clients:
        for _ in range(count):
            asleep(endpoint)
            while not awake(endpoint):
                time.sleep(0.01)
    failed = clients.failed.total()
    return [
        f"| {count:,} times asleep and awake under 4 clients | {failed} failed of {clients.sent:,} | 0 | "
        f"{mark(not failed)} |"
    ]


def sustained(endpoint: Endpoint, rounds: int) -> list[str]:
    took, failed, sent = [], 0, 0
    for _ in range(rounds):
        # The load before must not count any more.
        time.sleep(3)
        endpoint.changes.resizing.resize(endpoint.name, "blue", 1, 60.0)
        with Clients(endpoint, 4) as clients:
            began = time.perf_counter()
            while len([one for one in endpoint.deployments["blue"].instances if one.state == "Healthy"]) < 2:
                time.sleep(0.02)
            took.append(time.perf_counter() - began)
        failed, sent = failed + clients.failed.total(), sent + clients.sent
    median = statistics.median(took)
    return [
        f"| from the beginning of a load to the second instance, {rounds} times | median {median:.1f} s, "
        f"at most {max(took):.1f} s; {failed} failed of {sent:,} | ≤ 5 s | {mark(max(took) <= 5 and not failed)} |"
    ]


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--target", choices=("process", "docker"), default="process")
    parser.add_argument("--wakeups", type=int, default=1000)
    parser.add_argument("--loaded", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    is_process = options.target == "process"
    with sleeper(options.target) as endpoint:
        woken = wakeups(endpoint, options.wakeups, 0.3 if is_process else 2.5, is_process)
        rows = [*sustained(endpoint, options.rounds), *woken]
        rows += under_load(endpoint, options.loaded)
    lines = ["| what | measured | wanted | met |", "|---|---|---|---|", *rows, "", machine()]
    print("\n".join(lines))
    write_section("wakeups" if is_process else "wakeups of containers", lines)


if __name__ == "__main__":
    main()
