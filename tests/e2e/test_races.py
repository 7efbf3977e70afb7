"""Starts that fail, processes that race, scripts that do unusual things."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

from jupyter_deploy.errors import InvokeProblem, ReloadFailed, StartFailed
from jupyter_deploy.targets.process.pids import birth, lives
from jupyter_deploy.workspace import Workspace
from tests.scripts.cells import cell as script_of

from ..servers import process_of
from .conftest import DOUBLE, stack_of, until

EIGHT = """
import json, sys
from jupyter_deploy.workspace import Workspace
change = Workspace().deploy(sys.argv[1]).change
print(json.dumps([change.action, change.generation]))
"""


def test_eight_processes_deploy_one_service_once(workspace: Workspace) -> None:
    workspace.score_script("double", DOUBLE)
    running = [
        subprocess.Popen([sys.executable, "-c", EIGHT, "double"], stdout=subprocess.PIPE, text=True) for _ in range(8)
    ]
    said = [json.loads(process.communicate(timeout=100)[0]) for process in running]
    assert sorted(action for action, _ in said) == ["created"] + ["unchanged"] * 7
    assert {generation for _, generation in said} == {1}
    assert workspace.services["double"].invoke([1]) == [2]


@pytest.mark.parametrize(
    ("line", "kind"), [("raise ValueError('no')", "ValueError: no"), ("import sys; sys.exit(4)", "SystemExit: 4")]
)
def test_an_init_that_fails_is_told(workspace: Workspace, line: str, kind: str) -> None:
    workspace.score_script("failing", f"def init():\n    {line}\n\ndef run(data):\n    return 1\n")
    with pytest.raises(StartFailed, match=kind) as caught:
        workspace.deploy("failing")
    assert "%%score_script failing, line 3, in init" in caught.value.details
    assert "failing" not in workspace.services


def test_an_init_that_never_returns_does_not_outlive_its_server(workspace: Workspace, tmp_path: Any) -> None:
    os.mkfifo(tmp_path / "gate")
    script = f"def init():\n    open({str(tmp_path / 'gate')!r}).read()\n\ndef run(data):\n    return 1\n"
    workspace.score_script("endless", script)
    service = workspace.deploy("endless", wait=False)
    family = until(lambda: len(found := stack_of(process_of(service).pid)) == 3 and found)
    until(lambda: service.state == "Transitioning")
    os.kill(family[0], signal.SIGKILL)
    until(lambda: not any(birth(pid) for pid in family), seconds=15.0)


def test_an_init_that_kills_its_process_is_told(workspace: Workspace) -> None:
    workspace.score_script("gone", "import os\n\ndef init():\n    os._exit(7)\n\ndef run(data):\n    return 1\n")
    with pytest.raises(StartFailed, match="exited with code 7 before it was ready"):
        workspace.deploy("gone")


def test_no_wait_returns_before_init_is_done(workspace: Workspace, tmp_path: Any) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    workspace.score_script("patient", f"def init():\n    open({str(gate)!r}).read()\n\ndef run(data):\n    return 1\n")
    service = workspace.deploy("patient", wait=False)
    until(lambda: service.state == "Transitioning")
    assert workspace.deploy("patient", wait=False).change.action == "unchanged"  # type: ignore[union-attr]
    gate.write_text("go")
    until(lambda: service.state == "Healthy")
    assert service.invoke("") == 1


def test_the_start_of_nobody_known_ends_itself(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """The deploying process dies between starting the server and writing its pid down."""
    workspace.score_script("double", DOUBLE)
    code = (
        "import os, signal, sys\n"
        "from jupyter_deploy.services.rows import Services\n"
        "from jupyter_deploy.workspace import Workspace\n"
        "workspace = Workspace()\n"
        "def die(self, record, check=None):\n"
        "    print(record.server.facts['pid'], record.server.facts['born'], flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "Services.put = die\n"
        "workspace.deploy('double')\n"
    )
    run = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, timeout=60, check=False)
    pid, born = run.stdout.split()
    assert run.returncode == -signal.SIGKILL
    until(lambda: not lives(int(pid), born))
    assert "double" not in workspace.services
    assert workspace.deploy("double").invoke([1]) == [2]


def test_the_random_numbers_of_two_workers_differ(workspace: Workspace) -> None:
    script = "import numpy as np\n\ndef run(data):\n    return np.random.random()\n"
    workspace.score_script("dice", script)
    service = workspace.deploy("dice")
    first = service.invoke("")
    until(lambda: service.reload().generation > 3 or None)
    assert len({first, service.invoke(""), (service.reload(), service.invoke(""))[1]}) == 3


def test_interrupted_reloads_leave_a_service_that_can_reload(workspace: Workspace, tmp_path: Any) -> None:
    """Found by breaking it: a cancelled fork used to silence the fork-server for good."""
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    workspace.score_script("double", DOUBLE)
    service = workspace.deploy("double")
    uri = service.scoring_uri.removesuffix("/score")
    token = (workspace.home.service("double") / "admin.token").read_text()
    waiting = DOUBLE + f"\ndef init():\n    open({str(gate)!r}).read()\n"
    for _ in range(3):
        script = script_of(waiting, tmp_path, "double")
        with workspace._database.claims.open() as opened:
            wanted = workspace._deployment._resolver.resolve(service.record.spec, opened, script)
            with pytest.raises(requests.ReadTimeout):
                requests.post(
                    f"{uri}/-/reload",
                    json={"bundle": str(wanted.bundle.folder), "workers": 2},
                    headers={"Authorization": f"Bearer {token}"},
                    timeout=0.4,
                )
    (change,) = workspace.score_script("double", DOUBLE + "# edited\n").changes
    assert change.action == "reloaded"
    assert service.invoke([1]) == [2]
    # Front, fork-server, worker, and the worker that is forked ahead of the next version.
    until(lambda: len(stack_of(process_of(service).pid)) == 4)


def test_an_endless_init_is_replaced_by_the_next_deployment(workspace: Workspace, tmp_path: Any) -> None:
    os.mkfifo(tmp_path / "gate")
    script = DOUBLE + f"\ndef init():\n    open({str(tmp_path / 'gate')!r}).read()\n"
    workspace.score_script("double", script)
    service = workspace.deploy("double", wait=False)
    until(lambda: service.state == "Transitioning")
    (change,) = workspace.score_script("double", DOUBLE).changes
    assert change.action == "repaired"
    assert service.invoke([1]) == [2]


def test_only_the_front_listens(workspace: Workspace) -> None:
    """A child of the script that outlives its service must not keep the port or the connection."""
    workspace.score_script(
        "parent",
        "import subprocess, sys\n\ndef init():\n"
        "    subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'], close_fds=False)\n\n"
        "def run(data):\n    return 1\n",
    )
    service = workspace.deploy("parent")
    until(lambda: len(stack_of(process_of(service).pid)) == 5)
    family = stack_of(process_of(service).pid)
    (child,) = [pid for pid in family if "time.sleep(60)" in " ".join(psutil.Process(pid).cmdline())]
    mine = [row for row in psutil.net_connections("tcp") if row.pid == family[0] and row.status == psutil.CONN_LISTEN]
    assert [row.laddr.port for row in mine] == [service.record.port]
    listener = Path(f"/proc/{family[0]}/fd/{mine[0].fd}").readlink()
    holders = [pid for pid in family if listener in {entry.readlink() for entry in Path(f"/proc/{pid}/fd").iterdir()}]
    try:
        assert holders == family[:1]
        service.stop()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", service.record.port), timeout=5)
        assert birth(child)
    finally:
        os.kill(child, signal.SIGKILL)


def test_a_dead_worker_with_a_living_child_is_replaced(workspace: Workspace) -> None:
    workspace.score_script(
        "forking",
        "import multiprocessing, os, time\n\ndef init():\n    global child\n"
        "    child = multiprocessing.get_context('fork').Process(target=time.sleep, args=(60,))\n    child.start()\n\n"
        "def run(data):\n    return [os.getpid(), child.pid]\n",
    )
    service = workspace.deploy("forking")
    worker, child = service.invoke("")
    os.kill(worker, signal.SIGKILL)
    try:
        until(lambda: service.health.workers not in {(), (worker,)}, seconds=2.0)
        assert service.invoke("")[0] != worker
    finally:
        os.kill(child, signal.SIGKILL)


def test_a_request_of_the_old_generation_keeps_its_files(workspace: Workspace, tmp_path: Any) -> None:
    (tmp_path / "late.py").write_text("VALUE = 'old'\n")
    script = tmp_path / "lazy.py"
    script.write_text(
        "import time\n\ndef run(data):\n    print('begun')\n    time.sleep(0.6)\n"
        "    import late\n    return late.VALUE\n"
    )
    service = workspace.deploy("lazy", script=script)
    got: list[Any] = []
    thread = threading.Thread(target=lambda: got.append(service.invoke("")))
    thread.start()
    until(lambda: "begun" in service.logs())
    (tmp_path / "late.py").write_text("VALUE = 'new'\n")
    service.reload()
    thread.join()
    assert got == ["old"]
    assert service.invoke("") == "new"


def test_what_a_client_gave_up_is_not_run(workspace: Workspace) -> None:
    workspace.score_script(
        "slow",
        "import time\n\ndef run(raw_data):\n    print('ran', raw_data)\n    time.sleep(2.5)\n    return raw_data\n",
    )
    service = workspace.deploy("slow")
    for name in ("first", "second", "third"):
        with pytest.raises(InvokeProblem, match="did not answer"):
            service.invoke(name, timeout=0.1)
    assert service.invoke("last") == "last"
    assert [name for name in ("first", "second", "third", "last") if f"ran {name}" in service.logs()] == [
        "first",
        "last",
    ]


def test_a_script_of_two_services_is_reloaded_in_both_or_none(workspace: Workspace, tmp_path: Any) -> None:
    workspace.score_script("shared", DOUBLE)
    first, second = (workspace.deploy(name, script="shared") for name in ("aaa", "bbb"))
    # The server's command line names its service's folder.
    edited = "import json, psutil\nif any('/services/bbb/' in ' '.join(parent.cmdline()) for parent in "
    edited += "psutil.Process().parents()): raise ValueError('not here')\n"
    edited += "\ndef run(data):\n    return 'edited'\n"
    with pytest.raises(ReloadFailed, match="bbb still serves its old version"):
        workspace.score_script("shared", edited)
    assert first.invoke([1]) == second.invoke([1]) == [2]
    assert workspace.deploy("aaa").change.action == "unchanged"  # type: ignore[union-attr]


def test_imports_see_variables_that_the_script_sets(workspace: Workspace) -> None:
    """A warm fork-server must not have imported what a script configures first."""
    cell = "import os\nos.environ['JOBLIB_TEMP_FOLDER'] = '{}'\nimport joblib\n\ndef run(data):\n"
    cell += "    return os.environ['JOBLIB_TEMP_FOLDER']\n"
    probe = "import sys\nbefore = 'joblib' in sys.modules\n"
    workspace.score_script("env", "import joblib\n\ndef run(data):\n    return 'warm'\n")
    service = workspace.deploy("env")
    workspace.score_script("env", probe + cell.format("one").replace("return os", "return before, os"))
    assert service.invoke("") == [False, "one"]
    workspace.score_script("env", probe + cell.format("two").replace("return os", "return before, os"))
    assert service.invoke("") == [False, "two"]


def test_a_module_beside_the_script_wins_over_an_installed_one(workspace: Workspace, tmp_path: Any) -> None:
    script = tmp_path / "uses.py"
    script.write_text("import joblib\n\ndef run(data):\n    return getattr(joblib, 'OWN', 'installed')\n")
    service = workspace.deploy("uses", script=script)
    assert service.invoke("") == "installed"
    (tmp_path / "joblib.py").write_text("OWN = 'own'\n")
    service.reload()
    assert service.invoke("") == "own"


def test_a_service_that_serves_something_else_than_its_row_is_put_right(workspace: Workspace, tmp_path: Path) -> None:
    """An interrupted reload may have won: the row says one bundle, the server another."""
    workspace.score_script("double", DOUBLE)
    service = workspace.deploy("double")
    before = service.record
    workspace.score_script("double", DOUBLE.replace("2 *", "3 *"))
    workspace.scripts.put(script_of(DOUBLE, tmp_path, "double"))
    workspace._rows.put(before)
    change = workspace.deploy("double").change
    assert change is not None
    assert change.action == "repaired"
    assert service.invoke([1]) == [2]
