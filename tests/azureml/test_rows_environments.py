"""Rows about environments, inference configurations and their files."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import pytest
import yaml

from jupyter_deploy.environments import Environment as Described
from jupyter_deploy.sdk.v1 import (
    CondaDependencies,
    DockerBuildContext,
    Environment,
    InferenceConfig,
    UserErrorException,
    Workspace,
    load_deployment_config,
    load_inference_config,
)

SCORE = "import json\n\n\ndef init():\n    pass\n\n\ndef run(raw_data):\n    return json.loads(raw_data)\n"


@pytest.fixture
def service_files(folder: Path) -> Path:
    """The folder of the documents: a script and a conda file."""
    place = folder / "service_files"
    place.mkdir()
    (place / "score.py").write_text(SCORE)
    dependencies = CondaDependencies()
    dependencies.add_conda_package("scikit-learn")
    (place / "env.yml").write_text(dependencies.serialize_to_string())
    return place


def described(config: InferenceConfig) -> Described:
    """What a deployment is asked for."""
    found = config._options("svc")["environment"]
    assert isinstance(found, Described)
    return found


def test_row_0_8_conda_dependencies_are_put_together_and_written(folder: Path) -> None:
    myenv = CondaDependencies()
    myenv.add_conda_package("scikit-learn")
    (folder / "service_files").mkdir()
    (folder / "service_files" / "env.yml").write_text(myenv.serialize_to_string())
    said = yaml.safe_load((folder / "service_files" / "env.yml").read_text())
    assert "scikit-learn" in said["dependencies"]
    assert {"pip": ["azureml-defaults"]} in said["dependencies"]
    # The documents say that numpy and pandas are in the default; they are not, in the SDK and here.
    assert "numpy" not in str(said)
    made = CondaDependencies.create(conda_packages=["scikit-learn=1.5"], pip_packages=["joblib"], python_version="3.11")
    assert isinstance(made, CondaDependencies)
    assert (list(made.conda_packages), list(made.pip_packages)) == (["scikit-learn=1.5"], ["joblib"])
    made.add_conda_package("scikit-learn==1.6")
    assert list(made.conda_packages) == ["scikit-learn==1.6"]
    with pytest.raises(TypeError, match="Packages go into pip_packages= and conda_packages="):
        CondaDependencies.create(with_package="numpy")  # type: ignore[call-arg]
    with pytest.raises(AttributeError, match="Did you mean 'add_pip_package'"):
        made.add_pip_packag  # noqa: B018


def test_row_0_9_the_older_form_is_an_environment_too(service_files: Path) -> None:
    with pytest.warns(DeprecationWarning, match="runtime, conda_file"):
        config = InferenceConfig(
            runtime="python", source_directory="service_files", entry_script="score.py", conda_file="env.yml"
        )
    options = config._options("classifier-service")
    assert (options["script"], options["source"]) == (Path("score.py"), Path("service_files"))
    found = options["environment"]
    assert isinstance(found, Described)
    assert (found.name, found.requirements) == ("classifier-service-env", ("scikit-learn",))


def test_row_1_5_a_pip_requirements_file_is_an_environment(service_files: Path, folder: Path) -> None:
    (folder / "requirements.txt").write_text("scikit-learn>=1.3\nazureml-defaults\n")
    env = Environment.from_pip_requirements("pip-env", "requirements.txt")
    config = InferenceConfig(entry_script="score.py", source_directory=str(service_files), environment=env)
    assert described(config).requirements == ("scikit-learn>=1.3",)


def test_row_2_17_script_and_environment_are_all_that_is_prepared(service_files: Path) -> None:
    config = InferenceConfig("service_files/score.py")
    assert config._options("svc") == {"script": Path("service_files/score.py")}
    assert config.environment is None


def test_row_2_18_an_old_conda_file_is_read_and_its_python_replaced(folder: Path) -> None:
    (folder / "env.yml").write_text(
        "name: project_environment\ndependencies:\n  - python=3.6.2\n  - scikit-learn=0.20.0\n  - pip:\n"
        "      - azureml-defaults\n      - inference-schema[numpy-support]\n"
    )
    env = Environment.from_conda_specification(name="myenv", file_path="env.yml")
    assert env.python.conda_dependencies.python_version == "3.6.2"
    with pytest.warns(UserWarning, match=r"Python 3\.6\.2 is too old for the server"):
        found = env._described()
    assert isinstance(found, Described)
    assert found.requirements == ("scikit-learn==0.20.0.*", "inference-schema[numpy-support]")
    assert found.python_version == ""


def test_row_2_20_environments_are_registered_and_found(ws: Workspace, service_files: Path) -> None:
    myenv = Environment.from_conda_specification(name="myenv", file_path="service_files/env.yml")
    myenv.environment_variables = {"STAGE": "trial"}
    kept = myenv.register(workspace=ws)
    assert (kept.name, kept.version, myenv.version) == ("myenv", "1", "1")
    assert Environment.from_conda_specification("myenv", "service_files/env.yml").register(ws).version == "2"
    assert myenv.register(ws).version == "1"
    assert list(Environment.list(ws)) == list(ws.environments) == ["myenv"]
    assert list(ws.environments["myenv"].python.conda_dependencies.pip_packages) == ["scikit-learn"]
    with pytest.raises(TypeError, match="An environment's name is a text"):
        Environment(7)  # type: ignore[arg-type]
    with pytest.raises(UserErrorException, match="cannot be an environment's name"):
        Environment("not a name").register(ws)


def test_row_2_29_a_version_is_a_text_or_a_number_and_a_script_may_have_hyphens(
    ws: Workspace, service_files: Path, folder: Path
) -> None:
    Environment.from_conda_specification("myenv", "service_files/env.yml").register(ws)
    (folder / "path-to-score.py").write_text(SCORE)
    for version in ("1", 1, None):
        myenv = Environment.get(workspace=ws, name="myenv", version=version)
        assert (myenv.name, myenv.version) == ("myenv", "1")
        config = InferenceConfig(entry_script="path-to-score.py", environment=myenv)
        assert described(config).requirements == ("scikit-learn",)
    with pytest.raises(UserErrorException, match="has no version 7") as caught:
        Environment.get(ws, "myenv", "7")
    assert "Its versions: 1." in caught.value.message
    with pytest.raises(UserErrorException, match="Did you mean 'myenv'"):
        Environment.get(ws, "myenw")


def test_row_2_32_an_own_image_or_dockerfile_is_the_base(ws: Workspace, folder: Path, service_files: Path) -> None:
    env = Environment("own")
    env.docker.enabled = True
    env.docker.base_image = "python:3.12-slim"
    env.python.user_managed_dependencies = True
    config = InferenceConfig("service_files/score.py", environment=env)
    assert (described(config).base_image, described(config).requirements) == ("python:3.12-slim", ())
    made = Environment.from_docker_image("own", "python:3.12-slim", conda_specification="service_files/env.yml")
    assert described(InferenceConfig("service_files/score.py", environment=made)).requirements == ("scikit-learn",)
    (folder / "Dockerfile").write_text("FROM python:3.12-slim\nRUN true\n")
    for env in (
        Environment.from_dockerfile("own", "Dockerfile"),
        Environment.from_dockerfile("own", "FROM python:3.12-slim\nRUN true\n"),
        Environment.from_docker_build_context("own", DockerBuildContext.from_local_directory(ws, str(folder))),
    ):
        found = env._described()
        assert isinstance(found, Described)
        assert found.dockerfile == "FROM python:3.12-slim\nRUN true\n"


def test_images_of_the_cloud_without_packages_are_the_usual_base() -> None:
    from azureml.core.runconfig import DEFAULT_CPU_IMAGE

    env = Environment("own")
    env.docker.base_image = DEFAULT_CPU_IMAGE
    env.python.conda_dependencies = CondaDependencies.create(pip_packages=["joblib"])
    with pytest.warns(UserWarning, match="the usual base image is used"):
        found = env._described()
    assert isinstance(found, Described)
    assert (found.base_image, found.requirements) == ("", ("joblib",))


def test_azures_own_environments_and_the_notebooks_own(ws: Workspace) -> None:
    with pytest.warns(UserWarning, match="the packages that script and model need are installed instead"):
        env = Environment.get(ws, "AzureML-sklearn-1.0-ubuntu20.04-py38-cpu")
    assert env._described() == "inferred"
    env.python.conda_dependencies.add_pip_package("lightgbm")
    assert env._described() == "inferred+lightgbm"
    own = Environment("mine")
    own.python.user_managed_dependencies = True
    assert own._described() == "kernel"
    with pytest.raises(UserErrorException, match="this notebook's own interpreter"):
        own.register(ws)


def test_an_environment_is_written_to_a_folder_and_read_back(folder: Path) -> None:
    env = Environment("mine")
    env.python.conda_dependencies = CondaDependencies.create(pip_packages=["joblib"], conda_packages=["numpy"])
    env.environment_variables = {"A": "b"}
    env.save_to_directory("saved")
    with pytest.raises(UserErrorException, match="is not empty"):
        env.save_to_directory("saved")
    again = Environment.load_from_directory("saved")
    assert again._described() == env._described()
    assert again.clone("other").name == "other"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"entry_script": "scor.py"}, r"is not there\.\nHint: Did you mean 'score.py'"),
        ({"entry_script": "score.txt"}, "must end in .py"),
        ({"entry_script": "broken.py"}, "line 1"),
        ({"entry_script": "score.py", "runtime": "r"}, "runtime cannot be 'r'"),
        ({"entry_script": "score.py", "runtime": "spark-py"}, "Spark is not there"),
        ({"entry_script": "score.py", "source_directory": "nowhere"}, "there is no folder"),
        ({"entry_script": "score.py", "conda_file": "x.yml"}, "conda_file: .* is not there"),
        ({"entry_script": "score.py", "environment": "myenv"}, "environment cannot be a str"),
    ],
)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_what_an_inference_config_refuses(service_files: Path, given: dict[str, Any], words: str) -> None:
    (service_files / "score.txt").write_text("")
    (service_files / "broken.py").write_text("def run(:\n")
    with pytest.raises(UserErrorException, match=words):
        InferenceConfig(**{"source_directory": "service_files", **given})


def test_the_older_form_and_an_environment_exclude_each_other(service_files: Path) -> None:
    with pytest.raises(UserErrorException, match=r"environment= excludes runtime"):
        InferenceConfig("service_files/score.py", runtime="python", environment=Environment("e"))
    with pytest.raises(TypeError, match="Use environment="):
        InferenceConfig("service_files/score.py", env=Environment("e"))  # type: ignore[call-arg]


INFERENCE = {
    "entryScript": "score.py",
    "sourceDirectory": "./service_files",
    "environment": {
        "name": "my-env",
        "environmentVariables": {"EXAMPLE": "value"},
        "python": {
            "interpreterPath": "python",
            "userManagedDependencies": False,
            "condaDependencies": {
                "name": "project_environment",
                "dependencies": ["python=3.12", "scikit-learn", {"pip": ["azureml-defaults", "joblib"]}],
            },
        },
        "docker": {"enabled": False, "baseImage": None, "arguments": []},
    },
}


def test_row_2_30_inferenceconfig_json_is_an_equal_inference_config(service_files: Path, folder: Path) -> None:
    (folder / "inferenceconfig.json").write_text(json.dumps(INFERENCE, indent="\t"))
    env = Environment("my-env")
    env.python.conda_dependencies = CondaDependencies.create(
        conda_packages=["scikit-learn"], pip_packages=["joblib"], python_version="3.12"
    )
    env.environment_variables = {"EXAMPLE": "value"}
    wanted = InferenceConfig("score.py", source_directory="service_files", environment=env)
    assert load_inference_config("inferenceconfig.json") == wanted
    (folder / "inferenceconfig.yml").write_text(yaml.safe_dump(INFERENCE))
    assert load_inference_config("inferenceconfig.yml") == wanted
    (folder / "old.json").write_text(
        '{"entryScript": "score.py", "sourceDirectory": "service_files", "runtime": "python", "condaFile": "env.yml"}'
    )
    with pytest.warns(DeprecationWarning, match="runtime, conda_file"):
        old = load_inference_config("old.json")
    assert described(old).requirements == ("scikit-learn",)
    (folder / "wrong.json").write_text('{"entryScrip": "score.py"}')
    with pytest.raises(UserErrorException, match=r"unknown key 'entryScrip'.\nHint: Did you mean 'entryScript'"):
        load_inference_config("wrong.json")


def test_row_2_42_deploymentconfig_json_names_class_and_arguments(folder: Path) -> None:
    (folder / "deploymentconfig.json").write_text('{"computeType": "local", "port": 32267}')
    local = load_deployment_config("deploymentconfig.json")
    assert (local.compute_type, local.webservice, local.arguments) == ("local", "LocalWebservice", {"port": 32267})
    said = {
        "computeType": "aks",
        "autoScaler": {"autoscaleEnabled": True, "minReplicas": 1, "maxReplicas": 3, "targetUtilization": 70},
        "containerResourceRequirements": {"cpu": 0.5, "memoryInGB": 1.0},
        "authEnabled": True,
        "keys": {"primaryKey": "first-secret", "secondaryKey": None},
        "scoringTimeoutMs": 90000,
        "livenessProbeRequirements": {"periodSeconds": 5},
    }
    (folder / "aks.yml").write_text(yaml.safe_dump(said))
    aks = load_deployment_config("aks.yml")
    assert aks.webservice == "AksWebservice"
    assert aks.arguments == {
        "autoscale_enabled": True, "autoscale_min_replicas": 1, "autoscale_max_replicas": 3,
        "autoscale_target_utilization": 70, "cpu_cores": 0.5, "memory_gb": 1.0, "auth_enabled": True,
        "primary_key": "first-secret", "scoring_timeout_ms": 90000, "period_seconds": 5,
    }  # fmt: skip
    assert "first-secret" not in repr(aks)
    for text, words in (
        ('{"computeType": "lokal"}', r"computeType cannot be 'lokal'.\nHint: Did you mean 'local'"),
        ('{"computeType": "local", "prt": 1}', "unknown key 'prt'"),
        ('{"computeType": "aci", "keys": {"primary": "x"}}', "keys: unknown key 'primary'"),
    ):
        (folder / "wrong.json").write_text(text)
        with pytest.raises(UserErrorException, match=words):
            load_deployment_config("wrong.json")


def test_nothing_is_said_where_nothing_is_otherwise(service_files: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        env = Environment("quiet")
        env.python.conda_dependencies = CondaDependencies.create(pip_packages=["joblib"])
        assert described(InferenceConfig("service_files/score.py", environment=env)).requirements == ("joblib",)
