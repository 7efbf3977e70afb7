"""The targets that the contract is run against."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from jupyter_deploy.services import Capabilities
from jupyter_deploy.targets import target
from jupyter_deploy.workspace import Service, Workspace
from tests.docker.engine import engine_problem, refuse

from . import pretend

CELL = """
import os, pathlib

def init():
    global kind
    print("loads {answer}")
    {init}
    kind = pathlib.Path(os.environ["AZUREML_MODEL_DIR"], "kind.txt").read_text()

def run(data):
    if data == "fail":
        raise ValueError("as asked")
    return ["{answer}", kind, os.getpid()]
"""


@dataclass
class Place:
    """One target, and how a test asks for it."""

    name: str
    workspace: Workspace

    @property
    def capabilities(self) -> Capabilities:
        """What it says that it can do."""
        return target(self.name).capabilities

    def write(self, answer: str, init: str = "pass") -> None:
        """Store the script; services that run it take it."""
        self.workspace.score_script("sum", CELL.format(answer=answer, init=init))

    def deploy(self, **options: object) -> Service:
        """Deploy the service."""
        return self.workspace.deploy("sum", target=self.name, **options)  # type: ignore[arg-type]


@pytest.fixture(params=["process", "docker", "pretend"])
def place(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workspace: Workspace
) -> Iterator[Place]:
    """A target, a workspace, and in it a model and the script ``sum``."""
    name: str = request.param
    if name == "docker" and (problem := engine_problem()):
        refuse(problem)
    if name == "pretend":
        platform = tmp_path / "platform"
        platform.mkdir()
        monkeypatch.setenv(pretend.VARIABLE, str(platform))
        monkeypatch.syspath_prepend(str(pretend.INSTALLED))
    (tmp_path / "kind.txt").write_text("old")
    workspace.register("sum", tmp_path / "kind.txt")
    found = Place(name, workspace)
    found.write("one")
    yield found
    for service in workspace.services.values():
        service.delete()
    if name == "pretend":
        assert list(platform.iterdir()) == []


@pytest.fixture
def again(place: Place) -> Callable[[], Workspace]:
    """Open the workspace as another process would."""
    return lambda: Workspace(place.workspace.home.root)
