"""A service's script on a Dask cluster: workers of this machine, and a scheduler with two workers of its own."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from distributed import Client

from jupyter_deploy.cli import main
from jupyter_deploy.errors import StartFailed, TargetProblem
from jupyter_deploy.scoring.asking import Failed, Predicted
from jupyter_deploy.scoring.hosts import Host, Shipment
from jupyter_deploy.scoring.plan import Plan
from jupyter_deploy.scoring.sources import Row
from jupyter_deploy.serving import WorkerOptions, pack_bundle
from jupyter_deploy.workspace import Service, Workspace
from tests.e2e.conftest import until

from .conftest import write_csv

ROWS = 300


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a scheduler with two workers, each a process that this test started."""
    folder = tmp_path_factory.mktemp("dask")
    found = folder / "scheduler.json"
    common = ["--scheduler-file", str(found), "--dashboard-address", "127.0.0.1:0"]
    commands = [
        ["dask_scheduler", *common, "--host", "127.0.0.1", "--port", "0"],
        *(["dask_worker", *common, "--nthreads", "2", "--no-nanny"] for _ in range(2)),
    ]
    started = []
    try:
        with (folder / "log").open("wb") as log:
            for command in commands:
                words = [sys.executable, "-m", f"distributed.cli.{command[0]}", *command[1:]]
                started.append(subprocess.Popen(words, stdout=log, stderr=log, cwd=folder))
                until(found.exists, 30)
        address = json.loads(found.read_text())["address"]
        with Client(address) as client:
            client.wait_for_workers(2, timeout=60)
        yield address
    finally:
        for process in reversed(started):
            process.kill()
        for process in started:
            process.wait(20)


def inits_of(service: Service) -> list[tuple[int, int]]:
    """The processes that called init(), each with its parent."""
    text = Path(service.record.spec.variables["INITS"]).read_text()
    return [(int(own), int(parent)) for own, parent in map(str.split, text.splitlines())]


def test_two_processes_score_in_order_and_load_the_script_once(
    lines: Service, scheduler: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out, seen = tmp_path / "in.jsonl", tmp_path / "out.jsonl", tmp_path / "seen"
    rows = [{"n": number, "seen": str(seen)} for number in range(ROWS)]
    rows[150] = {"n": "x", "a": []}
    source.write_text("".join(json.dumps(row) + "\n" for row in rows))
    before, asked = inits_of(lines), lines.health.requests
    words = ["score", str(source), "--service", "lines", "--out", str(out), "--engine", "dask"]
    assert main([*words, "--scheduler", scheduler, "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["engine"], told["concurrency"], told["failed"]) == ("dask", 2, 1)
    made = [json.loads(line)["prediction"] for line in out.read_text().splitlines()]
    assert made == [None if number == 150 else number for number in range(ROWS)]
    (failed,) = map(json.loads, (tmp_path / "out.jsonl.failed.jsonl").read_text().splitlines())
    assert (failed["row"], failed["status"], failed["input"]) == (151, 500, {"n": "x", "a": []})
    assert "TypeError" in failed["message"]
    # The service itself was not asked.
    assert lines.health.requests == asked
    new = inits_of(lines)[len(before) :]
    assert len(new) == len({parent for _, parent in new}) == 2
    assert sorted(map(int, seen.read_text().split())) == [number for number in range(ROWS) if number != 150]
    # What was started in the cluster has ended with the run.
    until(lambda: not any(_is_running(own) for own, _ in new))


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_workers_of_this_machine_answer_as_the_service_does(table: Service, tmp_path: Path) -> None:
    ages = [place % 90 for place in range(200)]
    ages[13], ages[150] = -1, 777
    source = write_csv(tmp_path / "in.csv", ages)
    here = table.score(source, tmp_path / "dask.csv", engine="dask", rows=50, concurrency=1)
    assert [(one.row, one.status) for one in here.errors] == [(14, 500)]
    served = table.score(source, tmp_path / "served.csv", rows=50)
    assert (tmp_path / "dask.csv").read_text() == (tmp_path / "served.csv").read_text()
    assert served.errors[0].message == here.errors[0].message


def test_what_does_not_start(shared: Workspace, table: Service, scheduler: str, tmp_path: Path) -> None:
    source, out = write_csv(tmp_path / "in.csv", [1]), tmp_path / "out.csv"
    with pytest.raises(TargetProblem, match="No Dask scheduler answers") as error:
        table.score(source, out, engine="dask", scheduler=f"tcp://127.0.0.1:{_free_port()}")
    assert "dask scheduler" in error.value.hint
    gated = """import os

def init():
    if os.path.exists(os.environ["GATE"]):
        raise OSError("no licence here")

def run(data):
    return 1
"""
    shared.score_script("gated", gated)
    gate = tmp_path / "gate"
    service = shared.deploy("gated", variables={"GATE": str(gate)})
    gate.touch()
    with pytest.raises(StartFailed, match="OSError: no licence here"):
        service.score(source, out, engine="dask", scheduler=scheduler)
    assert not list(tmp_path.glob("*.partial.jsonl"))


def _free_port() -> int:
    import socket

    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def test_a_process_that_does_not_see_the_bundle_gets_it(lines: Service, tmp_path: Path) -> None:
    record = lines.record
    packed = io.BytesIO()
    folder: Any = lines._deployment.bundle_folder(record)
    pack_bundle(folder, packed)
    options = WorkerOptions().as_dict()
    nowhere = str(tmp_path / "nowhere")
    shipment = Shipment("k", record.bundle, nowhere, packed.getvalue(), options, record.spec.variables, timeout=0.5)
    assert "INITS" not in repr(shipment)
    host = Host(shipment)
    try:
        assert host.facts()["mode"] == "plain"
        rows = [Row(1, {"a": 1}), Row(2, {"a": "x"}), Row(3, {"exit": 7}), Row(4, {"sleep": 9}), Row(5, [1])]
        found = host.score(Plan(1, "record"), rows)
        assert [found[0], found[4]] == [Predicted({"sum": 1}), Predicted([1])]
        failed = [one for one in found if isinstance(one, Failed)]
        assert [one.status for one in failed] == [500, 502, 0]
        assert failed[1].message == "the process that ran the script ended (exit code 7)"
        assert failed[2].message == "no answer within 0.5 s"
        unpacked = Path(host._unpacked)
        assert (unpacked / "bundle" / "bundle.json").is_file()
    finally:
        host.close()
    assert not unpacked.exists()
