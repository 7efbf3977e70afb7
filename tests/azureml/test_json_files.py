"""Files of configuration: what is of the wrong type is refused by the file's own keys, whatever wrote the file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from jupyter_deploy.sdk.v1 import (
    AciWebservice,
    UserErrorException,
    WebserviceException,
    load_deployment_config,
    load_inference_config,
)

ACI = {"computeType": "aci", "containerResourceRequirements": {"cpu": 0.5, "memoryInGB": 1.0}}
AKS = {"computeType": "aks", "autoScaler": {"autoscaleEnabled": True, "minReplicas": 1, "maxReplicas": 3}}


def write(folder: Path, values: Any, name: str = "config.json", encoding: str = "utf-8") -> str:
    path = folder / name
    path.write_text(values if isinstance(values, str) else json.dumps(values), encoding=encoding)
    return str(path)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        # Taken as true, the text "false" would ask all clients for a key, without a word.
        ({**ACI, "authEnabled": "false"}, "authEnabled must be true or false, not 'false'"),
        ({**ACI, "sslEnabled": "no"}, "sslEnabled must be true or false, not 'no'"),
        ({**ACI, "appInsightsEnabled": 1}, "appInsightsEnabled must be true or false, not 1"),
        ({**ACI, "description": 5}, "description must be a text, not 5"),
        (
            {**ACI, "containerResourceRequirements": {"cpu": "0.5"}},
            r"containerResourceRequirements\.cpu must be a number",
        ),
        (
            {**ACI, "containerResourceRequirements": {"cpu": True}},
            r"containerResourceRequirements\.cpu must be a number",
        ),
        ({**ACI, "containerResourceRequirements": 5}, "containerResourceRequirements must be an object"),
        ({**ACI, "containerResourceRequirements": {"cpus": 1}}, "unknown key 'cpus'(.|\n)*Did you mean 'cpu'"),
        ({**ACI, "keys": "s3cret"}, "keys must be an object"),
        ({**ACI, "authEnabled": True, "keys": {"primaryKey": 51234}}, r"keys\.primaryKey must be a text"),
        ({**AKS, "autoscaler": {}}, "unknown key 'autoscaler'(.|\n)*Did you mean 'autoScaler'"),
        (
            {**AKS, "autoScaler": {"minReplicas": 5, "maxReplicas": 3}},
            r"autoScaler\.minReplicas is above autoScaler\.max",
        ),
        (
            {**AKS, "dataCollection": {"storageEnabled": "true"}},
            r"dataCollection\.storageEnabled must be true or false",
        ),
        ({"computeType": "local", "port": "6789"}, "port must be an integer in range"),
    ],
)
def test_a_value_of_the_wrong_type_is_refused_by_its_key(tmp_path: Path, values: Any, message: str) -> None:
    with pytest.raises(UserErrorException, match=message) as caught:
        load_deployment_config(write(tmp_path, values)).configuration()
    assert str(tmp_path / "config.json") in caught.value.message
    assert not any(secret in str(caught.value) for secret in ("s3cret", "51234"))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"entryScript": 5}, "entryScript must be a text, not 5"),
        ({"entryScript": "score.py", "sourceDirectory": 5}, "sourceDirectory must be a text, not 5"),
        ({"entryScript": "score.py", "environment": "my-env"}, "environment must be an object, not 'my-env'"),
        ({"entryscript": "score.py"}, "unknown key 'entryscript'(.|\n)*Did you mean 'entryScript'"),
    ],
)
def test_a_value_of_an_inferenceconfig_that_is_wrong_is_told(tmp_path: Path, values: Any, message: str) -> None:
    with pytest.raises(UserErrorException, match=message):
        load_inference_config(write(tmp_path, values))


def test_a_key_that_is_there_twice_is_refused_and_the_line_is_not_shown(tmp_path: Path) -> None:
    text = '{"computeType": "aks",\n "keys": {"primaryKey": "s3cret", "primaryKey": "other-s3cret"}}'
    for path in (write(tmp_path, text), write(tmp_path, 'computeType: aks\nkeys: {primaryKey: "s3cret', "c.yml")):
        with pytest.raises(UserErrorException, match="in line 2") as caught:
            load_deployment_config(path)
        assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_files_of_any_editor_are_read(tmp_path: Path, encoding: str) -> None:
    path = write(tmp_path, {**ACI, "description": "größer"}, encoding=encoding)
    assert load_deployment_config(path).configuration().description == "größer"


def test_a_script_beside_its_file_is_found(tmp_path: Path) -> None:
    (tmp_path / "score.py").write_text("def run(data):\n    return data\n")
    (tmp_path / "env.yml").write_text("dependencies:\n- python\n")
    values = {"entryScript": "score.py", "environment": {"name": "e", "python": {"condaDependenciesFile": "env.yml"}}}
    found = load_inference_config(write(tmp_path, values))
    assert Path(str(found.source_directory)) == tmp_path


def test_the_sdk_refuses_the_same(tmp_path: Path) -> None:
    with pytest.raises(WebserviceException, match="auth_enabled must be True or False, not 'false'"):
        AciWebservice.deploy_configuration(auth_enabled="false")
    with pytest.raises(WebserviceException, match="cpu_cores must be a number greater than zero, not True"):
        AciWebservice.deploy_configuration(cpu_cores=True)
    with pytest.raises(WebserviceException, match=r"primary_key must be a text\.") as caught:
        AciWebservice.deploy_configuration(auth_enabled=True, primary_key=51234)
    assert "51234" not in str(caught.value)
