"""Measure the scoring server beside its peers, and write the tables: ``python -m tests.benchmarks.serving``.

Every server is on loopback with one worker and meets the same client. All servers of a table run at once, but only
one is loaded at a time, in turn, for several rounds; figures are medians of the rounds.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression

from . import peers as known
from .engines import engines
from .memory import memory
from .others import others, sharing
from .peers import azml, ours
from .reloading import reloads
from .rust import beside_mosec
from .section import machine, mark, write_section
from .table import rounds, running, table

CONNECTIONS = (64, 16, 1)
# What these measure takes no seconds of load.
_ALL_AT_ONCE = {"memory", "reloads", "sharing"}
PARTS = ("plain", "batching", "mosec", "others", "memory", "sharing", "engines", "reloads")


def plain(options: argparse.Namespace, model: object) -> list[str]:
    """Requirement 8: the plain script, beside everybody."""
    with running(known.PEERS, model, options.environments) as servers:
        figures = rounds(servers, CONNECTIONS, options)
    with running(known.SLOW_PEERS, model, options.environments) as servers:
        figures |= rounds(servers, (64, 1), options)
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
    azure = azml("azml", known.SCRIPT)
    few = [
        ours("run_batch", known.BATCH),
        ours("schema, max_batch 64", known.SCHEMA, "--max-batch 64"),
        ours("unbatched", known.SCRIPT),
        ours("schema, unbatched", known.SCHEMA),
        azure,
        *ceilings,
    ]
    with running(few, model, options.environments) as servers:
        figures = rounds(servers, (64, 1), options)
    with running([few[0], azure], forest, options.environments) as servers:
        trees = rounds(servers, (64,), options)
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
    for name, plainly in zip(names[:2], names[2:4], strict=True):
        slower = figures[name, 1].p50 / figures[plainly, 1].p50
        lines.append(f"| {name}: p50 at 1, of {plainly} | {slower:.2f} × | ≤ 1.05 × | {mark(slower <= 1.05)} |")
    rate = trees["run_batch", 64].rate / trees["azml", 64].rate
    late = trees["azml", 64].p99 / trees["run_batch", 64].p99
    lines.append(f"| forest: requests/s, of azmlinfsrv's | {rate:.1f} × | ≥ 25 × | {mark(rate >= 25)} |")
    lines.append(f"| forest: p99, of azmlinfsrv's | 1/{late:.0f} | ≤ 1/15 | {mark(late >= 15)} |")
    return lines


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2, help="of load for each figure; wrk takes whole ones")
    cache = Path.home() / ".cache" / "jupyter_deploy-peers"
    text = "where the peers' environments are, or are built"
    parser.add_argument("--environments", "--peers-dir", type=Path, default=cache, metavar="DIR", help=text)
    parser.add_argument("--only", choices=PARTS)
    options = parser.parse_args()
    options.environments = options.environments.absolute()
    options.environments.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(0)
    data = random.normal(size=(500, 10))
    model = LogisticRegression().fit(data, (data[:, 0] > 0).astype(int))
    forest = RandomForestClassifier(100, random_state=0).fit(data, (data[:, 0] > 0).astype(int))
    parts = {
        "plain": lambda: plain(options, model),
        "batching": lambda: batching(options, model, forest),
        "mosec": lambda: beside_mosec(options, model),
        "others": lambda: others(options, model),
        "memory": lambda: memory(options, model),
        "sharing": lambda: sharing(options),
        "engines": lambda: engines(options, model),
        "reloads": lambda: reloads(model),
    }
    for name, part in parts.items():
        if options.only in {None, name}:
            lines = part()
            print("\n".join(lines), flush=True)
            extent = "" if name in _ALL_AT_ONCE else f" {options.rounds} rounds of {options.seconds} s."
            write_section(f"serving: {name}", [*lines, "", machine() + extent])


if __name__ == "__main__":
    main()
