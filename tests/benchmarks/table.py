"""Servers in turn under load, and the table of what was seen."""

from __future__ import annotations

import argparse
import contextlib
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import joblib

from . import peers as known
from .load import Load, Running, free_port, lua
from .peers import Peer

Figures = dict[tuple[str, int], Load]
# Measured with two cores: others at 0.05 processors change nothing, at 1.0 a front with a worker is at half its rate.
QUIET = 0.15
AGAIN = 2


@contextlib.contextmanager
def running(peers: Sequence[Peer], model: object, environments: Path) -> Iterator[dict[str, tuple[Running, Path]]]:
    """Start servers; each with its own folder, which holds its files, the model and wrk's script."""
    with tempfile.TemporaryDirectory() as root, contextlib.ExitStack() as stack:
        found = {}
        for peer in peers:
            folder = Path(root, peer.name)
            folder.mkdir()
            joblib.dump(model, folder / "model.joblib")
            (folder / "model.py").write_text(known.MODEL)
            for name, text in peer.files.items():
                (folder / name).write_text(text)
            port = free_port()
            if peer.name == "mlserver":
                ports = f'"http_port": {port}, "grpc_port": {free_port()}, "metrics_port": {free_port()}'
                (folder / "settings.json").write_text(f'{{"host": "127.0.0.1", "parallel_workers": 0, {ports}}}')
            command = peer.command.format(bin=peer.environment(environments), port=port).split()
            kind = "application/octet-stream" if peer.body[:1] not in b"{[" else "application/json"
            server = Running(command, folder, f"http://127.0.0.1:{port}{peer.route}", peer.body, kind)
            stack.callback(server.stop)
            found[peer.name] = server, lua(folder, peer.body, kind)
            print(f"{peer.name} is up after {server.start_seconds:.2f} s", flush=True)
        yield found


def rounds(
    servers: dict[str, tuple[Running, Path]], connections: Sequence[int], options: argparse.Namespace
) -> Figures:
    """Load each server in turn, again and again; medians."""
    seen: dict[tuple[str, int], list[Load]] = {}
    names = [*servers]
    for number in range(options.rounds):
        # Another one begins each time: what a server finds depends a little on which one was loaded before it.
        first = number % len(names)
        for many in connections:
            for name in names[first:] + names[:first]:
                server, script = servers[name]
                seen.setdefault((name, many), []).append(_quietly(server, script, many, options.seconds))
        foreign = max(loads[-1].foreign for loads in seen.values())
        print(f"round {number + 1} of {options.rounds}; others used up to {foreign:.2f} processors", flush=True)
    return {key: middle(loads) for key, loads in seen.items()}


def _quietly(server: Running, script: Path, many: int, seconds: int) -> Load:
    """Measure again where others disturbed it: chosen by what they used, never by the result."""
    load = server.loaded(script, many, seconds)
    for _ in range(AGAIN):
        if load.foreign < QUIET:
            break
        load = server.loaded(script, many, seconds)
    return load


def middle(loads: list[Load]) -> Load:
    """Take the median of each figure; failures and requests add up."""

    def of(name: str) -> float:
        return statistics.median(getattr(load, name) for load in loads)

    failed, requests = sum(load.failed for load in loads), sum(load.requests for load in loads)
    foreign = max(load.foreign for load in loads)
    return Load(of("rate"), of("p50"), of("p99"), failed, requests, foreign, of("cost"))


def table(figures: Figures, names: Sequence[str], connections: Sequence[int]) -> list[str]:
    """One line a server."""
    head = " | ".join(f"{many}: req/s | p50 | p99" for many in connections)
    lines = [f"| server, at connections | {head} | failed | others |", "|---" * (3 + 3 * len(connections)) + "|"]
    for name in names:
        cells = []
        for many in connections:
            load = figures.get((name, many))
            cells += [f"{load.rate:,.0f}", f"{load.p50:.2f} ms", f"{load.p99:.2f} ms"] if load else ["", "", ""]
        own = [load for (other, _), load in figures.items() if other == name]
        failed, foreign = sum(load.failed for load in own), max(load.foreign for load in own)
        lines.append(f"| {name} | {' | '.join(cells)} | {failed} | {foreign:.0%} |")
    return lines
