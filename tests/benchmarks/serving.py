"""Measure the scoring server beside its peers, and write the tables: ``python -m tests.benchmarks.serving``.

Every server is on loopback with one worker and meets the same client. All servers of a table run at once, but only
one is loaded at a time, in turn, for several rounds; figures are medians of the rounds.
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import joblib
import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression

from . import peers as known
from .load import Load, Running, free_port, lua, wrk
from .peers import Peer, azml, ours
from .section import machine, write_section

Figures = dict[tuple[str, int], Load]
CONNECTIONS = (64, 16, 1)


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


def rounds(servers: dict[str, tuple[Running, Path]], connections: Sequence[int], count: int, seconds: float) -> Figures:
    """Load each server in turn, again and again; medians."""
    seen: dict[tuple[str, int], list[Load]] = {}
    for number in range(count):
        for many in connections:
            for name, (server, script) in servers.items():
                seen.setdefault((name, many), []).append(wrk(server.url, script, many, seconds))
        print(f"round {number + 1} of {count}", flush=True)
    return {key: _median(loads) for key, loads in seen.items()}


def _median(loads: list[Load]) -> Load:
    def middle(name: str) -> float:
        return statistics.median(getattr(load, name) for load in loads)

    failed, requests = sum(load.failed for load in loads), sum(load.requests for load in loads)
    return Load(middle("rate"), middle("p50"), middle("p99"), failed, requests)


def mark(met: bool) -> str:
    """How a target shows."""
    return "✓" if met else "✗"


def table(figures: Figures, names: Sequence[str], connections: Sequence[int]) -> list[str]:
    """One line a server."""
    head = " | ".join(f"{many}: req/s | p50 | p99" for many in connections)
    lines = [f"| server, at connections | {head} | failed |", "|---" * (2 + 3 * len(connections)) + "|"]
    for name in names:
        cells = []
        for many in connections:
            load = figures.get((name, many))
            cells += [f"{load.rate:,.0f}", f"{load.p50:.2f} ms", f"{load.p99:.2f} ms"] if load else ["", "", ""]
        failed = sum(load.failed for (other, _), load in figures.items() if other == name)
        lines.append(f"| {name} | {' | '.join(cells)} | {failed} |")
    return lines


def plain(options: argparse.Namespace, model: object) -> list[str]:
    """Requirement 8: the plain script, beside everybody."""
    with running(known.PEERS, model, options.environments) as servers:
        figures = rounds(servers, CONNECTIONS, options.rounds, options.seconds)
    with running(known.SLOW_PEERS, model, options.environments) as servers:
        figures |= rounds(servers, (64, 1), max(1, options.rounds // 2), options.seconds)
    names = [peer.name for peer in (*known.PEERS, *known.SLOW_PEERS)]
    lines = ["### A plain script, LogisticRegression, one row of ten", "", *table(figures, names, CONNECTIONS), ""]
    lines += ["| what | measured | wanted | met |", "|---|---|---|---|"]
    for many in (16, 64):
        mine, azure, fast = (figures[name, many].rate for name in ("jupyter_deploy", "azml", "fastapi"))
        ceiling = max(figures[name, many].rate for name in ("asgi", "rsgi"))
        for text, ratio, least in (
            ("azmlinfsrv", mine / azure, 4.5),
            ("FastAPI", mine / fast, 3.0),
            ("the better ceiling", mine / ceiling, 1.0),
        ):
            lines.append(
                f"| requests/s at {many}, of {text}'s | {ratio:.2f} × | ≥ {least} × | {mark(ratio >= least)} |"
            )
    late = figures["jupyter_deploy", 64].p99 / figures["azml", 64].p99
    lines.append(f"| p99 at 64, of azmlinfsrv's | {late:.2f} × | ≤ 0.33 × | {mark(late <= 1 / 3)} |")
    mine, azure = figures["jupyter_deploy", 1].p50, figures["azml", 1].p50
    best = min(figures[name, 1].p50 for name in ("asgi", "rsgi"))
    lines.append(f"| p50 at 1, of the better ceiling's | {mine / best:.2f} × | ≤ 1.8 × | {mark(mine / best <= 1.8)} |")
    lines.append(f"| p50 at 1, of azmlinfsrv's | {mine / azure:.2f} × | ≤ 0.65 × | {mark(mine / azure <= 0.65)} |")
    return lines


def batching(options: argparse.Namespace, model: object, forest: object) -> list[str]:
    """Requirement 9: greedy batching."""
    ceilings = [peer for peer in known.PEERS if peer.name in {"asgi", "rsgi"}]
    few = [
        ours("run_batch", known.BATCH),
        ours("schema, max_batch 64", known.SCHEMA, "--max-batch 64"),
        ours("unbatched", known.SCRIPT),
        azml("azml", known.SCRIPT),
        *ceilings,
    ]
    with running(few, model, options.environments) as servers:
        figures = rounds(servers, (64, 1), options.rounds, options.seconds)
    with running([few[0], few[3]], forest, options.environments) as servers:
        trees = rounds(servers, (64,), options.rounds, options.seconds)
    names = [peer.name for peer in few]
    lines = ["### Greedy batching", "", "LogisticRegression:", "", *table(figures, names, (64, 1))]
    lines += ["", "RandomForest of 100 trees:", "", *table(trees, ["run_batch", "azml"], (64,)), ""]
    lines += ["| what | measured | wanted | met |", "|---|---|---|---|"]
    ceiling = max(figures[peer.name, 64].rate for peer in ceilings)
    for name in names[:2]:
        mine = figures[name, 64].rate
        for text, other, least in (
            ("azmlinfsrv's", figures["azml", 64].rate, 12),
            ("the better ceiling's", ceiling, 2),
        ):
            ratio = mine / other
            lines.append(f"| {name}: requests/s, of {text} | {ratio:.1f} × | ≥ {least} × | {mark(ratio >= least)} |")
    slower = figures["run_batch", 1].p50 / figures["unbatched", 1].p50
    lines.append(f"| run_batch: p50 at 1, of unbatched | {slower:.2f} × | ≤ 1.05 × | {mark(slower <= 1.05)} |")
    rate = trees["run_batch", 64].rate / trees["azml", 64].rate
    late = trees["azml", 64].p99 / trees["run_batch", 64].p99
    lines.append(f"| forest: requests/s, of azmlinfsrv's | {rate:.1f} × | ≥ 25 × | {mark(rate >= 25)} |")
    lines.append(f"| forest: p99, of azmlinfsrv's | 1/{late:.0f} | ≤ 1/15 | {mark(late >= 15)} |")
    return lines


def others(options: argparse.Namespace, model: object) -> list[str]:
    """Requirement 10: nowhere slower than azmlinfsrv."""
    rows = b'{"data": [' + b", ".join([b"[0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]"] * 10_000) + b"]}"
    lines = ["### Other loads, beside azmlinfsrv", "", "| what | ours | azmlinfsrv | ratio | not slower |"]
    lines.append("|---|---|---|---|---|")
    for text, script, body, many, extra, theirs in (
        ("10,000 rows in a body, at 4", known.SCRIPT, rows, 4, "", ""),
        ("1 MB rawhttp echo, at 4", known.RAW, b"\x00" * (1 << 20), 4, "", ""),
        ("20 ms of pure Python, at 4", known.SPIN, b"{}", 4, "", ""),
        ("plain script, 2 workers, at 16", known.SCRIPT, known.ROW, 16, "--workers 2", "--worker_count 2"),
    ):
        pair = [ours("ours", script, extra, body), azml("azml", script, theirs, body)]
        with running(pair, model, options.environments) as servers:
            found = rounds(servers, (many,), options.rounds, options.seconds)
            if text.startswith("plain"):
                sizes = {name: server.memory("Rss") for name, (server, _) in servers.items()}
                starts = {name: server.start_seconds for name, (server, _) in servers.items()}
        mine, azure = found["ours", many], found["azml", many]
        ratio = mine.rate / azure.rate
        lines.append(
            f"| {text} | {mine.rate:,.0f}/s, p99 {mine.p99:.1f} ms | {azure.rate:,.0f}/s, p99 {azure.p99:.1f} ms "
            f"| {ratio:.2f} × | {mark(ratio >= 0.97)} |"
        )
    ratio = starts["ours"] / starts["azml"]
    lines.append(
        f"| start-up to first answer | {starts['ours']:.2f} s | {starts['azml']:.2f} s | {ratio:.2f} × "
        f"| {mark(ratio <= 1.05)} |"
    )
    lines.append(f"| RSS of all processes, 2 workers | {sizes['ours']:,.0f} MB | {sizes['azml']:,.0f} MB | | |")
    return lines


def sharing(options: argparse.Namespace) -> list[str]:
    """Four workers over one gigabyte."""
    load = "import joblib, numpy as np\n\ndef init():\n    global model\n    model = joblib.load('model.joblib'{})\n\n"
    run = "def run(data):\n    return float(model[:: 4096 // 8].sum())\n"
    lines = [
        "### Four workers over an array of 1 GB",
        "",
        "| how | PSS of all processes | wanted | met |",
        "|---|---|---|---|",
    ]
    for text, script, extra in (
        ("memory-mapped by the script", load.format(", mmap_mode='r'") + run, ""),
        ("preload", load.format("") + run, "--set preload=true"),
    ):
        peer = ours("ours", script, f"--workers 4 {extra}")
        with running([peer], np.ones(1 << 27), options.environments) as servers:
            server, post = servers["ours"]
            wrk(server.url, post, 16, 2)
            size = server.memory() / 1024
        lines.append(f"| {text} | {size:.2f} GB | ≤ 1.35 GB | {mark(size <= 1.35)} |")
        print(lines[-1], flush=True)
    return lines


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2, help="of load for each figure; wrk takes whole ones")
    parser.add_argument("--environments", type=Path, default=Path.home() / ".cache" / "jupyter_deploy-peers")
    parser.add_argument("--only", choices=("plain", "batching", "others", "sharing"))
    options = parser.parse_args()
    options.environments.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(0)
    data = random.normal(size=(500, 10))
    model = LogisticRegression().fit(data, (data[:, 0] > 0).astype(int))
    forest = RandomForestClassifier(100, random_state=0).fit(data, (data[:, 0] > 0).astype(int))
    parts = {
        "plain": lambda: plain(options, model),
        "batching": lambda: batching(options, model, forest),
        "others": lambda: others(options, model),
        "sharing": lambda: sharing(options),
    }
    for name, part in parts.items():
        if options.only in {None, name}:
            lines = part()
            print("\n".join(lines), flush=True)
            write_section(
                f"serving: {name}", [*lines, "", f"{machine()} {options.rounds} rounds of {options.seconds:g} s."]
            )


if __name__ == "__main__":
    main()
