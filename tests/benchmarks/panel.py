"""How soon the side panel shows what others change, and what it costs: ``python -m tests.benchmarks.panel``.

Real JupyterLabs, services and pages of Chromium. With ``--only changes`` or ``--only open``, half of it; with
``--quick``, all of it in less than eight minutes: 40 changes of each kind, and two minutes open.
"""

from __future__ import annotations

import argparse
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil
from playwright.sync_api import Browser, CDPSession, sync_playwright

from jupyter_deploy.labserver.hub import LISTENING_SECONDS
from jupyter_deploy.workspace import Service, Workspace
from tests.ui.lab import Lab, Notebook, find_browser, loaded, opened, running_lab
from tests.ui.panels import PanelPage

from .section import machine, mark, write_section

EVENT_MS, DEATH_MS = 500.0, 3000.0
SCRIPT = "def run(data):\n    return data\n"
# Resolves in the frame behind the one in which a part of the panel shows what is waited for.
WATCH = """([selector, wanted]) => {
  window.seen = new Promise((done) => {
    const found = () => [...document.querySelectorAll(selector)].some((one) => one.textContent.includes(wanted));
    const told = () => requestAnimationFrame(() => requestAnimationFrame(() => done(Date.now())));
    if (found()) { told(); return; }
    const observer = new MutationObserver(() => { if (found()) { observer.disconnect(); told(); } });
    observer.observe(document.querySelector("#jp-model-deploy"), {
      subtree: true, childList: true, characterData: true, attributes: true });
  });
}"""
MODEL = "#jp-model-deploy [aria-label='model changed']"
SERVICE = "#jp-model-deploy [aria-label='service {}']"
# So many are ended one after the other, before all are started again.
KILLED = 10
HIDE = """(hidden) => {
  Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser without a window."""
    flags = ["--disable-gpu", "--disable-dev-shm-usage", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), headless=True, args=flags)
        yield browser
        browser.close()


@contextmanager
def laboratory() -> Iterator[tuple[Lab, Workspace]]:
    """A JupyterLab and its workspace, whose services end with it."""
    with tempfile.TemporaryDirectory() as folder, running_lab(Path(folder)) as lab:
        workspace = Workspace(lab.home)
        try:
            yield lab, workspace
        finally:
            for service in workspace.services.values():
                service.delete()


def seen(pages: list[PanelPage], selector: str, wanted: str, change: Callable[[], float]) -> list[float]:
    """Make a change, which returns when it was made; milliseconds until each page shows it."""
    for page in pages:
        page.page.evaluate(WATCH, [selector, wanted])
    made = change()
    return [page.page.evaluate("() => window.seen") - made * 1000 for page in pages]


def by_cell(notebook: Notebook, number: int) -> float:
    """Change a model in a kernel."""
    code = f"w.models.tag('changed:1', {{'by': 'cell-{number}.'}})\nimport time\nprint(time.time())"
    return float(notebook.execute(code))


def by_terminal(home: Path, number: int) -> float:
    """Change a model in a terminal; it is changed when the database is written, before the command ends."""
    command = [sys.executable, "-m", "jupyter_deploy.cli", "tag", "changed:1", f"by=terminal-{number}."]
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, "JUPYTER_DEPLOY_HOME": str(home)})
    return max(file.stat().st_mtime for file in home.glob("*.db*"))


def by_signal(service: Service) -> float:
    """End all processes of a service, which tell nobody."""
    os.killpg(os.getpgid(service.as_dict()["pid"]), signal.SIGTERM)
    return time.time()


def changes(times: int) -> list[str]:
    """What others change, on two pages."""
    found: dict[str, list[float]] = {"a cell": [], "a terminal": [], "`kill`": []}
    with laboratory() as (lab, workspace), chromium() as browser, ExitStack() as stack:
        workspace.register("changed", {"a": 1})
        workspace.score_script("killed", SCRIPT)
        services = [workspace.deploy(f"killed-{at}", script="killed", target="process") for at in range(KILLED)]
        notebook = stack.enter_context(opened(lab, browser, "from jupyter_deploy import Workspace\nw = Workspace()"))
        other = stack.enter_context(loaded(lab, browser, "lab/workspaces/other"))
        pages = [PanelPage(page).open() for page in (notebook, other)]
        for page in pages:
            page.unfold("changed", "model")
        for number in range(times):
            wanted = f"cell-{number}."
            found["a cell"] += seen(pages, MODEL, wanted, lambda at=number: by_cell(notebook, at))  # type: ignore[misc]
        for number in range(times):
            wanted = f"terminal-{number}."
            found["a terminal"] += seen(pages, MODEL, wanted, lambda at=number: by_terminal(lab.home, at))  # type: ignore[misc]
        for number in range(times):
            service = services[number % KILLED]
            if number and number % KILLED == 0:
                with ThreadPoolExecutor(4) as pool:
                    list(pool.map(lambda one: one.start(), services))
            place = SERVICE.format(service.name)
            seen(pages, place, "Healthy", time.time)
            found["`kill`"] += seen(pages, place, "Stopped", lambda one=service: by_signal(one))  # type: ignore[misc]
    rows = []
    for what, took in found.items():
        most = DEATH_MS if what == "`kill`" else EVENT_MS
        late = sum(one > most for one in took)
        numbers = (
            f"{statistics.median(took):.0f} ms | {sorted(took)[int(len(took) * 0.99)]:.0f} ms | {max(took):.0f} ms"
        )
        rows.append(
            f"| {what}, {len(took) // 2} times on 2 pages | {numbers} | {late} | {most:.0f} ms | {mark(not late)} |"
        )
    head = ["| changed by | median | p99 | worst | later | wanted | met |", "|---|---|---|---|---|---|---|"]
    return [*head, *rows]


class Watched:
    """The numbers of a page and of its server."""

    def __init__(self, page: PanelPage) -> None:
        self._page = page
        self.server = next(one for one in psutil.Process().children() if "jupyterlab" in " ".join(one.cmdline()))
        self._cdp: CDPSession = page.page.context.new_cdp_session(page.page)
        self._cdp.send("Performance.enable")

    def numbers(self) -> dict[str, float]:
        """What it holds now, after a collection of garbage."""
        for _ in range(2):
            self._cdp.send("HeapProfiler.collectGarbage")
        metrics: dict[str, float] = {
            one["name"]: one["value"] for one in self._cdp.send("Performance.getMetrics")["metrics"]
        }
        return {
            "page's heap, MB": metrics["JSHeapUsedSize"] / 1e6,
            "page's event handlers": metrics["JSEventListeners"],
            "page's nodes": metrics["Nodes"],
            "server's memory, MB": self.server.memory_info().rss / 1e6,
            "server's open files and sockets": self.server.num_fds(),
            "server's sockets": len(self.server.net_connections()),
            "server's threads": self.server.num_threads(),
        }

    def share(self, seconds: float) -> float:
        """The server's part of a processor over some seconds."""
        before, started = self.server.cpu_times(), time.monotonic()
        self._page.page.wait_for_timeout(seconds * 1000)
        after, elapsed = self.server.cpu_times(), time.monotonic() - started
        return (after.user + after.system - before.user - before.system) / elapsed


def left_open(services: int, minutes: int, settling: int) -> list[str]:
    """A page over many services, for minutes; then the same page in the background.

    ``settling`` is how many seconds pass before the first look, and how long the hidden page is measured.
    """
    with laboratory() as (lab, workspace), chromium() as browser, loaded(lab, browser) as notebook:
        workspace.score_script("many", SCRIPT)
        for number in range(services):
            workspace.deploy(f"many-{number}", script="many", target="process")
        page = PanelPage(notebook).open()
        watched = Watched(page)
        page.page.wait_for_timeout(1000 * settling)
        first, page.requests[:] = watched.numbers(), []
        visible = [watched.share(60) for _ in range(minutes)]
        last, asked = watched.numbers(), len(page.requests)
        page.page.evaluate(HIDE, True)
        # The server goes on looking for a minute after the last word of a page.
        page.page.wait_for_timeout(1000 * LISTENING_SECONDS + 5000)
        page.requests.clear()
        hidden = watched.share(settling)
        silent = len(page.requests)
    lines = [f"| | after {settling} s | at the end |", "|---|---|---|"]
    lines += [f"| {name} | {first[name]:,.1f} | {last[name]:,.1f} |".replace(".0 |", " |") for name in first]
    shown = statistics.mean(visible)
    own = shown - hidden
    return [
        *lines,
        "",
        "| | measured | wanted | met |",
        "|---|---|---|---|",
        f"| server's part of a core for the panel: {shown:.2%} while it is visible, less {hidden:.2%} while it is not "
        f"| {own:.2%} | ≤ 1 % | {mark(own <= 0.01)} |",
        f"| requests in {minutes} minutes, visible | {asked} | | |",
        f"| requests in {settling} s, hidden | {silent} | 0 | {mark(silent == 0)} |",
    ]


def main() -> None:
    """Measure and write the sections."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=["changes", "open"])
    parser.add_argument("--times", type=int, default=100)
    parser.add_argument("--services", type=int, default=20)
    parser.add_argument("--minutes", type=int, default=10)
    parser.add_argument("--beside", default="nothing", help="what else ran on the machine")
    parser.add_argument("--quick", action="store_true", help="40 times and 2 minutes")
    given = parser.parse_args()
    settling = 60
    if given.quick:
        given.times, given.minutes, settling = 40, 2, 30
    parts: dict[str, tuple[str, Callable[[], list[str]]]] = {
        "changes": ("What others change, in the side panel", lambda: changes(given.times)),
        "open": (
            f"The side panel open for {given.minutes} minutes over {given.services} services",
            lambda: left_open(given.services, given.minutes, settling),
        ),
    }
    for name, (title, measure) in parts.items():
        if given.only in {None, name}:
            quick = " --quick" if given.quick else ""
            about = (
                f"`python -m tests.benchmarks.panel --only {name}{quick}`. {machine()} Beside it ran {given.beside}."
            )
            write_section(f"panel {name}", [f"## {title}", "", about, "", *measure()])


if __name__ == "__main__":
    main()
