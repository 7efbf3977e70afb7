"""Beside mosec, whose front is Rust; a part of ``python -m tests.benchmarks.serving``."""

from __future__ import annotations

import argparse

from . import peers as known
from .peers import mosec, ours
from .section import mark
from .table import Figures, middle, rounds, running, table

CONNECTIONS = (64, 1)
# One start of a server differs from another by up to a tenth.
STARTS = 3
BATCHED = "Together, max_batch_size=64"
HOW = (
    "mosec 0.9.8, one worker of one stage, the same model, its own JSON coding, `--log-level error`. Batched: "
    "`max_batch_size=64`, once with `--wait 0` and once with the least window that `append_worker` takes, "
    "`max_wait_time=1` (ms; left out, it is 10). Its better figure counts each time. Ours writes an access line a "
    "request, gives ids and keeps metrics; `run_batch` needs no window. "
    f"Each server is started {STARTS} times; medians of all."
)


def beside_mosec(options: argparse.Namespace, model: object) -> list[str]:
    """Batched and unbatched, all servers at once, one loaded at a time."""
    windows = [
        mosec("mosec, batched, window 0", BATCHED, "--wait 0"),
        mosec("mosec, batched, window 1 ms", BATCHED + ", max_wait_time=1"),
    ]
    peers = [ours("run_batch", known.BATCH), *windows, ours("unbatched", known.SCRIPT), mosec("mosec, unbatched")]
    seen: list[Figures] = []
    for _ in range(STARTS):
        with running(peers, model, options.environments) as servers:
            seen.append(rounds(servers, CONNECTIONS, options))
    figures = {key: middle([one[key] for one in seen]) for key in seen[0]}
    names = [peer.name for peer in peers]
    lines = ["### Beside mosec", "", HOW, "", *table(figures, names, CONNECTIONS), ""]
    lines += ["| processor time of a request, at 64 and at 1 connection | |", "|---|---|"]
    lines += [f"| {name} | {figures[name, 64].cost:.0f} µs, {figures[name, 1].cost:.0f} µs |" for name in names]
    lines += ["", "| of mosec's | measured | wanted | met |", "|---|---|---|---|"]
    theirs = [peer.name for peer in windows]
    for text, mine, other, most in (
        ("p99 at 64, batched", figures["run_batch", 64].p99, min(figures[name, 64].p99 for name in theirs), 1.2),
        ("p50 at 1, unbatched", figures["unbatched", 1].p50, figures["mosec, unbatched", 1].p50, 1.15),
        ("p50 at 1, batched", figures["run_batch", 1].p50, min(figures[name, 1].p50 for name in theirs), 0.3),
    ):
        ratio = mine / other
        lines.append(f"| {text} | {ratio:.2f} × | ≤ {most} × | {mark(ratio <= most)} |")
    for text, mine, other, least in (
        ("requests/s at 64, batched", figures["run_batch", 64].rate, max(figures[n, 64].rate for n in theirs), 1.0),
        ("requests/s at 64, unbatched", figures["unbatched", 64].rate, figures["mosec, unbatched", 64].rate, 1.8),
    ):
        ratio = mine / other
        lines.append(f"| {text} | {ratio:.2f} × | ≥ {least} × | {mark(ratio >= least)} |")
    return lines
