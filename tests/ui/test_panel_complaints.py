"""What users of other panels complain about, where no other file has its test."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests
from playwright.sync_api import Browser, CDPSession, Route, expect

from jupyter_deploy.workspace import Workspace
from tests.docker.engine import engine_problem, refuse
from tests.e2e.conftest import until

from .lab import Lab, free_port, loaded, opened
from .panels import PanelPage

DEATH = 8000
OVERVIEW = "**/jupyter-model-deploy/api/overview*"
MODELS, SERVICES = 500, 100
# Milliseconds of a processor for one change: no frame is longer by the panel, however busy the machine is.
LONGEST_FRAME = 50
CHANGES = 10


@pytest.fixture(scope="module")
def panel(lab: Lab, shared: Workspace, browser: Browser) -> Iterator[PanelPage]:
    """A page of its own: what is done to it here stays in its layout."""
    with loaded(lab, browser, "lab/workspaces/complaints") as page:
        yield PanelPage(page).open()


def again(panel: PanelPage) -> None:
    """Reload the page. JupyterLab saves its layout a moment after a change, so wait for that first."""
    saved = f"{panel.notebook.lab.url}/lab/api/workspaces/complaints?token={panel.notebook.lab.token}"
    until(lambda: "jp-model-deploy" in _open_in(requests.get(saved, timeout=10).json()))
    panel.notebook.load("lab/workspaces/complaints")


def _open_in(workspace: dict[str, Any]) -> list[str | None]:
    """What a saved layout shows at the sides."""
    layout = workspace.get("data", {}).get("layout-restorer:data", {})
    return [layout.get(side, {}).get("current") for side in ("left", "right")]


def test_a_first_look_that_fails_says_why_and_can_be_repeated(panel: PanelPage) -> None:
    def fail(route: Route) -> None:
        route.fulfill(status=500, content_type="text/html", body="<html><h1>Traceback of a proxy</h1></html>")

    panel.page.route(OVERVIEW, fail)
    again(panel)
    panel.open()
    expect(panel.box).to_contain_text("The Jupyter server answered 500")
    expect(panel.box).to_contain_text("The log of the Jupyter server may say more.")
    expect(panel.box).not_to_contain_text("Traceback of a proxy")
    panel.page.unroute(OVERVIEW)
    panel.box.get_by_role("button", name="Reload").click()
    expect(panel.state("echo")).to_have_text("●Healthy")
    panel.page.route(OVERVIEW, fail)
    panel.box.get_by_role("button", name="Refresh").click()
    # What was known stays, with the time that it is of.
    expect(panel.box).to_contain_text("This is from")
    expect(panel.row("echo")).to_be_visible()
    panel.page.unroute(OVERVIEW)
    # A session that has ended: a proxy leads to its login. Then an answer that cannot be drawn.
    login = "<html>Who are you?</html>"
    panel.page.route(OVERVIEW, lambda route: route.fulfill(status=200, content_type="text/html", body=login))
    panel.box.get_by_role("button", name="Refresh").click()
    expect(panel.box).to_contain_text("Reload this page to log in again")
    expect(panel.box).not_to_contain_text("html")
    panel.page.unroute(OVERVIEW)
    panel.page.route(OVERVIEW, lambda route: route.fulfill(status=200, json={"services": [None]}))
    panel.box.get_by_role("button", name="Refresh").click()
    expect(panel.box).to_contain_text("The panel has failed")
    panel.page.unroute(OVERVIEW)
    panel.box.get_by_role("button", name="Reload", exact=True).first.click()
    expect(panel.state("echo")).to_have_text("●Healthy")
    expect(panel.box).not_to_contain_text("This is from")
    expect(panel.page.get_by_role("button", name=re.compile(r"^\d+ services?"))).to_be_visible()


def test_the_panel_is_there_after_a_reload_with_its_service_stopped(panel: PanelPage, shared: Workspace) -> None:
    shared.deploy("sleeping", script="echo")
    expect(panel.state("sleeping")).to_have_text("●Healthy")
    shared.services["sleeping"].stop()
    again(panel)
    expect(panel.box).to_be_visible()
    expect(panel.state("sleeping")).to_have_text("■Stopped")
    # Its log outlives it, and so does what happened to it.
    panel.press("sleeping", "Log")
    expect(panel.document("Log: sleeping").get_by_role("log")).to_contain_text("serves")
    panel.unfold("sleeping").get_by_text("History").click()
    expect(panel.row("sleeping").locator(".jp-ModelDeploy-more li").first).to_be_visible()
    shared.services["sleeping"].delete()


def test_a_log_of_what_is_gone_asks_no_more(panel: PanelPage, shared: Workspace) -> None:
    shared.deploy("leaving", script="echo")
    panel.press("leaving", "Log")
    log = panel.document("Log: leaving")
    expect(log.get_by_role("log")).to_contain_text("serves")
    shared.services["leaving"].delete()
    expect(log.get_by_role("alert")).to_contain_text("leaving")
    # A log that is read is asked for twice a second: this one would be asked for in the time of the other's lines.
    panel.requests.clear()
    panel.press("echo", "Log")
    for number in range(4):
        shared.services["echo"].invoke([f"line {number}"])
        expect(panel.document("Log: echo").get_by_role("log")).to_contain_text(f"got ['line {number}']")
    assert not [one for one in panel.requests if "leaving" in one]


def test_it_follows_an_address_that_changes(panel: PanelPage, shared: Workspace) -> None:
    moving = shared.deploy("moving", script="echo", target="process")
    address = panel.unfold("moving").locator(".jp-ModelDeploy-address code")
    before = moving.scoring_uri
    expect(address).to_have_text(before)
    moving.stop()
    shared.deploy("moving", port=free_port())
    expect(panel.state("moving")).to_have_text("●Healthy")
    moved = shared.services["moving"].scoring_uri
    expect(address).to_have_text(moved)
    shared.services["moving"].delete()


def test_a_sidebar_that_is_moved_is_found_again(panel: PanelPage) -> None:
    tab = panel.page.locator(".lm-TabBar-tab[data-id=jp-model-deploy]")
    tab.click(button="right")
    panel.page.locator(".lm-Menu").get_by_text("Switch Sidebar Side").click()
    expect(panel.page.locator(".jp-SideBar.jp-mod-right .lm-TabBar-tab[data-id=jp-model-deploy]")).to_be_visible()
    panel.notebook.command("application:toggle-right-area")
    panel.open()
    expect(panel.row("echo")).to_be_visible()
    tab.click(button="right")
    panel.page.locator(".lm-Menu").get_by_text("Switch Sidebar Side").click()
    panel.open()
    expect(panel.page.locator(".jp-SideBar.jp-mod-left .lm-TabBar-tab[data-id=jp-model-deploy]")).to_be_visible()


def test_a_dead_worker_leaves_the_sums(panel: PanelPage, shared: Workspace) -> None:
    summed = shared.deploy("summed", script="echo", workers=2, target="process")
    numbers = panel.unfold("summed").get_by_label("recent traffic", exact=True)
    summed.invoke(["one"])
    expect(numbers).to_contain_text("0 of 1")
    worker = summed.as_dict()["workers"][0]
    os.kill(worker["pid"] if isinstance(worker, dict) else worker, signal.SIGKILL)
    expect(panel.row("summed").locator("dt", has_text="restarts")).to_be_visible(timeout=DEATH)
    summed.invoke(["two"])
    expect(numbers).to_contain_text("0 of 2")
    summed.delete()


def test_a_container_shows_its_own_limits(panel: PanelPage, shared: Workspace, tmp_path: Path) -> None:
    """Not the machine's memory."""
    if problem := engine_problem():
        refuse(problem)
    script = tmp_path / "score.py"
    script.write_text("def run(data):\n    return data\n")
    service = shared.deploy("boxed", script=script, target="docker", memory="300m", cpus=0.5)
    try:
        expect(panel.row("boxed")).to_be_visible()
        panel.notebook.command("model-deploy:run-verb")
        form = panel.page.locator(".jp-ModelDeploy-verbs")
        form.get_by_label("Verb", exact=True).select_option("stats")
        form.get_by_label("service *").fill("boxed")
        form.get_by_role("button", name="Run").click()
        result = form.get_by_label("result", exact=True)
        expect(result).to_contain_text("of 314.6 MB", timeout=20_000)
        assert f"{psutil.virtual_memory().total / 1e6:.1f} MB" not in result.inner_text()
    finally:
        service.delete()


def test_the_status_bar_counts_what_is_unhealthy(panel: PanelPage, shared: Workspace, tmp_path: Path) -> None:
    needed = tmp_path / "needed"
    needed.touch()
    shared.score_script("needy", f"open({str(needed)!r}).close()\ndef run(data):\n    return data\n")
    service = shared.deploy("needy", target="process")
    expect(panel.state("needy")).to_have_text("●Healthy")
    status = panel.page.locator(".jp-ModelDeploy-status button")
    expect(status).not_to_contain_text("unhealthy")
    needed.unlink()
    os.kill(service.as_dict()["pid"], signal.SIGKILL)
    expect(status).to_have_text("▲ 1 service unhealthy", timeout=DEATH)
    expect(status).to_have_attribute("title", f"needy: {service.state}")
    panel.notebook.command("filebrowser:activate")
    expect(panel.box).to_be_hidden()
    # The number stays right while the panel is hidden.
    status.click()
    expect(panel.unfold("needy").locator(".jp-ModelDeploy-reason")).to_be_visible()
    needed.touch()
    panel.press("needy", "Start")
    expect(panel.state("needy")).to_have_text("●Healthy")
    expect(status).not_to_contain_text("unhealthy")
    service.delete()


def test_no_key_is_printed_or_saved(lab: Lab, shared: Workspace, browser: Browser) -> None:
    with opened(lab, browser, "svc = %deploy secret --script echo --auth key\nsvc", "%invoke secret [1]") as page:
        view = PanelPage(page).open()
        expect(view.state("secret")).to_have_text("●Healthy")
        keys = shared.services["secret"].get_keys()
        view.press("secret", "Log")
        expect(view.document("Log: secret").get_by_role("log")).to_contain_text("got [1]")
        page.command("docmanager:open", {"path": page.path})
        places = json.dumps(page.save()), page.page.content(), (lab.folder / "lab.log").read_text()
        for text in (*places, shared.services["secret"].log_file.read_text()):
            assert keys.primary not in text
            assert keys.secondary not in text
        shared.services["secret"].delete()


def _many(route: Route) -> None:
    """Answer with what the server says, and hundreds of models and services as those that it names."""
    told: dict[str, Any] = route.fetch().json()
    model = next(one for one in told["models"] if one["name"] == "churn")
    service = next(one for one in told["services"] if one["name"] == "churn")
    told["models"] += [{**model, "name": f"model-{number}", "id": f"model-{number}:1"} for number in range(MODELS)]
    told["services"] += [{**service, "name": f"service-{number}"} for number in range(SERVICES)]
    route.fulfill(json=told)


def _busy(cdp: CDPSession) -> float:
    """What the page's thread has used of a processor, in milliseconds."""
    found = {one["name"]: one["value"] for one in cdp.send("Performance.getMetrics")["metrics"]}
    return float(found["TaskDuration"]) * 1000


def test_many_rows_freeze_nothing_and_slow_no_typing(panel: PanelPage, shared: Workspace) -> None:
    panel.page.route(OVERVIEW, _many)
    cdp = panel.page.context.new_cdp_session(panel.page)
    cdp.send("Performance.enable", {"timeDomain": "threadTicks"})
    refresh = panel.box.get_by_role("button", name="Refresh")
    try:
        refresh.click()
        number = str(len(shared.services) + SERVICES)
        expect(panel.box.get_by_role("heading", name="Services")).to_contain_text(number)
        assert panel.box.locator(".jp-ModelDeploy-row").count() < 100
        before = _busy(cdp)
        for _ in range(CHANGES):
            with panel.page.expect_response(OVERVIEW):
                refresh.click()
        each = (_busy(cdp) - before) / CHANGES
        print(f"{each:.1f} ms for each change")
        assert each <= LONGEST_FRAME
        panel.search("model-499")
        expect(panel.row("model-499", "model")).to_be_visible()
    finally:
        panel.search("")
        panel.page.unroute_all(behavior="wait")
        cdp.detach()
    refresh.click()
    expect(panel.box.get_by_role("heading", name="Services")).not_to_contain_text(number)
