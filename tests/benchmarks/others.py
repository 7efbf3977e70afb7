"""Requirement 10: other loads, starting, memory, and what workers share."""

from __future__ import annotations

import argparse
import statistics

import numpy as np

from . import peers as known
from .load import wrk
from .peers import alike, azml, ours
from .section import mark
from .table import rounds, running

# "Not slower" is judged with what two runs of one and the same server differ by; the table shows the bound.
NOISE = 0.03
NOT_SLOWER = 1 - NOISE
LARGE = 1.2


def others(options: argparse.Namespace, model: object) -> list[str]:
    """Requirement 10: nowhere slower than azmlinfsrv, with large bodies clearly faster."""
    rows = b'{"data": [' + b", ".join([b"[0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]"] * 10_000) + b"]}"
    lines = ["### Other loads, beside azmlinfsrv", "", "| what | ours | azmlinfsrv | ratio | wanted | met |"]
    lines.append("|---|---|---|---|---|---|")
    for text, script, body, many, least, extra, theirs in (
        ("10,000 rows in a body, at 4", known.SCRIPT, rows, 4, LARGE, "", ""),
        ("1 MB rawhttp echo, at 4", known.RAW, b"\x00" * (1 << 20), 4, LARGE, "", ""),
        ("1 MB streamed in 16 parts, at 4", known.STREAM, b"{}", 4, LARGE, "", ""),
        ("rawhttp echo of 60 bytes, at 16", known.RAW, known.ROW, 16, LARGE, "", ""),
        ("20 ms of pure Python, at 4", known.SPIN, b"{}", 4, NOT_SLOWER, "", ""),
        ("plain script, 2 workers, at 16", known.SCRIPT, known.ROW, 16, NOT_SLOWER, "--workers 2", "--worker_count 2"),
    ):
        pair = [alike("ours", script, extra, body), azml("azml", script, theirs, body)]
        with running(pair, model, options.environments) as servers:
            found = rounds(servers, (many,), options)
        mine, azure = found["ours", many], found["azml", many]
        ratio = mine.rate / azure.rate
        lines.append(
            f"| {text} | {mine.rate:,.0f}/s, p99 {mine.p99:.1f} ms | {azure.rate:,.0f}/s, p99 {azure.p99:.1f} ms "
            f"| {ratio:.2f} × | ≥ {least:.2f} × | {mark(ratio >= least)} |"
        )
        print(lines[-1], flush=True)
    return lines + processes(options, model)


def processes(options: argparse.Namespace, model: object) -> list[str]:
    """How long starting takes, and what one worker and one more cost."""
    starts: dict[str, list[float]] = {"ours": [], "azml": []}
    sizes: dict[tuple[str, str, int], list[float]] = {}
    for number in range(options.rounds):
        for count in (1, 2):
            pair = [
                alike("ours", known.SCRIPT, f"--workers {count}"),
                azml("azml", known.SCRIPT, f"--worker_count {count}"),
            ]
            with running(pair[:: 1 - 2 * (number % 2)], model, options.environments) as servers:
                for name, (server, post) in servers.items():
                    if count == 1:
                        starts[name].append(server.start_seconds)
                    # Every worker has predicted before it is weighed.
                    wrk(server.url, post, 16, 1)
                    for kind in ("Rss", "Pss"):
                        sizes.setdefault((name, kind, count), []).append(server.memory(kind))
    mine, azure = (statistics.median(starts[name]) for name in ("ours", "azml"))
    lines = [
        f"| start-up to first answer | {mine:.2f} s | {azure:.2f} s | {mine / azure:.2f} × | ≤ {1 + NOISE:.2f} × "
        f"| {mark(mine <= azure * (1 + NOISE))} |"
    ]
    size = {key: statistics.median(values) for key, values in sizes.items()}
    for kind in ("Rss", "Pss"):
        for text, mine, azure in (
            ("all processes, 1 worker", size["ours", kind, 1], size["azml", kind, 1]),
            (
                "each further worker",
                size["ours", kind, 2] - size["ours", kind, 1],
                size["azml", kind, 2] - size["azml", kind, 1],
            ),
        ):
            lines.append(f"| {kind.upper()}, {text} | {mine:,.0f} MB | {azure:,.0f} MB | {mine / azure:.2f} × | | |")
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
