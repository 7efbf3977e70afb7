"""What opening a workspace costs, however much is registered: ``python -m tests.benchmarks.opening``."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

from jupyter_deploy.workspace import Workspace
from tests.registry.filled import fill

from .section import machine, mark, write_section

VERSIONS = (10, 3_000, 100_000)
ROUNDS = 50
WANTED_MS = 5.0
# Two medians of the same work differ by this much on a machine that does something else, too.
NOISE = 1.3


def opened(home: Path) -> list[float]:
    """Open it again and again in a process that has the modules; milliseconds each."""
    found = []
    for _ in range(ROUNDS + 1):
        started = time.perf_counter()
        workspace = Workspace(home)
        found.append((time.perf_counter() - started) * 1000)
        del workspace
    return found[1:]


def main() -> None:
    """Measure and write the section."""
    medians: list[float] = []
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        for count in VERSIONS:
            fill(Workspace(home), count)
            took = opened(home)
            medians.append(statistics.median(took))
            met = medians[-1] <= WANTED_MS and medians[-1] <= NOISE * medians[0]
            share = f"{medians[-1] / medians[0]:.2f} × 10 versions"
            rows.append(
                f"| {count:,} versions | {medians[-1]:.2f} ms (worst {max(took):.2f}); {share} "
                f"| ≤ {WANTED_MS:.0f} ms, no growth | {mark(met)} |"
            )
    head = ["| opening a workspace with | measured | wanted | met |", "|---|---|---|---|"]
    about = f"`python -m tests.benchmarks.opening`. {machine()} Medians of {ROUNDS}."
    write_section("opening", ["## Opening a workspace", "", about, "", *head, *rows])


if __name__ == "__main__":
    main()
