"""What the SDK's users are told: in the SDK's words, at their own line, and with what is right."""

from __future__ import annotations

import os
import re
import warnings
from pathlib import Path
from typing import Any

import joblib
import pytest
from sklearn.linear_model import LogisticRegression

from jupyter_deploy.errors import DeployError, UsageProblem
from jupyter_deploy.sdk.v1 import (
    AciWebservice,
    AksWebservice,
    CondaDependencies,
    Datastore,
    Environment,
    InferenceConfig,
    Model,
    ResourceConfiguration,
    UserErrorException,
    WebserviceException,
    Workspace,
)
from jupyter_deploy.sdk.v1.advice import in_sdk_words
from jupyter_deploy.sdk.v1.exceptions import translated

SCRIPT = "def init(): pass\ndef run(data): return data\n"


@pytest.mark.parametrize(
    ("hint", "said"),
    [
        ("Give it keys: jupyter model deploy web --auth key", "Webservice(ws, 'web').update(auth_enabled=True)"),
        ("Let it: jupyter model deploy web --auth token", "Webservice(ws, 'web').update(token_auth_enabled=True)"),
        ("Make one: jupyter model token web", "Webservice(ws, 'web').get_token()"),
        ("Use a tag: jupyter model deploy web --tag p=VALUE", "Webservice(ws, 'web').add_tags({'p': 'VALUE'})"),
        ("Use: jupyter model tag m:2 KEY=VALUE", "Model(ws, id='m:2').add_tags({'KEY': 'VALUE'})"),
        ("Delete it (jupyter model delete web), or", "(Webservice(ws, 'web').delete()), or"),
        ("jupyter model logs web shows more.", "Webservice(ws, 'web').get_logs() shows more."),
        ("install it; then: jupyter model deploy web.", "install it; then deploy or reload it again."),
        ("jupyter model deploy web starts it again; x", "Model.deploy(…, overwrite=True) starts it again; x"),
        ("It has none: jupyter model deploy web --model m; or x", "deploy it with models=[Model(ws, 'm')]; or x"),
        ("name them (--environment FILE), or y", "(Environment.from_conda_specification(name, file)), or y"),
        ("Leave --child (child_paths) out.", "Leave child_paths= out."),
        ("Give framework= as well.", "Give model_framework= as well."),
    ],
)
def test_a_hint_of_the_layers_beneath_is_said_in_the_sdks_words(hint: str, said: str) -> None:
    assert in_sdk_words(hint).endswith(said)
    assert said in translated(DeployError("It is wrong.", hint=hint), WebserviceException).message


def test_no_option_of_the_command_line_is_left_in_what_a_model_says(ws: Workspace, folder: Path) -> None:
    (folder / "m.pkl").write_bytes(b"1")
    model = Model.register(ws, "m.pkl", "m", properties={"p": "1"})
    model.download("got")
    attempts: list[Any] = [
        lambda: model.download("got"),
        lambda: model.add_properties({"p": "2"}),
        lambda: Model.register(ws, "m.pkl", "m", child_paths=["m.pkl"]),
        lambda: Model.register(ws, "m.pkl", "m", model_framework_version="1.0"),
    ]
    for attempt in attempts:
        with pytest.raises(WebserviceException) as caught:
            attempt()
        assert not re.search(r"--\w|%\w", caught.value.message)
        # The same text is not said twice.
        assert str(caught.value).endswith("InnerException None")


@pytest.mark.parametrize(
    ("name", "path", "said"), [(None, "m.pkl", "model_name must be a text"), ("m", None, "model_path must be a path")]
)
def test_what_is_no_name_and_no_path_is_refused(ws: Workspace, folder: Path, name: Any, path: Any, said: str) -> None:
    (folder / "m.pkl").write_bytes(b"1")
    with pytest.raises((WebserviceException, UserErrorException), match=said):
        Model.register(ws, path, name)


@pytest.mark.parametrize("target", [AciWebservice, AksWebservice])
@pytest.mark.parametrize("what", ["tags", "properties"])
def test_tags_of_a_configuration_are_a_dict(target: Any, what: str) -> None:
    with pytest.raises(WebserviceException, match=f"{what} must be a dict, not \\['x'\\]"):
        target.deploy_configuration(**{what: ["x"]})


def test_the_models_resources_are_the_services_attributes(ws: Workspace, folder: Path) -> None:
    joblib.dump(LogisticRegression().fit([[0.0], [1.0]], [0, 1]), folder / "m.pkl")
    needs = ResourceConfiguration(cpu=1, memory_in_gb=0.5)
    model = Model.register(ws, "m.pkl", "m", model_framework="ScikitLearn", resource_configuration=needs)
    service = Model.deploy(ws, "sized", [model])
    assert (service.cpu_cores, service.memory_gb) == (1, 0.5)
    other = Model.deploy(ws, "sized-more", [model], deployment_config=AciWebservice.deploy_configuration(cpu_cores=2))
    assert (other.cpu_cores, other.memory_gb) == (2, 0.5)
    for made in (service, other):
        made.wait_for_deployment()
        made.delete()
        with pytest.raises(WebserviceException, match="is deleted"):
            made.get_logs()


def test_what_a_layer_beneath_hands_on_raises_the_sdks_exceptions(folder: Path) -> None:
    packages = CondaDependencies()
    with pytest.raises(
        UserErrorException, match=r"(?s)There is no folder .*Create it first: os\.makedirs\('"
    ) as caught:
        packages.save_to_file("service_files", "env.yml")
    exec(caught.value.message.rpartition("Create it first: ")[2], {"os": os})
    assert packages.save_to_file("service_files", "env.yml") == "env.yml"
    with pytest.raises(TypeError, match="has no argument 'package'"):
        packages.add_pip_package(package="numpy")
    assert "azureml-defaults" in repr(packages)


def test_a_missing_conda_file_is_told_from_one_that_is_none(folder: Path) -> None:
    (folder / "env.yml").write_text("dependencies:\n- python=3.11\n")
    with pytest.raises(UserErrorException, match=r"Did you mean 'env\.yml'\?"):
        Environment.from_conda_specification("e", "envs.yml")


def test_a_warning_points_at_the_users_line(ws: Workspace, folder: Path) -> None:
    (folder / "old.yml").write_text("dependencies:\n- python=3.6.2\n- numpy\n")
    environment = Environment.from_conda_specification("old", "old.yml")
    (folder / "score.py").write_text(SCRIPT)
    (folder / "env.yml").write_text("dependencies:\n- python=3.11\n")
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        environment.register(ws)
        Environment.get(ws, "AzureML-Minimal")
        InferenceConfig("score.py", runtime="python", conda_file="env.yml")
    assert len(told) == 3
    assert {warning.filename for warning in told} == {__file__}


def test_what_notebooks_say_of_spark_is_taken() -> None:
    environment = Environment("spark")
    environment.spark.precache_packages = False
    assert environment.spark.precache_packages is False


def test_an_entry_script_is_looked_for_below_the_source_directory(folder: Path) -> None:
    (folder / "src").mkdir()
    (folder / "src" / "score.py").write_text(SCRIPT)
    (folder / "scores.yml").write_text("")
    with pytest.raises(UserErrorException, match=r"relative to source_directory: entry_script='score\.py'"):
        InferenceConfig("src/score.py", source_directory="src")
    with pytest.raises(UserErrorException, match="entry_script must be the path of a script, not None"):
        InferenceConfig(None)  # type: ignore[arg-type]
    with pytest.raises(UserErrorException, match=r"holds: scores\.yml, src"):
        # What is no script is not offered for one.
        InferenceConfig("scores.py")
    (folder / "bad.py").write_text("def init(:\n")
    with pytest.raises(UserErrorException, match=r"bad\.py, line 1: invalid syntax\n"):
        InferenceConfig("bad.py")
    with pytest.raises(UserErrorException, match=r"environment=Environment\.get\(ws, 'mine'\)"):
        InferenceConfig("src/score.py", environment="mine")  # type: ignore[arg-type]


def test_a_path_of_a_datastore_shows_what_it_is(ws: Workspace, folder: Path) -> None:
    (folder / "rows.txt").write_text("1\n")
    made = Datastore.get_default(ws).upload_files(["rows.txt"], target_path="data")
    assert repr(made) == "DataPath('workspaceblobstore', 'data')"
    with pytest.raises(TypeError, match="Use relative_root="):
        Datastore.get_default(ws).upload_files(["rows.txt"], root=".")  # type: ignore[call-arg]


def test_usage_problems_are_the_users(ws: Workspace) -> None:
    assert isinstance(translated(UsageProblem("No."), WebserviceException), UserErrorException)
