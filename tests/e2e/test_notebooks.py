"""The tutorials as they are saved: run to the end, readable without running, and at home on nobody's machine."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest
from nbconvert import HTMLExporter

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))


class Page(HTMLParser):
    """Counts what may not be in a tutorial, and what must be."""

    def __init__(self) -> None:
        super().__init__()
        self.errors = self.outputs = 0
        self.inside_output = 0
        self.scripts_in_outputs = 0

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        classes = (dict(attributes).get("class") or "").split()
        self.outputs += "jp-OutputArea-output" in classes
        mime = dict(attributes).get("data-mime-type") or ""
        self.errors += "error" in mime or "output_error" in classes


def test_there_is_a_tutorial_for_each_thing() -> None:
    names = [path.stem.partition("-")[2] for path in NOTEBOOKS]
    assert names == [
        "quickstart",
        "containers",
        "capture",
        "images",
        "text",
        "several-models",
        "debugging",
        "azureml-v1",
        "blue-green",
    ]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_it_is_rendered_to_html_without_an_error(path: Path) -> None:
    notebook = nbformat.read(path, 4)
    html, _ = HTMLExporter().from_notebook_node(notebook)
    page = Page()
    page.feed(html)
    assert page.errors == 0
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert page.outputs >= sum(bool(cell.outputs) for cell in code) > len(code) / 2
    for cell in code:
        assert cell.execution_count, f"not run: {cell.source}"
        assert not [output for output in cell.outputs if output.output_type == "error"]
        shown = [output.data for output in cell.outputs if "data" in output]
        assert all("text/plain" in data for data in shown)
        assert not [data for data in shown if "<script" in str(data.get("text/html", ""))]
        assert not [data for data in shown if "application/vnd.jupyter.widget-view+json" in data], "dead when re-opened"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_checks_itself_and_names_no_place_but_its_own(path: Path) -> None:
    notebook = nbformat.read(path, 4)
    source = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    assert source.count("assert ") >= 3
    assert len({path.stem[:2] for path in NOTEBOOKS}) == len(NOTEBOOKS)
    # Outputs are those of an imaginary Ada's machine.
    assert not re.findall(r"/(?:root|work|tmp|Users)/[\w.]+", path.read_text())
    assert set(re.findall(r"/home/(\w+)/", path.read_text())) <= {"ada"}
