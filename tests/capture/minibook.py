"""Notebooks in miniature: cells run in a real shell, and the script that the last one makes run on its own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from IPython.core.interactiveshell import InteractiveShell

from jupyter_deploy.capture import capture
from jupyter_deploy.errors import ScriptProblem
from jupyter_deploy.frameworks import framework_of
from jupyter_deploy.magics.history import notebook_of
from jupyter_deploy.registry import Model, prepare_value
from jupyter_deploy.scripts import Script
from tests.e2e.shell import new_shell

# Nothing of this package but Azure ML's modules, which the contract promises.
ALONE = """
import importlib.util, json, sys
from jupyter_deploy.serving.shims import install
install()
spec = importlib.util.spec_from_file_location("score", sys.argv[1])
score = importlib.util.module_from_spec(spec)
sys.modules["score"] = score
spec.loader.exec_module(score)
score.init()
for text in sys.argv[2:]:
    print(json.dumps(score.run(text)))
"""


class Minibook:
    """One notebook.

    Parameters
    ----------
    folder : pathlib.Path
        Where it stands, and its models go.
    shell : IPython.core.interactiveshell.InteractiveShell
        Fresh.
    """

    def __init__(self, folder: Path, shell: InteractiveShell) -> None:
        self.folder = folder
        self.shell = shell
        self.saved: dict[str, object] = {}

    def run(self, *cells: str) -> Any:
        """Run cells; the value of the last."""
        for cell in cells:
            result = self.shell.run_cell(cell, store_history=True)
            result.raise_error()
        return result.result

    def capture(self, cell: str, sample: Any = None) -> Script:
        """Make a script as the magic does, with models in a plain folder."""
        # What asks is a cell of the history too.
        self.shell.run_cell("None", store_history=True)
        return capture("mini", cell, self.folder, notebook_of(self.shell, None), self._save, sample=sample)

    def refused(self, cell: str) -> ScriptProblem:
        """What is wrong with a cell."""
        try:
            script = self.capture(cell)
        except ScriptProblem as problem:
            return problem
        raise AssertionError(f"taken:\n{script.source}")

    def _save(self, name: str, value: object) -> Model:
        self.saved[name] = value
        stage = self.folder / f"stage-{name}"
        stage.mkdir()
        prepared = prepare_value(value, stage)
        place = self.folder / "models" / f"mini-{name}" / "1"
        place.parent.mkdir(parents=True)
        prepared.tree.folder.rename(place)
        stage.rmdir()
        now = __import__("datetime").datetime.now()
        framework = framework_of(value).NAME
        known = (framework, "", "0" * 64, prepared.entry, 1, {}, {}, "", "", (), prepared.modules, now)
        return Model(f"mini-{name}", 1, *known)

    def alone(self, script: Script, *values: Any) -> list[Any]:
        """What the script answers in a fresh interpreter; values are sent as JSON."""
        path = self.folder / "score.py"
        path.write_text(script.source)
        texts = [json.dumps(value) for value in values]
        environ = {"PATH": "/usr/bin", "AZUREML_MODEL_DIR": str(self.folder / "models")}
        done = subprocess.run(
            [sys.executable, "-c", ALONE, str(path), *texts], capture_output=True, text=True, env=environ, timeout=60
        )
        assert not done.returncode, f"{done.stderr}\n{script.source}"
        return [json.loads(line) for line in done.stdout.splitlines()]


def minibooks(folder: Path) -> Iterator[Minibook]:
    """For a fixture: one notebook in a shell of its own."""
    for shell in new_shell():
        yield Minibook(folder, shell)
