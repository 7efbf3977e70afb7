"""Measure what collecting each request costs: ``python -m tests.benchmarks.collection``; needs wrk.

Two servers on the same script, one of which collects everything, are loaded in turn. The ratio of each pair counts, and
the processor time that server and workers use for a request, which a busy machine disturbs less than the rate.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

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


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seconds", type=int, default=2, help="of load for each figure; wrk takes whole ones")
    cache = Path.home() / ".cache" / "jupyter_deploy-peers"
    parser.add_argument("--environments", type=Path, default=cache, metavar="DIR")
    options = parser.parse_args()
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
    extent = f" Medians of {options.rounds} pairs of {options.seconds} s, in turn."
    write_section("collection", [*lines, "", machine() + extent])


if __name__ == "__main__":
    main()
