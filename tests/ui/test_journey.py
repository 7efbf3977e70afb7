"""The newcomer's way in a real JupyterLab: train, script, deploy, call; an edit, and what comes of a broken one."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from jupyter_deploy.workspace import Workspace

from .lab import Lab, Notebook, opened
from .test_everywhere import IMAGES, WRITES

TRAIN = """%load_ext jupyter_deploy
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

iris = load_iris()
scaler = StandardScaler().fit(iris.data)
clf = LogisticRegression().fit(scaler.transform(iris.data), iris.target)"""
SCRIPT = "%%score_script iris\ndef run(rows):\n    return clf.predict(scaler.transform(rows)).tolist()"


@pytest.fixture(scope="module")
def notebook(lab: Lab, browser: Browser) -> Iterator[Notebook]:
    """A notebook that has trained a model."""
    lab.write("first-service", [TRAIN])
    with opened(lab, browser, run=False, name="first-service") as found:
        yield found


def test_three_cells_make_a_service_and_a_fourth_calls_it(notebook: Notebook) -> None:
    page = notebook.page
    notebook.run_all()
    script = notebook.cell(SCRIPT)
    expect(script).to_contain_text("LogisticRegression, saved as iris-clf:1")
    expect(script).to_contain_text("run() gets the request's JSON, decoded")
    card = notebook.cell("%deploy iris --target process")
    expect(card.get_by_role("status").first).to_contain_text("Healthy")
    answer = notebook.cell("%invoke iris iris.data[::50]")
    expect(answer).to_contain_text("[0, 1, 2]")
    expect(answer).to_contain_text("200 OK")
    page.set_viewport_size({"width": 960, "height": 1300})
    cells = page.locator(".jp-NotebookPanel-notebook .jp-Cell")
    cells.first.scroll_into_view_if_needed()
    top, end = cells.first.bounding_box(), cells.last.bounding_box()
    assert top
    assert end
    shown = {"x": top["x"], "y": top["y"], "width": top["width"], "height": end["y"] + end["height"] - top["y"]}
    picture = page.screenshot(clip=shown)
    place = IMAGES / "quickstart.png" if os.environ.get(WRITES) == "1" else Path(notebook.lab.folder) / "journey.png"
    place.write_bytes(picture)
    assert len(picture) > 20_000, "there is nothing in the picture"


def test_an_edit_is_the_deployment_and_a_broken_one_shows_its_own_line(notebook: Notebook) -> None:
    edited = notebook.cell(SCRIPT.replace(".tolist()", ".tolist()[:1]"))
    expect(edited).to_contain_text("iris: reloaded in")
    expect(notebook.cell("%invoke iris iris.data[::50]")).to_contain_text("[0]")
    broken = notebook.cell(SCRIPT.replace("def run", "ORDER = 1 / 0\n\ndef run"))
    expect(broken).to_contain_text("ReloadFailed")
    expect(broken).to_contain_text("%%score_script iris, line 2")
    expect(broken).to_contain_text("iris still serves its old version")
    expect(notebook.cell("%invoke iris iris.data[::50]")).to_contain_text("[0]")


def test_the_saved_notebook_shows_the_same_without_a_kernel(notebook: Notebook, lab: Lab) -> None:
    saved = json.dumps(notebook.save())
    assert "application/vnd.jupyter-deploy.service.v1+json" in saved
    assert "widget-view" not in saved
    notebook.reopen()
    # Cards of other kinds have a line of their own that says what has changed since.
    said = notebook.page.locator(".jp-OutputArea-output").get_by_role("status")
    expect(said.filter(has_text="Healthy").first).to_be_visible()
    Workspace(lab.home).services["iris"].delete()
