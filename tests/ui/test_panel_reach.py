"""Where else the panel reaches: the palette, files, notebooks, the status bar; and where its other half is missing."""

from __future__ import annotations

import contextlib
import re

import pytest
from playwright.sync_api import Browser, Response, expect
from playwright.sync_api import TimeoutError as Late

from jupyter_deploy.labserver.acting import NOT_OFFERED
from jupyter_deploy.verbs import NAMES
from jupyter_deploy.workspace import Workspace

from .lab import Lab, Notebook, loaded, opened, running_lab
from .panels import SOURCES, PanelPage

SETTINGS = """async (text) => {
  await window.jupyterapp.serviceManager.settings.save("jupyter-model-deploy:panel", text);
}"""
CLOSE_LAUNCHERS = """() => {
  for (const widget of [...window.jupyterapp.shell.widgets("main")]) {
    if (widget.node.querySelector(".jp-Launcher")) widget.dispose();
  }
}"""
RESTART = "async () => { await window.jupyterapp.shell.currentWidget.sessionContext.restartKernel(); }"
DEPLOY_TO = "() => { window.jupyterapp.commands.execute('model-deploy:deploy-to-endpoint', { endpoint: 'nowhere' }); }"
BUSY = "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'busy'"
# A face as the kernel of another home leaves it.
ELSEWHERE = """from IPython.display import display
from jupyter_deploy import Workspace
from jupyter_deploy.display import bundle
data = bundle(Workspace().services["echo"])
face = next(value for mime, value in data.items() if "jupyter-deploy" in mime)
face.update(workspace="elsewhere", created=1.0)
display(data, raw=True)"""
PALETTE = (
    "Show the Panel of Models and Services",
    "Refresh the Panel",
    "Show a Log…",
    "Invoke a Service…",
    "Run Any Verb…",
    "Start a Service…",
    "Stop a Service…",
    "Reload a Service…",
    "Serve Another Model Version…",
    "Delete a Service…",
)


def _has_layout_of(response: Response, service: str) -> bool:
    """Whether Lab has saved its layout with that service's log in it."""
    request = response.request
    return "/api/workspaces/" in request.url and request.method == "PUT" and service in (request.post_data or "")


@pytest.fixture(scope="module")
def panel(page: Notebook) -> PanelPage:
    return PanelPage(page).open()


def test_serve_this_model_inserts_cells_that_serve_it(panel: PanelPage, shared: Workspace) -> None:
    page = panel.page
    panel.notebook.execute(
        "class Twice:\n    n_features_in_ = 1\n    def predict(self, rows):\n        import numpy\n"
        "        return numpy.array(rows)[:, 0] * 2\ntwice = Twice()"
    )
    page.locator(".jp-NotebookPanel-toolbar").get_by_role("button", name="Serve this model").click()
    expect(page.locator(".jp-Dialog")).to_be_visible()
    panel.accept("Ok", "twice")
    panel.accept("Ok", "doubled")
    # The kernel is asked for the number of columns first.
    page.wait_for_function(f"() => ({SOURCES})().length >= 4")
    sources = page.evaluate(SOURCES)
    assert sources[1:4] == [
        "%%score_script doubled\ndef run(rows):\n    return twice.predict(rows)",
        "%deploy doubled",
        "%invoke doubled [[0]]",
    ]
    panel.notebook.run_all()
    expect(panel.state("doubled")).to_have_text("●Healthy")
    card = page.locator(".jp-ModelDeploy-card")
    expect(card.get_by_role("status").or_(card.locator(".jp-ModelDeploy-state")).first).to_contain_text("Healthy")
    shared.services["doubled"].delete()
    expect(card).to_contain_text("Deleted")


def test_a_row_dragged_into_the_notebook_becomes_a_cell(panel: PanelPage) -> None:
    count = len(panel.page.evaluate(SOURCES))
    panel.drag(panel.row("echo"))
    panel.page.wait_for_function(f"() => ({SOURCES})().length === {count + 1}")
    assert "%invoke echo [[1, 2]]" in panel.page.evaluate(SOURCES)


def test_completion_and_help_while_typing(panel: PanelPage, shared: Workspace) -> None:
    page = panel.page
    completer, tip = page.locator(".jp-Completer"), page.locator(".jp-Tooltip")
    for typed, offered, chosen in (
        ("%deploy echo --work", "--workers", "%deploy echo --workers"),
        ("%invoke chu", "churn", "%invoke churn"),
        ("%model show wine:", "wine:1", "%model show wine:1"),
        ("%deploy echo --target pro", "process", "%deploy echo --target process"),
        ("%%score_script echo --samp", "--sample", "%%score_script echo --sample"),
    ):
        below = "\ndef run(data):\n    return data" if typed.startswith("%%") else ""
        # Lab gives the kernel a second to answer, and then shows nothing until it is asked again.
        for _ in range(10):
            panel.notebook.type_into_cell(typed, below)
            expect(page.locator(".jp-Cell.jp-mod-active .jp-mod-completer-enabled")).to_be_attached()
            page.keyboard.press("Tab")
            with contextlib.suppress(Late):
                completer.locator(".jp-Completer-item").first.wait_for(timeout=3000)
                break
        expect(completer.locator(".jp-Completer-item").first).to_contain_text(offered)
        page.keyboard.press("Enter")
        expect(completer).to_be_hidden()
        assert page.evaluate(SOURCES)[-1] == chosen + below
        # The kernel answers in order: what the page still asks for this cell must not come up in the next one.
        panel.notebook.execute("pass")
        page.keyboard.press("Escape")
    for typed, told in (
        ("%deploy echo --replicas", "Servers behind one address"),
        ("%invoke echo", "Service echo: Healthy"),
        ("%model show wine", "Model wine:1"),
        ("%%score_script echo --dry-run", "Only show the script"),
    ):
        panel.notebook.type_into_cell(typed, "\ndef run(data):\n    return data" if typed.startswith("%%") else "")
        page.keyboard.press("Shift+Tab")
        expect(tip).to_contain_text(told)
        page.keyboard.press("Escape")
        expect(tip).to_have_count(0)


def test_files_become_models_and_services(panel: PanelPage, lab: Lab, shared: Workspace) -> None:
    (lab.root / "score_it.py").write_text("def run(data):\n    return data\n")
    (lab.root / "my model.pkl").write_bytes(b"\x80\x04N.")
    run = "([name, path]) => { window.jupyterapp.commands.execute(name, { path }); }"
    panel.page.evaluate(run, ["model-deploy:deploy-script", "score_it.py"])
    panel.accept("Ok", "filed")
    expect(panel.state("filed")).to_have_text("●Healthy")
    expect(panel.page.locator(".Toastify__toast--success")).to_contain_text("filed")
    panel.page.evaluate(run, ["model-deploy:register-file", "my model.pkl"])
    panel.accept("Ok")
    expect(panel.row("my-model", "model")).to_be_visible()
    shared.services["filed"].delete()
    shared.unregister("my-model:1")
    # What is wrong with a file is told: in few words, and whole behind a button. A tilde is no other user's home.
    (lab.root / "~broken.py").write_text(
        "raise ValueError('of the file' + 50 * ' it was')\n\ndef run(data):\n    pass\n"
    )
    (lab.root / "text.pkl").write_text("no pickle")
    panel.page.evaluate(run, ["model-deploy:register-file", "text.pkl"])
    panel.accept("Ok")
    expect(panel.page.locator(".Toastify")).to_contain_text("text.pkl does not look like a pickle")
    panel.page.evaluate(run, ["model-deploy:deploy-script", "~broken.py"])
    panel.accept("Ok")
    failed = panel.page.locator(".Toastify__toast--error")
    failed.get_by_role("button", name="Show all of it").click()
    expect(panel.page.locator(".jp-Dialog")).to_contain_text("ValueError: of the file it was")
    panel.accept("Ok")
    shared.unregister("text:1")


def test_the_context_menu_offers_what_fits_the_file(panel: PanelPage, lab: Lab, shared: Workspace) -> None:
    (lab.root / "entry.py").write_text("def run(data):\n    return data\n")
    (lab.root / "model.onnx").write_bytes(b"")
    (lab.root / "OLD.PKL").write_bytes(b"\x80\x04N.")
    panel.notebook.command("filebrowser:refresh")
    panel.notebook.command("filebrowser:activate")
    for name, offered, other in (
        ("entry.py", "Deploy as Entry Script", "Register Model"),
        ("model.onnx", "Register Model", "Deploy as Entry Script"),
    ):
        panel.page.locator(".jp-DirListing-item", has_text=name).click(button="right")
        menu = panel.page.locator(".lm-Menu")
        expect(menu.get_by_text(offered)).to_be_visible()
        expect(menu.get_by_text(other)).to_be_hidden()
        panel.page.keyboard.press("Escape")
    # Of several files, all have to fit; each is asked for its name.
    files = panel.page.locator(".jp-DirListing-item")
    files.filter(has_text="OLD.PKL").click()
    files.filter(has_text="model.onnx").click(modifiers=["Control"])
    files.filter(has_text="model.onnx").click(button="right")
    panel.page.locator(".lm-Menu").get_by_text("Register Model").click()
    for name in ("model.onnx", "OLD.PKL"):
        expect(panel.page.locator(".jp-Dialog")).to_contain_text(name)
        panel.accept("Ok", f"of-{name.lower().replace('.', '-')}")
    panel.open()
    for model in ("of-old-pkl", "of-model-onnx"):
        expect(panel.row(model, "model")).to_be_visible()
        shared.unregister(f"{model}:1")


def test_the_status_bar_and_the_launcher_lead_to_the_panel(panel: PanelPage) -> None:
    status = panel.page.locator(".jp-ModelDeploy-status")
    expect(status).to_contain_text("services")
    expect(status).not_to_contain_text("unhealthy")
    panel.notebook.command("filebrowser:activate")
    expect(panel.box).to_be_hidden()
    panel.page.locator(".jp-ModelDeploy-status button").click()
    expect(panel.box).to_be_visible()
    panel.notebook.command("filebrowser:activate")
    # Lab opens a launcher of its own where the main area is empty, so the page may hold others behind this one.
    for _ in range(2):
        panel.notebook.command("launcher:create")
    card = panel.page.locator(".jp-MainAreaWidget:not(.lm-mod-hidden) .jp-LauncherCard", has_text="Models and Services")
    expect(card).to_have_count(1)
    card.click()
    expect(panel.box).to_be_visible()
    panel.page.evaluate(CLOSE_LAUNCHERS)


def test_the_palette_has_all_commands(panel: PanelPage) -> None:
    page = panel.page
    panel.notebook.command("filebrowser:activate")
    panel.notebook.command("apputils:activate-command-palette")
    palette = page.locator("#modal-command-palette")
    palette.get_by_role("searchbox").or_(palette.locator("input")).first.fill("Model Deploy")
    items = palette.locator(".lm-CommandPalette-item")
    for offered in PALETTE:
        expect(items.get_by_text(offered, exact=True)).to_be_visible()
    items.get_by_text("Show the Panel of Models and Services", exact=True).click()
    expect(panel.box).to_be_visible()


def test_a_card_is_live_without_a_kernel(lab: Lab, shared: Workspace, browser: Browser) -> None:
    shared.deploy("shown", script="echo")
    with opened(lab, browser, "from jupyter_deploy import Workspace\nWorkspace().services['shown']") as page:
        card = page.box.locator(".jp-ModelDeploy-card")
        expect(card).to_contain_text("Healthy")
        page.save()
        page.reopen()
        expect(card).to_contain_text("Healthy")
        shared.services["shown"].stop()
        expect(card).to_contain_text("Stopped")
        # What is live on the page is no change of the notebook.
        assert not page.page.evaluate("() => window.jupyterapp.shell.currentWidget.context.model.dirty")
        card.get_by_role("button", name="Start", exact=True).click()
        expect(card).to_contain_text("Healthy")
        shared.services["shown"].delete()
        expect(card).to_contain_text("Deleted")
        expect(card.get_by_role("button")).to_have_count(0)
        # What is live of another one would be wrong: of one that has taken the name, or one of another workspace.
        shared.deploy("shown", script="echo")
        expect(card).to_contain_text("Another service shown has been created since then.")
        expect(card.get_by_role("button")).to_have_count(0)
        found = page.cell(ELSEWHERE).locator(".jp-ModelDeploy-card")
        expect(found).to_contain_text("It belongs to another workspace")
        expect(found.get_by_role("button")).to_have_count(0)
    shared.services["shown"].delete()


def test_a_restored_log_of_a_service_that_is_gone_says_so(lab: Lab, shared: Workspace, second: Notebook) -> None:
    shared.deploy("restored", script="echo")
    view = PanelPage(second).open()
    with second.page.expect_response(lambda saved: _has_layout_of(saved, "restored")):
        view.press("restored", "Log")
        expect(view.document("Log: restored").get_by_role("log")).to_contain_text("serves")
    shared.services["restored"].delete()
    second.load("lab/workspaces/second")
    log = view.document("Log: restored")
    expect(log.get_by_role("alert")).to_contain_text("restored")
    expect(log.get_by_role("button", name="Look again")).to_be_visible()
    expect(view.box).to_be_visible()


def test_settings_hold_for_new_kernels_and_new_services(panel: PanelPage, lab: Lab, browser: Browser) -> None:
    panel.page.evaluate(SETTINGS, '{"loadInNewKernels": true, "defaultTarget": "process"}')
    lab.write("fresh", ["svc = %model overview --json", "%load_ext jupyter_deploy"])
    # A page that is loaded now reads the settings.
    with opened(lab, browser, run=False, name="fresh", alone=True) as page:
        page.run_all()
        assert "echo" in page.execute("print(svc)")
        # A restarted kernel loads them again, and %load_ext in the notebook prints nothing.
        page.page.evaluate(RESTART)
        page.run_all()
        assert "echo" in page.execute("print(svc)")
        assert [cell["outputs"] for cell in page.save()["cells"]] == [[], []]
        # The target of new services is one for endpoints, too; a deployment of that name is refused.
        page.page.evaluate(DEPLOY_TO)
        view = PanelPage(page)
        view.accept("Ok")
        with page.page.expect_request(lambda request: "/verbs/deploy" in request.url) as asked:
            view.accept("Ok", "!")
        assert asked.value.post_data_json["arguments"]["target"] == "process"
    panel.page.evaluate(SETTINGS, "{}")


def test_serve_this_model_says_why_it_knows_no_variables(lab: Lab, browser: Browser) -> None:
    lab.write("asking", ["pass"])
    with opened(lab, browser, run=False, name="asking") as page:
        dialog = page.page.locator(".jp-Dialog")
        for code, told in (
            ("", "has no model yet"),
            ("import time\ntime.sleep(60)", "is busy"),
            (None, "has no kernel"),
        ):
            if code is None:
                page.interrupt()
                page.shutdown()
            elif code:
                page.start(code)
                page.page.wait_for_function(BUSY)
            # Not waited for: the command ends with the dialog.
            page.page.evaluate("() => { window.jupyterapp.commands.execute('model-deploy:serve-model'); }")
            expect(dialog).to_contain_text(told)
            page.page.keyboard.press("Escape")
            expect(dialog).to_have_count(0)


def test_without_its_server_part_it_says_how_to_enable_it(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> None:
    off = "--ServerApp.jpserver_extensions={'jupyter_deploy': False}"
    with running_lab(tmp_path_factory.mktemp("bare"), off) as bare, loaded(bare, browser) as page:
        view = PanelPage(page).open()
        expect(view.box.get_by_role("alert")).to_contain_text("does not run the server part")
        expect(view.box).to_contain_text("jupyter server extension enable jupyter_deploy")
        expect(view.box.get_by_role("button", name="Reload")).to_be_visible()


def test_any_verb_runs_from_a_form(panel: PanelPage, shared: Workspace) -> None:
    page = panel.page
    panel.notebook.command("model-deploy:run-verb")
    form = page.locator(".jp-ModelDeploy-verbs")
    verb = form.get_by_label("Verb", exact=True)
    expect(verb.locator("option", has_text="deploy:")).to_have_count(1)
    offered = verb.locator("option:not([disabled]):not([value=''])").evaluate_all(
        "(all) => all.map((one) => one.value)"
    )
    assert sorted(offered) == sorted(set(NAMES) - set(NOT_OFFERED))
    verb.select_option("tag")
    form.get_by_role("button", name="Run").click()
    expect(form.get_by_label("model *")).to_be_focused()  # the browser points at what is missing
    form.get_by_label("model *").fill("wine")
    form.get_by_label("tags", exact=True).fill("colour=red\nyear=2026")
    form.get_by_role("button", name="Run").click()
    expect(form.get_by_label("result", exact=True)).to_contain_text("wine")
    assert {"colour": "red", "year": "2026"}.items() <= shared.models["wine"].tags.items()
    # The longest form is scrolled to its button; a job is not looked at while the page is in the background, and
    # goes on where the server is not reached for a moment.
    verb.select_option("deploy")
    form.get_by_label("service", exact=True).fill("nowhere")
    page.route(re.compile("/jobs/"), lambda route: route.abort(), times=2)
    form.get_by_role("button", name="Run").click()
    with panel.hidden():
        panel.requests.clear()
        page.wait_for_timeout(700)
        assert not [one for one in panel.requests if "jobs/" in one][1:]
    expect(form.get_by_role("alert")).to_contain_text("nowhere")
