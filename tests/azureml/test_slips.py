"""Words that people take for those of the SDK: answered with the right one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jupyter_deploy.errors import ConfigProblem, InUse, NotFound
from jupyter_deploy.sdk.v1 import (
    AciWebservice,
    AksCompute,
    AksWebservice,
    AmlCompute,
    AutoMLRun,
    AzureMLException,
    ComputeTarget,
    Environment,
    Experiment,
    InferenceConfig,
    LocalWebservice,
    Model,
    Run,
    UserErrorException,
    Webservice,
    WebserviceException,
    Workspace,
    _OfflineRun,
)
from jupyter_deploy.sdk.v1.exceptions import translated
from jupyter_deploy.sdk.v1.vocabulary import Vocabulary
from jupyter_deploy.sdk.v1.webservice.finding import check_number


class Service(metaclass=Vocabulary):
    """Any class of the SDK's."""

    def get_keys(self) -> None:
        """Something."""

    @staticmethod
    def create(pip_packages: Any = None, conda_packages: Any = None, environment: Any = None) -> None:
        """Something else."""


@pytest.mark.parametrize(
    ("slip", "words"),
    [
        (lambda: Service().list_keys, "Did you mean 'get_keys'?"),
        (lambda: Service.create(env=1), r"Use environment=\."),
        (lambda: Service.create(with_package="x"), "pip_packages= and conda_packages= of CondaDependencies"),
        (lambda: Service.create(enviroment=1), r"Use environment=\."),
        (lambda: Model.deploy(None, "n", [], env=1), r"environment= belongs to InferenceConfig"),
        (lambda: Model.deploy(None, "n", [], cpu_cores=1), r"cpu_cores= belongs to deploy_configuration"),
        (lambda: Model.regster, "Did you mean 'register'?"),
        (lambda: Run.get_contxt, "Did you mean 'get_context'?"),
        (lambda: Webservice.deploy, r"Use Model\.deploy\(ws, name"),
        (lambda: Workspace.get_default_keyvault, r"Use os\.environ"),
        (lambda: Workspace.get_mlflow_tracking_uri, r"Use run\.get_metrics\(\)"),
        (lambda: Workspace.delete, r"Use service\.delete\(\) and model\.delete\(\)"),
        (lambda: Model.get_sas_urls, r"Use model\.download\(\)"),
        (lambda: LocalWebservice.deploy_configuration(num_replicas=2), "belongs to AksWebservice.deploy_configuration"),
        (lambda: AksWebservice.deploy_configuration(port=1), "belongs to LocalWebservice.deploy_configuration"),
    ],
)
def test_a_slip_is_answered_with_the_right_word(slip: Callable[[], object], words: str) -> None:
    with pytest.raises((TypeError, AttributeError), match=words):
        slip()


def test_errors_of_this_package_become_those_of_the_sdk_with_their_hints(ws: Workspace, outputs: Path) -> None:
    with pytest.raises(WebserviceException) as caught:
        Model.register(ws, "outputs/model.pkl", "not a name")
    assert "cannot be a model's name" in caught.value.message
    assert "Hint: For example 'not-a-name'." in caught.value.message
    assert str(caught.value).startswith("WebserviceException:\n\tMessage: 'not a name'")


def test_the_class_of_an_error_follows_what_it_is_about() -> None:
    assert type(translated(InUse("a"), WebserviceException)) is WebserviceException
    assert type(translated(NotFound("a"), WebserviceException)) is WebserviceException
    assert type(translated(ConfigProblem("a"), WebserviceException)) is UserErrorException


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"models": [{"name": "m"}]}, "models cannot hold an object of the class dict.*\nHint: models="),
        ({"models": [None]}, "models cannot hold an object of the class NoneType"),
        ({"models": None}, r"models must be a list, not None.*\nHint: models=\[\]"),
        ({"inference_config": LocalWebservice.deploy_configuration()}, "inference_config must be an InferenceConfig"),
        ({"inference_config": "score.py"}, "inference_config must be an InferenceConfig, not of the class str"),
        ({"deployment_target": "aks-cluster"}, "deployment_target must be an AksCompute, not of the class str"),
    ],
)
def test_what_model_deploy_cannot_take_is_named_with_what_it_takes(
    ws: Workspace, outputs: Path, folder: Path, wrong: dict[str, Any], words: str
) -> None:
    (folder / "score.py").write_text("def run(data):\n    return data\n")
    Model.register(ws, "outputs/model.pkl", "m")
    usual = {"models": ["m"], "inference_config": InferenceConfig("score.py")}
    with pytest.raises((UserErrorException, WebserviceException), match=words):
        Model.deploy(ws, "service", **{**usual, **wrong})
    assert list(ws.webservices) == []


def test_arguments_in_each_others_places_are_told(ws: Workspace, folder: Path) -> None:
    (folder / "score.py").write_text("def run(data):\n    return data\n")
    config = InferenceConfig("score.py")
    with pytest.raises(WebserviceException, match=r"deployment_config must come from deploy_configuration\(\)"):
        Model.deploy(ws, "service", [], LocalWebservice.deploy_configuration(), config)  # type: ignore[arg-type]
    with pytest.raises(UserErrorException, match=r"Hint: InferenceConfig\(entry_script, environment=environment\)"):
        InferenceConfig("score.py", Environment("e"))  # type: ignore[arg-type]
    ComputeTarget.create(ws, "training", AmlCompute.provisioning_configuration("Standard_D2"))
    with pytest.raises(
        WebserviceException, match="deployment_target must be an AksCompute, not of the class AmlCompute"
    ):
        Model.deploy(ws, "service", [], config, None, ComputeTarget(ws, "training"))


def test_a_filter_that_nothing_has_is_refused(ws: Workspace, outputs: Path) -> None:
    Model.register(ws, "outputs/model.pkl", "m", tags={"area": "mnist"})
    for search in (Model.list, Webservice.list):
        with pytest.raises((UserErrorException, WebserviceException), match=r"Hint: tags=\[\['area', 'mnist'\]\]"):
            search(ws, tags=["area=mnist"])  # type: ignore[operator]


def test_a_cluster_with_a_hosts_name_warns_that_its_services_answer_by_http(ws: Workspace) -> None:
    config = AksCompute.provisioning_configuration()
    with pytest.warns(UserWarning, match="answer by http here"):
        config.enable_ssl(leaf_domain_label="contoso")
    assert ComputeTarget.create(ws, "aks", config)._cluster.host_name == "contoso"
    with pytest.raises(Exception, match="all three"):
        config.enable_ssl(ssl_cname="www.example.org")


def test_runs_are_of_the_class_that_scripts_ask_for(ws: Workspace, outputs: Path, folder: Path) -> None:
    offline, online = Run.get_context(), Experiment(ws, "trial").start_logging()
    assert isinstance(offline, _OfflineRun)
    assert isinstance(Run(offline.experiment, offline.id), _OfflineRun)
    assert isinstance(offline.child_run(), _OfflineRun)
    assert not isinstance(online, _OfflineRun)
    assert type(AutoMLRun(online.experiment, online.id)) is AutoMLRun
    assert online.get_portal_url() == ""
    for name in ("outputs/model.pkl", "outputs/deep/other.pkl", "logs/log.txt"):
        online.upload_file(name, "outputs/model.pkl")
    online.download_files(prefix="outputs", output_directory="got")
    kept = sorted(path.relative_to(folder / "got").as_posix() for path in (folder / "got").rglob("*.*"))
    assert kept == ["outputs/deep/other.pkl", "outputs/model.pkl"]
    offline.complete()


def test_a_workspace_in_anothers_place_is_told(ws: Workspace, outputs: Path, folder: Path) -> None:
    wrong: list[Callable[[], object]] = [
        lambda: Webservice("service", ws),  # type: ignore[arg-type]
        lambda: LocalWebservice("service", ws),  # type: ignore[arg-type]
        lambda: Model("m", ws),  # type: ignore[arg-type]
        lambda: Model.register("outputs/model.pkl", "m", ws),  # type: ignore[arg-type]
        lambda: Model.list("m"),  # type: ignore[arg-type]
        lambda: ComputeTarget("aks", ws),  # type: ignore[arg-type]
        lambda: Model.deploy(workspace="ws", name="service", models=[]),  # type: ignore[arg-type]
        lambda: Environment("e").register("ws"),  # type: ignore[arg-type]
        lambda: Experiment("trial", ws),  # type: ignore[arg-type]
    ]
    for call in wrong:
        with pytest.raises(AzureMLException, match="workspace must be a Workspace, not of the class str"):
            call()


def test_numbers_in_tags_and_variables_become_texts(ws: Workspace, folder: Path) -> None:
    (folder / "score.py").write_text("import os\n\ndef run(data):\n    return os.environ['LIMIT']\n")
    environment = Environment("e")
    environment.python.user_managed_dependencies = True
    environment.environment_variables = {"LIMIT": 7}  # type: ignore[dict-item]
    config = InferenceConfig("score.py", environment=environment)
    options = AciWebservice.deploy_configuration(tags={"build": 12})  # type: ignore[dict-item]
    service = Model.deploy(ws, "numbers", [], config, options)
    service.wait_for_deployment()
    service.add_tags({"more": 1.5})  # type: ignore[dict-item]
    assert (service.run("1"), service.tags) == ("7", {"build": "12", "more": "1.5"})
    with pytest.raises(AzureMLException, match="tags must hold texts, but 'deep' is of the class dict"):
        service.add_tags({"deep": {}})  # type: ignore[dict-item]


@pytest.mark.parametrize(("name", "given", "example"), [("num_lines", "5", 5000), ("timeout_sec", "5", 600.0)])
def test_a_number_that_is_a_text_is_named(name: str, given: str, example: float) -> None:
    with pytest.raises(WebserviceException, match=f"{name} must be a .*number.*, not '5'") as refused:
        check_number(name, given, example)
    assert f"{name}={example:g}" in str(refused.value)
