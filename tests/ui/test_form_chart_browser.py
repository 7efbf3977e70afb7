"""The invoke form, the chart, and the browser of models."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from jupyter_deploy.client import Service
from jupyter_deploy.workspace import Workspace

from .lab import Lab, Notebook, opened


@pytest.fixture(scope="module")
def page(lab: Lab, shared: Workspace, browser: Browser) -> Iterator[Notebook]:
    """A notebook with all of them; the form without a schema comes first."""
    cells = ("%model view form echo", "%model view form typed", "%model view chart echo", "%model view models")
    with opened(lab, browser, *cells) as page:
        yield page


def test_a_form_from_the_schema(page: Notebook, shared: Workspace) -> None:
    form = page.widget("form", 1)
    text, times, rows = (
        form.get_by_role(role, name=name)
        for role, name in (("textbox", "text"), ("spinbutton", "times"), ("textbox", "rows"))
    )
    expect(text).to_have_value("good")
    expect(times).to_have_value("2")
    expect(rows).to_have_value("[[1.5, 2.5]]")
    text.fill('"<b>')
    form.get_by_role("button", name="Send").click()
    outcome = form.locator(".jpd-outcome")
    expect(outcome).to_contain_text('["\\"<b>\\"<b>", [[1.5, 2.5]]]')
    expect(outcome.locator(".jpd-outcome-title")).to_contain_text("200 in")
    expect(outcome.locator(".jpd-outcome-title")).to_contain_text("ms in run()")

    rows.fill("[[1,")
    form.get_by_role("button", name="Send").click()
    expect(rows).to_have_attribute("aria-invalid", "true")
    expect(form).to_contain_text("This is not JSON")
    rows.fill('{"a": 1}')
    form.get_by_role("button", name="Send").click()
    expect(outcome).to_contain_text("does not fit the schema")
    expect(outcome).to_contain_text("Hint:")

    form.get_by_text("Earlier requests").click()
    expect(form.get_by_role("listitem")).to_have_count(2)
    form.get_by_role("listitem").last.get_by_role("button").click()
    expect(rows).to_have_value("[[1.5,2.5]]")
    expect(text).to_have_value('"<b>')
    form.get_by_role("button", name="Reset to the sample").click()
    expect(text).to_have_value("good")


def test_a_form_without_a_schema(page: Notebook, echo: Service) -> None:
    form = page.widget("form")
    request = form.get_by_role("textbox", name="request")
    expect(request).to_have_value("[[1, 2]]")
    request.fill('"fail"')
    form.get_by_role("button", name="Send").click()
    outcome = form.locator(".jpd-outcome")
    expect(outcome).to_contain_text("ValueError: <img src=x onerror=window.hit=1> is no number")
    expect(outcome.get_by_label("details")).to_contain_text("in run")
    expect(form.locator(".jpd-history")).to_contain_text("✕ 500")
    request.fill("not JSON")
    form.get_by_role("button", name="Send").press("Enter")
    expect(outcome).to_contain_text("JSONDecodeError")


def test_the_chart_draws(page: Notebook, echo: Service) -> None:
    chart = page.widget("chart")
    for number in range(20):
        echo.invoke(number)
    image = chart.get_by_role("img").nth(1)
    expect(image).to_have_attribute("aria-label", re.compile("95 of 100 at most"))
    expect(chart.locator("path.jpd-p95")).to_have_attribute("d", re.compile("L"))
    expect(chart.locator("path.jpd-rate")).to_have_attribute("d", re.compile("L"))
    expect(chart.locator(".jpd-legend").nth(1)).to_contain_text("ms")


def test_the_browser_of_models(page: Notebook, shared: Workspace) -> None:
    browser = page.widget("browser")
    expect(browser.locator(".jpd-model")).to_have_text(["wine", "churn"])
    browser.get_by_label("search models").fill("team=risk")
    expect(browser.locator(".jpd-model")).to_have_text(["churn"])
    expect(browser.locator(".jpd-count")).to_have_text("1 of 2")
    browser.get_by_role("button", name="version 2").click()
    details = browser.get_by_role("region", name="details of the version picked")
    expect(details).to_contain_text("the second")
    details.get_by_label("value of tag stage").fill("<script>window.hit=1</script>")
    details.get_by_role("button", name="save tag stage").click()
    expect(browser.locator(".jpd-outcome")).to_contain_text("churn:2 is tagged stage=<script>window.hit=1</script>")
    assert shared.models.get("churn:2").tags == {"stage": "<script>window.hit=1</script>", "team": "risk"}
    details.get_by_label("name of a new tag").fill("owner")
    details.get_by_label("value of the new tag").fill("me")
    details.get_by_role("button", name="add the tag").click()
    expect(details.get_by_label("value of tag owner")).to_have_value("me")
    expect(browser.get_by_role("button", name="version 2")).to_contain_text("owner=me")
    details.get_by_role("button", name="copy the line that loads it").click()
    expect(details.get_by_role("button", name="copy the line that loads it")).to_have_text("copied")
    assert page.page.evaluate("() => navigator.clipboard.readText()").startswith("joblib.load(")
    # Registered elsewhere, it appears by itself.
    browser.get_by_label("search models").fill("")
    shared.register("later", {"c": 1})
    expect(browser.locator(".jpd-model")).to_have_text(["later", "wine", "churn"], timeout=12_000)
    shared.unregister("later")
