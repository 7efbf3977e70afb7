"""``azureml.core.model.Model.get_model_path``, and the classes that only say that they are not there."""

from __future__ import annotations

import subprocess
import sys
import typing
from pathlib import Path

import pytest

from jupyter_deploy.serving.shims import MODULES
from jupyter_deploy.serving.shims.model import Model, ModelNotFoundException, WebserviceException
from jupyter_deploy.serving.shims.unavailable import NotInService, unavailable


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Some models below ``AML_APP_ROOT``, which is not the working directory."""
    root = tmp_path / "app" / "azureml-models"
    for file in ("one/1/a.pkl", "many/2/old.pkl", "many/10/new.pkl", "folder/1/model/weights", "two/1/a", "two/1/b"):
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).touch()
    (root / "none" / "1").mkdir(parents=True)
    (root / "many" / "latest").mkdir()
    here = tmp_path / "here"
    (here / "local").mkdir(parents=True)
    (here / "local.pkl").touch()
    monkeypatch.setenv("AML_APP_ROOT", str(tmp_path / "app"))
    monkeypatch.chdir(here)
    return root


@pytest.mark.parametrize(
    ("name", "version", "found"),
    [
        ("one", None, "one/1/a.pkl"),
        ("one", 1, "one/1/a.pkl"),
        ("many", None, "many/10/new.pkl"),
        ("many", 2, "many/2/old.pkl"),
        ("folder", None, "folder/1/model"),
    ],
)
def test_the_single_entry_of_a_version(models: Path, name: str, version: int | None, found: str) -> None:
    assert Model.get_model_path(name, version) == str(models / found)
    assert Model.get_model_path(model_name=name, version=version, _workspace=None) == str(models / found)


@pytest.mark.parametrize("name", ["local.pkl", "local"])
def test_else_a_file_of_the_working_directory(models: Path, name: str) -> None:
    assert Model.get_model_path(name) == name


@pytest.mark.parametrize(
    ("name", "version", "words"),
    [
        ("nothing", None, ["Model nothing not found", "Models here: folder, many, none, one, two"]),
        ("mny", None, ["Did you mean 'many'?"]),
        ("many", 3, ["Model many version 3 not found", "Its versions here: 2, 10."]),
        ("local", 1, ["Model local version 1 not found"]),
    ],
)
def test_what_is_not_there(models: Path, name: str, version: int | None, words: list[str]) -> None:
    with pytest.raises(ModelNotFoundException) as raised:
        Model.get_model_path(name, version)
    assert not [word for word in words if word not in str(raised.value)], str(raised.value)


@pytest.mark.parametrize(
    ("given", "name", "version", "found"),
    [
        ("models", "churn", None, "models/churn/10/new.pkl"),
        ("models", "churn", 2, "models/churn/2/old"),
        ("models/churn", "churn", None, "models/churn/10/new.pkl"),
        ("models/churn", "churn", 2, "models/churn/2/old"),
        ("models/churn/2", "churn", None, "models/churn/2/old"),
        ("models/churn/2", "churn", 2, "models/churn/2/old"),
        ("models/churn/2/", "old", None, "models/churn/2/old"),
        ("models", "plain", None, "models/plain"),
        ("models", "one.onnx", None, "models/one.onnx"),
        ("models/plain", "weights.bin", None, "models/plain/weights.bin"),
    ],
)
@pytest.mark.parametrize("absolute", [True, False])
def test_models_below_the_folder_that_serve_was_given(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    given: str,
    name: str,
    version: int | None,
    found: str,
    absolute: bool,
) -> None:
    for file in ("churn/2/old/weights", "churn/10/new.pkl", "plain/weights.bin", "one.onnx"):
        (tmp_path / "models" / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "models" / file).touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AML_APP_ROOT", str(tmp_path))
    monkeypatch.setenv("AZUREML_MODEL_DIR", str(tmp_path / given) if absolute else given)
    assert Path(Model.get_model_path(name, version)).absolute() == tmp_path / found
    with pytest.raises(ModelNotFoundException):
        Model.get_model_path(name, 3)
    with pytest.raises(ModelNotFoundException, match=r"not found in cache at .*models"):
        Model.get_model_path("nothing")


@pytest.mark.parametrize(("name", "count"), [("two", 2), ("none", 0)])
def test_a_version_holds_one_entry(models: Path, name: str, count: int) -> None:
    with pytest.raises(WebserviceException, match=f"can contain only 1 file or folder, but has {count}"):
        Model.get_model_path(name)


def test_without_any_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AML_APP_ROOT", raising=False)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelNotFoundException, match=r"Models here: none\."):
        Model.get_model_path("any")


def test_what_a_models_folder_holds_is_no_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    version = tmp_path / "models" / "mine" / "1"
    (version / "data").mkdir(parents=True)
    monkeypatch.setenv("AML_APP_ROOT", str(tmp_path))
    monkeypatch.setenv("AZUREML_MODEL_DIR", str(version))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelNotFoundException, match=r"Models here: (none|mine)\."):
        Model.get_model_path("other")


def test_the_rest_of_model_needs_a_workspace() -> None:
    for use in (lambda: Model(None, "name"), lambda: Model.list(None), lambda: Model.register(None)):  # type: ignore[attr-defined]
        with pytest.raises(NotInService, match="get_model_path"):
            use()
    assert not hasattr(Model, "__wrapped__")


def test_names_that_only_say_so_when_they_are_used() -> None:
    workspace = unavailable("azureml.core.Workspace")
    assert workspace.__module__ == "azureml.core"
    assert not isinstance(5, workspace)
    assert typing.Optional[workspace] == workspace | None  # noqa: UP045 - both forms must work
    for use in (workspace, lambda: workspace.from_config()):
        with pytest.raises(NotInService, match=r"azureml\.core\.Workspace is not available inside a service"):
            use()

    class Own(workspace):  # type: ignore[misc, valid-type]
        pass

    with pytest.raises(NotInService):
        Own()


def test_exceptions_can_be_raised_and_caught() -> None:
    error = unavailable("azureml.exceptions.UserErrorException")
    with pytest.raises(error, match="text"):
        raise error("text")


FORMS = """
import sys
sys.path.insert(0, {path!r})
from jupyter_deploy.serving.shims import install
install()
{line}
print(repr(({value})))
"""
CASES = [
    ("import azureml.core.model as m", "m.Model.__module__", "'jupyter_deploy.serving.shims.model'"),
    ("from azureml.core import model", "model.Model.__name__", "'Model'"),
    ("from azureml.core.model import Model", "Model.__name__", "'Model'"),
    ("from azureml.core.model import *", "Model.__name__", "'Model'"),
    ("import azureml.core.model", "azureml.core.model.Model is azureml.core.Model", "True"),
    ("from azureml.core import Workspace, Run, Model, Dataset", "Workspace.__name__ + Run.__name__", "'WorkspaceRun'"),
    ("import azureml.core", "azureml.core.Run.__name__", "'Run'"),
    ("from azureml.core.run import Run", "Run.__name__", "'Run'"),
    ("import azureml.contrib.services.aml_request as r", "r.rawhttp.__name__", "'rawhttp'"),
    (
        "from azureml.contrib.services import aml_request, aml_response",
        "aml_response.AMLResponse.__name__",
        "'AMLResponse'",
    ),
    ("from azureml.contrib.services.aml_request import AMLRequest, rawhttp", "AMLRequest.__name__", "'AMLRequest'"),
    (
        "import azureml_inference_server_http.api.aml_response",
        "'aml_response' in dir(azureml_inference_server_http.api)",
        "True",
    ),
    ("from azureml_inference_server_http.api.aml_response import AMLResponse as A", "A.__name__", "'AMLResponse'"),
    ("from azureml.monitoring import ModelDataCollector as C", "C('m', designation='inputs').designation", "'inputs'"),
    ("from azureml.ai.monitoring import Collector as C", "C(name='inputs').__class__.__name__", "'Collector'"),
    ("from azureml.ai.monitoring.context import BasicCorrelationContext as B", "B(id='a').get_id()", "'a'"),
    ("import azureml.ai.monitoring.collector as c", "c.Collector.__name__", "'Collector'"),
    ("from azure.ai.ml.entities import ManagedOnlineEndpoint as E", "E.__name__", "'ManagedOnlineEndpoint'"),
    ("import azure.ai.ml as ml", "ml.MLClient.__name__", "'MLClient'"),
    ("from azureml.exceptions import ModelNotFoundException as E", "issubclass(E, Exception)", "True"),
    (
        "import azureml.contrib.services.aml_request as n, azureml_inference_server_http.api.aml_request as a",
        "a.rawhttp is n.rawhttp",
        "True",
    ),
    ("import importlib.util", "importlib.util.find_spec('azureml.nothing')", "None"),
    ("import importlib.util", "importlib.util.find_spec('azureml.core').origin", "'jupyter_deploy'"),
]


@pytest.mark.parametrize(("line", "value", "printed"), CASES)
def test_every_form_of_import(tmp_path: Path, line: str, value: str, printed: str) -> None:
    assert run_python(FORMS.format(path=str(tmp_path), line=line, value=value)) == printed


def run_python(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("package", [name.rstrip(".") for name in MODULES])
def test_real_modules_come_first(tmp_path: Path, package: str) -> None:
    """Whatever of it is installed, in whatever kind of package, is what scripts get."""
    folder = tmp_path.joinpath(*package.split("."))
    if f"{package}." in MODULES:
        folder.mkdir(parents=True)
        (folder / "__init__.py").write_text("REAL = True\n")
    else:
        folder.parent.mkdir(parents=True)
        folder.with_suffix(".py").write_text("REAL = True\n")
    value = f"__import__('importlib').import_module({package!r}).REAL"
    assert run_python(FORMS.format(path=str(tmp_path), line="", value=value)) == "True"


@pytest.mark.parametrize("regular", [False, True])
def test_parts_beside_real_parts(tmp_path: Path, regular: bool) -> None:
    (tmp_path / "azure" / "storage").mkdir(parents=True)
    (tmp_path / "azure" / "storage" / "blob.py").write_text("REAL = True\n")
    (tmp_path / "azureml" / "core").mkdir(parents=True)
    (tmp_path / "azureml" / "core" / "__init__.py").write_text("class Workspace:\n    REAL = True\n")
    if regular:
        (tmp_path / "azure" / "__init__.py").touch()
        (tmp_path / "azureml" / "__init__.py").touch()
    line = (
        "import azure.storage.blob\nfrom azureml.core import Workspace\nfrom azureml.core.model import Model\n"
        "from azure.ai.ml.entities import Model as Other\nfrom azureml.contrib.services.aml_request import rawhttp"
    )
    value = "azure.storage.blob.REAL, Workspace.REAL, Model.__module__, Other.__module__, rawhttp.__name__"
    printed = "(True, True, 'jupyter_deploy.serving.shims.model', 'azure.ai.ml.entities', 'rawhttp')"
    assert run_python(FORMS.format(path=str(tmp_path), line=line, value=value)) == printed
