"""The side panel: whatever changes what, it shows it; and what can be done in it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from jupyter_deploy.errors import DeployError
from jupyter_deploy.workspace import Service, Workspace

from .lab import Lab, Notebook, opened
from .panels import PanelPage
from .test_everywhere import EVIL, WRITES

DOCS = Path(__file__).parent.parent.parent / "docs" / "images"
# Half a second and three seconds are what is promised, on a machine that does nothing else.
SOON, DEATH = 1500, 8000


@pytest.fixture(scope="module")
def panel(page: Notebook) -> PanelPage:
    return PanelPage(page).open()


@pytest.fixture(scope="module")
def served(shared: Workspace) -> Iterator[Service]:
    """A service that the tests here may stop and change."""
    yield shared.deploy("served", script="echo", auth="key")
    if "served" in shared.services:
        shared.services["served"].delete()


def test_it_lists_what_there_is(panel: PanelPage, shared: Workspace) -> None:
    names = {model.name for model in shared.models.list()}
    expect(panel.state("echo")).to_have_text("●Healthy")
    expect(panel.row("churn", "model")).to_contain_text(":2")
    expect(panel.row("churn", "model")).to_contain_text("team=risk")
    expect(panel.box.get_by_role("heading", name="Models")).to_contain_text(str(len(names)))
    panel.row("churn").locator(".jp-ModelDeploy-line").focus()
    panel.page.keyboard.press("ArrowDown")
    expect(panel.row("echo").locator(".jp-ModelDeploy-line")).to_be_focused()
    panel.search("wine")
    expect(panel.row("wine", "model")).to_be_visible()
    expect(panel.row("echo")).to_have_count(0)
    expect(panel.box.get_by_role("heading", name="Models")).to_contain_text(f"1 / {len(names)}")
    panel.search("")
    panel.box.get_by_label("Only what has this tag").select_option("team=risk")
    expect(panel.row("wine", "model")).to_have_count(0)
    panel.box.get_by_label("Only what has this tag").select_option("")
    expect(panel.row("echo")).to_be_visible()


def test_what_a_cell_starts(panel: PanelPage) -> None:
    panel.notebook.cell("%%score_script celled\ndef run(data):\n    return data")
    panel.notebook.cell("%deploy celled")
    expect(panel.state("celled")).to_have_text("●Healthy")
    panel.notebook.cell("%model delete celled -y")
    expect(panel.row("celled")).to_have_count(0)


def test_what_the_terminal_starts_is_there_in_half_a_second(panel: PanelPage, lab: Lab) -> None:
    environ = {**os.environ, "JUPYTER_DEPLOY_HOME": str(lab.home)}
    command = [sys.executable, "-m", "jupyter_deploy.cli"]
    subprocess.run([*command, "deploy", "typed", "--script", "echo"], env=environ, check=True, capture_output=True)
    expect(panel.state("typed")).to_have_text("●Healthy", timeout=SOON)
    subprocess.run([*command, "delete", "typed", "--yes"], env=environ, check=True, capture_output=True)
    expect(panel.row("typed")).to_have_count(0, timeout=SOON)


def test_a_server_that_is_killed_by_hand(panel: PanelPage, served: Service, shared: Workspace) -> None:
    expect(panel.state("served")).to_have_text("●Healthy")
    worker = served.as_dict()["workers"][0]
    os.kill(worker["pid"] if isinstance(worker, dict) else worker, signal.SIGKILL)
    expect(panel.unfold("served").locator("dt", has_text="restarts")).to_be_visible(timeout=DEATH)
    os.kill(served.as_dict()["pid"], signal.SIGKILL)
    expect(panel.row("served")).to_contain_text("was killed by SIGKILL and was started again", timeout=DEATH)
    os.kill(served.as_dict()["pid"], signal.SIGTERM)
    expect(panel.state("served")).not_to_have_text("●Healthy", timeout=DEATH)
    panel.press("served", "Start")
    expect(panel.state("served")).to_have_text("●Healthy")


def test_each_action_of_a_service(panel: PanelPage, served: Service) -> None:
    row = panel.unfold("served")
    row.get_by_role("button", name="Copy the address of served").click()
    assert panel.page.evaluate("() => navigator.clipboard.readText()") == served.scoring_uri
    panel.press("served", "Reload")
    expect(row.locator(".jp-ModelDeploy-told")).to_contain_text("generation 2 serves")
    panel.press("served", "Stop")
    panel.accept("Cancel")
    assert served.state == "Healthy"
    panel.press("served", "Stop")
    panel.accept("Stop")
    expect(panel.state("served")).to_have_text("■Stopped")
    assert served.state == "Stopped"
    panel.press("served", "Start")
    expect(panel.state("served")).to_have_text("●Healthy")
    assert served.state == "Healthy"


def test_keys_are_asked_for_masked_and_replaced(panel: PanelPage, served: Service) -> None:
    row = panel.unfold("served")
    assert "keys" not in "".join(panel.requests)
    panel.press("served", "Keys")
    keys = row.get_by_role("group", name="keys of served")
    first = served.get_keys().primary
    expect(keys).to_contain_text("••••")
    assert first not in panel.page.content()
    keys.get_by_role("button", name="Copy the primary key").click()
    expect(keys.get_by_role("button", name="Copy the primary key")).to_have_text("Copied")
    assert panel.page.evaluate("() => navigator.clipboard.readText()") == first
    # A terminal replaces one meanwhile.
    served.regenerate_key("Secondary")
    keys.get_by_role("button", name="Copy the secondary key").click()
    expect(keys.get_by_role("button", name="Copy the secondary key")).to_have_text("Copied")
    assert panel.page.evaluate("() => navigator.clipboard.readText()") == served.get_keys().secondary
    keys.get_by_role("button", name="New primary key").click()
    panel.accept("Make it")
    keys.get_by_role("button", name="Show", exact=True).click()
    expect(keys).not_to_contain_text("••••")
    second = served.get_keys().primary
    assert second != first
    expect(keys).to_contain_text(second)
    panel.press("served", "Keys")


def test_an_error_has_its_message_and_hint(panel: PanelPage, shared: Workspace, tmp_path: Path) -> None:
    script = tmp_path / "broken.py"
    script.write_text("def run(data):\n    return data\n")
    service = shared.deploy("broken", script=str(script))
    expect(panel.state("broken")).to_have_text("●Healthy")
    script.write_text("ORDER = 1 / 0\ndef run(data):\n    return data\n")
    panel.press("broken", "Reload")
    told = panel.row("broken").locator(".jp-ModelDeploy-told")
    expect(told).to_contain_text("ZeroDivisionError")
    expect(told).to_contain_text("still serves")
    service.delete()
    expect(panel.row("broken")).to_have_count(0)


def test_its_log(panel: PanelPage, echo: Service) -> None:
    panel.press("echo", "Log")
    view = panel.document("Log: echo")
    lines = view.get_by_role("log")
    echo.invoke(["a line to find"])
    expect(lines).to_contain_text("warned of ['a line to find']")
    view.get_by_label("Search the log").fill("a line to find")
    expect(lines).not_to_contain_text("generation")
    view.get_by_label("Levels shown").select_option("W")
    expect(lines.locator(".jp-ModelDeploy-logline")).to_have_count(1)
    view.get_by_label("Search the log").fill("")
    view.get_by_label("Levels shown").select_option("D")
    view.get_by_role("button", name="Pause").click()
    echo.invoke(["while it pauses"])
    with panel.page.expect_download() as loading:
        view.get_by_role("button", name="Download").click()
    assert "while it pauses" in Path(loading.value.path()).read_text()
    expect(lines).not_to_contain_text("while it pauses")
    view.get_by_role("button", name="Pause").click()
    expect(lines).to_contain_text("while it pauses")


def test_ten_thousand_lines_are_few_in_the_page(panel: PanelPage, echo: Service) -> None:
    with echo.log_file.open("a") as log:
        log.writelines(f"line number {number}\n" for number in range(10_000))
    view = panel.document("Log: echo")
    expect(view.get_by_role("log")).to_contain_text("line number 9999")
    assert view.locator(".jp-ModelDeploy-logline").count() < 200
    view.get_by_label("Search the log").fill("line number 1234")
    expect(view.locator(".jp-ModelDeploy-logline")).to_have_count(1)
    panel.notebook.command("application:close")
    # Opened again, it begins at the end, and says so: a search goes no further.
    panel.press("echo", "Log")
    view = panel.document("Log: echo")
    expect(view.get_by_role("status")).to_have_text("the last 2,000 lines")
    view.get_by_label("Search the log").fill("line number 7000")
    expect(view.get_by_role("status")).to_have_text("0 of the last 2,000 lines")
    view.get_by_role("button", name="Earlier lines").click()
    expect(view.get_by_role("status")).to_have_text("1 of the last 4,000 lines")
    view.get_by_label("Search the log").fill("")
    # What was in view stays there.
    expect(view.get_by_role("log")).to_contain_text("line number 9999")


def test_the_log_of_a_failed_deployment(panel: PanelPage, shared: Workspace) -> None:
    shared.score_script("failing", "1 / 0\ndef run(data):\n    return data\n")
    with pytest.raises(DeployError):
        shared.deploy("failing", target="process")
    panel.page.evaluate("() => { void window.jupyterapp.commands.execute('model-deploy:open-log'); }")
    panel.accept("Ok", "failing")
    expect(panel.document("Log: failing").get_by_role("log")).to_contain_text("ZeroDivisionError")


def test_a_form_with_a_field_for_each_parameter(panel: PanelPage) -> None:
    panel.press("churn", "Invoke")
    view = panel.document("Invoke: churn")
    view.get_by_label("months").fill("6")
    view.get_by_role("button", name="Send").click()
    expect(view.get_by_label("answer", exact=True)).to_contain_text('"risk": 0.5')
    view.get_by_label("months").fill("six")
    view.get_by_role("button", name="Send").click()
    expect(view.locator("form")).to_contain_text("This is no integer.")
    view.get_by_text("Earlier requests").click()
    view.get_by_role("button", name="Fill the form with the request of").first.click()
    expect(view.get_by_label("months")).to_have_value("6")


def test_versions_and_tags_of_a_model(panel: PanelPage, shared: Workspace) -> None:
    shared.register("tagged", {"a": 1}, tags={"stage": "trial"})
    panel.search("tagged")
    row = panel.unfold("tagged", "model")
    row.get_by_role("button", name="Add a tag to tagged:1").click()
    panel.accept("Ok", "team=risk")
    expect(row.locator(".jp-ModelDeploy-version")).to_contain_text("team=risk")
    row.get_by_role("button", name="Change tag stage").click()
    panel.accept("Ok", "stage=live")
    expect(row.locator(".jp-ModelDeploy-version")).to_contain_text("stage=live")
    # Another key takes the place of the one before.
    row.get_by_role("button", name="Change tag team").click()
    panel.accept("Ok", "unit=risk")
    expect(row.locator(".jp-ModelDeploy-version")).to_contain_text("unit=risk")
    expect(row.locator(".jp-ModelDeploy-version")).not_to_contain_text("team=risk")
    row.get_by_role("button", name="Remove tag unit").click()
    expect(row.locator(".jp-ModelDeploy-version")).not_to_contain_text("unit=risk")
    assert shared.models.get("tagged").tags == {"stage": "live"}
    shared.register("tagged", {"a": 2})
    expect(row.get_by_role("group", name="tagged:2")).to_be_visible()
    row.get_by_role("button", name="Remove tagged:2").click()
    panel.accept("Remove")
    expect(row.get_by_role("group", name="tagged:2")).to_have_count(0)
    shared.unregister("tagged:1")
    expect(row).to_have_count(0)
    panel.search("")


def test_another_version_of_its_model(panel: PanelPage, shared: Workspace) -> None:
    shared.register("vine", {"a": 1})
    service = shared.deploy("vine", script="echo", models=["vine:1"])
    shared.register("vine", {"a": 2})
    # Rows that are off the screen are not in the page.
    panel.search("vine")
    expect(panel.row("vine").locator(".jp-ModelDeploy-line")).to_contain_text("vine:1")
    panel.press("vine", "Other version…")
    panel.accept("Ok")
    expect(panel.row("vine").locator(".jp-ModelDeploy-line")).to_contain_text("vine:2")
    assert service.as_dict()["models"] == ["vine:2"]
    service.delete()
    for version in (1, 2):
        shared.unregister(f"vine:{version}")
    panel.search("")


def test_two_tabs_agree_and_delete_asks(panel: PanelPage, shared: Workspace, second: Notebook) -> None:
    shared.deploy("passing", script="echo")
    other = PanelPage(second).open()
    expect(other.state("passing")).to_have_text("●Healthy")
    panel.press("passing", "Delete")
    panel.accept("Delete")
    expect(panel.row("passing")).to_have_count(0)
    expect(other.row("passing")).to_have_count(0)
    assert "passing" not in shared.services


def test_a_hidden_page_asks_nothing(panel: PanelPage, shared: Workspace) -> None:
    expect(panel.state("echo")).to_have_text("●Healthy")
    with panel.hidden():
        panel.requests.clear()
        service = shared.deploy("unseen", script="echo")
        service.delete()
        seen = shared.deploy("seen", script="echo")
        assert panel.requests == []
    expect(panel.state("seen")).to_have_text("●Healthy")
    # A second one if the feed finds out only now that the service is up.
    assert panel.requests.count("GET overview") <= 2
    seen.delete()


def test_markup_stays_text(panel: PanelPage, shared: Workspace) -> None:
    shared.register("evil", {"a": 1}, tags={EVIL: EVIL}, description=EVIL)
    service = shared.deploy("evil", script="echo", models=[], tags={"t": EVIL}, description=EVIL)
    panel.search("evil")
    panel.unfold("evil", "model")
    expect(panel.row("evil", "model").locator(".jp-ModelDeploy-version")).to_contain_text(EVIL)
    panel.unfold("evil")
    expect(panel.row("evil").locator(".jp-ModelDeploy-details")).to_contain_text(EVIL)
    assert panel.page.locator("img[src=x]").count() == 0
    service.delete()
    shared.unregister("evil")
    panel.search("")


@pytest.mark.parametrize("theme", ["Dark", "Light"])
def test_pictures(panel: PanelPage, tmp_path: Path, theme: str) -> None:
    panel.notebook.theme(theme)
    expect(panel.page.locator(".jp-Splash, #jupyterlab-splash")).to_have_count(0)
    panel.search("churn")
    panel.unfold("churn", "model")
    panel.unfold("churn")
    folder = Path(os.environ.get("PANEL_PICTURES", tmp_path))
    for width in (1400, 700):
        panel.page.set_viewport_size({"width": width, "height": 900})
        assert panel.box.evaluate("(node) => node.scrollWidth <= node.clientWidth + 1")
        panel.page.screenshot(path=folder / f"panel-{theme}-{width}.png")
    panel.page.set_viewport_size({"width": 1400, "height": 900})


TRAIN = """from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
iris = load_iris()
clf = LogisticRegression(max_iter=500).fit(iris.data, iris.target)"""
SCRIPT = "%%score_script flowers\ndef run(rows):\n    return clf.predict(rows).tolist()"


def test_the_readmes_picture(lab: Lab, shared: Workspace, browser: Browser, tmp_path: Path) -> None:
    """Notebook and panel together; it is only written where that is asked for."""
    with opened(lab, browser, TRAIN, "%register flowers clf --tag stage=live", SCRIPT, "%deploy flowers") as page:
        view = PanelPage(page).open()
        expect(view.state("flowers")).to_have_text("●Healthy")
        page.cell("%invoke flowers iris.data[::50]")
        # On the picture, a chart worth looking at.
        page.cell(f"%invoke flowers iris.data -n {2000 if os.environ.get(WRITES) == '1' else 40} -c 4")
        page.page.set_viewport_size({"width": 1280, "height": 800})
        view.search("flowers")
        view.unfold("flowers")
        view.unfold("flowers", "model")
        expect(view.box.locator(".jp-ModelDeploy-spark")).to_have_count(2)
        page.box.locator(".jp-CodeCell").nth(3).scroll_into_view_if_needed()
        place = (DOCS / "panel.png") if os.environ.get(WRITES) == "1" else tmp_path / "panel.png"
        page.page.screenshot(path=place)
        assert place.stat().st_size > 20_000, "there is nothing in the picture"
        shared.services["flowers"].delete()
        shared.unregister("flowers")
