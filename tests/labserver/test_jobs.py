"""Verbs that take long: a process each, stages, an outcome, a cancel."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from jupyter_deploy.labserver.acting import Request
from jupyter_deploy.labserver.jobs import Jobs
from jupyter_deploy.workspace import Workspace

from ..targets.test_restarts import another_interpreter
from .conftest import ECHO, Ask, write

SLOW = (
    "import pathlib, time\ndef init():\n    pathlib.Path({!r}).touch()\n    time.sleep(120)\n\n"
    "def run(data):\n    return 1\n"
)


async def ended(ask: Ask, job_id: str) -> dict[str, Any]:
    async with asyncio.timeout(60):
        while True:
            _, found = await ask("GET", f"jobs/{job_id}")
            if found["state"] != "running":
                return dict(found)
            await asyncio.sleep(0.05)


async def test_a_start_keeps_the_interpreter_that_a_notebook_deployed_with(
    ask: Ask, shared: Workspace, tmp_path: Path
) -> None:
    place = write(tmp_path, "where.py", "import sys\ndef run(data):\n    return sys.prefix\n")
    code = "import sys; from jupyter_deploy.workspace import Workspace\n"
    code += "Workspace().deploy('where', script=sys.argv[1], target='process').stop()"
    subprocess.run([str(another_interpreter(tmp_path / "other")), "-c", code, str(place)], check=True)
    found = await ended(ask, await begun(ask, "deploy", service="where"))
    assert (found["state"], found["error"]) == ("done", None)
    assert not any("Jupyter's server" in note for note in found["notes"])
    assert shared.services["where"].invoke("") == str(tmp_path / "other")


async def begun(ask: Ask, verb: str, **arguments: Any) -> str:
    status, found = await ask("POST", f"verbs/{verb}", {"arguments": arguments, "confirmed": True})
    assert (status, found["verb"]) == (202, verb)
    return str(found["job"])


async def test_deploy_stop_delete(ask: Ask, shared: Workspace, jp_root_dir: Path) -> None:
    write(jp_root_dir, "score.py", ECHO)
    # A path as the file browser knows it: below the server's root.
    job = await begun(ask, "deploy", service="by-panel", script="score.py", target="process")
    found = await ended(ask, job)
    assert (found["state"], found["error"], found["subject"]) == ("done", None, "by-panel")
    assert found["value"]["state"] == "Healthy"
    assert found["sentence"].startswith("by-panel: created in")
    assert found["stage"]
    # It has no notebook's interpreter, and says whose it has.
    assert found["notes"][-1].startswith(f"It runs on the interpreter of Jupyter's server, {sys.executable}. ")
    assert shared.services["by-panel"].invoke("four") == 4
    assert [one["id"] for one in (await ask("GET", "jobs"))[1]["jobs"]] == [job]
    # What is over soon is answered at once.
    status, found = await ask("POST", "verbs/stop", {"arguments": {"service": "by-panel"}})
    assert (status, found["value"]) == (200, {"stopped": "by-panel"})
    assert shared.services["by-panel"].state == "Stopped"
    delete = {"arguments": {"service": "by-panel"}}
    status, error = await ask("POST", "verbs/delete", delete)
    assert (status, error["code"]) == (409, "NeedsConfirmation")
    assert error["message"].startswith("Delete service by-panel")
    status, found = await ask("POST", "verbs/delete", {**delete, "confirmed": True})
    assert (status, found["value"]) == (200, {"deleted": "by-panel"})
    assert "by-panel" not in shared.services


async def test_what_fails_tells_its_lines_and_leaves_a_log(ask: Ask, shared: Workspace, jp_root_dir: Path) -> None:
    broken = write(
        jp_root_dir, "broken.py", "def init():\n    raise ValueError('no weights')\ndef run(d):\n    return 1\n"
    )
    found = await ended(ask, await begun(ask, "deploy", service="broken", script=str(broken), target="process"))
    assert (found["state"], found["error"]["code"]) == ("failed", "StartFailed")
    assert any("raise ValueError('no weights')" in line for line in found["error"]["lines"])
    status, log = await ask("GET", "services/broken/log?offset=-1&limit=100")
    assert status == 200
    assert any("no weights" in line["text"] for line in log["lines"])
    assert {line["level"] for line in log["lines"]} & {"E", "C"}


async def test_a_cancel_is_a_ctrl_c(ask: Ask, shared: Workspace, jp_root_dir: Path, tmp_path: Path) -> None:
    mark = tmp_path / "began"
    write(jp_root_dir, "slow.py", SLOW.format(str(mark)))
    # As where a shell script started Jupyter's server with &.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        job = await begun(ask, "deploy", service="slow", script="slow.py", target="process")
        async with asyncio.timeout(30):
            while not mark.exists():
                await asyncio.sleep(0.05)
    finally:
        signal.signal(signal.SIGINT, before)
    started = time.monotonic()
    status, _ = await ask("DELETE", f"jobs/{job}")
    assert status == 202
    assert (await ended(ask, job))["state"] == "cancelled"
    assert time.monotonic() - started < 15
    # The look at the services clears away what the interrupted deployment has left.
    assert "slow" not in list(shared.services)


async def test_a_process_that_cannot_be_started_is_a_failure(tmp_path: Path) -> None:
    told: list[str] = []
    jobs = Jobs(told.append)
    job = jobs.start(Request("deploy", {"service": "x"}, root=str(tmp_path / "gone")))
    assert job.task
    await job.task
    assert (job.state, told) == ("failed", [job.id])
    assert job.error
    assert "gone" in job.error["message"]
    await jobs.end()
