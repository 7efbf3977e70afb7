"""Long work in real shells: a kernel, a captured cell, a terminal's IPython, a script; and Ctrl-C."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager, start_new_kernel

from jupyter_deploy.progress import Step
from jupyter_deploy.workspace import Workspace

from ..markup import harmless

# init() takes until the test has seen what it waits for.
GATED = """import os, time

def init():
    while not os.path.exists({gate!r}):
        time.sleep(0.01)

def run(data):
    return data
"""
TIMED = """import pathlib, threading
threading.Timer(1.5, pathlib.Path({!r}).touch).start()
service = %deploy slow --target process"""
PARTS = r" in \d+\.\d s(: ((environment|start|init) \d+\.\d s(, )?)+)?"
LAST = "created" + PARTS
INTERRUPTED = "interrupted" + PARTS.replace(" in ", " after ")


class Kernel:
    """A kernel with the extension, and the messages of one cell."""

    def __init__(self) -> None:
        self.manager: KernelManager
        self.client: BlockingKernelClient
        self.manager, self.client = start_new_kernel(kernel_name="python3")
        self.run("%load_ext jupyter_deploy")

    def run(self, cell: str, seen: Callable[[str, dict[str, Any]], None] | None = None) -> list[tuple[str, Any]]:
        """Run a cell; returns the types and contents of what it sent."""
        sent: list[tuple[str, Any]] = []

        def hear(message: dict[str, Any]) -> None:
            sent.append((message["msg_type"], message["content"]))
            if seen:
                seen(*sent[-1])

        self.client.execute_interactive(cell, output_hook=hear, timeout=30, allow_stdin=False)
        return [(kind, content) for kind, content in sent if kind not in {"status", "execute_input"}]


@pytest.fixture
def kernel(workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kernel]:
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    monkeypatch.chdir(tmp_path)
    found = Kernel()
    yield found
    found.client.stop_channels()
    found.manager.shutdown_kernel(now=True)


@pytest.fixture
def gate(workspace: Workspace, tmp_path: Path) -> Path:
    """A script cell `slow` whose init() waits for this file."""
    gate = tmp_path / "gate"
    workspace.score_script("slow", GATED.format(gate=str(gate)))
    return gate


def test_one_display_goes_through_the_stages_and_ends_as_one_line(kernel: Kernel, gate: Path) -> None:
    ids = set()

    def seen(kind: str, content: dict[str, Any]) -> None:
        if kind in {"display_data", "update_display_data"}:
            ids.add(content["transient"]["display_id"])
            harmless(content["data"]["text/html"])
            if "init …" in content["data"]["text/plain"] and kind == "update_display_data":
                gate.touch()

    sent = kernel.run("service = %deploy slow --target process", seen)
    assert [kind for kind, _ in sent].count("display_data") == 1
    assert len(ids) == 1
    texts = [content["data"]["text/plain"] for kind, content in sent]
    running = [text for text in texts[:-1] if "init …" in text]
    stages = r"environment ✓\d\.\d s  start ✓\d\.\d s  init …  ready"
    assert re.fullmatch(stages + r"  loading the script …  \d+\.\d s", running[-1])
    assert re.fullmatch(LAST, texts[-1])
    assert set(sent[-1][1]["data"]) == {"text/plain", "text/html"}


def test_quick_work_and_silenced_values_show_nothing(kernel: Kernel, gate: Path, workspace: Workspace) -> None:
    workspace.score_script("quick", "def run(data):\n    return data\n")
    workspace.deploy("quick", target="process")
    assert kernel.run("%deploy quick;") == []
    assert kernel.run("service = %deploy quick") == []
    (card,) = kernel.run("%deploy quick")
    assert card[0] == "execute_result"


def test_a_captured_cell_gets_lines(kernel: Kernel, gate: Path) -> None:
    sent = kernel.run("%%capture kept\n" + TIMED.format(str(gate)))
    assert sent == []
    ((kind, content),) = kernel.run("print(kept.stderr, len(kept.outputs), kept.stdout == '')")
    assert kind == "stream"
    assert "loading the script …\n" in content["text"]
    assert re.search(LAST + r"\n 0 True", content["text"])


def test_progress_can_be_switched_off(kernel: Kernel, gate: Path) -> None:
    kernel.run("%config ModelMagics.progress = False")
    assert kernel.run(TIMED.format(str(gate))) == []


def test_ctrl_c_leaves_a_clear_last_line(kernel: Kernel, gate: Path, workspace: Workspace) -> None:
    interrupted = []

    def seen(kind: str, content: dict[str, Any]) -> None:
        if kind == "display_data" and "init …" in content["data"]["text/plain"] and not interrupted:
            interrupted.append(1)
            kernel.manager.interrupt_kernel()

    sent = kernel.run("service = %deploy slow --target process", seen)
    assert [kind for kind, _ in sent][-2:] == ["update_display_data", "error"]
    assert re.fullmatch(INTERRUPTED, sent[-2][1]["data"]["text/plain"])
    error = sent[-1][1]
    assert error["ename"] == "KeyboardInterrupt"
    shown = re.sub(r"\x1b\[\d+m", "", "\n".join(error["traceback"]))
    assert shown.startswith("KeyboardInterrupt: interrupted while loading the script; ")
    assert "jupyter_deploy" not in shown
    gate.touch()
    assert workspace.deploy("slow").state == "Healthy"


def test_a_failure_ends_the_display(kernel: Kernel, tmp_path: Path, workspace: Workspace) -> None:
    gate = tmp_path / "gate"
    workspace.score_script("bad", GATED.format(gate=str(gate)).replace("def run", "    raise OSError('no')\n\ndef run"))

    def seen(kind: str, content: dict[str, Any]) -> None:
        if kind == "display_data":
            gate.touch()

    sent = kernel.run("%deploy bad --target process", seen)
    assert [kind for kind, _ in sent][-2:] == ["update_display_data", "error"]
    assert sent[-2][1]["data"]["text/plain"].startswith("failed after ")


def test_ipython_in_a_terminal_gets_lines(workspace: Workspace, gate: Path, tmp_path: Path) -> None:
    script = tmp_path / "script.ipy"
    script.write_text(
        "%load_ext jupyter_deploy\nimport pathlib, threading, time\nfrom jupyter_deploy import Workspace\n\n"
        # From when it starts on, however long that takes to come.
        "def open_later():\n    while 'slow' not in Workspace().services:\n        time.sleep(0.05)\n"
        f"    time.sleep(1.5)\n    pathlib.Path({str(gate)!r}).touch()\n\n"
        "threading.Thread(target=open_later).start()\n"
        "%deploy slow --target process\n%model state slow\nprint(_)\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "IPython", "--no-banner", str(script)],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=tmp_path,
        env={**os.environ, "IPYTHONDIR": str(tmp_path / "ip")},
    )
    assert done.returncode == 0, done.stderr
    assert "loading the script …\n" in done.stderr
    assert re.search(f"^{LAST}$", done.stderr, re.MULTILINE)
    assert "<div" not in done.stdout + done.stderr


def test_a_program_gives_any_callable_that_takes_text(workspace: Workspace, gate: Path) -> None:
    gate.touch()
    said: list[str] = []
    workspace.deploy("slow", target="process", progress=said.append)
    assert said == ["preparing the environment", "starting the server", "loading the script"]
    assert [step.stage for step in said if isinstance(step, Step)] == ["environment", "start", "init"]
    program = (
        "from jupyter_deploy import Workspace\n"
        "Workspace().deploy('slow', workers=2, progress=print)\nprint(Workspace().services['slow'])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["loading the new version", "<Service slow>"]
