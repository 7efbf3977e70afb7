"""A JupyterLab on loopback with its state in a temporary folder, and notebooks in a browser's pages."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Dialog, Error, Locator, Page, ViewportSize

import jupyter_deploy

REQUIRED = "JUPYTER_DEPLOY_TESTS_NEED_BROWSER"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_BUNDLE = "/extensions/jupyter-model-deploy/"
_START_SECONDS = 60
_FOLDERS = {
    "JUPYTER_CONFIG_DIR": "config",
    "JUPYTER_DATA_DIR": "data",
    "JUPYTER_RUNTIME_DIR": "runtime",
    "JUPYTERLAB_SETTINGS_DIR": "settings",
    "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
    "IPYTHONDIR": "ipython",
    "JUPYTER_DEPLOY_HOME": "home",
}
_TRAITS = {"jupyterlab": "LabApp", "notebook": "JupyterNotebookApp"}
_READY = """async (path) => {
  const app = window.jupyterapp;
  await app.started;
  await app.restored;
  const until = async (what) => { while (!what()) await new Promise((done) => setTimeout(done, 20)); };
  await until(() => app.shell.currentWidget?.context?.path === path);
  const panel = app.shell.currentWidget;
  await panel.context.ready;
  await panel.sessionContext.ready;
  if (panel.sessionContext.session) await panel.sessionContext.session.kernel.info;
  app.shell.collapseLeft();
}"""
# Asked again and again, so that it outlives a page that loads once more by itself.
_RESTORED = """() => {
  if (window.jupyterapp && !window.jpRestoring) {
    window.jpRestoring = true;
    void window.jupyterapp.restored.then(() => { window.jpRestored = true; });
  }
  return window.jpRestored;
}"""
# Ends a notebook in a page that has others, and what was opened beside it.
_LEAVE = """async (path) => {
  for (const widget of [...window.jupyterapp.shell.widgets("main")]) {
    if (widget.context?.path === path) {
      await widget.sessionContext.shutdown();
      widget.context.model.dirty = false;
      widget.dispose();
    } else if (!widget.context) {
      widget.dispose();
    }
  }
}"""
_CELL = """async (source) => {
  const panel = window.jupyterapp.shell.currentWidget;
  panel.content.model.sharedModel.addCell({ cell_type: "code", source, metadata: {} });
  panel.content.activeCellIndex = panel.content.widgets.length - 1;
  await window.jupyterapp.commands.execute("notebook:run-cell");
}"""
_EDITED = """async (source) => {
  const panel = window.jupyterapp.shell.currentWidget;
  panel.content.model.sharedModel.addCell({ cell_type: "code", source, metadata: {} });
  panel.content.activeCellIndex = panel.content.widgets.length - 1;
  await panel.content.activeCell.ready;
  panel.content.mode = "edit";
  panel.content.activeCell.editor.setCursorPosition({ line: 0, column: 0 });
  panel.content.activeCell.editor.focus();
}"""
_EXECUTE = """async (code) => {
  const future = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.requestExecute({ code });
  let printed = "";
  future.onIOPub = (message) => {
    if (message.header.msg_type === "stream") printed += message.content.text;
    if (message.header.msg_type === "error") printed += message.content.evalue;
  };
  await future.done;
  return printed;
}"""
_START = "(code) => { window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.requestExecute({ code }); }"


def find_browser() -> str | None:
    """The system's Chromium; Playwright's own would have to be downloaded."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


def free_port() -> int:
    """A port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Lab:
    """A JupyterLab, or another application of Jupyter; restarted, it is the same for its pages."""

    def __init__(self, folder: Path, *options: str, prefix: str = "/", app: str = "jupyterlab") -> None:
        self.folder = folder
        self.home = folder / _FOLDERS["JUPYTER_DEPLOY_HOME"]
        port = free_port()
        self.origin = f"http://127.0.0.1:{port}"
        self.url = self.origin + prefix.rstrip("/")
        self.token = secrets.token_hex(16)
        self.root = folder / "notebooks"
        self.tab: Notebook | None = None
        self._server: subprocess.Popen[bytes] | None = None
        self._command = [sys.executable, "-m", app, "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1"]
        self._command += [f"--ServerApp.port={port}", "--ServerApp.port_retries=0", f"--ServerApp.base_url={prefix}"]
        self._command += [f"--IdentityProvider.token={self.token}", f"--ServerApp.root_dir={self.root}"]
        self._command += [
            f"--{_TRAITS[app]}.expose_app_in_browser=True",
            "--LabApp.extension_manager=readonly",
            *options,
        ]

    def start(self) -> None:
        """Start the server and wait until it answers."""
        environ = {**os.environ, **{key: str(self.folder / name) for key, name in _FOLDERS.items()}}
        package = str(Path(jupyter_deploy.__file__).parent.parent)
        environ["PYTHONPATH"] = os.pathsep.join(filter(None, (package, os.environ.get("PYTHONPATH"))))
        places: dict[str, Any] = {"env": environ, "cwd": self.folder, "stdin": subprocess.DEVNULL}
        with (self.folder / "lab.log").open("a") as log:
            self._server = subprocess.Popen(self._command, stdout=log, stderr=log, **places)
        _wait_for(self, self._server)

    def end(self) -> None:
        """End the server with its kernels."""
        server, self._server = self._server, None
        if server is None:
            return
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()

    def write(self, name: str, cells: list[str]) -> None:
        """Write a notebook of code cells."""
        empty: dict[str, Any] = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
        code = [{**empty, "id": f"cell-{index}", "source": source} for index, source in enumerate(cells)]
        spec = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
        text = json.dumps({"cells": code, "metadata": spec, "nbformat": 4, "nbformat_minor": 5})
        (self.root / f"{name}.ipynb").write_text(text)

    def read(self, name: str) -> dict[str, Any]:
        """What is saved of a notebook."""
        found: dict[str, Any] = json.loads((self.root / f"{name}.ipynb").read_text())
        return found


@contextmanager
def running_lab(folder: Path, *options: str, prefix: str = "/", app: str = "jupyterlab") -> Iterator[Lab]:
    """Start a JupyterLab, with more options if there are any; it is ended with its kernels."""
    _check_bundle()
    for name in (*_FOLDERS.values(), "notebooks", "config/labconfig"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    # Otherwise a toast with news lies over the page.
    news = {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}
    (folder / "config/labconfig/page_config.json").write_text(json.dumps(news))
    lab = Lab(folder, *options, prefix=prefix, app=app)
    try:
        lab.start()
        yield lab
    finally:
        lab.end()


def _check_bundle() -> None:
    """Refuse a panel that is older than its sources: an editable install copies the bundle."""
    ours = Path(jupyter_deploy.__file__).parent / "labextension" / "package.json"
    installed = Path(sys.prefix, "share/jupyter/labextensions/jupyter-model-deploy/package.json")
    if ours.exists() and installed.exists():
        assert installed.read_text() == ours.read_text(), "JupyterLab has an older panel: pip install -e ."


def _wait_for(lab: Lab, server: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end and server.poll() is None:
        try:
            with urllib.request.urlopen(f"{lab.url}/api/status?token={lab.token}", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise AssertionError(f"JupyterLab did not start:\n{(lab.folder / 'lab.log').read_text()[-3000:]}")


_SIZE: ViewportSize = {"width": 1100, "height": 900}


class Notebook:
    """A notebook, in a page of its own or in that of ``tab``: to load JupyterLab takes most of a test's time."""

    def __init__(self, lab: Lab, browser: Browser, name: str, tab: Notebook | None = None) -> None:
        self.lab, self.name, self.is_guest = lab, name, tab is not None
        if tab is not None:
            self.context, self.page = tab.context, tab.page
            self.dialogs, self.errors, self.outside = tab.dialogs, tab.errors, tab.outside
            return
        self.context = browser.new_context(viewport=_SIZE, device_scale_factor=1.5)
        self.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=lab.origin)
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(15_000)
        self.dialogs: list[str] = []
        self.errors: list[str] = []
        self.outside: list[str] = []
        self.page.on("pageerror", self._failed)
        self.page.on("dialog", self._asked)
        self.page.on("request", lambda request: self._requested(request.url))

    def _requested(self, url: str) -> None:
        if not url.startswith((self.lab.url, self.lab.url.replace("http", "ws", 1), "data:", "blob:")):
            self.outside.append(url)

    def _failed(self, error: Error) -> None:
        # JupyterLab has errors of its own, for example at a change of theme or a restart. Our widgets come from blobs.
        if "Canceled future" in str(error):
            return
        stack = f"{error.stack}"
        if any(ours in stack for ours in ("blob:", _BUNDLE)) or not re.search("/static/(lab|notebook)/", stack):
            self.errors.append(f"{error}\n{error.stack}")

    def _asked(self, dialog: Dialog) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    @property
    def path(self) -> str:
        """The notebook's file, as JupyterLab names it."""
        return f"{self.name}.ipynb"

    @property
    def box(self) -> Locator:
        """The notebook on the page, while it is in front."""
        return self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")

    def open(self) -> None:
        """Open it and wait until the kernel is there; in a page of its own, load that."""
        if not self.is_guest:
            self.reload()
            return
        self.page.set_viewport_size(_SIZE)
        self.command("docmanager:open", {"path": self.path, "factory": "Notebook"})
        self.page.evaluate(_READY, self.path)

    def reload(self) -> None:
        """Reload the page, with only this notebook open."""
        self.page.goto(f"{self.lab.url}/lab/workspaces/{self.name}/tree/{self.path}?token={self.lab.token}&reset")
        self.page.wait_for_function("() => window.jupyterapp")
        self.page.evaluate(_READY, self.path)

    def reopen(self) -> None:
        """End the kernel, close the notebook, and open what is saved of it."""
        self.page.evaluate(_LEAVE, self.path)
        self.command("docmanager:open", {"path": self.path, "factory": "Notebook"})
        self.page.evaluate(_READY, self.path)

    def load(self, path: str = "lab") -> None:
        """Load a page, and wait for no kernel."""
        self.page.goto(f"{self.lab.url}/{path}?token={self.lab.token}")
        self.page.wait_for_function(_RESTORED)

    def command(self, name: str, options: dict[str, Any] | None = None) -> None:
        """Run one of Lab's commands."""
        self.page.evaluate(
            "async ([name, options]) => { await window.jupyterapp.commands.execute(name, options); }",
            [name, options or {}],
        )

    def run_all(self) -> None:
        """Run the cells and wait for the last."""
        self.command("notebook:run-all-cells")

    def cell(self, source: str) -> Locator:
        """Run code in a new cell at the end; returns the cell."""
        cells = self.box.locator(".jp-CodeCell")
        count = cells.count()
        self.page.evaluate(_CELL, source)
        return cells.nth(count)

    def type_into_cell(self, line: str, below: str = "") -> None:
        """Type a line into a new cell at the end, above what is in it; the cursor stays behind the line."""
        self.page.evaluate(_EDITED, below)
        self.page.keyboard.type(line)

    def view(self, what: str) -> Locator:
        """Run a view's magic in a new cell; returns its widget."""
        return self.cell(f"%model view {what}").locator(".jpd-box")

    def execute(self, code: str) -> str:
        """Run code in the kernel, outside of any cell; returns what it printed."""
        printed: str = self.page.evaluate(_EXECUTE, code)
        return printed

    def start(self, code: str) -> None:
        """Run code in the kernel, without waiting."""
        self.page.evaluate(_START, code)

    def interrupt(self) -> None:
        """End what was started."""
        self.page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.interrupt()")

    def theme(self, name: str) -> None:
        """Change the theme."""
        self.command("apputils:change-theme", {"theme": f"JupyterLab {name}"})
        light = "true" if name == "Light" else "false"
        self.page.wait_for_function(f"() => document.body.dataset.jpThemeLight === '{light}'")

    def widget(self, kind: str, index: int = 0) -> Locator:
        """One of our widgets on the page."""
        return self.box.locator(f".jpd-{kind}").nth(index)

    def save(self) -> dict[str, Any]:
        """Save the notebook and read it."""
        self.command("docmanager:save")
        return self.lab.read(self.name)

    def shutdown(self) -> None:
        """End the kernel."""
        self.page.evaluate("async () => { await window.jupyterapp.shell.currentWidget?.sessionContext?.shutdown(); }")

    def check(self) -> None:
        """Fail if the page asked anything outside, ran what it was only to show, or had an error of ours."""
        assert not self.dialogs, self.dialogs
        assert not self.errors, self.errors
        assert not self.outside, self.outside
        assert self.page.evaluate("() => window.hit === undefined")

    def close(self) -> None:
        """Leave, and end the kernel."""
        self.page.evaluate(_LEAVE, self.path)
        if not self.is_guest:
            self.context.close()


@contextmanager
def opened(
    lab: Lab, browser: Browser, *cells: str, run: bool = True, name: str = "", alone: bool = False
) -> Iterator[Notebook]:
    """A notebook with these cells; its page may ask nothing outside, nor run what it was only to show.

    All notebooks of a Lab share a page, except those that are ``alone``.
    """
    name = name or f"notebook-{len(list(lab.root.iterdir()))}"
    if run:
        lab.write(name, ["%load_ext jupyter_deploy", *cells])
    notebook = Notebook(lab, browser, name, None if alone else _tab_of(lab, browser))
    notebook.open()
    if run:
        notebook.run_all()
    yield notebook
    notebook.check()
    notebook.close()


def _tab_of(lab: Lab, browser: Browser) -> Notebook:
    if lab.tab is None:
        lab.tab = Notebook(lab, browser, "shared")
        lab.tab.load("lab/workspaces/shared")
    return lab.tab


@contextmanager
def loaded(
    lab: Lab, browser: Browser, path: str = "lab", heard: Callable[[ConsoleMessage], None] | None = None
) -> Iterator[Notebook]:
    """A page that need not be a notebook, so nothing waits for a kernel; ``heard`` gets what its console says."""
    page = Notebook(lab, browser, "")
    if heard:
        page.page.on("console", heard)
    page.load(path)
    yield page
    page.check()
    page.context.close()
