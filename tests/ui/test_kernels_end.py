"""What a view says when the kernel that fed it is gone."""

from __future__ import annotations

from playwright.sync_api import Browser, Locator, expect

from jupyter_deploy.workspace import Workspace

from .lab import Lab, opened

expect.set_options(timeout=20_000)
RESTART = "async () => { await window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart(); }"


VIEWS = ("card echo", "form echo", "models")


def test_views_say_that_their_kernel_is_gone_and_offer_nothing(lab: Lab, shared: Workspace, browser: Browser) -> None:
    with opened(lab, browser) as page:
        boxes = [page.view(what) for what in VIEWS]
        _expect_alive(boxes)
        page.page.evaluate(RESTART)
        _expect_gone(boxes)
        page.execute("%load_ext jupyter_deploy")
        boxes = [page.view(what) for what in VIEWS]
        _expect_alive(boxes)
        page.start("import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
        _expect_gone(boxes)
        # JupyterLab tells it in a dialog of its own.
        page.page.locator(".jp-Dialog").get_by_role("button").last.click()


def _expect_alive(boxes: list[Locator]) -> None:
    for box in boxes:
        expect(box.locator("button, input").first).to_be_enabled()
        expect(box.locator(".jpd-gone")).to_be_hidden()


def _expect_gone(boxes: list[Locator]) -> None:
    for box in boxes:
        note = box.locator(".jpd-gone")
        expect(note).to_be_visible()
        expect(note).to_contain_text("The kernel has ended or was restarted. This shows ")
        expect(box.locator(":is(button, input):not([disabled], [hidden])")).to_have_count(0)


def test_a_view_that_hears_nothing_says_so_and_goes_on_when_it_hears_again(
    lab: Lab, shared: Workspace, browser: Browser
) -> None:
    with opened(lab, browser, alone=True) as page:
        page.page.clock.install()
        card = page.view("card echo")
        expect(card.locator(".jpd-badge")).to_have_text("●Healthy")
        page.page.clock.pause_at("2099-01-01")
        expect(card.locator(".jpd-gone")).to_be_visible()
        page.page.clock.resume()
        expect(card.locator(".jpd-gone")).to_be_hidden()
        expect(card.get_by_role("button", name="Reload")).to_be_enabled()
