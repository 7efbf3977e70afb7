"""What issue 4 promises of containers: ``python -m tests.benchmarks.containers``; needs Docker and wrk.

Where there is a peer, both run in the same round, in turns, in containers of the same image with the same limits.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

from jupyter_deploy.environments import Environment
from jupyter_deploy.targets.docker import images
from jupyter_deploy.targets.docker.daemon import engine
from jupyter_deploy.targets.docker.leftovers import remove_cache, remove_images_of
from jupyter_deploy.workspace import Workspace

from ..servers import container_of
from .load import free_port, lua, wrk
from .peers import ASGI
from .reloading import BODY, SCRIPT, Watcher, loaded, timed
from .section import machine, mark, write_section

ROUNDS = 5
RELOADS = 20
LOAD_SECONDS = 6
PACKAGES = ("numpy", "scikit-learn")
MODEL = """import os, glob
import joblib, numpy as np, orjson
model = joblib.load(glob.glob("/ceiling/model.joblib")[0])
def predict(body):
    return model.predict(np.array(orjson.loads(body)["data"]))[0].item()
"""


def seconds(action: Callable[[], object]) -> float:
    """How long an action takes."""
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def row(what: str, measured: float, wanted: float, unit: str = "s", more: str = "") -> str:
    """One line of the table; less is better."""
    return f"| {what} | {measured:.2f} {unit}{more} | ≤ {wanted:g} {unit} | {mark(measured <= wanted)} |"


@contextmanager
def new_workspace() -> Iterator[tuple[Workspace, Path]]:
    """A workspace of its own with a registered model; its services are deleted at the end."""
    with tempfile.TemporaryDirectory(prefix="jupyter-deploy-benchmark-") as name:
        folder = Path(name)
        workspace = Workspace(folder / "home")
        rows = np.random.default_rng(0).normal(size=(400, 10))
        workspace.register("churn", LogisticRegression().fit(rows, rows[:, 0] > 0))
        workspace.score_script("churn", SCRIPT.format(version=0))
        try:
            yield workspace, folder
        finally:
            for service in workspace.services.values():
                service.delete()


def starts(workspace: Workspace) -> Iterator[str]:
    """Warm: from the request to the first answer; and once more without any change."""
    workspace.deploy("churn", target="docker").invoke(BODY)
    took, again, ids = [], [], set()
    for _ in range(ROUNDS):
        workspace.services["churn"].delete()
        took.append(seconds(lambda: workspace.deploy("churn", target="docker").invoke(BODY)))
        before = container_of(workspace.services["churn"]).container
        again.append(seconds(lambda: workspace.deploy("churn")))
        ids.add(container_of(workspace.services["churn"]).container == before)
    yield row(
        "warm environment: deploy to first answer", statistics.median(took), 2.0, more=f" (worst {max(took):.2f})"
    )
    yield row("unchanged deploy", statistics.median(again), 0.2, more=f" (same container: {ids == {True}})")


def reloads(workspace: Workspace, folder: Path) -> Iterator[str]:
    """Editing the cell under load."""
    service = workspace.deploy("churn", target="docker")
    watcher = Watcher(service)
    with loaded(service.scoring_uri, folder, connections=16) as loads:
        took = timed(
            lambda version: workspace.score_script("churn", SCRIPT.format(version=version)) and None,
            watcher,
            range(1, 1 + RELOADS),
        )
    (seen,) = loads
    yield row("edit to new code answering, under 16 clients", statistics.median(took) / 1000, 0.25)
    enough = mark(RELOADS >= 10 and seen.requests >= 20_000 and not seen.failed and not watcher.old)
    text = f"{seen.failed} failed, {watcher.old} old answers after a return"
    yield f"| {RELOADS} reloads, {seen.requests:,} requests | {text} | 0 of ≥ 20,000 | {enough} |"


def environments(workspace: Workspace, client: Any) -> Iterator[str]:
    """Cold: nothing downloaded, nothing built; beside a Dockerfile written by hand with pip."""
    environment = Environment("cold", requirements=PACKAGES)
    from jupyter_deploy.environments.uv import lines

    base = images.base_of(environment)
    words = " ".join(f"'{line.partition(';')[0].strip()}'" for line in lines(environment))
    text = f"FROM {base}\nRUN pip install --no-cache-dir {words}\n"
    ours, theirs = [], []
    for _ in range(3):
        remove_images_of(environment)
        remove_cache(client)
        ours.append(seconds(lambda: images.ensure(client, workspace.home, environment, "benchmark", lambda _: None)))
        theirs.append(seconds(lambda: _docker_build(text)))
    ratio = statistics.median(ours) / statistics.median(theirs)
    yield row(
        "cold environment (numpy, scikit-learn), beside docker build with pip", ratio, 1.0, "×",
        f" ({statistics.median(ours):.1f} and {statistics.median(theirs):.1f} s)",
    )  # fmt: skip
    second = seconds(lambda: images.ensure(client, workspace.home, environment, "benchmark", lambda _: None))
    yield row("a second service on the same environment: its image", second, 0.1)
    remove_images_of(environment)


def _docker_build(text: str) -> None:
    environ = {**os.environ, "DOCKER_BUILDKIT": "0"}
    command = ["docker", "build", "--no-cache", "-t", "jupyter-deploy-benchmark:pip", "-"]
    subprocess.run(command, input=text.encode(), check=True, capture_output=True, env=environ)


def throughput(workspace: Workspace, client: Any, folder: Path) -> Iterator[str]:
    """The published port, beside the raw ASGI server in a container that differs in nothing but its command."""
    service = workspace.services["churn"]
    files = folder / "ceiling"
    files.mkdir()
    (files / "app.py").write_text(ASGI)
    (files / "model.py").write_text(MODEL)
    bundle = workspace.home.bundles / service.record.bundle / "models"
    (files / "model.joblib").write_bytes(next(bundle.rglob("model.joblib")).read_bytes())
    facts = client.api.inspect_container(container_of(service).container)
    config, port = {**facts["HostConfig"]}, free_port()
    config["PortBindings"] = {"5001/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(port)}]}
    config["Mounts"] = [{"Type": "bind", "Source": str(files), "Target": "/ceiling", "ReadOnly": True}]
    command = "app:app --host 0.0.0.0 --port 5001 --loop uvloop --http httptools --no-access-log --log-level error"
    raw = client.api.create_container(
        facts["Config"]["Image"],
        entrypoint=["python3", "-m", "uvicorn", *command.split()],
        command=[],
        user=facts["Config"]["User"],
        working_dir="/ceiling",
        ports=[(5001, "tcp")],
        environment=facts["Config"]["Env"],
        host_config=config,
    )["Id"]
    try:
        client.api.start(raw)
        ceiling = f"http://127.0.0.1:{port}/score"
        _until_answers(ceiling)
        script = lua(folder, BODY)
        rates: dict[str, list[float]] = {ceiling: [], service.scoring_uri: []}
        for _ in range(ROUNDS):
            for url, found in rates.items():
                found.append(wrk(url, script, 64, LOAD_SECONDS).rate)
    finally:
        client.api.remove_container(raw, force=True)
    theirs, ours = (statistics.median(found) for found in rates.values())
    text = f"{ours / theirs:.2f} × ({ours:,.0f} and {theirs:,.0f} requests/s)"
    met = mark(ours / theirs >= 0.9)
    yield f"| throughput at 64 connections, beside the raw ASGI server | {text} | ≥ 0.9 × | {met} |"


def _until_answers(url: str) -> None:
    import requests

    end = time.monotonic() + 30
    while time.monotonic() < end:
        try:
            if requests.post(url, data=BODY, timeout=5).ok:
                return
        except requests.RequestException:
            time.sleep(0.05)
    raise SystemExit(f"{url} does not answer")


def looking(workspace: Workspace) -> Iterator[str]:
    """How late a printed line is seen, and what statistics take."""
    script = SCRIPT.format(version=0).replace("def run(data):\n", "def run(data):\n    print('mark', flush=True)\n")
    workspace.score_script("churn", script)
    service = workspace.services["churn"]
    seen: list[float] = []

    def read() -> None:
        for piece in service.follow(0):
            seen.extend([time.perf_counter()] * piece.count("print - mark"))

    threading.Thread(target=read, daemon=True).start()
    delays = []
    for number in range(20):
        time.sleep(0.1)
        service.invoke(BODY)
        asked = time.perf_counter()
        while len(seen) <= number and time.perf_counter() < asked + 5:
            time.sleep(0.001)
        delays.append(max(0.0, seen[number] - asked))
    yield row("log: from the answer to the line being shown, worst of 20", max(delays), 0.2)
    yield row("stats", statistics.median(seconds(service.stats) for _ in range(ROUNDS)), 0.5)


def main() -> None:
    """Measure everything and write the section."""
    with new_workspace() as (workspace, folder), engine(600.0) as client:
        found = [*starts(workspace), *reloads(workspace, folder), *throughput(workspace, client, folder)]
        found += [*looking(workspace), *environments(workspace, client)]
    lines = [
        "## Containers",
        "",
        f"`python -m tests.benchmarks.containers`. {machine()} Docker {_version()}.",
        "",
        "| what | measured | wanted | met |",
        "|---|---|---|---|",
        *found,
    ]
    write_section("containers", lines)
    print("\n".join(lines))


def _version() -> str:
    with engine() as client:
        return str(client.version()["Version"])


if __name__ == "__main__":
    main()
