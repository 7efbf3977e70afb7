"""Trials leave nothing: no server, no row, no log; not even where whoever tries is killed meanwhile."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_deploy.errors import TrialFailed
from jupyter_deploy.workspace import Workspace

from .conftest import files_below, until

HANGS = "import time\n\ndef run(data):\n    print('running', flush=True)\n    time.sleep(100)\n    return 1\n"
TRYING = """
import sys
from jupyter_deploy.workspace import Workspace
Workspace().score_script("hangs", sys.argv[1], value="1")
"""


def leftovers(home: Path) -> set[str]:
    names = {name for name in files_below(home) if not name.startswith(("state.db", "bundles/", "artifacts/"))}
    return {name for name in names if not name.endswith(".lock")}


def test_nothing_is_left_of_a_trial(workspace: Workspace, home: Path) -> None:
    before = leftovers(home)
    assert workspace.score_script("good", "def run(data):\n    return data\n", value="[1]").trial.answer == [1]
    with pytest.raises(TrialFailed, match="broken: RuntimeError: no in %%score_script broken line 3"):
        workspace.score_script("broken", "def run(data):\n    raise RuntimeError('no')\n", value="[1]")
    with pytest.raises(TrialFailed, match="broken: FileNotFoundError") as caught:
        workspace.score_script("broken", "open('nowhere')\ndef run(data):\n    return 1\n", value="[1]")
    assert caught.value.hint == "Correct the script and run its cell again."
    assert leftovers(home) == before
    assert not list(workspace.services)


def test_prints_before_a_failure_are_shown(workspace: Workspace) -> None:
    with pytest.raises(TrialFailed) as caught:
        workspace.score_script("broken", "def run(data):\n    print('got', data)\n    return 1 / 0\n", value="7")
    assert caught.value.details.startswith("got 7\n")
    assert "%%score_script broken, line 4, in run" in caught.value.details


def test_whatever_is_written_is_shown(workspace: Workspace) -> None:
    cell = (
        "import logging, os, sys, warnings\n\ndef run(data):\n    print('a\\nb')\n    logging.warning('logged %s', 1)\n"
        "    warnings.warn('warned')\n    sys.stderr.write('err\\n')\n    os.system('echo child')\n    return 1\n"
    )
    output = workspace.score_script("noisy", cell, value="7").trial.output.splitlines()
    assert {"a", "b", "WARNING:root:logged 1", "err", "child"} <= set(output)
    assert "%%score_script noisy, line 7: UserWarning: warned" in output
    long = workspace.score_script("noisy", "def run(data):\n    print('x' * 5_000_000)\n    return 1\n", value="7")
    assert long.trial.output.startswith("… the output before this was dropped")


def test_a_failure_does_not_point_to_a_log_that_is_gone(workspace: Workspace) -> None:
    with pytest.raises(TrialFailed) as caught:
        workspace.score_script("ends", "import os\ndef run(data):\n    os._exit(3)\n", value="7")
    assert "ends: answered 502" in caught.value.message
    assert "logs" not in caught.value.hint
    with pytest.raises(TrialFailed) as caught:
        workspace.score_script("raises", "def run(data):\n    return len(1)\n", value="7")
    assert caught.value.hint == "run() gets the request's JSON, decoded: compare that with what was sent."


def test_a_trial_whose_process_is_killed_is_cleared_away_by_the_next_to_look(workspace: Workspace, home: Path) -> None:
    trying = subprocess.Popen([sys.executable, "-c", TRYING, HANGS], cwd=home, stderr=subprocess.DEVNULL)
    try:
        name = until(lambda: next((mark.name for mark in (home / "trials").glob("try-*")), ""), 30)
        until(lambda: name in workspace.services and "running" in workspace.services[name].logs(), 30)
        assert not list(workspace.services)
        assert not len(workspace.services), "it is nobody's service"
        assert not list(Workspace().services)
        assert name in workspace.services, "it is still at it"
        pid = workspace.services[name].as_dict()["pid"]
    finally:
        trying.send_signal(signal.SIGKILL)
        trying.wait()
    assert not list(Workspace().services)
    assert name not in workspace.services
    until(lambda: not Path(f"/proc/{pid}").exists())
    assert not list((home / "trials").iterdir())
    assert not list((home / "logs").iterdir())
