"""The service's card."""

from __future__ import annotations

from playwright.sync_api import expect

from jupyter_deploy.workspace import Service, Workspace

from .lab import Notebook


def test_it_follows_the_service_while_a_cell_runs(page: Notebook, shared: Workspace) -> None:
    service = shared.deploy("passing", script="echo")
    card = page.view("card passing")
    expect(card.locator(".jpd-badge")).to_have_text("●Healthy")
    expect(card.locator(".jpd-url")).to_have_text(service.scoring_uri)
    page.start("import time\nwhile not globals().get('done'): time.sleep(0.01)")
    service.invoke([1])
    expect(card.locator(".jpd-numbers")).to_contain_text("0 of 1")
    expect(card.locator(".jpd-log")).to_contain_text("got [1]")
    service.stop()
    expect(card.locator(".jpd-badge")).to_have_text("■Stopped")
    expect(card.get_by_role("button", name="Reload")).to_be_disabled()
    shared.deploy("passing")
    expect(card.locator(".jpd-badge")).to_have_text("●Healthy")
    service.delete()
    # The live card ends with its service; its summary stays.
    expect(page.page.locator(".jp-OutputArea-output").filter(has_text="Deleted")).to_be_visible()
    expect(card).to_have_count(0)
    page.interrupt()


def test_its_buttons(page: Notebook, echo: Service) -> None:
    card = page.view("card echo")
    card.get_by_role("button", name="copy the address of echo").click()
    expect(card.get_by_role("button", name="copy the address of echo")).to_have_text("copied")
    assert page.page.evaluate("() => navigator.clipboard.readText()") == echo.scoring_uri

    card.get_by_role("button", name="Invoke", exact=True).click()
    request = card.get_by_label("request for echo")
    expect(request).to_be_focused()
    expect(request).to_have_value("[[1, 2]]")
    card.get_by_role("button", name="Send").click()
    expect(card.locator(".jpd-outcome")).to_contain_text('{"answer": [[1, 2]]}')
    expect(card.locator(".jpd-outcome-title")).to_contain_text("200 in")
    request.fill('"fail"')
    card.get_by_role("button", name="Send").click()
    outcome = card.locator(".jpd-outcome")
    expect(outcome).to_contain_text("InvokeProblem: echo: ValueError: <img src=x onerror=window.hit=1> is no number")
    expect(outcome).to_contain_text('raise ValueError("<img src=x')

    before = echo.health.generation
    # By the keyboard: the notebook has shortcuts of its own for Enter.
    card.get_by_role("button", name="Reload").focus()
    page.page.keyboard.press("Enter")
    expect(outcome).to_contain_text(f"generation {before + 1} serves")
    card.get_by_role("button", name="Logs").click()
    expect(card.locator(".jpd-log")).to_contain_text(f"generation {before} serves")


def test_stop_asks_first(page: Notebook, shared: Workspace) -> None:
    service = shared.deploy("stopping", script="echo")
    card = page.view("card stopping")
    card.get_by_role("button", name="Stop", exact=True).click()
    expect(card.get_by_role("group", name="stop stopping?")).to_be_visible()
    expect(card.get_by_role("button", name="Keep it running")).to_be_focused()
    card.get_by_role("button", name="Keep it running").click()
    expect(card.get_by_role("group", name="stop stopping?")).to_be_hidden()
    assert service.state == "Healthy"
    card.get_by_role("button", name="Stop", exact=True).click()
    card.get_by_role("button", name="Stop it").click()
    expect(card.locator(".jpd-outcome")).to_contain_text("stopping is stopped")
    expect(card.locator(".jpd-badge")).to_have_text("■Stopped")
    assert service.state == "Stopped"
    expect(card.get_by_role("button", name="Invoke", exact=True)).to_be_disabled()
    card.get_by_role("button", name="Start", exact=True).click()
    expect(card.locator(".jpd-badge")).to_have_text("●Healthy", timeout=20_000)
    expect(card.get_by_role("button", name="Start", exact=True)).to_be_hidden()
    assert service.state == "Healthy"
    service.delete()


def test_deploying_without_waiting_shows_it_starting(page: Notebook, shared: Workspace) -> None:
    slow = "import time\n\ndef init():\n    time.sleep(1.5)\n\ndef run(data):\n    return data\n"
    page.cell(f"%%score_script slow\n{slow}")
    card = page.cell("svc = %deploy slow --no-wait\nsvc").locator(".jpd-card")
    expect(card.locator(".jpd-badge")).to_have_text("◐Transitioning")
    expect(page.cell("type(svc).__name__, svc.change.pending")).to_contain_text("('Service', True)")
    expect(card.locator(".jpd-badge")).to_have_text("●Healthy")
