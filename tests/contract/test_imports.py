"""What scripts import: Azure ML's modules where they are not installed, and modules of their own."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from jupyter_deploy.serving import shims
from tests.contract import Server, fixture_of, served

SCRIPT = """
import os
from azureml.core.model import Model
import azureml.core.model
from azureml.core import Workspace, Run, Model as Same
from azure.ai.ml.entities import ManagedOnlineEndpoint
import config
import logs
import utils

def found(name, *version):
    try:
        return open(Model.get_model_path(name, *version)).read()
    except Exception as error:
        return [type(error).__name__, str(error)]

def used(action):
    try:
        return action()
    except RuntimeError as error:
        return str(error)

def init():
    for version in ("1", "10", "9"):
        folder = os.path.join(os.environ["AML_APP_ROOT"], "azureml-models", "iris", version)
        os.makedirs(folder)
        with open(os.path.join(folder, "m.bin"), "w") as file:
            file.write("version " + version)

def run(data):
    return eval(data)
"""
OWN = {"config__py": "NAME = 'my config'\n", "logs__py": "NAME = 'my logs'\n", "utils__py": "NAME = 'my utils'\n"}
WORK = """
import multiprocessing
import pickle

class Own:
    def __init__(self, value):
        self.value = value

def square(number):
    return number * number

def run(data):
    if data == "pickle":
        return pickle.loads(pickle.dumps(Own(3))).value
    with multiprocessing.get_context(data).Pool(2) as pool:
        return pool.map(square, [1, 2, 3])
"""
imports = fixture_of(SCRIPT, **OWN)
work = fixture_of(WORK)


@pytest.mark.parametrize(
    ("expression", "answer"),
    [
        ("found('iris')", "version 10"),
        ("found('iris', 9)", "version 9"),
        ("found('config.py')", "NAME = 'my config'\n"),
        ("Model is Same is azureml.core.model.Model", True),
        ("isinstance(1, Workspace) or isinstance(1, Run)", False),
        ("[config.NAME, logs.NAME, utils.NAME]", ["my config", "my logs", "my utils"]),
    ],
)
def test_what_works(imports: Server, expression: str, answer: object) -> None:
    response = requests.post(imports, data=expression, timeout=20)
    assert (response.status_code, response.json()) == (200, answer)


@pytest.mark.parametrize(
    ("call", "start", "ending"),
    [
        ("'irsi'", "Model irsi not found in cache at ", "Did you mean 'iris'?"),
        ("'other'", "Model other not found in cache at ", "Models here: iris."),
        ("'iris', 2", "Model iris version 2 not found in cache at ", "Its versions here: 1, 9, 10."),
    ],
)
def test_models_that_are_not_found(imports: Server, call: str, start: str, ending: str) -> None:
    kind, text = requests.post(imports, data=f"found({call})", timeout=20).json()
    assert kind == "ModelNotFoundException"
    assert text.startswith(start)
    assert text.endswith(ending)


@pytest.mark.parametrize(
    ("use", "name"),
    [
        ("Workspace.from_config()", "azureml.core.Workspace is not available inside a service"),
        ("Run.get_context()", "azureml.core.Run is not available inside a service"),
        ("ManagedOnlineEndpoint('x')", "azure.ai.ml.entities.ManagedOnlineEndpoint is not available inside a service"),
        ("Model(None, 'iris')", "Model(...) looks a model up in a workspace, which a service does not have."),
    ],
)
def test_the_cloud_is_only_missed_when_it_is_used(imports: Server, use: str, name: str) -> None:
    assert requests.post(imports, data=f"used(lambda: {use})", timeout=20).json().startswith(name)


RAW = "\n\n@{rawhttp}\ndef run(request):\n    return {response}('raw ' + request.method, 200)\n"


@pytest.mark.parametrize(
    ("lines", "prefix"),
    [
        (
            "from {p}.aml_request import AMLRequest, rawhttp\nfrom {p}.aml_response import AMLResponse",
            ("rawhttp", "AMLResponse"),
        ),
        (
            "import {p}.aml_request\nimport {p}.aml_response",
            ("{p}.aml_request.rawhttp", "{p}.aml_response.AMLResponse"),
        ),
        (
            "from {p} import aml_request, aml_response as answers",
            ("aml_request.rawhttp", "answers.AMLResponse"),
        ),
    ],
)
@pytest.mark.parametrize("package", ["azureml.contrib.services", "azureml_inference_server_http.api"])
def test_forms_of_import(
    tmp_path_factory: pytest.TempPathFactory, package: str, lines: str, prefix: tuple[str, str]
) -> None:
    script = (lines + RAW.format(rawhttp=prefix[0], response=prefix[1])).replace("{p}", package)
    with served(tmp_path_factory, script) as server:
        assert requests.post(server, timeout=20).text == "raw POST"


@pytest.mark.parametrize(("how", "answer"), [("pickle", 3), ("fork", [1, 4, 9])])
def test_classes_pickle_and_pools_work(work: Server, how: str, answer: object) -> None:
    response = requests.post(work, data=how, timeout=60)
    assert (response.status_code, response.json()) == (200, answer)


@pytest.fixture
def clean(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """The import system without anything of Azure, and as it was behind the test."""
    modules, finders = dict(sys.modules), list(sys.meta_path)
    for name in [name for name in sys.modules if name.partition(".")[0] in {"azure", "azureml"}]:
        del sys.modules[name]
    yield monkeypatch
    sys.meta_path[:] = finders
    for name in set(sys.modules) - set(modules):
        if name.partition(".")[0] in {"azure", "azureml"}:
            del sys.modules[name]
    sys.modules.update(modules)


@pytest.mark.parametrize("regular", [False, True])
def test_real_packages_are_not_shadowed(clean: pytest.MonkeyPatch, tmp_path: Path, regular: bool) -> None:
    (tmp_path / "azure" / "storage").mkdir(parents=True)
    (tmp_path / "azure" / "storage" / "__init__.py").write_text("REAL = True\n")
    (tmp_path / "azureml" / "core").mkdir(parents=True)
    (tmp_path / "azureml" / "core" / "__init__.py").write_text("class Workspace:\n    REAL = True\n")
    if regular:
        (tmp_path / "azure" / "__init__.py").touch()
        (tmp_path / "azureml" / "__init__.py").touch()
    clean.syspath_prepend(str(tmp_path))
    shims.install()
    shims.install()
    assert sum(isinstance(finder, shims.ModuleFinder) for finder in sys.meta_path) == 1
    import azure.storage  # type: ignore[import-not-found]
    from azure.ai.ml.entities import Model  # type: ignore[import-not-found]
    from azureml.core import Workspace  # type: ignore[import-not-found]

    assert azure.storage.REAL
    assert Workspace.REAL
    with pytest.raises(RuntimeError, match="not available inside a service"):
        Model()
    with pytest.raises(ModuleNotFoundError):
        import azure.nothing  # type: ignore[import-not-found]
