"""Details of the panel's rows: their numbers and tags, a token, and where the focus goes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests
from playwright.sync_api import Route, expect

from jupyter_deploy.display import milliseconds
from jupyter_deploy.display.plain import human_size, rate
from jupyter_deploy.workspace import Service, Workspace

from .lab import Notebook
from .panels import PanelPage

OVERVIEW = "**/jupyter-model-deploy/api/overview*"


@pytest.fixture(scope="module")
def panel(page: Notebook) -> PanelPage:
    return PanelPage(page).open()


@pytest.fixture(scope="module")
def detailed(shared: Workspace) -> Iterator[Service]:
    yield shared.deploy("detailed", script="echo", auth="token", tags={"desk": "front"}, target="process")
    if "detailed" in shared.services:
        shared.services["detailed"].delete()


def test_a_service_is_found_by_its_own_tag(panel: PanelPage, detailed: Service) -> None:
    expect(panel.state("detailed")).to_have_text("●Healthy")
    choice = panel.box.get_by_label("Only what has this tag")
    choice.select_option("desk=front")
    expect(panel.row("echo")).to_have_count(0)
    expect(panel.row("detailed")).to_be_visible()
    choice.select_option("")


def test_a_token_is_made_when_it_is_asked_for(panel: PanelPage, detailed: Service) -> None:
    row = panel.unfold("detailed")
    expect(row.locator("dt", has_text="replicas").locator("+ dd")).to_have_text("1")
    panel.press("detailed", "Token")
    expect(row.get_by_role("group", name="token for detailed")).to_contain_text("••••")
    row.get_by_role("button", name="Copy the token").click()
    token = panel.page.evaluate("() => navigator.clipboard.readText()")
    assert token not in panel.page.content()
    headers = {"Authorization": f"Bearer {token}"}
    assert requests.post(detailed.scoring_uri, json=[1], headers=headers, timeout=20).status_code == 200
    panel.press("detailed", "Token")


def test_numbers_are_those_of_the_command_line(panel: PanelPage, detailed: Service) -> None:
    recent: dict[str, float] = {"seconds": 60.0, "requests": 12_345, "errors": 1_234}
    numbers = panel.unfold("detailed").get_by_label("recent traffic", exact=True).locator("dd")

    def told(route: Route) -> None:
        found = route.fetch().json()
        next(one for one in found["services"] if one["name"] == "detailed")["recent"] = recent
        route.fulfill(json=found)

    panel.page.route(OVERVIEW, told)
    try:
        for p95, each in ((0.05, 0.0166), (0.3, 1.25), (99.6, 99.96), (999.7, 123.4), (1000.0, 5000.0), (3e5, 0.0)):
            recent |= {"p95_ms": p95, "requests_per_second": each}
            panel.box.get_by_role("button", name="Refresh").click()
            expect(numbers).to_have_text([rate(each), milliseconds(p95), "1,234 of 12,345"])
    finally:
        panel.page.unroute_all(behavior="wait")
    panel.unfold("churn", "model")
    size = panel.notebook.execute("import jupyter_deploy.workspace as w; print(w.Workspace().models.get('churn').size)")
    first = panel.row("churn", "model").locator(".jp-ModelDeploy-version").first
    expect(first).to_contain_text(human_size(int(size)))


def test_an_empty_workspace_teaches_the_first_lines(panel: PanelPage, detailed: Service) -> None:
    nothing: dict[str, list[str]] = {"models": [], "services": [], "endpoints": []}
    panel.page.route(OVERVIEW, lambda route: route.fulfill(json={**route.fetch().json(), **nothing}))
    panel.box.get_by_role("button", name="Refresh").click()
    for line in ("%load_ext jupyter_deploy", "%%score_script NAME", "%deploy NAME", "%register NAME VARIABLE"):
        expect(panel.box.locator("code").get_by_text(line, exact=True).first).to_be_visible()
    panel.page.unroute_all(behavior="wait")
    panel.box.get_by_role("button", name="Refresh").click()
    expect(panel.row("detailed")).to_be_visible()


def test_what_no_row_shows_is_told_in_a_notification(panel: PanelPage, detailed: Service) -> None:
    row = panel.unfold("detailed")
    row.locator(".jp-ModelDeploy-line").click()
    panel.notebook.command("model-deploy:reload", {"service": "detailed"})
    toast = panel.page.locator(".Toastify__toast").get_by_text("detailed: reloaded")
    expect(toast).to_be_visible()
    toast.click()
    panel.unfold("detailed")
    expect(row.locator(".jp-ModelDeploy-told")).to_contain_text("generation 2")


def test_the_focus_stays_in_the_list(panel: PanelPage, detailed: Service, shared: Workspace) -> None:
    lines = panel.box.locator(".jp-ModelDeploy-line")
    reload = panel.unfold("detailed").get_by_role("button", name="Reload")
    reload.focus()
    panel.page.keyboard.press("Enter")
    expect(panel.row("detailed").locator(".jp-ModelDeploy-told[data-ok=true]")).to_contain_text("generation 3")
    expect(reload).to_be_focused()
    panel.row("detailed").get_by_role("button", name="Delete").focus()
    panel.page.keyboard.press("Enter")
    dialog = panel.page.locator(".jp-Dialog")
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    panel.page.keyboard.press("Tab")
    panel.page.keyboard.press("Enter")
    expect(panel.row("detailed")).to_have_count(0)
    expect(panel.box.locator(":focus")).to_have_attribute("data-row", "")
    assert lines.count() > 1
    # Another of that name is another one.
    again = shared.deploy("detailed", script="echo", target="process")
    expect(panel.state("detailed")).to_have_text("●Healthy")
    expect(panel.row("detailed").locator(".jp-ModelDeploy-line")).to_have_attribute("aria-expanded", "false")
    again.delete()
