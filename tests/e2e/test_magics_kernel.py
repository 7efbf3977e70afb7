"""The magics in a real kernel, which is killed half-way."""

from __future__ import annotations

import ast
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager, start_new_kernel

from jupyter_deploy.workspace import Workspace

from ..servers import process_of
from .conftest import until

CELL = """%%score_script half
import json, os, joblib

def init():
    global model
    model = joblib.load(os.path.join(os.environ["AZUREML_MODEL_DIR"], "model.joblib"))

def run(data):
    return [model["factor"] * number for number in json.loads(data)]
"""


class Notebook:
    """Cells, one after the other, in a kernel of their own."""

    def __init__(self) -> None:
        self.manager: KernelManager
        self.client: BlockingKernelClient
        self.manager, self.client = start_new_kernel(kernel_name="python3")
        assert self.run("%load_ext jupyter_deploy") == ""

    def run(self, cell: str) -> str:
        """Run a cell; returns what it shows at its end: its value's text, or its error's lines."""
        shown: list[str] = []

        def hear(message: dict[str, Any]) -> None:
            content = message["content"]
            if message["msg_type"] in {"execute_result", "stream"}:
                shown.append(content["data"]["text/plain"] if "data" in content else content["text"])
            elif message["msg_type"] == "error":
                shown.append("error: " + "\n".join(content["traceback"]))

        reply = self.client.execute_interactive(cell, output_hook=hear, timeout=30, allow_stdin=False)
        assert reply["content"]["status"] == ("error" if any("error: " in text for text in shown) else "ok")
        return re.sub(r"\x1b\[\d+m", "", "\n".join(shown))

    def inspect(self, code: str) -> str:
        """What the kernel tells of the code's end; empty if nothing."""
        reply = self.client.inspect(code, reply=True, timeout=30)["content"]
        assert reply["status"] == "ok"
        return str(reply["data"].get("text/plain", ""))

    def kill(self) -> None:
        """End the kernel as the kernel's own crash would."""
        self.manager.signal_kernel(signal.SIGKILL)
        until(lambda: not self.manager.is_alive())
        self.close()

    def close(self) -> None:
        """End whatever is left."""
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


@pytest.fixture
def notebooks(workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Notebook]]:
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    monkeypatch.chdir(tmp_path)
    opened: list[Notebook] = []
    yield opened
    for notebook in opened:
        notebook.close()


def test_a_service_outlives_the_kernel_that_made_it(notebooks: list[Notebook], workspace: Workspace) -> None:
    first = Notebook()
    notebooks.append(first)
    assert first.run("%register half {'factor': 0.5}").startswith("error: ")
    first.run("trained = {'factor': 0.5}")
    assert first.run("%register half trained").startswith("Model half:1\n")
    assert "%deploy half" in first.run(CELL)
    assert first.run("svc = %deploy half") == ""
    assert first.run("svc.state") == "'Healthy'"
    assert first.run("%invoke half [2, -4]") == "[1.0, -2.0]"
    assert first.run("%%invoke half\n[6]") == "[3.0]"

    edited = first.run(CELL.replace("number for", "number + 1 for"))
    assert re.search(r"half: reloaded in [\d,]+ ms \(script\); generation 2 serves", edited)
    assert first.run("%invoke half [2]") == "[2.0]"
    broken = first.run(CELL + "\n1 / 0\n")
    assert broken.startswith("error: ReloadFailed: half still serves its old version")
    assert "%%score_script half, line 11, in <module>\n    1 / 0" in broken
    assert "jupyter_deploy" not in broken
    assert first.run("%invoke half [2]") == "[2.0]"
    assert "unchanged, nothing to do" in first.run("%deploy half")
    assert first.run("%model delete half").startswith("error: UsageProblem: Confirmation is not possible here.")
    assert first.run("def ask(rows):\n    r = %invoke half rows\n    return r\nask([4])") == "[3.0]"
    typed = "x = 1\nr = %deploy ha"
    reply = first.client.complete(typed, reply=True, timeout=30)["content"]
    assert (reply["matches"], reply["cursor_start"], reply["cursor_end"]) == (["half"], len(typed) - 2, len(typed))
    assert "--model MODEL[:VERSION]" in first.inspect("%deploy half --model")
    assert "Service half: Healthy" in first.inspect("%deploy half")
    assert first.inspect("trained")
    assert first.run("%unload_ext jupyter_deploy") == ""
    assert not first.inspect("%deploy half --model")
    assert first.run("%load_ext jupyter_deploy") == ""
    pid = process_of(workspace.services["half"]).pid
    first.kill()

    second = Notebook()
    notebooks.append(second)
    assert second.run("%invoke half [2]") == "[2.0]"
    facts = ast.literal_eval(second.run("%model state half --json"))
    assert (facts["pid"], facts["state"], facts["generation"], facts["restarts"]) == (pid, "Healthy", 2, 0)
    assert second.run("%model delete half --yes").startswith("half is deleted")
    assert second.run("%invoke half [2]").startswith("error: NotFound: No service named 'half': its script is stored")
