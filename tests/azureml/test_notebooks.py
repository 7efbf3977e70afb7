"""Notebooks in the style of those that are public for Azure ML's SDKs: one line before them is ours."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import start_new_kernel

from jupyter_deploy.workspace import Workspace

NOTEBOOKS = sorted((Path(__file__).parent / "notebooks").glob("*.ipynb"))
FIRST = "%load_ext jupyter_deploy.azureml"
CONFIG = {"subscription_id": "none", "resource_group": "energy", "workspace_name": "energy-ws"}
# Nothing of the notebook before; a workspace and a folder of its own.
PREPARE = """\
%reset -f
import os
os.environ["JUPYTER_DEPLOY_HOME"] = {home!r}
os.chdir({folder!r})
del os
"""


@pytest.fixture(scope="module")
def kernel() -> Iterator[BlockingKernelClient]:
    """One kernel for all, so that numpy and scikit-learn are imported once."""
    # "!jupyter" is to find this interpreter's.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environ = {**os.environ, "PATH": path, "JUPYTER_DEPLOY_TARGET": "process"}
    manager, client = start_new_kernel(kernel_name="python3", env=environ)
    yield client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def run(kernel: BlockingKernelClient, cell: str) -> None:
    """Run a cell; what it raises fails the test."""
    reply = kernel.execute_interactive(cell, output_hook=lambda message: None, timeout=60, allow_stdin=False)
    if reply["content"]["status"] != "ok":
        pytest.fail("\n".join([cell, *reply["content"]["traceback"]]), pytrace=False)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs_and_checks_its_results(
    path: Path, kernel: BlockingKernelClient, workspace: Workspace, folder: Path
) -> None:
    (folder / "config.json").write_text(json.dumps(CONFIG))
    run(kernel, PREPARE.format(home=str(workspace.home.root), folder=str(folder)))
    for cell in nbformat.read(path, 4).cells:
        if cell.cell_type == "code":
            run(kernel, cell.source)
    assert not workspace.services
    assert not workspace.endpoints


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_is_as_people_have_it(path: Path) -> None:
    notebook = nbformat.read(path, 4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert code[0].source == FIRST
    assert not [cell for cell in code if cell.outputs or cell.execution_count]
    assert sum(len(re.findall(r"^\s*assert ", cell.source, re.MULTILINE)) for cell in code) >= 4


def test_there_are_many() -> None:
    assert len(NOTEBOOKS) >= 10
