"""The panel's form for a request: what is typed is sent, and what comes back is shown, digit by digit."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Route, expect

from jupyter_deploy.workspace import Workspace

from .lab import Notebook
from .panels import PanelPage

# The largest odd number that JavaScript has no number for begins here.
UNSAFE = 9007199254740993
TABLE = f"""import pandas as pd
from inference_schema.parameter_types.pandas_parameter_type import PandasParameterType
from inference_schema.schema_decorators import input_schema

SAMPLE = pd.DataFrame({{"id": [{UNSAFE}], "name <b>": ["x"], "price": [1.5], "ok": [True]}})

@input_schema("data", PandasParameterType(SAMPLE))
def run(data):
    return {{"id": int(data["id"][0]), "price": data["price"][0].item() if data["price"].notna()[0] else "missing",
            "whole": 2.0, "ok": bool(data["ok"][0]), "name": str(data["name <b>"][0]),
            "gone": bool(data["name <b>"].isna()[0])}}
"""


@pytest.fixture(scope="module")
def panel(page: Notebook) -> PanelPage:
    return PanelPage(page).open()


@pytest.fixture(scope="module")
def form(panel: PanelPage, shared: Workspace) -> Iterator[Locator]:
    """The form of a service that takes a table."""
    shared.score_script("tabled", TABLE)
    service = shared.deploy("tabled", target="process")
    panel.notebook.command("model-deploy:invoke", {"service": "tabled"})
    yield panel.document("Invoke: tabled")
    service.delete()


def test_a_column_is_sent_and_shown_as_it_is_written(form: Locator) -> None:
    answer, send = form.get_by_label("answer", exact=True), form.get_by_role("button", name="Send")
    send.click()
    expect(answer).to_contain_text(f'"id": {UNSAFE},')
    expect(answer).to_contain_text('"whole": 2.0,')
    form.get_by_label("id", exact=True).fill(str(UNSAFE + 2))
    form.get_by_label("name <b>").fill('a "quote", [and] {more}: \\')
    form.get_by_label("price").fill("")
    form.get_by_label("ok").select_option("false")
    send.click()
    expect(answer).to_contain_text(f'"id": {UNSAFE + 2},')
    # An empty column is a missing value.
    expect(answer).to_contain_text('"price": "missing"')
    expect(answer).to_contain_text('"ok": false')
    form.get_by_role("button", name="Reset to the sample").click()
    form.get_by_text("Earlier requests").click()
    form.get_by_role("button", name="Fill the form with the request of").first.click()
    expect(form.get_by_label("id", exact=True)).to_have_value(str(UNSAFE + 2))
    expect(form.get_by_label("name <b>")).to_have_value('a "quote", [and] {more}: \\')
    expect(form.get_by_label("price")).to_have_value("")
    expect(form.get_by_label("ok")).to_have_value("false")


def test_a_text_is_missing_where_that_is_said(form: Locator) -> None:
    answer, send = form.get_by_label("answer", exact=True), form.get_by_role("button", name="Send")
    form.get_by_role("button", name="Reset to the sample").click()
    form.get_by_label("name <b>").fill("")
    send.click()
    expect(answer).to_contain_text('"gone": false')
    form.get_by_label("missing").check()
    expect(form.get_by_label("name <b>")).to_be_disabled()
    send.click()
    expect(answer).to_contain_text('"gone": true')
    form.get_by_label("missing").uncheck()
    form.get_by_role("button", name="Fill the form with the request of").first.click()
    expect(form.get_by_label("missing")).to_be_checked()


def test_a_refused_request_says_why_in_the_history(form: Locator) -> None:
    form.get_by_label("id", exact=True).fill("1.5")
    form.get_by_role("button", name="Send").click()
    expect(form.get_by_role("alert")).to_contain_text("is not a whole number")
    expect(form.get_by_role("listitem").first).to_contain_text("✕ tabled answered 400")


def test_what_has_no_sample_is_left_out(panel: PanelPage) -> None:
    method = {"name": "method", "of": "", "kind": "choice", "hint": "", "value": "", "choices": ['"predict"']}

    def more(route: Route) -> None:
        told = route.fetch().json()
        route.fulfill(json={**told, "fields": [*told["fields"], method]})

    panel.page.route("**/jupyter-model-deploy/api/services/churn?*", more)
    panel.notebook.command("model-deploy:invoke", {"service": "churn"})
    form = panel.document("Invoke: churn")
    sent = []
    for choice in ("", '"predict"'):
        form.get_by_label("method").select_option(choice)
        with panel.page.expect_request("**/verbs/invoke*") as asked:
            form.get_by_role("button", name="Send").click()
        sent.append(json.loads(asked.value.post_data_json["arguments"]["data"]))
        expect(form.get_by_label("answer", exact=True)).to_contain_text('"plan": "monthly"')
    assert sent == [sent[0], {**sent[0], "method": "predict"}]
    panel.page.unroute_all(behavior="wait")
