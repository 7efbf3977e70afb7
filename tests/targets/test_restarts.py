"""A server that was killed is started as it was, whoever looks first."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

import pytest

from jupyter_deploy.environments import keeping_interpreters
from jupyter_deploy.errors import TargetProblem
from jupyter_deploy.targets.process.fronts import _noted, front_of
from jupyter_deploy.workspace import Workspace
from tests.servers import process_of

SCRIPT = "import sys\ndef init():\n    pass\ndef run(data):\n    return sys.prefix\n"


def another_interpreter(folder: Path) -> Path:
    """A virtual environment that has what this one has, as Jupyter's server may be in another than the kernel."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    root = Path(__file__).parents[2]
    (packages / "here.pth").write_text(f"{sysconfig.get_path('purelib')}\n{root}\n")
    return folder / "bin" / "python"


def test_on_the_kernels_interpreter_even_if_another_looks(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "where.py").write_text(SCRIPT)
    service = workspace.deploy("where", script=tmp_path / "where.py", target="process")
    assert service.invoke("") == sys.prefix
    facts = process_of(service)
    found = [_noted(facts, "watcher"), front_of(facts)]
    for process in found:
        assert process is not None
        os.kill(process.pid, signal.SIGKILL)
    while any(process and process.lives for process in found):
        time.sleep(0.01)
    code = "import sys; from jupyter_deploy.workspace import Workspace\n"
    code += "print(sys.prefix, Workspace().services['where'].state)"
    looked = subprocess.run(
        [str(another_interpreter(tmp_path / "other")), "-c", code], check=True, capture_output=True, text=True
    ).stdout
    assert looked.split()[0] == str(tmp_path / "other")
    while service.state == "Transitioning":
        time.sleep(0.02)
    assert service.invoke("") == sys.prefix


def test_a_panel_or_terminal_starts_it_on_the_interpreter_that_it_was_deployed_with(
    workspace: Workspace, tmp_path: Path
) -> None:
    (tmp_path / "where.py").write_text(SCRIPT)
    other = another_interpreter(tmp_path / "other")
    code = "import sys; from jupyter_deploy.workspace import Workspace\n"
    code += "Workspace().deploy('where', script=sys.argv[1], target='process')"
    subprocess.run([str(other), "-c", code, str(tmp_path / "where.py")], check=True)
    service, theirs = workspace.services["where"], str(tmp_path / "other")
    assert service.invoke("") == theirs
    terminal = [sys.executable, "-m", "jupyter_deploy.cli", "deploy", "where"]
    service.stop()
    subprocess.run(terminal, check=True, capture_output=True)
    assert service.invoke("") == theirs
    with keeping_interpreters():
        # Another server takes its place.
        workspace.deploy("where", variables={"A": "1"})
    assert service.invoke("") == theirs
    service.stop()
    other.unlink()
    with keeping_interpreters(), pytest.raises(TargetProblem, match=f"{other}, which is gone") as refused:
        service.start()
    assert service.state == "Stopped"
    assert "--environment kernel" in str(refused.value.hint)
    # A notebook deploys on its own kernel's.
    service.start()
    assert service.invoke("") == sys.prefix
