"""An IPython shell with the magics, and a workspace with services for it to talk to."""

from __future__ import annotations

import atexit
from collections.abc import Iterator
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from jupyter_deploy.workspace import Workspace

ECHO = "import json\n\ndef run(data):\n    print('got', data)\n    return json.loads(data)\n"
TEXT = "def run(raw_data):\n    return raw_data\n"


def shared_workspace(folder: Path) -> Iterator[Workspace]:
    """A workspace with a model iris:1, and running services `echo` (reads JSON) and `text` (returns what it gets)."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_DEPLOY_HOME", str(folder / "home"))
        patch.setenv("IPYTHONDIR", str(folder / "ipython"))
        patch.chdir(folder)
        workspace = Workspace()
        workspace.register("iris", {"a": 1})
        try:
            for name, cell in (("echo", ECHO), ("text", TEXT)):
                workspace.score_script(name, cell)
                workspace.deploy(name)
            yield workspace
        finally:
            for service in workspace.services.values():
                service.delete()


def new_shell() -> Iterator[InteractiveShell]:
    """A shell with the extension loaded."""
    settings = Config()
    settings.HistoryManager.enabled = False
    shell = InteractiveShell.instance(config=settings)
    try:
        shell.run_cell("%load_ext jupyter_deploy").raise_error()
        yield shell
    finally:
        InteractiveShell.clear_instance()
        # A quarter of a second for each shell, spent on collecting garbage at the end of the tests.
        atexit.unregister(shell.atexit_operations)
