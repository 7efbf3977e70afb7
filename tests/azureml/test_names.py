"""Azure ML's import names: where nothing else has them, and only there."""

from __future__ import annotations

import importlib
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from jupyter_deploy.azureml.modules import MODULES


def run(code: str, *paths: Path) -> str:
    """Run code in a fresh interpreter that finds modules in some folders first."""
    before = "".join(f"import sys; sys.path.insert(0, {str(path)!r})\n" for path in paths)
    command = [sys.executable, "-c", before + textwrap.dedent(code)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("name", [name.rstrip(".") for name in MODULES if name.startswith("azure")])
def test_every_module_of_the_table_has_what_it_lists(name: str) -> None:
    module = importlib.import_module(name)
    for attribute in module.__all__:
        assert getattr(module, attribute) is not None
        assert attribute in dir(module)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("from azureml.core import Foo", ["azureml.core.Foo", "azureml.core has:", "Workspace"]),
        ("from azureml.core.model import Modl", ["Did you mean 'Model'?"]),
        ("from azureml.core import AksCompute", ["Use: from azureml.core.compute import AksCompute"]),
        ("from azureml.core.image import ContainerImage", ["Model.package makes images."]),
        ("import azureml.wigdets", ["azureml has:"]),
        ("from azureml.widgets import RunDetails", ["run.get_metrics() has what was logged"]),
        ("from azureml.telemetry import set_diagnostics_collection", ["leave it out"]),
        ("from azureml.pipeline.core import Pipeline", ["run the steps in this notebook"]),
        ("from azureml.train.automl import AutoMLConfig", ["train one in this notebook"]),
        ("from azure.ai.ml.entities import Traffic", ["Traffic is a dictionary: endpoint.traffic = {", "begin_create"]),
        ("from azure.ai.ml.entities import ManagedOnlineEndpont", ["Did you mean 'ManagedOnlineEndpoint'?"]),
        ("from azure.ai.ml import ManagedOnlineEndpoint", ["Use: from azure.ai.ml.entities import"]),
        ("from azure.ai.ml import command", ["run the training in this notebook"]),
        ("import azure.storage", ["No module named 'azure.storage'"]),
    ],
)
def test_a_name_that_is_not_there_says_so(line: str, words: list[str]) -> None:
    with pytest.raises(ImportError) as caught:
        exec(line)
    assert not [word for word in words if word not in str(caught.value)], str(caught.value)


@pytest.mark.parametrize(
    "line",
    [
        "from azureml.core.webservice.aci import AciServiceDeploymentConfiguration as found",
        "from azureml.core.webservice.aks import AksServiceDeploymentConfiguration as found",
        "from azureml.core.webservice.aks import AutoScaler as found",
        "from azureml.core.webservice.local import LocalWebserviceDeploymentConfiguration as found",
        "from azureml.core.webservice.webservice import WebserviceDeploymentConfiguration as found",
        "from azureml.core.run import _OfflineRun as found",
    ],
)
def test_less_common_names_of_public_code_are_there(line: str) -> None:
    names: dict[str, object] = {}
    exec(line, names)
    assert isinstance(names["found"], type)


def test_an_attribute_that_is_not_there_says_so_and_hasattr_works() -> None:
    core = importlib.import_module("azureml.core")
    assert not hasattr(core, "Modell")
    with pytest.raises(AttributeError, match="Did you mean 'Model'"):
        core.Modell  # noqa: B018


def test_a_real_package_is_never_shadowed(tmp_path: Path) -> None:
    (tmp_path / "azureml" / "core").mkdir(parents=True)
    (tmp_path / "azureml" / "core" / "__init__.py").write_text("VERSION = 'real'\n")
    printed = run("import jupyter_deploy.azureml, azureml.core; print(azureml.core.VERSION)", tmp_path)
    assert printed == "real\n"


def test_both_halves_of_a_namespace_that_is_partly_installed_import(tmp_path: Path) -> None:
    (tmp_path / "azureml" / "ai").mkdir(parents=True)
    (tmp_path / "azureml" / "ai" / "monitoring.py").write_text("class Collector: pass\n")
    printed = run(
        """
        import jupyter_deploy.azureml
        from azureml.ai.monitoring import Collector
        from azureml.core import Workspace
        from azureml.contrib.services.aml_request import rawhttp
        print(Collector.__module__, Workspace.__module__)
        """,
        tmp_path,
    )
    assert printed == "azureml.ai.monitoring jupyter_deploy.sdk.v1.workspace\n"


def test_azures_own_exceptions_catch_ours_where_only_they_are_installed(tmp_path: Path) -> None:
    (tmp_path / "azure" / "core").mkdir(parents=True)
    (tmp_path / "azure" / "core" / "__init__.py").write_text("")
    (tmp_path / "azure" / "core" / "exceptions.py").write_text(
        "class AzureError(Exception):\n"
        "    def __init__(self, message, *args, **kwargs):\n"
        "        self.message = str(message)\n"
        "        super().__init__(self.message, *args)\n"
        "class HttpResponseError(AzureError): pass\n"
        "class ResourceNotFoundError(HttpResponseError): pass\n"
    )
    (tmp_path / "azure" / "identity.py").write_text("class DefaultAzureCredential: pass\n")
    printed = run(
        """
        import jupyter_deploy.azureml
        from azure.ai.ml import MLClient
        from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
        from azure.identity import DefaultAzureCredential
        from jupyter_deploy.sdk import v2
        try:
            raise v2.ResourceNotFoundError("no", hint="yes", status_code=404)
        except ResourceNotFoundError as error:
            both = isinstance(error, HttpResponseError) and isinstance(error, v2.AzureError)
            print(error.message, error.status_code, both)
        print(DefaultAzureCredential.__module__, MLClient.__module__, v2.ValidationException("x").message)
        """,
        tmp_path,
    )
    assert printed == ("no\nHint: yes 404 True\nazure.identity jupyter_deploy.sdk.v2.client x\n")


def test_one_line_in_a_notebook_is_enough_and_brings_the_magics(home: Path) -> None:
    printed = run(
        """
        from IPython.core.interactiveshell import InteractiveShell
        ip = InteractiveShell.instance()
        ip.run_line_magic("load_ext", "jupyter_deploy.azureml")
        ip.run_line_magic("load_ext", "jupyter_deploy.azureml")
        from azureml.core import Model
        print(Model.__module__, "deploy" in ip.magics_manager.magics["line"])
        """
    )
    assert printed.splitlines()[-1] == "jupyter_deploy.sdk.v1.model True"


def test_a_notebook_is_told_that_the_real_sdk_is_there(tmp_path: Path) -> None:
    (tmp_path / "azureml" / "core").mkdir(parents=True)
    (tmp_path / "azureml" / "core" / "__init__.py").write_text("")
    code = (
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "InteractiveShell.instance().run_line_magic('load_ext', 'jupyter_deploy.azureml')"
    )
    assert "azureml.core is installed here and stays what it is" in run(code, tmp_path)


def test_loading_the_names_loads_no_library() -> None:
    code = "import jupyter_deploy.azureml, sys; import azureml.core; print(*{n.split('.')[0] for n in sys.modules})"
    assert not {"sqlalchemy", "pandas", "numpy", "sklearn", "docker", "requests"} & set(run(code).split())
