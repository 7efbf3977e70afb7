"""A notebook's process: Azure ML's names, a workspace of its own, a folder to work in."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import joblib
import pytest
from sklearn.linear_model import LogisticRegression

import jupyter_deploy.azureml
from jupyter_deploy.serving.shims import ModuleFinder

# They run in test_notebooks.py, each in a folder of its own, not where they are.
collect_ignore_glob = ["notebooks/*.ipynb"]

if TYPE_CHECKING:
    from jupyter_deploy.sdk.v1 import Workspace
    from jupyter_deploy.sdk.v2 import MLClient
    from jupyter_deploy.workspace import Workspace as LocalWorkspace


def _is_ours(module: ModuleType) -> bool:
    return getattr(module.__spec__, "origin", None) == "jupyter_deploy"


def _forget() -> None:
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, ModuleFinder)]
    # A thread of another test may import something meanwhile: copy() lets no other thread run.
    for name, module in sys.modules.copy().items():
        # What is installed for real stays: other tests hold on to it.
        if name.partition(".")[0] in {"azure", "azureml", "inference_schema"} and _is_ours(module):
            del sys.modules[name]


def pytest_collection_finish() -> None:
    """Forget the names again: the tests of this folder import the module that offers them."""
    _forget()


@pytest.fixture(autouse=True)
def names() -> Iterator[None]:
    """The names resolve in this test, and in no other."""
    _forget()
    jupyter_deploy.azureml.install()
    yield
    _forget()


@pytest.fixture(autouse=True)
def folder(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The notebook's folder."""
    place = tmp_path / "notebook"
    place.mkdir()
    monkeypatch.chdir(place)
    return place


@pytest.fixture
def ws(workspace: LocalWorkspace) -> Workspace:
    """The workspace, under the name that the documents give it; its services are deleted at the end."""
    from jupyter_deploy.sdk.v1 import Workspace

    return Workspace.create("ws", subscription_id="sub", resource_group="group", show_output=False)


@pytest.fixture
def client(workspace: LocalWorkspace) -> MLClient:
    """The client, as the documents make it."""
    from jupyter_deploy.sdk.v2 import ClientSecretCredential, MLClient

    return MLClient(ClientSecretCredential("tenant", "client", "pa55-word"), "sub", "group", "ws")


@pytest.fixture
def outputs(folder: Path) -> Path:
    """``outputs/model.pkl``, as a training cell leaves it."""
    (folder / "outputs").mkdir()
    model = LogisticRegression().fit([[0.0, 1.0], [1.0, 0.0], [0.2, 0.9], [0.9, 0.1]], [0, 1, 0, 1])
    joblib.dump(model, folder / "outputs" / "model.pkl")
    return folder / "outputs"
