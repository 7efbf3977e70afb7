"""The panel where not all is as usual: Jupyter behind a prefix, a server that a signal ended, Jupyter restarted."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from jupyter_deploy.workspace import Service

from .lab import Lab, loaded, running_lab
from .panels import PanelPage

SETTINGS = """async (seconds) => {
  const text = JSON.stringify({ pollSeconds: seconds });
  await window.jupyterapp.serviceManager.settings.save("jupyter-model-deploy:panel", text);
}"""
DEATH = 8000


@pytest.fixture(scope="module")
def lab(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """As JupyterHub starts it; what a page asks outside of the prefix fails it."""
    with running_lab(tmp_path_factory.mktemp("ann"), prefix="/user/ann/") as running:
        yield running


@pytest.fixture(scope="module")
def panel(lab: Lab, ours: Service, browser: Browser) -> Iterator[PanelPage]:
    with loaded(lab, browser) as page:
        yield PanelPage(page).open()


def test_it_lists_acts_and_shows_a_log_behind_a_prefix(panel: PanelPage, ours: Service) -> None:
    expect(panel.state("ours")).to_have_text("●Healthy")
    panel.press("ours", "Reload")
    expect(panel.row("ours").locator(".jp-ModelDeploy-told")).to_contain_text("generation 2 serves")
    panel.press("ours", "Log")
    ours.invoke(["behind a prefix"])
    expect(panel.document("Log: ours").get_by_role("log")).to_contain_text("got ['behind a prefix']")


def test_a_server_that_a_signal_ended_as_a_whole_is_stopped(panel: PanelPage, ours: Service) -> None:
    os.killpg(os.getpgid(ours.as_dict()["pid"]), signal.SIGTERM)
    expect(panel.state("ours")).to_have_text("■Stopped", timeout=DEATH)
    expect(panel.unfold("ours").locator(".jp-ModelDeploy-reason")).to_contain_text("SIGTERM")
    panel.press("ours", "Start")
    expect(panel.state("ours")).to_have_text("●Healthy")
    # The job ends a little later; the next test ends the server that it is asked for at.
    expect(panel.row("ours").locator(".jp-ModelDeploy-told[data-ok=true]")).to_be_visible()


# The last one: JupyterLab lays a dialog of its own over the page.
def test_jupyter_restarted_under_the_panel(panel: PanelPage, lab: Lab, ours: Service) -> None:
    # The poll alone would not see it in time.
    panel.page.evaluate(SETTINGS, 3600)
    panel.page.evaluate("() => { window.staysLoaded = true; }")
    expect(panel.state("ours")).to_have_text("●Healthy")
    lab.end()
    # JupyterLab's own dialog may lie over it already.
    panel.box.locator(".jp-ModelDeploy-head").get_by_text("⟳").dispatch_event("click")
    said = panel.box.locator(".jp-ModelDeploy-note", has_text="The Jupyter server does not answer.")
    expect(said).to_be_visible()
    expect(panel.row("ours")).to_be_visible()
    ours.stop()
    lab.start()
    expect(panel.state("ours")).to_have_text("■Stopped", timeout=DEATH)
    expect(said).to_have_count(0)
    panel.page.evaluate(SETTINGS, 1)
    ours.start()
    expect(panel.state("ours")).to_have_text("●Healthy")
    assert panel.page.evaluate("() => window.staysLoaded")
