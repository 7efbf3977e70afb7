"""The invoke form, the chart, and the browser of models."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from jupyter_deploy.workspace import Service, Workspace

from .lab import Notebook


def test_a_form_from_the_schema(page: Notebook, shared: Workspace) -> None:
    form = page.view("form churn")
    plan, usage = (form.get_by_role("textbox", name=name) for name in ("plan", "usage"))
    months = form.get_by_role("spinbutton", name="months")
    expect(plan).to_have_value("monthly")
    expect(months).to_have_value("14")
    expect(usage).to_have_value("[[12.5, 3.0], [9.0, 1.5]]")
    plan.fill('"<b>')
    form.get_by_role("button", name="Send").click()
    outcome = form.locator(".jpd-outcome")
    expect(outcome).to_contain_text('{"plan": "\\"<b>", "risk": 0.3, "rows": 2}')
    expect(outcome.locator(".jpd-outcome-title")).to_contain_text("200 in")
    expect(outcome.locator(".jpd-outcome-title")).to_contain_text("s in run()")

    usage.fill("[[9007199254740993, 3.0]]")
    form.get_by_role("button", name="Send").click()
    expect(outcome).to_contain_text('"rows": 1')
    form.get_by_text("Earlier requests").click()
    form.get_by_role("button", name="Reset to the sample").click()
    # A browser's numbers would round it.
    form.get_by_role("listitem").first.get_by_role("button").click()
    expect(usage).to_have_value("[[9007199254740993, 3.0]]")
    usage.fill("[[1,")
    form.get_by_role("button", name="Send").click()
    expect(usage).to_have_attribute("aria-invalid", "true")
    expect(form).to_contain_text("This is not JSON")
    usage.fill('{"a": 1}')
    form.get_by_role("button", name="Send").click()
    expect(outcome).to_contain_text("does not fit the schema")
    expect(outcome).to_contain_text("Hint:")

    expect(form.get_by_role("listitem")).to_have_count(3)
    form.get_by_role("listitem").last.get_by_role("button").click()
    expect(usage).to_have_value("[[12.5, 3.0], [9.0, 1.5]]")
    expect(plan).to_have_value('"<b>')
    form.get_by_role("button", name="Reset to the sample").click()
    expect(plan).to_have_value("monthly")


def test_a_form_without_a_schema(page: Notebook, echo: Service) -> None:
    form = page.view("form echo")
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
    chart = page.view("chart echo")
    for number in range(20):
        echo.invoke(number)
    image = chart.get_by_role("img").nth(1)
    expect(image).to_have_attribute("aria-label", re.compile("95 of 100 at most"))
    expect(chart.locator("path.jpd-p95")).to_have_attribute("d", re.compile("L"))
    expect(chart.locator("path.jpd-rate")).to_have_attribute("d", re.compile("L"))
    expect(chart.locator(".jpd-legend").nth(1)).to_contain_text("ms")


def test_the_browser_of_models(page: Notebook, shared: Workspace) -> None:
    browser = page.view("models")
    expect(browser.locator(".jpd-model")).to_have_text(["churn", "wine"])
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
    expect(browser.locator(".jpd-model")).to_have_text(["later", "churn", "wine"], timeout=12_000)
    shared.unregister("later")
