"""Every face that a notebook can hold, opened again with its kernel gone: right, and without a dead button."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Browser, Locator, expect

from jupyter_deploy.display import FACES, face_of
from jupyter_deploy.workspace import Workspace

from .lab import Lab, Notebook, opened
from .panels import PanelPage

PREFIX = "application/vnd.jupyter-deploy."
# A cell that ends in each kind of face, and where the page is right about today.
CELLS = {
    "model": 'from jupyter_deploy import Workspace\nw = Workspace()\nw.register("facing", {"a": 1})',
    "script": "%%score_script facing\ndef run(data):\n    print(data)\n    return data",
    "service": '%deploy facing --model facing:1 --set collect=requests\nw.services["facing"]',
    "answer": 'w.services["facing"].request([1])',
    "latency": "%invoke facing [1] -n 5",
    "snippet": "%invoke facing [1] --curl",
    "binary": 'from jupyter_deploy.invoking import Binary\nBinary.of(b"GIF89a", "image/gif")',
    "trial": "%model try facing [1]",
    "collected": "%model collected facing",
    "replay": 'svc = w.services["facing"]\nsvc.replay(svc.collections.ids()[0])',
    "profile": "%model profile facing --data [[1]]",
    "stats": "%model stats facing",
    "log": "%model logs facing",
    "package": "%model package facing --dockerfile context",
    "environment": (
        "from jupyter_deploy.environments import Environment\n"
        'w.environments.register(Environment("facing", requirements=("six==1.17.0",)))'
    ),
    "endpoint": '%deploy facing --endpoint facing-shop --deployment blue\nw.endpoints["facing-shop"]',
    "deployment": 'w.endpoints["facing-shop"].deployments["blue"]',
    "rollout": (
        "%deploy facing --endpoint facing-shop --deployment green\n"
        'w.endpoints["facing-shop"].route("blue=100")\n'
        'w.endpoints["facing-shop"].rollout("green", every="1h")'
    ),
    "listing": "%model models --name facing",
    "overview": "%model overview",
    "done": "%model deploy facing-too --script facing\n%model delete facing-too --yes",
    "error": 'from jupyter_deploy.errors import UsageProblem\nUsageProblem("no such thing", hint="Try another.")',
}
# Saved pictures of what is over; ``tests/display`` and their own tests draw them.
PICTURES = {"scored"}
# What its page says after what is done to it behind the notebook's back.
NOW = {
    "model": "No service serves it.",
    "script": "It was written anew since then. Run by facing.",
    "service": "Stopped",
    "profile": "facing has no limits now.",
    "stats": "facing does not run.",
    "package": "facing serves facing:2 now.",
    "environment": "six==1.17.0",
    "endpoint": "There is no endpoint facing-shop now.",
    "deployment": "The endpoint facing-shop has no deployment blue now.",
    "rollout": "There is no endpoint facing-shop now.",
    "listing": "2",
    "overview": "Stopped",
}


def kinds_of(saved: dict[str, Any]) -> list[set[str]]:
    """The faces in each cell of a saved notebook."""
    outputs = [cell.get("outputs", []) for cell in saved["cells"]]
    failed = [output for cell in outputs for output in cell if output["output_type"] == "error"]
    assert not failed, failed
    return [
        {mime.removeprefix(PREFIX).partition(".")[0] for one in cell for mime in one.get("data", ()) if PREFIX in mime}
        for cell in outputs
    ]


def output_of(page: Notebook, kind: str) -> Locator:
    """What a kind's cell shows; the first cell loads the magics."""
    return page.box.locator(".jp-CodeCell").nth(1 + list(CELLS).index(kind)).locator(".jp-OutputArea-output").last


def show(page: Notebook, kind: str) -> Locator:
    """Scroll to a kind's cell: what is off the screen asks nothing."""
    page.page.evaluate(
        "async (index) => { await window.jupyterapp.shell.currentWidget.content.scrollToItem(index, 'center'); }",
        1 + list(CELLS).index(kind),
    )
    return output_of(page, kind)


def test_every_face_is_right_again_without_its_kernel(lab: Lab, shared: Workspace, browser: Browser) -> None:
    kinds = {face_of(type(name, (), {"__module__": module})()).kind for module, name, _ in FACES}  # type: ignore[union-attr]
    assert set(CELLS) | PICTURES == kinds
    with opened(lab, browser, *CELLS.values(), name="faces") as page:
        PanelPage(page).open()
        expect(output_of(page, "error")).to_contain_text("no such thing")
        found = kinds_of(page.save())
        assert all(kind in cell for kind, cell in zip(CELLS, found[1:], strict=True)), found
        for kind in ("model", "stats"):
            expect(show(page, kind)).to_contain_text({"model": "Served by facing.", "stats": "uses now"}[kind])
        for kind, said in {"endpoint": "blue", "deployment": "Healthy", "rollout": "green"}.items():
            expect(show(page, kind)).to_have_attribute("data-live", "true")
            expect(output_of(page, kind)).to_contain_text(said)
        page.shutdown()
        shared.endpoints["facing-shop"].delete()
        shared.register("facing", {"a": 2})
        shared.score_script("facing", "def run(data):\n    return [data]\n")
        shared.deploy("facing", models=["facing:2"]).stop()
        page.reload()
        for kind, said in NOW.items():
            expect(show(page, kind)).to_contain_text(said)
        for kind in CELLS:
            output = show(page, kind)
            expect(output.locator("*").first).to_be_attached()
            if kind != "service":
                expect(output.locator("button, input, select, textarea")).to_have_count(0)
        # What happens now is there at once; the picture is its own last truth when the thing is gone.
        expect(show(page, "service").get_by_role("button", name="Start", exact=True)).to_be_enabled()
        shared.services["facing"].delete()
        expect(show(page, "service")).to_contain_text("Deleted")
        expect(show(page, "service").get_by_role("button")).to_have_count(0)
        shared.unregister("facing:2")
        expect(show(page, "listing").locator("tbody tr")).to_have_count(1)
        shared.unregister("facing:1")
        expect(show(page, "model")).to_contain_text("facing:1 is not registered any more.")
        expect(show(page, "model")).to_contain_text("model, version 1")


VIEWS = {
    "card": ("%model view card facing-view", "Stopped"),
    "chart": ("%model view chart facing-view", "Stopped"),
    "models": ("%model view models", "behind-a-view"),
}


def test_views_are_live_again_without_their_kernel(lab: Lab, shared: Workspace, browser: Browser) -> None:
    shared.score_script("facing-view", "def run(data):\n    return data\n")
    shared.deploy("facing-view")
    with opened(lab, browser, *(code for code, _ in VIEWS.values()), name="views") as page:
        PanelPage(page).open()
        cells = page.box.locator(".jp-CodeCell")
        for place in range(len(VIEWS)):
            outputs = cells.nth(1 + place).locator(".jp-OutputArea-child")
            expect(outputs.locator("visible=true").locator(".jpd-box")).to_have_count(1)
            # The face before it is not shown beside its view.
            expect(outputs.first).to_be_hidden()
        page.shutdown()
        # What the kernel has left when it ended is saved, too.
        page.save()
        shared.services["facing-view"].stop()
        shared.register("behind-a-view", {"a": 1})
        page.reload()
        for place, (_, said) in enumerate(VIEWS.values()):
            outputs = cells.nth(1 + place).locator(".jp-OutputArea-child")
            outputs.first.scroll_into_view_if_needed()
            expect(outputs.first).to_contain_text(said)
            expect(outputs.nth(1)).to_be_hidden()
        # Buttons of the card are those of the panel: they work without a kernel.
        cells.nth(1).get_by_role("button", name="Start", exact=True).click()
        expect(cells.nth(1)).to_contain_text("Healthy")
    shared.services["facing-view"].delete()
    shared.unregister("behind-a-view:1")
