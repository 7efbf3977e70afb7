"""Measure what collecting each request costs: ``python -m tests.benchmarks.collection``; needs wrk.

Two servers on the same script, one of which collects everything, are loaded in turn. The ratio of each pair counts, and
the processor time that server and workers use for a request, which a busy machine disturbs less than the rate.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

from jupyter_deploy.serving import ServingConfig
from jupyter_deploy.serving.front.collection import Collection
from jupyter_deploy.serving.front.links import Job
from jupyter_deploy.serving.front.replies import Reply
from jupyter_deploy.serving.front.workers import Generation
from jupyter_deploy.serving.layout import Layout
from jupyter_deploy.serving.messages import Answer, Request

from . import peers as known
from .peers import ours
from .section import machine, mark, write_section
from .table import running

COLLECT = "--set collect=requests --set collect_folder=collected"
CONNECTIONS = 64
MOST = 0.03


def pairs(script: str, model: object, options: argparse.Namespace) -> Iterator[tuple[float, float, float, float]]:
    """Requests/s without and with, and microseconds of processor time a request without and with; one a round."""
    both = [ours("off", script), ours("requests", script, COLLECT)]
    with running(both, model, options.environments) as servers:
        for number in range(options.rounds + 1):
            seen = {}
            names = [*servers] if number % 2 else [*servers][::-1]
            for name in names:
                server, lua = servers[name]
                before = server.processor_seconds()
                load = server.loaded(lua, CONNECTIONS, options.seconds)
                assert not load.failed
                seen[name] = load.rate, (server.processor_seconds() - before) / load.requests * 1e6
            # The first round is for both to get warm.
            if number:
                yield seen["off"][0], seen["requests"][0], seen["off"][1], seen["requests"][1]


def row(name: str, found: list[tuple[float, float, float, float]]) -> str:
    """One line of the table."""
    off, on, cpu_off, cpu_on = (statistics.median(column) for column in zip(*found, strict=True))
    cost = 1 - statistics.median(with_it / without for without, with_it, _, _ in found)
    more = statistics.median(with_it / without for _, _, without, with_it in found) - 1
    return (
        f"| {name} | {off:,.0f} | {on:,.0f} | {cost:+.1%} | {cpu_off:.1f} µs | {cpu_on:.1f} µs | {more:+.1%} "
        f"| ≤ {MOST:.0%} | {mark(cost <= MOST)} |"
    )


async def record_microseconds() -> tuple[float, float]:
    """Processor time that one record costs: on the loop, and with the thread that writes; the best of many rounds."""
    with tempfile.TemporaryDirectory() as folder:
        config = ServingConfig(collect="requests", collect_folder=folder)
        layout = Layout("/a/score.py", "/a", "score.py", {}, bundle="a" * 64, models=("iris:3",))
        collection = Collection(config)
        collection.use(Generation(1, layout, 1, config))
        job = Job(Request(1, "", known.ROW), lambda _: None, 0.0)
        job.settle(Answer(1, 200, b"[0.7]", 0.2))
        reply = Reply(200, b"[0.7]", [], b"False", None, job)
        scope, headers = {"method": "POST", "query_string": b""}, {b"content-type": b"application/json"}
        on_loop, in_all, many = [], [], 2000
        for _ in range(40):
            thread, process = time.thread_time(), time.process_time()
            for _ in range(many):
                collection.note(scope, headers, "0ac3a6f3-37f0-4e0c-9a89-9ff4d30c026c", reply, 0.01)
            # Until they are encoded and the thread has written them.
            await asyncio.sleep(0.06)
            on_loop.append((time.thread_time() - thread) / many * 1e6)
            in_all.append((time.process_time() - process) / many * 1e6)
        collection.close()
        return min(on_loop), min(in_all)


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seconds", type=int, default=2, help="of load for each figure; wrk takes whole ones")
    cache = Path.home() / ".cache" / "jupyter_deploy-peers"
    parser.add_argument("--environments", type=Path, default=cache, metavar="DIR")
    options = parser.parse_args()
    # On a busy machine, BLAS's threads wait for each other and hide everything else.
    os.environ["OMP_NUM_THREADS"] = "1"
    data = np.random.default_rng(0).normal(size=(500, 10))
    model = LogisticRegression().fit(data, (data[:, 0] > 0).astype(int))
    lines = [
        "| 64 connections, LogisticRegression, one row of ten | off: req/s | collect=requests: req/s | slower by "
        "| off: processor time | collecting | more by | wanted (requests/s) | met |",
        "|---" * 9 + "|",
    ]
    for name, script in (("plain script", known.SCRIPT), ("`run_batch`", known.BATCH)):
        lines.append(row(name, [*pairs(script, model, options)]))
        print(lines[-1], flush=True)
    on_loop, in_all = asyncio.run(record_microseconds())
    lines += [
        "",
        f"A record costs {on_loop:.1f} µs of processor time on the front's loop, after the answer was sent, and "
        f"{in_all - on_loop:.1f} µs in the thread that writes (the best of 40 rounds of 2,000).",
    ]
    extent = f" Medians of {options.rounds} pairs of {options.seconds} s, in turn."
    write_section("collection", [*lines, "", machine() + extent])


if __name__ == "__main__":
    main()
