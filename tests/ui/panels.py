"""The side panel in a page: where its parts are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Locator, Page, expect

from .lab import Notebook

# A deployment is a process that is started: on a machine that is busy, that takes its time.
expect.set_options(timeout=20_000)
SOURCES = """() => window.jupyterapp.shell.currentWidget.content.widgets.map(
  (cell) => cell.model.sharedModel.getSource())"""
_HIDE = """(hidden) => {
  Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
  document.dispatchEvent(new Event("visibilitychange"));
}"""
API = "/jupyter-model-deploy/api/"


class PanelPage:
    """A notebook with the panel open beside it."""

    def __init__(self, notebook: Notebook) -> None:
        self.notebook = notebook
        self.page: Page = notebook.page
        self.requests: list[str] = []
        self.page.on("request", self._requested)

    def _requested(self, request: Any) -> None:
        if API in request.url:
            self.requests.append(f"{request.method} {request.url.split(API)[1].partition('?')[0]}")

    def open(self) -> PanelPage:
        """Show the panel, with no search of an earlier test."""
        self.notebook.command("model-deploy:open-panel")
        if self._search.count():
            self.search("")
        return self

    @property
    def _search(self) -> Locator:
        return self.box.get_by_label("Search services, endpoints and models")

    @property
    def box(self) -> Locator:
        """The whole panel."""
        return self.page.locator("#jp-model-deploy")

    def row(self, name: str, kind: str = "service") -> Locator:
        """A service's row, or a model's."""
        return self.box.get_by_role("group", name=f"{kind} {name}", exact=True)

    def state(self, name: str) -> Locator:
        """A service's state, in its row."""
        return self.row(name).locator(".jp-ModelDeploy-line .jp-ModelDeploy-state")

    def search(self, words: str) -> None:
        """Show only what fits: rows that are off the screen are not in the page."""
        self._search.fill(words)

    def unfold(self, name: str, kind: str = "service") -> Locator:
        """Open a row and return it."""
        line = self.row(name, kind).locator(".jp-ModelDeploy-line")
        if line.get_attribute("aria-expanded") == "false":
            line.click()
        return self.row(name, kind)

    def press(self, name: str, button: str) -> None:
        """Press a button of a service's row."""
        self.unfold(name).get_by_role("button", name=button, exact=True).click()

    def accept(self, button: str, text: str | None = None) -> None:
        """Press a button of the dialog that is open, with a text in its field if one is given."""
        dialog = self.page.locator(".jp-Dialog")
        shown = dialog.element_handle()
        if text is not None:
            dialog.get_by_role("textbox").or_(dialog.get_by_role("combobox")).first.fill(text)
        dialog.get_by_role("button", name=button, exact=True).click()
        # Another may follow it at once.
        self.page.wait_for_function("(node) => !node.isConnected", arg=shown)

    @contextmanager
    def hidden(self) -> Iterator[None]:
        """Have the page be as one in the background; it is in front again afterwards."""
        self.page.evaluate(_HIDE, True)
        try:
            yield
        finally:
            self.page.evaluate(_HIDE, False)

    def drag(self, row: Locator) -> None:
        """Drag a row to the notebook's first cell."""
        row.locator(".jp-ModelDeploy-name").hover()
        self.page.mouse.down()
        box = self.notebook.box.locator(".jp-CodeCell").first.bounding_box()
        assert box
        self.page.mouse.move(box["x"] + 60, box["y"] + 5, steps=8)
        self.page.mouse.move(box["x"] + 64, box["y"] + 8, steps=3)
        self.page.mouse.up()

    def document(self, title: str) -> Locator:
        """A document of ours in the main area, by the label of its tab."""
        self.page.locator(".lm-DockPanel-tabBar .lm-TabBar-tabLabel", has_text=title).click()
        return self.page.locator(".lm-DockPanel .jp-MainAreaWidget:not(.lm-mod-hidden) .jp-ModelDeploy").last
