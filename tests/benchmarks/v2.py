"""The Open Inference Protocol beside MLServer: ``python -m tests.benchmarks.v2`` (two minutes, once MLServer is there).

Both serve the same scikit-learn model without a script, one worker each, and meet the same client with the same body.
Both run at once, but only one is loaded at a time, in turn, for several rounds; figures are medians of the rounds.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

from jupyter_deploy.scripts import unwritten_script

from . import peers as known
from .peers import ours
from .section import machine, mark, write_section
from .table import rounds, running, table

CONNECTIONS = (64, 16, 1)
LEAST = 5
ROUTE = "/v2/models/churn/infer"
# Where no output is named, MLServer answers with one and we with both.
BODY = known.V2[:-1] + b',"outputs":[{"name":"predict"}]}'


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2, help="of load for each figure; wrk takes whole ones")
    cache = Path.home() / ".cache" / "jupyter_deploy-peers"
    parser.add_argument("--environments", type=Path, default=cache, metavar="DIR", help="where MLServer is, or is put")
    options = parser.parse_args()
    options.environments = options.environments.absolute()
    options.environments.mkdir(parents=True, exist_ok=True)
    data = np.random.default_rng(0).normal(size=(500, 10))
    model = LogisticRegression().fit(data, (data[:, 0] > 0).astype(int))
    script = unwritten_script("churn", "churn:1", "ScikitLearn", "").source
    mine = replace(ours("jupyter_deploy", script, "--model-dir . --set title=churn"), route=ROUTE, body=BODY)
    (mlserver,) = (peer for peer in known.SLOW_PEERS if peer.name == "mlserver")
    with running([mine, replace(mlserver, body=BODY)], model, options.environments) as servers:
        figures = rounds(servers, CONNECTIONS, options)
    names = ["jupyter_deploy", "mlserver"]
    lines = ["### A model without a script, one row of ten as a V2 tensor", "", *table(figures, names, CONNECTIONS), ""]
    lines += ["| what | measured | wanted | met |", "|---|---|---|---|"]
    for many in CONNECTIONS:
        ratio = figures["jupyter_deploy", many].rate / figures["mlserver", many].rate
        wanted = f"≥ {LEAST} × | {mark(ratio >= LEAST)}" if many > 1 else " | "
        lines.append(f"| requests/s at {many}, of MLServer's | {ratio:.1f} × | {wanted} |")
    print("\n".join(lines), flush=True)
    write_section("v2", [*lines, "", f"{machine()} {options.rounds} rounds of {options.seconds} s."])


if __name__ == "__main__":
    main()
