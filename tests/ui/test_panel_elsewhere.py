"""The panel in other Jupyters than that of the other tests: ``.ci/jupyters`` runs this in environments of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, ConsoleMessage, expect

from jupyter_deploy.workspace import Service

from .lab import Lab, loaded, running_lab
from .panels import PanelPage

APP = os.environ.get("JUPYTER_DEPLOY_TESTS_JUPYTER", "")
PAGES = {"jupyterlab": "lab", "notebook": "notebooks/one.ipynb"}
OURS = "jupyter-model-deploy"
pytestmark = pytest.mark.skipif(not APP, reason="JUPYTER_DEPLOY_TESTS_JUPYTER is not set: .ci/jupyters runs this")


@pytest.fixture(scope="module")
def lab(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with running_lab(tmp_path_factory.mktemp("elsewhere"), app=APP) as running:
        running.write("one", ["1"])
        yield running


def test_jupyter_says_that_the_extension_fits() -> None:
    command = [sys.executable, "-m", "jupyterlab.labextensions", "list"]
    said = subprocess.run(command, capture_output=True, text=True, check=True)
    found = re.search(rf"^.*{OURS}.*$", said.stdout + said.stderr, re.MULTILINE)
    assert found, said
    assert "enabled" in found[0]
    assert "OK" in found[0]


def test_the_panel_lists_acts_and_shows_a_log(lab: Lab, ours: Service, browser: Browser) -> None:
    path, errors = PAGES[APP], list[str]()

    def heard(message: ConsoleMessage) -> None:
        if message.type == "error" and OURS in f"{message.text} {message.location}":
            errors.append(message.text)

    with loaded(lab, browser, path, heard) as page:
        panel = PanelPage(page)
        if APP == "jupyterlab":
            page.page.locator(".lm-TabBar-tab[data-id=jp-model-deploy]").click()
        else:
            panel.open()
        expect(panel.state("ours")).to_have_text("●Healthy")
        panel.press("ours", "Log")
        ours.invoke([path])
        expect(page.page.locator(".jp-ModelDeploy-log").get_by_role("log")).to_contain_text(f"got ['{path}']")
        panel.press("ours", "Reload")
        expect(panel.row("ours").locator(".jp-ModelDeploy-told")).to_contain_text("serves")
    assert not errors


@pytest.mark.skipif(APP != "notebook", reason="only Notebook has a page for the list of files")
def test_the_list_of_files_has_it_as_a_tab(lab: Lab, ours: Service, browser: Browser) -> None:
    (lab.root / "entry.py").write_text("def run(data):\n    return data\n")
    with loaded(lab, browser, "tree") as page:
        panel = PanelPage(page)
        tabs = page.page.locator(".jp-TreePanel > .lm-TabBar")
        # While the list of files is in front, nothing is asked.
        expect(page.page.get_by_text("entry.py")).to_be_visible()
        assert panel.requests == []
        tabs.get_by_text("Models and Services").click()
        expect(panel.state("ours")).to_have_text("●Healthy")
        panel.press("ours", "Log")
        ours.invoke(["from the list"])
        expect(page.page.locator(".jp-ModelDeploy-log").get_by_role("log")).to_contain_text("got ['from the list']")
        panel.open()
        panel.press("ours", "Invoke")
        page.page.locator(".jp-ModelDeploy-invoke").get_by_role("button", name="Send").click()
        expect(page.page.locator(".jp-ModelDeploy-invoke").get_by_label("answer", exact=True)).to_be_visible()
        page.command("model-deploy:run-verb")
        expect(page.page.locator(".jp-ModelDeploy-verbs").get_by_label("Verb", exact=True)).to_be_visible()
        tabs.get_by_text("Files").click()
        expect(panel.box).to_be_hidden()
