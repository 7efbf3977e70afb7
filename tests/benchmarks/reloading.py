"""Measure reloads under load, and write the table: ``python -m tests.benchmarks.reloading``.

wrk keeps 32 connections busy and counts what fails. One more client asks, again and again right after each reload has
returned, which version answers.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import requests
from sklearn.linear_model import LogisticRegression

from jupyter_deploy.client import Service
from jupyter_deploy.errors import ReloadFailed
from jupyter_deploy.targets.admin import Admin
from jupyter_deploy.workspace import Workspace

from .load import lua, parsed
from .section import machine, write_section
from .serving import mark

RELOADS = 25
CHECKS = 20
PAUSE_SECONDS = 0.3
BODY = b'{"data": [[0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]]}'
SCRIPT = """import json, os
import joblib
import numpy as np
import sklearn.linear_model

VERSION = {version}

def init():
    global model
    model = joblib.load(os.path.join(os.environ["AZUREML_MODEL_DIR"], "model.joblib"))

def run(data):
    model.predict(np.array(json.loads(data)["data"]))
    return VERSION
"""


class Watcher:
    """Asks for the version on one kept connection."""

    def __init__(self, service: Service) -> None:
        self._session = requests.Session()
        self._url = service.scoring_uri
        self.old = 0

    def version(self) -> int:
        """Which version answers now."""
        found: int = self._session.post(self._url, data=BODY, timeout=30).json()
        return found

    def check(self, wanted: int) -> None:
        """Count answers of other versions, now that a reload has returned."""
        self.old += sum(self.version() != wanted for _ in range(CHECKS))


def timed(reload: Callable[[int], None], watcher: Watcher, versions: range) -> list[float]:
    """Reload to each version; milliseconds until the new code has answered."""
    found = []
    for version in versions:
        time.sleep(PAUSE_SECONDS)
        started = time.perf_counter()
        reload(version)
        watcher.version()
        found.append((time.perf_counter() - started) * 1000)
        watcher.check(version)
    return found


def measure(workspace: Workspace, service: Service, folder: Path) -> list[str]:
    """All under one load."""
    watcher = Watcher(service)
    command = ["wrk", "-t1", "-c32", "-d90s", "--latency", "-s", str(lua(folder, BODY)), service.scoring_uri]
    load = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def by_cell(version: int) -> None:
        workspace.score_script("churn", SCRIPT.format(version=version))

    def by_route(version: int) -> None:
        admin.reload(str(workspace.home.bundles / service.record.bundle), 1, {})

    cells = timed(by_cell, watcher, range(1, 1 + RELOADS))
    broken = 0
    try:
        workspace.score_script("churn", "import nothing_like_this\n\ndef run(data):\n    return -1\n")
    except ReloadFailed:
        broken = 1
    watcher.check(RELOADS)
    admin = Admin(service.scoring_uri.removesuffix("/score"), workspace.home.service("churn"))
    routes = timed(by_route, watcher, range(RELOADS, RELOADS + 1)) + [
        value for _ in range(RELOADS - 1) for value in timed(by_route, watcher, range(RELOADS, RELOADS + 1))
    ]
    load.send_signal(2)
    seen = parsed(load.communicate()[0])
    lines = ["### Reloads under 32 keep-alive clients", "", "| what | measured | wanted | met |", "|---|---|---|---|"]
    for text, values in (("editing the cell", cells), ("the server's own route", routes)):
        middle, late = statistics.median(values), statistics.quantiles(values, n=20)[-1]
        lines.append(f"| {text}: to new code answering, median | {middle:.0f} ms | ≤ 60 ms | {mark(middle <= 60)} |")
        lines.append(f"| {text}: p95 | {late:.0f} ms | ≤ 150 ms | {mark(late <= 150)} |")
    count, asked = len(cells) + len(routes), (len(cells) + len(routes) + 1) * CHECKS
    enough = mark(count >= 20 and broken == 1)
    lines += [
        f"| reloads, and broken edits among them | {count} and {broken} | ≥ 20 and 1 | {enough} |",
        f"| requests | {seen.requests:,} | ≥ 50,000 | {mark(seen.requests >= 50_000)} |",
        f"| failed or reset | {seen.failed} | 0 | {mark(seen.failed == 0)} |",
        f"| old code after a reload's return, of {asked:,} answers | {watcher.old} | 0 | {mark(not watcher.old)} |",
    ]
    return lines


def main() -> None:
    """Deploy, measure, write."""
    random = np.random.default_rng(0)
    data = random.normal(size=(500, 10))
    with tempfile.TemporaryDirectory() as folder:
        os.environ["JUPYTER_DEPLOY_HOME"] = f"{folder}/home"
        workspace = Workspace()
        workspace.register("churn", LogisticRegression().fit(data, (data[:, 0] > 0).astype(int)))
        workspace.score_script("churn", SCRIPT.format(version=0))
        service = workspace.deploy("churn")
        try:
            lines = [*measure(workspace, service, Path(folder)), "", machine()]
        finally:
            service.delete()
    print("\n".join(lines))
    write_section("serving: reloads", lines)


if __name__ == "__main__":
    main()
