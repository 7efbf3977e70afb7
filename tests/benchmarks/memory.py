"""What a deployed service holds, by process, beside azmlinfsrv; a part of ``python -m tests.benchmarks.serving``.

Both get an environment with the same packages: scikit-learn imports pandas and pyarrow where they are, and a worker
holds 60 MB more with them. A process of its own deploys: one that lived on would share the libraries' pages.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import joblib
import psutil

from jupyter_deploy.workspace import Workspace

from . import peers as known
from .load import wrk
from .peers import azml
from .section import mark
from .table import running

ROLES = ("watcher", "front", "fork-server", "worker and spare")
SCRIPT = """import json, os
import joblib
import numpy as np
import sklearn.linear_model

def init():
    global model
    model = joblib.load(os.path.join(os.environ["AZUREML_MODEL_DIR"], "model.joblib"))

def run(data):
    return model.predict(np.array(json.loads(data)["data"])).tolist()
"""


def deploy(folder: Path, workers: int) -> None:
    """Deploy the model of a folder on its requirements, and let each worker predict."""
    workspace = Workspace()
    workspace.register("churn", joblib.load(folder / "model.joblib"))
    workspace.score_script("churn", SCRIPT)
    options = {"environment": folder / "requirements.txt", "target": "process", "workers": workers}
    service = workspace.deploy("churn", **options)  # type: ignore[arg-type]
    service.load(known.ROW.decode(), 200, 16)


def sizes(front: psutil.Process) -> dict[str, float]:
    """PSS in megabytes by role, of a front and the processes around it."""
    children = front.children(recursive=True)
    server = next(one for one in children if "forkserver" in " ".join(one.cmdline()) and one.ppid() == front.pid)
    groups = ((front.parent(),), (front,), (server,), server.children())
    return {
        role: sum(one.memory_full_info().pss for one in group if one) / (1 << 20)
        for role, group in zip(ROLES, groups, strict=True)
    }


@contextmanager
def home_of(folder: Path) -> Iterator[None]:
    """Work in a workspace of its own."""
    before = os.environ.get("JUPYTER_DEPLOY_HOME")
    os.environ["JUPYTER_DEPLOY_HOME"] = str(folder / "home")
    try:
        yield
    finally:
        os.environ.pop("JUPYTER_DEPLOY_HOME")
        if before is not None:
            os.environ["JUPYTER_DEPLOY_HOME"] = before


def deployed(folder: Path, workers: int) -> dict[str, float]:
    """Deploy, weigh and delete."""
    assert __spec__ is not None
    subprocess.run([sys.executable, "-m", __spec__.name, str(folder), str(workers)], check=True)
    service = Workspace().services["churn"]
    try:
        return sizes(psutil.Process(service.health.pid))
    finally:
        service.delete()


def requirements(python: Path) -> str:
    """What the model needs, in the versions of the peer's environment."""
    command = [str(python), "-m", "pip", "freeze"]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return "\n".join(line for line in listed if line.startswith(("numpy=", "scipy=", "scikit-learn=", "joblib=")))


def memory(options: argparse.Namespace, model: object) -> list[str]:
    """Compare one worker, and one more."""
    peers = {count: azml("azml", known.SCRIPT, f"--worker_count {count}") for count in (1, 2)}
    azure: dict[int, list[float]] = {1: [], 2: []}
    ours: dict[int, list[dict[str, float]]] = {1: [], 2: []}
    with tempfile.TemporaryDirectory() as name, home_of(folder := Path(name)):
        joblib.dump(model, folder / "model.joblib")
        python = peers[1].environment(options.environments) / "python"
        (folder / "requirements.txt").write_text(requirements(python))
        for count in (1, 2) * options.rounds:
            with running([peers[count]], model, options.environments) as servers:
                server, post = servers["azml"]
                wrk(server.url, post, 16, 1)
                azure[count].append(server.memory())
            ours[count].append(deployed(folder, count))
    whole = {count: statistics.median(sum(one.values()) for one in ours[count]) for count in ours}
    theirs = {count: statistics.median(azure[count]) for count in azure}
    lines = ["### Memory of a deployed service (PSS)", "", "| what | ours | azmlinfsrv | ratio | wanted | met |"]
    lines.append("|---|---|---|---|---|---|")
    for text, own, other, most in (
        ("all processes, 1 worker", whole[1], theirs[1], 1.15),
        ("each further worker", whole[2] - whole[1], theirs[2] - theirs[1], 1.0),
    ):
        met = mark(own <= most * other)
        lines.append(f"| {text} | {own:,.0f} MB | {other:,.0f} MB | {own / other:.2f} × | ≤ {most} × | {met} |")
    for role in ROLES:
        size = statistics.median(one[role] for one in ours[1])
        lines.append(f"| of ours, {role} | {size:,.0f} MB | | | | |")
    return lines


if __name__ == "__main__":
    deploy(Path(sys.argv[1]), int(sys.argv[2]))
