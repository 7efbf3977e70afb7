"""Widgets without a browser: in a kernel, in IPython's own shell, in a script, under nbconvert."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from IPython.core.interactiveshell import InteractiveShell
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager, start_new_kernel
from nbclient import NotebookClient

from jupyter_deploy import cli
from jupyter_deploy.errors import NotFound, UsageProblem
from jupyter_deploy.verbs import KINDS
from jupyter_deploy.workspace import Service, Workspace

from ..servers import process_of
from .conftest import until
from .shell import new_shell

WIDGET = "application/vnd.jupyter.widget-view+json"
# An endpoint's views are tried in a browser, with an endpoint (tests/ui/test_panel_endpoints.py).
OF_SERVICES = tuple(kind for kind in KINDS if kind not in {"traffic", "rollout"})
NAMES = (
    "ServiceCard('double')",
    "LogView('double')",
    "InvokeForm('double')",
    "MetricsChart('double')",
    "ModelBrowser()",
)


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    monkeypatch.chdir(tmp_path)


class Kernel:
    """A kernel, and all that it said."""

    def __init__(self) -> None:
        self.manager: KernelManager
        self.client: BlockingKernelClient
        self.manager, self.client = start_new_kernel(kernel_name="python3")

    def run(self, code: str) -> list[dict[str, Any]]:
        """Run a cell; returns its messages."""
        heard: list[dict[str, Any]] = []
        reply = self.client.execute_interactive(code, output_hook=heard.append, timeout=30, allow_stdin=False)
        assert reply["content"]["status"] == "ok", heard
        return heard

    def value(self, code: str) -> Any:
        """What an expression is, over JSON."""
        said = of_kind(self.run(f"import json; print(json.dumps({code}))"), "stream")
        return json.loads("".join(content["text"] for content in said))

    def heard(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Wait for a message that nobody's cell sent."""
        while True:
            message = self.client.get_iopub_msg(timeout=20)
            if wanted(message):
                return dict(message)

    def end(self) -> None:
        """End it whatever it does."""
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


@pytest.fixture
def kernel(double: Service) -> Iterator[Kernel]:
    started = Kernel()
    started.run("%load_ext jupyter_deploy")
    yield started
    started.end()


def of_kind(messages: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [message["content"] for message in messages if message["header"]["msg_type"] == kind]


def shown_of(messages: list[dict[str, Any]]) -> tuple[dict[str, Any], dict[str, Any]]:
    """A summary, and the live view behind it, which is nothing where widgets are not drawn."""
    summary, view = of_kind(messages, "display_data")[-2:]
    layers = set(summary["data"])
    # Beside them the face that a page without this kernel draws, where the view has one.
    faces = {layer for layer in layers if layer.startswith("application/vnd.jupyter-deploy.")}
    assert layers - faces == {"text/html", "text/plain"}
    assert all(summary["data"][face]["behind_a_view"] for face in faces)
    assert set(view["data"]) == {WIDGET, "text/html", "text/plain"}
    assert {view["data"]["text/html"], view["data"]["text/plain"]} == {""}
    return summary, view


def test_each_is_shown_with_text_and_html_beside_it(kernel: Kernel, double: Service) -> None:
    for kind, name in zip(OF_SERVICES, NAMES, strict=True):
        service = "" if kind == "models" else "double"
        shown, view = shown_of(kernel.run(f"w = %model view {kind} {service}\nw"))
        assert shown["data"]["text/plain"] == name
        assert "<script" not in shown["data"]["text/html"]
        left = of_kind(kernel.run("w.close(); w.close()"), "update_display_data")
        assert [one["transient"]["display_id"] for one in left] == [
            one["transient"]["display_id"] for one in (shown, view)
        ]
        assert all(WIDGET not in one["data"] for one in left)
        assert left[1]["data"]["text/html"] == ""
    threads = "[t.name for t in __import__('threading').enumerate() if t.name.startswith('jupyter-deploy')]"
    until(lambda: kernel.value(threads) == [])


def test_the_first_card_comes_at_once_and_no_cell_waits_for_it(kernel: Kernel, double: Service) -> None:
    kernel.run("from jupyter_deploy import Workspace\nservice = Workspace().services['double']\nimport time")
    heard = kernel.run(
        "started = time.perf_counter()\nfrom jupyter_deploy.widgets import ServiceCard\n"
        "ServiceCard(service)._ipython_display_()\ntook = time.perf_counter() - started"
    )
    shown, _ = shown_of(heard)
    assert "double" in shown["data"]["text/html"]
    if "Healthy" not in shown["data"]["text/html"]:
        # On a busy machine, the card does not wait for the service's answer: that follows.
        assert kernel.heard(lambda message: "Healthy" in str(message["content"]))
    took = kernel.value("took")
    print(f"first card, with its imports: {took * 1000:.0f} ms")
    assert took <= 0.5  # on a quiet machine 0.2


def test_the_feed_goes_on_while_a_cell_runs(kernel: Kernel, double: Service) -> None:
    kernel.run("%model view card double")
    kernel.client.execute("import time\nfor _ in range(1000): time.sleep(0.01)")
    double.stop()

    def stopped(message: dict[str, Any]) -> bool:
        state = message["content"].get("data", {}).get("state", {}) if message["msg_type"] == "comm_msg" else {}
        return bool(state.get("facts", {}).get("state") == "Stopped")

    assert kernel.heard(stopped)
    kernel.manager.interrupt_kernel()


def test_a_kernel_that_ends_leaves_the_summary(kernel: Kernel, double: Service) -> None:
    shown, _ = shown_of(kernel.run("%model view card double"))
    kernel.client.shutdown()
    left = kernel.heard(lambda message: message["msg_type"] == "update_display_data")
    assert left["content"]["transient"]["display_id"] == shown["transient"]["display_id"]
    assert WIDGET not in left["content"]["data"]


def test_a_service_that_does_not_answer_holds_nothing_up(kernel: Kernel, double: Service) -> None:
    pid = process_of(double).pid
    os.kill(pid, signal.SIGSTOP)
    try:
        started = time.perf_counter()
        shown_of(kernel.run("%model view card double"))
        kernel.run("1 + 1")
        assert time.perf_counter() - started < 3  # its probe alone takes five
        names = "[t.name for t in __import__('threading').enumerate()].count('jupyter-deploy-feed')"
        assert kernel.value(names) == 1
    finally:
        os.kill(pid, signal.SIGCONT)


def test_following_a_log_in_a_notebook_is_a_view(kernel: Kernel, double: Service) -> None:
    shown, _ = shown_of(kernel.run("%model logs -f double"))
    assert shown["data"]["text/plain"] == "LogView('double')"


def test_deploying_without_waiting_returns_a_service_that_shows_a_card(kernel: Kernel, workspace: Workspace) -> None:
    kernel.run(
        "%%score_script late\nimport time\n\ndef init():\n    time.sleep(2)\n\ndef run(data):\n    return data\n"
    )
    shown, _ = shown_of(kernel.run("%deploy late --no-wait"))
    assert shown["data"]["text/plain"] == "ServiceCard('late')"
    identity = shown["transient"]["display_id"]

    def ready(message: dict[str, Any]) -> bool:
        told = (
            message["msg_type"] == "update_display_data" and message["content"]["transient"]["display_id"] == identity
        )
        return told and "Healthy" in message["content"]["data"]["text/html"]

    # What is saved tells how it went on, though nothing is closed.
    assert kernel.heard(ready)
    assert kernel.value("[type(_).__name__, _.change.pending]") == ["Service", True]
    # Assigned, it shows nothing; and once nobody has to wait, it has the usual faces.
    shown_now = of_kind(kernel.run("late = %deploy late"), "display_data")
    assert not [content for content in shown_now if WIDGET in content["data"]]
    (usual,) = of_kind(kernel.run("late"), "execute_result")
    assert WIDGET not in usual["data"]


def test_nbconvert_and_the_like_see_the_static_face(double: Service, tmp_path: Path) -> None:
    cells = [
        "%load_ext jupyter_deploy",
        *(f"%model view {kind} double".replace("models double", "models") for kind in OF_SERVICES),
    ]
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    started = time.monotonic()
    NotebookClient(book, kernel_name="python3", timeout=60, store_widget_state=False).execute()
    assert time.monotonic() - started < 30
    outputs = [output for cell in book.cells for output in cell.outputs]
    assert [output["output_type"] for output in outputs] == ["display_data"] * 2 * len(OF_SERVICES)
    assert [output["data"]["text/plain"] for output in outputs[::2]] == list(NAMES)
    assert all(output["data"]["text/html"] for output in outputs[::2])
    assert not any(output["data"]["text/html"] for output in outputs[1::2])


def test_the_verb_says_what_there_is_elsewhere(double: Service, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["view", "log", "double"]) == 2
    assert "Hint: Here: logs -f double" in capsys.readouterr().err
    for words, message in (
        (["view", "crad", "double"], "Did you mean 'card'?"),
        (["view", "card"], "view card needs a service"),
        (["view", "models", "double"], "view models takes no service"),
        (["view", "traffic"], "view traffic needs an endpoint"),
        (["view", "traffic", "double"], "No endpoint named 'double'"),
        (["view", "card", "dubble"], "Did you mean 'double'?"),
    ):
        assert cli.main(words) in {1, 2}
        assert message in capsys.readouterr().err


def test_in_ipythons_own_shell(double: Service) -> None:
    shells = new_shell()
    shell = next(shells)
    try:
        _in_shell(shell, double)
    finally:
        next(shells, None)


def _in_shell(shell: InteractiveShell, service: Service) -> None:
    error = shell.run_cell("%model view card double").error_in_exec
    assert isinstance(error, UsageProblem)
    assert error.hint == "Here: state double"
    assert isinstance(shell.run_cell("%model view log nobody").error_in_exec, NotFound)
    from jupyter_deploy.widgets import LogView, ServiceCard

    assert shell.display_formatter is not None
    for made, text in ((ServiceCard(service), "Service double: Healthy"), (LogView(service), "Log of double")):
        data, _ = shell.display_formatter.format(made)
        assert set(data) == {"text/plain"}
        assert data["text/plain"].startswith(text)
        made.close()
    assert "jupyter-deploy-feed" not in {thread.name for thread in threading.enumerate()}


def test_in_a_script(double: Service) -> None:
    code = (
        "from jupyter_deploy.workspace import Workspace\nfrom jupyter_deploy.widgets import InvokeForm, ServiceCard\n"
        "service = Workspace().services['double']\nprint(ServiceCard(service), InvokeForm(service))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stderr == ""
    assert "Service double: Healthy" in done.stdout
    assert "Requests for double" in done.stdout
