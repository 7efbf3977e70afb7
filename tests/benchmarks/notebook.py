"""What issue 5 promises of the notebook: ``python -m tests.benchmarks.notebook``; the log view needs Chromium.

Where there is a peer (IPython itself, a plain request, the same script without capture), both run in the same round.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
from IPython.core.interactiveshell import InteractiveShell

from jupyter_deploy import display
from jupyter_deploy.workspace import Workspace
from tests.e2e.shell import new_shell

from .section import machine, mark, write_section

ROUNDS = 15
SHELL = "from IPython.core.interactiveshell import InteractiveShell\nip = InteractiveShell.instance()"
LOAD = "ip.run_line_magic('load_ext', 'jupyter_deploy')"
TRAIN = """import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
X = np.random.default_rng(0).normal(size=(500, 20))
scaler = StandardScaler().fit(X)
clf = LogisticRegression().fit(scaler.transform(X), X[:, 0] > 0)
def clean(rows):
    return np.clip(rows, -3, 3)"""
CAPTURED = "def run(rows):\n    # edit {}\n    return clf.predict(scaler.transform(clean(rows))).tolist()\n"
PLAIN = """import json, os
import joblib, numpy as np

def clean(rows):
    return np.clip(rows, -3, 3)

def init():
    global clf, scaler
    root = os.environ["AZUREML_MODEL_DIR"]
    clf = joblib.load(os.path.join(root, "hand-clf", "1", "model.joblib"))
    scaler = joblib.load(os.path.join(root, "hand-scaler", "1", "model.joblib"))

def run(data):
    # edit {}
    return clf.predict(scaler.transform(clean(json.loads(data)))).tolist()
"""


def milliseconds(action: Callable[[], object]) -> float:
    """How long an action takes."""
    started = time.perf_counter()
    action()
    return (time.perf_counter() - started) * 1000


def fresh(before: str, code: str) -> float:
    """How many milliseconds code takes in a fresh interpreter, behind what is loaded before it."""
    timed = (
        f"import time\n{before}\nstarted = time.perf_counter()\n{code}\nprint((time.perf_counter() - started) * 1000)"
    )
    done = subprocess.run([sys.executable, "-c", timed], check=True, capture_output=True, text=True, timeout=60)
    return float(done.stdout.split()[-1])


def row(what: str, measured: list[float], wanted: str, limit: float, beside: str = "") -> str:
    """One line of the table: the median, the worst round, and what it is compared with."""
    middle = statistics.median(measured)
    return f"| {what} | {middle:.1f} ms (worst {max(measured):.1f}){beside} | {wanted} | {mark(middle <= limit)} |"


@contextmanager
def notebook() -> Iterator[tuple[InteractiveShell, Workspace]]:
    """A shell with a trained model, in a workspace of its own; its services are deleted at the end."""
    with tempfile.TemporaryDirectory(prefix="jupyter-deploy-benchmark-") as name:
        os.environ |= {"JUPYTER_DEPLOY_HOME": str(Path(name, "home")), "JUPYTER_DEPLOY_TARGET": "process"}
        os.chdir(name)
        workspace = Workspace()
        for shell in new_shell():
            shell.run_cell(TRAIN, store_history=True).raise_error()
            try:
                yield shell, workspace
            finally:
                for service in workspace.services.values():
                    service.delete()


def run(shell: InteractiveShell, cell: str) -> Any:
    """Run a cell, quietly."""
    result = shell.run_cell(cell, store_history=True, silent=False)
    result.raise_error()
    return result.result


def loading() -> Iterator[str]:
    """``%load_ext`` over IPython."""
    shells = [fresh("", SHELL) for _ in range(ROUNDS)]
    loads = [fresh(SHELL, LOAD) for _ in range(ROUNDS)]
    ratio = statistics.median(loads) / statistics.median(shells)
    yield row("`%load_ext jupyter_deploy` over IPython", loads, "≤ 50 ms", 50, f"; {ratio:.2f} × IPython's own start")


def cells(shell: InteractiveShell, workspace: Workspace) -> Iterator[str]:
    """Script cells: with capture, and the same by hand."""
    for name in ("clf", "scaler"):
        workspace.register(f"hand-{name}", shell.user_ns[name])
    run(shell, "%%score_script captured\n" + CAPTURED.format(0))
    run(shell, "%%score_script byhand\n" + PLAIN.format(0))
    run(shell, "%deploy captured;")
    run(shell, "%deploy byhand --model hand-clf --model hand-scaler;")
    unchanged, edited, plain = [], [], []
    for number in range(1, ROUNDS + 1):
        edited.append(milliseconds(lambda n=number: run(shell, "%%score_script captured\n" + CAPTURED.format(n))))  # type: ignore[misc]
        plain.append(milliseconds(lambda n=number: run(shell, "%%score_script byhand\n" + PLAIN.format(n))))  # type: ignore[misc]
        unchanged.append(
            milliseconds(lambda n=number: run(shell, "%%score_script captured --dry-run\n" + CAPTURED.format(n)))  # type: ignore[misc]
        )
    ratio = statistics.median(edited) / statistics.median(plain)
    beside = f"; {ratio:.2f} × the same script without capture, {statistics.median(plain):.0f} ms"
    yield row("edit a captured cell to new code serving (two models found unchanged)", edited, "≤ 500 ms", 500, beside)
    yield row("only capture it (`--dry-run`)", unchanged, "–", float("inf"))
    tries = [milliseconds(lambda: run(shell, "%model try captured X[:2]")) for _ in range(5)]
    yield row("`%model try`: a fresh server, `init()`, `run()`, gone again", tries, "–", float("inf"))


def cards(workspace: Workspace) -> Iterator[str]:
    """The first look at a service."""
    service = workspace.services["captured"]
    drawn = [milliseconds(lambda: display.bundle(workspace.services["captured"])) for _ in range(ROUNDS)]
    root = service.scoring_uri.removesuffix("/score")
    asked = [milliseconds(lambda: requests.get(f"{root}/-/ready", timeout=5)) for _ in range(ROUNDS)]
    ratio = statistics.median(drawn) / statistics.median(asked)
    yield row("a service's card, all three layers", drawn, "≤ 100 ms", 100, f"; {ratio:.1f} × one plain GET")
    from jupyter_deploy.widgets import ServiceCard

    made = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        card = ServiceCard(service)
        made.append((time.perf_counter() - started) * 1000)
        card.close()
    yield row("a live card, made", made, "≤ 100 ms", 100)


def flood() -> Iterator[str]:
    """The log view at 20,000 lines a second for ten seconds, in a real JupyterLab."""
    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", "pytest", "-q", "-s", "tests/ui/test_log.py", "-k", "flood"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=600)
    told = [line.rpartition("lines/s: ")[2] for line in done.stdout.splitlines() if "lines/s: longest frame" in line]
    met = done.returncode == 0 and bool(told)
    yield (
        f"| log view, 20,000 lines/s for 10 s (each try) | {'; '.join(told) or 'not measured'} | "
        f"longest frame ≤ 100 ms | {mark(met)} |"
    )


def main() -> None:
    """Measure everything and write the section."""
    found = [*loading(), *flood()]
    with notebook() as (shell, workspace):
        found += [*cells(shell, workspace), *cards(workspace)]
    lines = [
        "## The notebook",
        "",
        f"`python -m tests.benchmarks.notebook`. {machine()} Medians of {ROUNDS} rounds.",
        "",
        "| what | measured | wanted | met |",
        "|---|---|---|---|",
        *found,
    ]
    write_section("the notebook", lines)
    print("\n".join(lines))


if __name__ == "__main__":
    main()
