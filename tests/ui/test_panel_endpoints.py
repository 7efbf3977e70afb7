"""Endpoints in the side panel and in a notebook: one real endpoint with two deployments, changed from all sides."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from jupyter_deploy.workspace import Endpoint, Workspace

from .lab import Lab, Notebook
from .panels import SOURCES, PanelPage
from .test_panel import SOON

WRITES = "JUPYTER_DEPLOY_WRITE_IMAGES"
IMAGES = Path(__file__).parent.parent.parent / "docs" / "images"
QUICK = {"Percent of the traffic, step by step": "100", "Each step lasts at least": "0.2s"}
SCRIPT = "def init():\n    pass\n\ndef run(data):\n    return '{}'\n"


@pytest.fixture(scope="module")
def panel(page: Notebook) -> PanelPage:
    opened_panel = PanelPage(page).open()
    # Rows that are off the screen are not in the page.
    opened_panel.search("shop")
    return opened_panel


def typed(lab: Lab, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command as in a terminal."""
    environ = {**os.environ, "JUPYTER_DEPLOY_HOME": str(lab.home)}
    command = [sys.executable, "-m", "jupyter_deploy.cli", *words]
    return subprocess.run(command, env=environ, check=True, capture_output=True, text=True)


@pytest.fixture(scope="module")
def shop(panel: PanelPage, lab: Lab, shared: Workspace) -> Iterator[Endpoint]:
    """Made by a terminal while the panel looks: it is there half a second after its row."""
    for colour in ("blue", "green"):
        shared.score_script(colour, SCRIPT.format(colour))
    expect(panel.box.get_by_role("heading", name="Endpoints")).to_contain_text("0")
    expect(panel.box).to_contain_text("%deploy SCRIPT --endpoint shop --deployment blue")
    typed(lab, "endpoint", "create", "shop", "--tag", "shelf=top")
    endpoint = shared.endpoints["shop"]
    try:
        expect(panel.row("shop", "endpoint")).to_be_visible(timeout=SOON)
        yield endpoint
    finally:
        if "shop" in shared.endpoints:
            endpoint.delete()


def deployment(panel: PanelPage, name: str) -> Locator:
    return panel.unfold("shop", "endpoint").get_by_role("group", name=f"deployment {name} of shop", exact=True)


def slide(where: Locator, label: str, share: int) -> None:
    """Move a slider as the keyboard and the mouse do."""
    where.get_by_role("slider", name=label, exact=True).fill(str(share))


def asked(panel: PanelPage, name: str, button: str, values: dict[str, str], accept: str) -> None:
    """Press a button of a deployment that asks for several things, and give them."""
    deployment(panel, name).get_by_role("button", name=button, exact=True).click()
    dialog = panel.page.locator(".jp-Dialog")
    for label, value in values.items():
        field = dialog.get_by_label(label, exact=True)
        if value == "yes":
            field.check()
        else:
            field.fill(value)
    panel.accept(accept)


def confirm(panel: PanelPage) -> Locator:
    return panel.row("shop", "endpoint").get_by_role("group", name="confirm the traffic of shop")


def answers(endpoint: Endpoint, count: int = 40) -> Counter[str]:
    return Counter(endpoint.invoke([1]) for _ in range(count))


def test_what_is_deployed_to_it_appears(panel: PanelPage, shop: Endpoint, shared: Workspace) -> None:
    expect(panel.unfold("shop", "endpoint")).to_contain_text("It has no deployment yet")
    shop.deploy("blue", script="blue")
    expect(deployment(panel, "blue").get_by_role("status").first).to_have_text("●Healthy")
    shop.route("blue=100")
    expect(panel.row("shop", "endpoint").get_by_role("img", name="traffic: blue 100 %").first).to_be_visible(
        timeout=SOON
    )
    # By the panel itself: a stored script, under the next free colour.
    panel.row("shop", "endpoint").get_by_role("button", name="Deploy to shop").click()
    panel.page.locator(".jp-Dialog").get_by_role("combobox").select_option("green")
    panel.accept("Ok")
    panel.accept("Ok")
    expect(deployment(panel, "green").get_by_role("status").first).to_have_text("●Healthy")
    assert shop.deployments["green"].as_dict()["script"] == "green"
    panel.row("shop", "endpoint").get_by_role("button", name="Close").click()
    row = panel.row("shop", "endpoint")
    row.get_by_role("button", name="Copy the address of shop").click()
    assert panel.page.evaluate("() => navigator.clipboard.readText()") == shop.scoring_uri


def test_sliders_keep_the_sum_and_change_nothing_before_apply(panel: PanelPage, shop: Endpoint) -> None:
    slide(deployment(panel, "green"), "traffic of green", 30)
    expect(deployment(panel, "blue").get_by_role("slider", name="traffic of blue")).to_have_value("70")
    expect(confirm(panel)).to_contain_text("not in force yet")
    assert shop.traffic == {"blue": 100, "green": 0}
    confirm(panel).get_by_role("button", name="Reset").click()
    expect(deployment(panel, "blue").get_by_role("slider", name="traffic of blue")).to_have_value("100")
    expect(confirm(panel)).to_have_count(0)
    # With the keyboard alone, from the first key on.
    slider = deployment(panel, "green").get_by_role("slider", name="traffic of green")
    slider.focus()
    for _ in range(3):
        panel.page.keyboard.press("PageUp")
    moved = int(slider.input_value())
    assert moved > 0
    expect(deployment(panel, "blue").get_by_role("slider", name="traffic of blue")).to_have_value(str(100 - moved))
    slide(deployment(panel, "green"), "traffic of green", 100)
    slide(deployment(panel, "blue"), "mirrored to blue", 50)
    confirm(panel).get_by_role("button", name="Apply", exact=True).click()
    expect(confirm(panel)).to_have_count(0)
    assert (shop.traffic, shop.mirror) == ({"blue": 0, "green": 100}, {"blue": 50})
    assert answers(shop) == {"green": 40}
    # What the router has counted comes by itself.
    numbers = deployment(panel, "green").get_by_label("numbers of green")
    expect(numbers).to_contain_text("40")
    expect(deployment(panel, "blue").get_by_label("numbers of blue")).to_contain_text(re.compile("copies[1-9]"))


def test_what_changed_meanwhile_is_shown_and_two_tabs_agree(
    panel: PanelPage, shop: Endpoint, lab: Lab, second: Notebook
) -> None:
    slide(deployment(panel, "blue"), "traffic of blue", 10)
    typed(lab, "endpoint", "traffic", "shop", "blue=50", "green=50", "--mirror", "none")
    expect(confirm(panel).get_by_role("alert")).to_contain_text("changed meanwhile. It is now: blue 50 %, green 50 %")
    expect(deployment(panel, "blue").get_by_role("slider", name="traffic of blue")).to_have_value("10")
    assert shop.traffic == {"blue": 50, "green": 50}
    other = PanelPage(second).open()
    other.search("shop")
    expect(deployment(other, "blue").get_by_role("slider", name="traffic of blue")).to_have_value("50")
    confirm(panel).get_by_role("button", name="Apply all the same").click()
    expect(confirm(panel)).to_have_count(0)
    expect(deployment(other, "blue").get_by_role("slider", name="traffic of blue")).to_have_value("10")
    assert shop.traffic == {"blue": 10, "green": 90}


def test_row_3_19_the_notebooks_view_has_the_same_sliders(panel: PanelPage, shop: Endpoint) -> None:
    shop.route("blue=100")
    view = panel.notebook.view("traffic shop")
    blue, green = (view.get_by_role("group", name=f"deployment {name}", exact=True) for name in ("blue", "green"))
    expect(blue.get_by_role("slider", name="traffic of blue")).to_have_value("100")
    slide(green, "mirrored to green", 50)
    slide(green, "traffic of green", 25)
    expect(blue.get_by_role("slider", name="traffic of blue")).to_have_value("75")
    assert shop.traffic == {"blue": 100, "green": 0}
    shop.route("blue=50 green=50")
    expect(view.get_by_role("alert")).to_contain_text("changed meanwhile. It is now: blue 50 %, green 50 %")
    view.get_by_role("button", name="Apply all the same").click()
    expect(view).to_contain_text("✓ shop: blue=75 green=25")
    assert (shop.traffic, shop.mirror) == ({"blue": 75, "green": 25}, {})
    expect(deployment(panel, "blue").get_by_role("slider", name="traffic of blue")).to_have_value("75")
    _one_goes_meanwhile(panel, shop, view)
    saved = [output for cell in panel.notebook.save()["cells"] for output in cell["outputs"]]
    # Where the kernel is gone, the picture is of the rules of now, and it has nothing to press.
    (picture,) = ("".join(html) for one in saved if "shop" in "".join(html := one.get("data", {}).get("text/html", "")))
    assert "traffic: blue 74 %, green 26 %" in picture
    assert "<input" not in picture
    shop.route("green=100")


def _one_goes_meanwhile(panel: PanelPage, shop: Endpoint, view: Locator) -> None:
    """Sliders that were moved give its share to the others, in the panel and in the notebook's view."""
    shop.deploy("red", script="blue")
    for where in (deployment(panel, "red"), view.get_by_role("group", name="deployment red", exact=True)):
        slide(where, "traffic of red", 40)
    shop.deployments["red"].delete()
    for where in (panel.row("shop", "endpoint"), view):
        expect(where.get_by_role("slider", name="traffic of red")).to_have_count(0)
        expect(where.get_by_role("slider", name="traffic of blue")).to_have_value("75")
    slide(deployment(panel, "green"), "traffic of green", 26)
    confirm(panel).get_by_role("button", name="Apply", exact=True).click()
    expect(confirm(panel)).to_have_count(0)
    assert shop.traffic == {"blue": 74, "green": 26}
    expect(view.get_by_role("slider", name="traffic of blue")).to_have_value("74")


def test_one_is_made_dragged_into_the_notebook_and_deleted(panel: PanelPage, shop: Endpoint, shared: Workspace) -> None:
    panel.search("")
    panel.box.get_by_role("button", name="Create an endpoint").click()
    panel.accept("Ok", "kiosk")
    expect(panel.row("kiosk", "endpoint")).to_be_visible()
    expect(panel.page.locator(".Toastify__toast--success", has_text="kiosk")).to_be_visible()
    panel.search("kiosk")
    panel.drag(panel.row("kiosk", "endpoint"))
    panel.page.wait_for_function(f"() => ({SOURCES})().includes('%invoke kiosk [[1, 2]]')")
    panel.unfold("kiosk", "endpoint").get_by_role("button", name="Delete endpoint").click()
    panel.accept("Cancel")
    assert "kiosk" in shared.endpoints
    panel.row("kiosk", "endpoint").get_by_role("button", name="Delete endpoint").click()
    panel.accept("Delete")
    expect(panel.row("kiosk", "endpoint")).to_have_count(0)
    assert "kiosk" not in shared.endpoints
    panel.search("shop")


def test_a_request_by_the_rules_and_to_one(panel: PanelPage, shop: Endpoint) -> None:
    panel.row("shop", "endpoint").get_by_role("button", name="Invoke", exact=True).click()
    view = panel.document("Invoke: shop")
    shop.route("green=100")
    view.get_by_role("button", name="Send").click()
    expect(view.get_by_label("answer", exact=True)).to_contain_text("green")
    view.get_by_label("Answered by").select_option("blue")
    view.get_by_role("button", name="Send").click()
    expect(view.get_by_label("answer", exact=True)).to_contain_text("blue")
    panel.row("shop", "endpoint").get_by_role("button", name="Log of the requests to shop").click()
    log = panel.document("Log: shop").get_by_role("log")
    expect(log).to_contain_text(re.compile(r" blue 200 POST /score \d+ ms "))
    deployment(panel, "blue").get_by_role("button", name="Log of shop.blue.1").click()
    expect(panel.document("Log: shop.blue.1").get_by_role("log")).to_contain_text("generation 1")


def test_a_rollout_is_begun_approved_and_taken_back(panel: PanelPage, shop: Endpoint) -> None:
    shop.route("blue=100")
    row = panel.unfold("shop", "endpoint")
    plan = {**QUICK, "Percent of the traffic, step by step": "50,100"}
    plan |= {"Requests before a step is judged": "30", "Wait for my approval before each step": "yes"}
    asked(panel, "green", "Roll out green", plan, "Begin")
    rollout = row.get_by_role("group", name="rollout of green at shop")
    state = rollout.get_by_role("status")
    # First, both versions begin to collect their requests.
    expect(state).to_contain_text("mirroring", timeout=60_000)
    # It alone changes the traffic now.
    expect(deployment(panel, "blue").get_by_role("slider", name="traffic of blue")).to_be_disabled()
    rollout.get_by_role("button", name="Hold the rollout of green").click()
    expect(state).to_contain_text("held")
    rollout.get_by_role("button", name="Approve the rollout of green").click()
    expect(state).not_to_contain_text("held")
    _answer_until(shop, panel, state, "waiting")
    versions = rollout.get_by_role("table", name="both versions").get_by_role("row")
    expect(versions.filter(has_text="green")).to_contain_text("copied")
    expect(rollout).to_contain_text("0 % of ")  # of the answers, as each version answers with its own name
    rollout.get_by_role("button", name="Approve the rollout of green").click()
    expect(versions.filter(has_text="green")).to_contain_text("50 %")
    expect(row.get_by_role("img", name="traffic: blue 50 %, green 50 %").first).to_be_visible()
    rollout.get_by_role("button", name="Roll back the rollout of green").click()
    expect(state).to_contain_text("rolled back")
    assert shop.traffic == {"blue": 100, "green": 0}
    expect(rollout.get_by_role("button")).to_have_count(0)
    expect(deployment(panel, "blue").get_by_role("slider", name="traffic of blue")).to_be_enabled()
    row.get_by_role("button", name="Close").click()


def test_a_rollout_is_promoted(panel: PanelPage, shop: Endpoint) -> None:
    asked(panel, "green", "Roll out green", {**QUICK, "Requests before a step is judged": "5"}, "Begin")
    rollout = panel.row("shop", "endpoint").get_by_role("group", name="rollout of green at shop")
    state = rollout.get_by_role("status")
    expect(state).to_contain_text("mirroring", timeout=60_000)
    # The notebook's view goes with it.
    panel.notebook.command("docmanager:open", {"path": panel.notebook.path, "factory": "Notebook"})
    view = panel.notebook.view("rollout shop")
    _answer_until(shop, panel, state, "complete")
    versions = view.get_by_role("table", name="both versions").get_by_role("row")
    expect(versions.filter(has_text="green")).to_contain_text("100 %")
    expect(view.get_by_role("button")).to_have_text(["Roll back", "Promote"])
    view.get_by_role("button", name="Promote").click()
    expect(view).to_contain_text("✓ the rollout of green is final")
    expect(view.get_by_role("button")).to_have_count(0)
    expect(state).to_contain_text("promoted")
    assert shop.traffic == {"blue": 0, "green": 100}
    panel.row("shop", "endpoint").get_by_role("button", name="Close").click()


def _answer_until(endpoint: Endpoint, panel: PanelPage, state: Locator, wanted: str) -> None:
    """Be its clients until the panel says that its rollout is so far."""
    for _ in range(400):
        answers(endpoint, 5)
        if wanted in state.inner_text():
            return
        panel.page.wait_for_timeout(50)
    expect(state).to_contain_text(wanted)


def test_keys_are_masked_and_replaced(panel: PanelPage, shop: Endpoint, lab: Lab) -> None:
    row = panel.unfold("shop", "endpoint")
    assert not any("keys" in one for one in panel.requests)
    row.get_by_role("button", name="Keys", exact=True).click()
    keys = row.get_by_role("group", name="keys of shop")
    expect(keys).to_contain_text("••••")
    # What a terminal has replaced since is not what is copied.
    typed(lab, "endpoint", "keys", "shop", "--regenerate", "primary")
    first = shop.get_keys().primary
    assert first not in panel.page.content()
    keys.get_by_role("button", name="Copy the primary key").click()
    expect(keys.get_by_role("button", name="Copy the primary key")).to_have_text("Copied")
    assert panel.page.evaluate("() => navigator.clipboard.readText()") == first
    keys.get_by_role("button", name="New primary key").click()
    panel.accept("Make it")
    expect(row.locator(".jp-ModelDeploy-told")).to_contain_text("The primary key is new")
    assert shop.get_keys().primary != first
    row.get_by_role("button", name="Keys", exact=True).click()
    row.get_by_role("button", name="Close").click()


def test_pictures(panel: PanelPage, shop: Endpoint, tmp_path: Path) -> None:
    """Light, dark and narrow; only written anew where that is asked for."""
    folder = IMAGES if os.environ.get(WRITES) == "1" else tmp_path
    deployment(panel, "blue").scroll_into_view_if_needed()
    for theme in ("Dark", "Light"):
        panel.notebook.theme(theme)
        panel.box.screenshot(path=folder / f"panel-endpoints-{theme.lower()}.png", animations="disabled")
    before = panel.page.viewport_size
    assert before is not None
    panel.page.set_viewport_size({"width": 520, "height": 900})
    assert panel.box.evaluate("(node) => node.scrollWidth <= node.clientWidth + 1")
    panel.page.set_viewport_size(before)


def test_it_scales_and_refuses_what_would_hurt(panel: PanelPage, shop: Endpoint, lab: Lab) -> None:
    row = panel.row("shop", "endpoint")
    deployment(panel, "green").get_by_role("button", name="Delete green").click()
    panel.accept("Delete")
    expect(row.get_by_role("alert")).to_contain_text("has 100 % of the traffic")
    expect(row.get_by_role("alert")).to_contain_text("jupyter model endpoint traffic shop green=0")
    row.get_by_role("button", name="Close").click()
    typed(lab, "stop", "shop.green.1")
    expect(deployment(panel, "green").get_by_role("status").first).to_have_text("■Stopped")
    deployment(panel, "green").get_by_role("button", name="Start green").click()
    expect(deployment(panel, "green").get_by_role("status").first).to_have_text("●Healthy")
    asked(panel, "blue", "Scale blue", {"Instances": "2"}, "Scale")
    expect(deployment(panel, "blue").get_by_role("button", name="Log of shop.blue.2")).to_be_visible()
    asked(panel, "blue", "Scale blue", {"or as requests need: at least": "0", "at most": "3"}, "Scale")
    expect(deployment(panel, "blue")).to_contain_text("from 0 to 3 as requests need")
    found = shop.deployments["blue"].record.scaling
    assert found
    assert (found.least, found.most) == (0, 3)
    typed(lab, "deployment", "delete", "shop", "blue", "--yes")
    expect(deployment(panel, "blue")).to_have_count(0, timeout=SOON)
    expect(panel.row("shop", "endpoint")).to_contain_text("1 deployment")


def test_a_hidden_page_asks_nothing(panel: PanelPage, shop: Endpoint) -> None:
    with panel.hidden():
        panel.requests.clear()
        shop.route("green=0")
        assert panel.requests == []
    expect(panel.row("shop", "endpoint").get_by_role("img", name="no deployment has traffic").first).to_be_visible()
    shop.route("green=100")
