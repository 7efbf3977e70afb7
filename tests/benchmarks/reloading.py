"""Requirement 7: reloads under load; a part of ``python -m tests.benchmarks.serving``.

wrk keeps 32 connections busy and counts what fails. One more client asks, again and again right after each reload has
returned, which version answers.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import signal
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import requests

from jupyter_deploy.errors import ReloadFailed
from jupyter_deploy.targets.admin import Admin, token_in
from jupyter_deploy.workspace import Service, Workspace

from .load import Load, lua, parsed, wrk_program
from .section import mark

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


def timed(reload: Callable[[int], None], watcher: Watcher, versions: Iterable[int]) -> list[float]:
    """Reload to each version; milliseconds until the new code has answered."""
    found = []
    for version in versions:
        time.sleep(PAUSE_SECONDS)
        started = time.perf_counter()
        reload(version)
        first = watcher.version()
        found.append((time.perf_counter() - started) * 1000)
        watcher.old += first != version
        watcher.check(version)
    return found


def copies(workspace: Workspace, service: Service, folder: Path) -> dict[int, Path]:
    """Bundles of two versions, for the server's own route: reloading what is served already would hide old code."""
    found = {}
    for version in (-1, -2):
        workspace.score_script("churn", SCRIPT.format(version=version))
        found[version] = folder / f"bundle{version}"
        shutil.copytree(workspace.home.bundles / service.record.bundle, found[version], symlinks=True)
    return found


@contextlib.contextmanager
def loaded(url: str, folder: Path, connections: int = 32) -> Iterator[list[Load]]:
    """Keep connections busy; afterwards the list has what wrk saw."""
    command = [wrk_program(), "-t1", f"-c{connections}", "-d120s", "--latency", "-s", str(lua(folder, BODY)), url]
    load = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    seen: list[Load] = []
    try:
        yield seen
        if load.poll() is not None:
            raise SystemExit("wrk ended before the last reload.")
    finally:
        # Interrupted, it still reports.
        load.send_signal(signal.SIGINT)
        seen.append(parsed(load.communicate()[0]))


def measure(workspace: Workspace, service: Service, folder: Path) -> list[str]:
    """All under one load."""
    watcher, bundles = Watcher(service), copies(workspace, service, folder)
    admin = Admin(service.scoring_uri.removesuffix("/score"), token_in(workspace.home.service("churn")))

    def by_cell(version: int) -> None:
        workspace.score_script("churn", SCRIPT.format(version=version))

    def by_route(version: int) -> None:
        admin.reload(str(bundles[version]), 1, {})

    broken = 0
    with loaded(service.scoring_uri, folder) as loads:
        cells = timed(by_cell, watcher, range(1, 1 + RELOADS))
        try:
            workspace.score_script("churn", "import nothing_like_this\n\ndef run(data):\n    return -1\n")
        except ReloadFailed:
            broken = 1
        watcher.check(RELOADS)
        routes = timed(by_route, watcher, itertools.islice(itertools.cycle(bundles), RELOADS))
    (seen,) = loads
    lines = ["### Reloads under 32 keep-alive clients", "", "| what | measured | wanted | met |", "|---|---|---|---|"]
    for text, values in (("editing the cell", cells), ("the server's own route", routes)):
        middle, late = statistics.median(values), statistics.quantiles(values, n=20)[-1]
        lines.append(f"| {text}: to new code answering, median | {middle:.0f} ms | ≤ 60 ms | {mark(middle <= 60)} |")
        lines.append(f"| {text}: p95 | {late:.0f} ms | ≤ 150 ms | {mark(late <= 150)} |")
    count = len(cells) + len(routes)
    asked = count * (CHECKS + 1) + CHECKS
    enough = mark(count >= 20 and broken == 1)
    return [
        *lines,
        f"| reloads, and broken edits among them | {count} and {broken} | ≥ 20 and 1 | {enough} |",
        f"| requests | {seen.requests:,} | ≥ 50,000 | {mark(seen.requests >= 50_000)} |",
        f"| failed or reset | {seen.failed} | 0 | {mark(seen.failed == 0)} |",
        f"| old code after a reload's return, of {asked:,} answers | {watcher.old} | 0 | {mark(not watcher.old)} |",
    ]


def reloads(model: object) -> list[str]:
    """Deploy in a workspace of its own, and measure."""
    before = os.environ.get("JUPYTER_DEPLOY_HOME")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["JUPYTER_DEPLOY_HOME"] = f"{folder}/home"
        try:
            workspace = Workspace()
            workspace.register("churn", model)
            workspace.score_script("churn", SCRIPT.format(version=0))
            service = workspace.deploy("churn", target="process")
            try:
                return measure(workspace, service, Path(folder))
            finally:
                service.delete()
        finally:
            os.environ.pop("JUPYTER_DEPLOY_HOME")
            if before is not None:
                os.environ["JUPYTER_DEPLOY_HOME"] = before
