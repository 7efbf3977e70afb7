"""What holds for all widgets: themes, narrow cells, names for screen readers, text that stays text, what is saved."""

from __future__ import annotations

import base64
import itertools
import math
import os
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, expect

from jupyter_deploy.workspace import Service, Workspace

from .lab import Lab, Notebook, opened

KINDS = ("card", "logview", "form", "chart", "browser")
VIEWS = ("card churn", "log churn", "form churn", "chart churn", "models")
EVIL = "<script>window.hit=1</script><img src=x onerror='window.hit=1'>"
WRITES = "JUPYTER_DEPLOY_WRITE_IMAGES"
IMAGES = Path(__file__).parent.parent.parent / "notebooks" / "images"
# Colours as numbers from 0 to 255, and how light they look.
_COLOURS = """(node) => {
  const numbers = (text) => (text.match(/[\\d.]+/g) ?? []).map(Number);
  const style = getComputedStyle(node);
  const light = ([r, g, b]) => 0.2126 * r + 0.7152 * g + 0.0722 * b;
  return { ink: light(numbers(style.color)), paper: light(numbers(style.backgroundColor)) };
}"""


def traffic(service: Service, ended: threading.Event) -> None:
    """Requests as there might be, more and fewer of them, some of them odd."""
    for number in itertools.count():
        months = 60 if number % 60 == 59 else 6 + number % 20
        service.invoke({"plan": "monthly", "months": months, "usage": [[12.5, 3.0]] * (1 + number % 5)})
        if ended.wait(0.03 + 0.02 * math.sin(number / 40)):
            return


@pytest.fixture(scope="module")
def gallery(lab: Lab, shared: Workspace, browser: Browser) -> Iterator[Notebook]:
    """A notebook with one of each, and a service that is used meanwhile."""
    ended = threading.Event()
    requests = threading.Thread(target=traffic, args=(shared.services["churn"], ended))
    requests.start()
    try:
        with opened(lab, browser, *(f"%model view {view}" for view in VIEWS)) as page:
            for kind in KINDS:
                expect(page.widget(kind)).to_be_visible()
            expect(page.widget("chart").locator("path.jpd-rate")).to_have_count(1)
            yield page
    finally:
        ended.set()
        requests.join()


def test_every_button_and_field_has_a_name(gallery: Notebook) -> None:
    gallery.widget("browser").locator("summary").last.click()
    gallery.widget("browser").get_by_role("button", name="version").first.click()
    expect(gallery.widget("browser").get_by_label("name of a new tag")).to_be_visible()
    gallery.widget("card").get_by_role("button", name="Invoke", exact=True).click()
    for kind in KINDS:
        tree = gallery.widget(kind).aria_snapshot()
        controls = re.findall(
            r"^\s*- (?:button|textbox|searchbox|combobox|spinbutton|region|log|img|group)\b.*$", tree, re.MULTILINE
        )
        assert controls
        for line in controls:
            if not line.strip().startswith("- group:"):  # the browser's own disclosure, named by its summary
                assert re.search(r'"[^"]+"|/.+/', line), f"{kind}: {line}"
    gallery.widget("card").get_by_role("button", name="Close", exact=True).click()


@pytest.mark.parametrize("theme", ["Dark", "Light"])
def test_themes(gallery: Notebook, theme: str) -> None:
    gallery.theme(theme)
    for kind in KINDS:
        colours = gallery.widget(kind).evaluate(_COLOURS)
        assert (colours["paper"] < 60) == (theme == "Dark"), kind
        assert abs(colours["ink"] - colours["paper"]) > 125, kind


def test_narrow_cells(gallery: Notebook) -> None:
    before = gallery.page.viewport_size
    assert before is not None
    gallery.page.set_viewport_size({"width": 420, "height": 900})
    gallery.page.wait_for_function("() => document.querySelector('.jpd-chart').clientWidth < 400")
    for kind in KINDS:
        box = gallery.widget(kind)
        assert box.evaluate("(node) => node.scrollWidth <= node.clientWidth + 1"), kind
    gallery.page.set_viewport_size(before)


def test_pictures(gallery: Notebook, tmp_path: Path) -> None:
    """The README's pictures; they are only written anew where that is asked for."""
    folder = IMAGES if os.environ.get(WRITES) == "1" else tmp_path
    page = gallery.page
    if folder is IMAGES:
        # A chart worth looking at.
        page.wait_for_timeout(45_000)
    gallery.widget("form").get_by_role("button", name="Send").click()
    expect(gallery.widget("form").locator(".jpd-outcome")).to_contain_text("200 in")
    for theme in ("Light", "Dark"):
        gallery.theme(theme)
        for kind in ("card", "logview", "form", "chart"):
            picture = folder / f"{kind}-{theme.lower()}.png"
            gallery.widget(kind).scroll_into_view_if_needed()
            gallery.widget(kind).screenshot(path=picture)
            assert 4_000 < picture.stat().st_size < 150_000
            assert _colours_in(page.context.browser, picture) > 20


@pytest.fixture
def evil(shared: Workspace) -> Iterator[Service]:
    """A service that logs, answers and raises markup; and a model with such tags."""
    shared.register("evil", {"a": 1}, tags={EVIL: EVIL}, description=EVIL, framework=EVIL)
    script = f"""import json
EVIL = {EVIL!r}
def run(raw_data):
    print(EVIL)
    if raw_data == "fail":
        raise ValueError(EVIL)
    return EVIL
"""
    shared.score_script("evil", script)
    service = shared.deploy("evil", models=[])
    yield service
    service.delete()
    shared.unregister("evil")


def test_markup_is_shown_as_text(gallery: Notebook, evil: Service) -> None:
    cells = [gallery.cell(f"w{kind} = %model view {kind} evil\nw{kind}") for kind in ("card", "log", "form")]
    card, log, form = (cell.locator(".jpd-box") for cell in cells)
    cells.append(gallery.cell("wmodels = %model view models\nwmodels"))
    browser = cells[-1].locator(".jpd-box")
    form.get_by_role("textbox", name="request").fill(EVIL)
    form.get_by_role("button", name="Send").click()
    expect(form.locator(".jpd-outcome")).to_contain_text(EVIL)
    form.get_by_role("textbox", name="request").fill("fail")
    form.get_by_role("button", name="Send").click()
    expect(form.locator(".jpd-outcome")).to_contain_text(f"ValueError: {EVIL}")
    expect(form.locator(".jpd-history")).to_contain_text(EVIL)
    card.get_by_role("button", name="Invoke", exact=True).click()
    card.get_by_role("textbox").fill("fail")
    card.get_by_role("button", name="Send").click()
    expect(card.locator(".jpd-outcome")).to_contain_text(EVIL)
    expect(card.locator(".jpd-log")).to_contain_text(EVIL)
    expect(log.get_by_role("log")).to_contain_text(EVIL)
    browser.get_by_label("search models").fill("evil")
    browser.get_by_role("button", name="version 1").click()
    expect(browser.locator(".jpd-details")).to_contain_text(EVIL)
    expect(browser.locator(".jpd-tag").first).to_have_text(f"{EVIL}={EVIL}")
    # What is left of them as well: static summaries, and the faces of the service and of the models.
    gallery.execute("for w in (wcard, wlog, wform, wmodels): w.close()")
    for cell, left in zip(cells, ("Healthy", "onerror", "onerror", "onerror"), strict=True):
        expect(cell.locator(".jpd-box")).to_have_count(0)
        expect(cell.locator(".jp-OutputArea-output").first).to_contain_text(left)
    assert gallery.page.locator("img[src=x], .jp-OutputArea script").count() == 0


def test_what_is_closed_and_saved_holds_nothing_that_is_dead(lab: Lab, shared: Workspace, browser: Browser) -> None:
    with opened(lab, browser, *(f"%model view {view}" for view in VIEWS)) as page:
        for kind in KINDS:
            expect(page.widget(kind)).to_be_visible()
        page.execute("import ipywidgets; ipywidgets.Widget.close_all()")
        expect(page.box.locator(".jpd")).to_have_count(0)
        expect(_summaries(page).first).to_be_visible()
        saved = page.save()
        assert "widget-view" not in str(saved)
        page.reopen()
        expect(_summaries(page)).to_have_count(len(VIEWS))
        expect(page.box.get_by_text("Error displaying widget")).to_have_count(0)


def test_what_is_saved_needs_no_kernel(gallery: Notebook) -> None:
    # The last one: it ends what the others look at. Live while it is saved, and nothing of it is closed.
    expect(gallery.page.get_by_text("ServiceCard")).to_have_count(0)
    assert _summaries(gallery).first.is_hidden(), "the summary is only for when the view is dead"
    saved = gallery.save()
    assert "widget-view" in str(saved)
    gallery.reopen()
    _expect_summaries(gallery)
    # The notebook is trusted, so Lab tries to draw the views; nobody sees that it cannot.
    for error in gallery.page.get_by_text("Error displaying widget").all():
        expect(error).to_be_hidden()


def _summaries(page: Notebook) -> Locator:
    """The outputs before the views: static ones, and faces, which are live."""
    summary = page.page.locator("[data-jpd], .jp-ModelDeploy-summary")
    return page.box.locator(".jp-OutputArea-child").filter(has=summary)


def _expect_summaries(page: Notebook) -> None:
    shown = _summaries(page)
    texts = ("Healthy", "POST /score 200", "churn", "churn", "churn")
    for index, text in enumerate(texts):
        expect(shown.nth(index)).to_be_visible()
        expect(shown.nth(index)).to_contain_text(text)


def _colours_in(browser: Browser | None, picture: Path) -> int:
    """How many colours a picture has: a blank one has one."""
    assert browser is not None
    page = browser.new_page()
    data = base64.b64encode(picture.read_bytes()).decode()
    count: int = page.evaluate(
        """async (data) => {
          const image = new Image();
          image.src = `data:image/png;base64,${data}`;
          await image.decode();
          const canvas = new OffscreenCanvas(image.width, image.height);
          const drawing = canvas.getContext("2d");
          drawing.drawImage(image, 0, 0);
          return new Set(new Uint32Array(drawing.getImageData(0, 0, image.width, image.height).data.buffer)).size;
        }""",
        data,
    )
    page.close()
    return count
