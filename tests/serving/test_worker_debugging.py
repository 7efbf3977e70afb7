"""What a worker does for a debugger, but for the debugger itself: ``e2e/test_debugging.py`` attaches one."""

from __future__ import annotations

import asyncio
import socket
import sys
import traceback
from pathlib import Path
from types import ModuleType

import pytest

from jupyter_deploy.services import ServiceRecord, ServiceSpec, known_hint
from jupyter_deploy.serving.failures import describe
from jupyter_deploy.serving.front.debugger import Debugger
from jupyter_deploy.serving.front.links import ScriptFailed
from jupyter_deploy.serving.layout import Layout
from jupyter_deploy.serving.options import WorkerOptions
from jupyter_deploy.serving.origins import Origin
from jupyter_deploy.serving.worker.debugging import execute, explained, listen

SCRIPT = """\
import json


def helper(value):
    return [value / number for number in (1, 0)]


def run(data):
    return helper(data)
"""


def test_without_debugpy_the_hint_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    # As Python marks a module that must not be imported.
    monkeypatch.setitem(sys.modules, "debugpy", None)  # type: ignore[arg-type]
    ours, theirs = socket.socketpair()
    with ours, theirs, pytest.raises(ModuleNotFoundError) as missing:
        listen(ours, WorkerOptions(debug_port=1))
    assert explained(describe(missing.value, "load", "score.py", "score.py")).hint == "{install debugpy}"
    other = describe(ModuleNotFoundError("No module named 'weights'"), "load", "score.py", "score.py")
    assert explained(other) == other


def test_a_script_that_would_wait_at_a_busy_port_is_not_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(ScriptFailed) as refused:
        asyncio.run(Debugger().use(taken.getsockname()[1], now=True))
    failure = refused.value.failure
    assert (failure.kind, failure.line) == ("DebuggerPort", 0)
    record = ServiceRecord(ServiceSpec("churn", "score.py", target="process"), "", ())
    assert (
        known_hint(failure, record, Path()) == "Give another port: jupyter model deploy churn --debug PORT --debug-wait"
    )


def frames(tmp_path: Path, options: WorkerOptions, origins: tuple[Origin, ...]) -> list[tuple[str, int | None]]:
    """File and line of each frame of the script where it fails."""
    entry = tmp_path / "entry.py"
    entry.write_text(SCRIPT)
    module = ModuleType("entry_module")
    layout = Layout(str(entry), str(tmp_path), "score.py", {}, origins=origins)
    execute(module, compile(SCRIPT, str(entry), "exec"), layout, options)
    with pytest.raises(ZeroDivisionError) as failed:
        module.run(1)
    return [(frame.filename, frame.lineno) for frame in traceback.extract_tb(failed.value.__traceback__)[1:]]


def test_code_has_the_names_and_lines_of_its_cells(tmp_path: Path) -> None:
    origins = (Origin(4, 5, "In [2]", 3), Origin(8, 9, "%%score_script churn", 2))
    found = frames(tmp_path, WorkerOptions(debug_port=1, debug_folder=str(tmp_path / "cells")), origins)
    churn, helper = tmp_path / "cells" / "churn.py", tmp_path / "cells" / "In [2].py"
    assert dict(found) == {str(churn): 3, str(helper): 4}
    assert churn.read_text() == "\ndef run(data):\n    return helper(data)\n"
    assert helper.read_text().splitlines()[2:] == SCRIPT.splitlines()[3:5]


def test_code_of_a_file_has_the_name_of_the_users_own(tmp_path: Path) -> None:
    own = str(tmp_path / "mine" / "score.py")
    assert dict.fromkeys(file for file, _ in frames(tmp_path, WorkerOptions(debug_port=1, debug_source=own), ())) == {
        own: None
    }
