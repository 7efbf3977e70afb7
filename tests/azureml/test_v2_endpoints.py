"""Rows about endpoints and deployments in SDK v2: one real endpoint with two deployments, for all of them."""

from __future__ import annotations

import collections
import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from jupyter_deploy.sdk.v2 import (
    CodeConfiguration,
    HttpResponseError,
    LROPoller,
    ManagedOnlineDeployment,
    ManagedOnlineEndpoint,
    Model,
    ResourceNotFoundError,
    TargetUtilizationScaleSettings,
    ValidationException,
    load_online_deployment,
)
from jupyter_deploy.sdk.v2.telling import TELLER
from jupyter_deploy.workspace import Workspace

from .v2_served import SCORE, Served, picture, serving


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    yield from serving(tmp_path_factory.mktemp("v2"))


@pytest.fixture(autouse=True)
def beside(served: Served, monkeypatch: pytest.MonkeyPatch, folder: Path) -> Iterator[None]:
    """In the notebook's folder, where relative paths are those of the documents."""
    monkeypatch.chdir(served.folder / "notebook")
    yield
    # Traffic that a test leaves unapplied would be told at the end of all of them.
    TELLER.forget()


def test_row_3_4_and_4_11_the_documents_names_are_names(served: Served) -> None:
    assert len(served.name) == 20
    assert served.client.online_endpoints.get(name=served.name).name == served.name
    refused = ManagedOnlineEndpoint(name="mnist_endpt")
    with pytest.raises(ValidationException, match=r"cannot be an endpoint's name(.|\n)*For example 'mnist-endpt'"):
        served.client.online_endpoints.begin_create_or_update(refused)


def test_row_3_12_and_4_12_an_endpoint_is_there_at_once(served: Served) -> None:
    made = served.seen["endpoint"]
    assert served.took["begin endpoint"] < 1
    assert served.took["endpoint"] < 10
    assert (made.provisioning_state, made.kind, made.auth_mode) == ("Succeeded", "Managed", "key")
    assert made.scoring_uri.endswith("/score")


def test_row_3_14_begin_returns_at_once_and_the_work_goes_on(served: Served) -> None:
    assert served.took["begin blue"] < 1
    done, status, _ = served.seen["at once"]
    assert (done, status, served.seen["done"]) == (False, "InProgress", (True, "Succeeded"))
    assert isinstance(served.seen["green"], LROPoller)
    assert served.seen["green"].result().provisioning_state == "Succeeded"


def test_row_3_13_and_3_11_a_deployment_is_made_of_its_parts(served: Served) -> None:
    blue = served.seen["blue"]
    assert (blue.name, blue.provisioning_state, blue.endpoint_name) == ("blue", "Succeeded", served.name)
    assert (blue.model, blue.instance_type, blue.instance_count) == ("azureml:example:1", "Standard_DS3_v2", 1)
    code = Path(blue.code_configuration.code)
    assert code.resolve() == (served.folder / "model-1" / "onlinescoring").resolve()
    # What it says of itself is what would make it again.
    again = load_online_deployment(io.StringIO(str(blue)))
    assert (again.code_configuration, again.model) == (blue.code_configuration, blue.model)


def test_row_3_15_and_4_18_an_endpoint_tells_how_it_is(served: Served) -> None:
    found = served.client.online_endpoints.get(name=served.name)
    assert (found.provisioning_state, set(found.traffic), found.tags) == (
        "Succeeded",
        {"blue", "green"},
        {"team": "risk"},
    )
    assert f"scoring_uri: {found.scoring_uri}" in str(found)
    assert found.creation_context is not None
    document = requests.get(str(found.openapi_uri), headers=_bearer(served), timeout=30)
    assert document.status_code in {200, 404}
    assert [each.name for each in served.client.online_endpoints.list(local=True)] == [served.name]
    assert [each.name for each in served.client.online_deployments.list(served.name)] == ["blue", "green"]
    with pytest.raises(ResourceNotFoundError, match=f"Did you mean '{served.name}'"):
        served.client.online_endpoints.get(served.name[:-1])
    with pytest.raises(ResourceNotFoundError, match="Did you mean 'green'"):
        served.client.online_deployments.get("gren", served.name)


def _bearer(served: Served) -> dict[str, str]:
    return {"Authorization": f"Bearer {served.client.online_endpoints.get_keys(served.name).primary_key}"}  # type: ignore[union-attr]


def _post(served: Served, **headers: str) -> requests.Response:
    endpoint = served.client.online_endpoints.get(served.name)
    body = json.dumps({"data": picture(1)})
    return requests.post(str(endpoint.scoring_uri), data=body, headers={**_bearer(served), **headers}, timeout=30)


def test_row_3_16_and_4_17_traffic_is_what_was_applied(served: Served) -> None:
    client = served.client
    served.route(blue=0)
    assert client.online_endpoints.get(served.name).traffic == {"blue": 0, "green": 0}
    answer = _post(served)
    assert (answer.status_code, "blue=100" in answer.text) == (404, True)
    with pytest.raises(HttpResponseError, match="has traffic") as caught:
        client.online_endpoints.invoke(served.name, input_data={"data": picture(1)})
    assert caught.value.status_code == 404
    endpoint = client.online_endpoints.get(served.name)
    with pytest.warns(UserWarning, match=r"To apply it: ml_client.online_endpoints.begin_create_or_update\(endpoint\)"):
        endpoint.traffic["blue"] = 100
    assert _post(served).status_code == 404
    assert client.begin_create_or_update(endpoint).result().traffic == {"blue": 100, "green": 0}
    assert _post(served).headers["azureml-model-deployment"] == "blue"
    # The cell that creates the endpoint, once more: the rules stay.
    again = ManagedOnlineEndpoint(name=served.name, auth_mode="key")
    assert client.begin_create_or_update(again).result().traffic == {"blue": 100, "green": 0}


def test_row_3_18_traffic_is_split_and_mirrored(served: Served) -> None:
    served.route(blue=50, green=50)
    session, endpoint = requests.Session(), served.client.online_endpoints.get(served.name)
    session.headers.update(_bearer(served))
    body = json.dumps({"data": picture(0)})
    answers = [session.post(str(endpoint.scoring_uri), data=body, timeout=30) for _ in range(200)]
    counted = collections.Counter(answer.headers["azureml-model-deployment"] for answer in answers)
    assert {answer.status_code for answer in answers} == {200}
    # Three standard deviations of 200 fair choices.
    assert abs(counted["blue"] - 100) <= 21
    assert _post(served, **{"azureml-model-deployment": "green"}).headers["azureml-model-deployment"] == "green"
    for shares, words in (
        ({"blue": 90, "green": 20}, r"not to 110 % \(blue 90 \+ green 20\)"),
        ({"blue": 50, "red": 50}, "has no deployment 'red'"),
        ({"blue": 99.5, "green": 0.5}, "whole number"),
    ):
        endpoint.traffic = shares
        with pytest.raises(ValidationException, match=words):
            served.client.online_endpoints.begin_create_or_update(endpoint)
    served.route(blue=100)
    endpoint = served.client.online_endpoints.get(served.name)
    endpoint.mirror_traffic = {"green": 60}
    with pytest.raises(ValidationException, match="from 0 to 50"):
        served.client.online_endpoints.begin_create_or_update(endpoint)
    endpoint.mirror_traffic = {"green": 20}
    assert served.client.begin_create_or_update(endpoint).result().mirror_traffic == {"green": 20}
    with pytest.raises(HttpResponseError, match=r"20 % of the mirrored requests(.|\n)*mirror_traffic = {'green': 0}"):
        served.client.online_deployments.begin_delete("green", served.name)
    endpoint.mirror_traffic = {"green": 0}
    assert served.client.begin_create_or_update(endpoint).result().mirror_traffic == {}


def test_row_3_17_names_that_the_documents_invented_are_answered(served: Served) -> None:
    endpoint = served.client.online_endpoints.get(served.name)
    with pytest.raises(AttributeError, match=r"Use endpoint\.traffic = {'blue': 90, 'green': 10}"):
        endpoint.update(traffic={"blue": 100})
    with pytest.raises(ImportError, match=r"endpoint\.traffic = {'blue': 90, 'green': 10}"):
        exec("from azure.ai.ml.entities import Traffic")


def test_traffic_of_an_endpoint_that_is_not_there_yet_is_refused(served: Served) -> None:
    with pytest.raises(ValidationException, match="it has no deployments yet"):
        served.client.begin_create_or_update(ManagedOnlineEndpoint(name="early", traffic={"blue": 100}))
    orphan = ManagedOnlineDeployment(name="blue", endpoint_name="early", model="azureml:example:1")
    with pytest.raises(ResourceNotFoundError, match="No endpoint named 'early'"):
        served.client.begin_create_or_update(orphan)


def test_row_4_20_and_4_23_a_client_sends_a_picture(served: Served, tmp_path: Path) -> None:
    served.route(blue=100)
    for number in (0, 1):
        (tmp_path / "request.json").write_text(json.dumps({"data": picture(number)}))
        text = served.client.online_endpoints.invoke(served.name, request_file=tmp_path / "request.json")
        assert json.loads(json.loads(text)) == number
        asked = served.client.online_endpoints.invoke(
            endpoint_name=served.name, deployment_name="blue", input_data={"data": picture(number)}
        )
        assert asked == text == json.dumps(str(number))
    with pytest.raises(ValidationException, match="there is no"):
        served.client.online_endpoints.invoke(served.name, request_file="none.json")
    with pytest.raises(ResourceNotFoundError, match="There are: blue, green"):
        served.client.online_endpoints.invoke(served.name, input_data=[], deployment_name="red")
    with pytest.raises(HttpResponseError, match="KeyError") as caught:
        served.client.online_endpoints.invoke(served.name, input_data={"pixels": []})
    assert caught.value.status_code == 424


def test_row_4_21_and_4_22_and_4_5_the_key_opens_it_and_a_large_body_passes(served: Served) -> None:
    served.route(blue=100)
    endpoint, keys = (
        served.client.online_endpoints.get(served.name),
        served.client.online_endpoints.get_keys(served.name),
    )
    assert "********" in repr(keys)
    body = json.dumps({"data": picture(1, 600)})
    assert len(body) > 1_000_000
    url = str(endpoint.scoring_uri)
    for key, status in ((keys.primary_key, 200), (keys.secondary_key, 200), ("wrong", 401), ("", 401)):  # type: ignore[union-attr]
        # As the documents send it: bytes without a Content-Type.
        answer = requests.post(url, data=body.encode(), headers={"Authorization": f"Bearer {key}"}, timeout=30)
        assert answer.status_code == status
    served.client.online_endpoints.begin_regenerate_keys(served.name, key_type="secondary").result()
    after = served.client.online_endpoints.get_keys(served.name)
    assert after.primary_key == keys.primary_key  # type: ignore[union-attr]
    old = {"Authorization": f"Bearer {keys.secondary_key}"}  # type: ignore[union-attr]
    assert requests.post(url, data=body.encode(), headers=old, timeout=30).status_code == 401
    with pytest.raises(ValidationException, match="primary"):
        served.client.online_endpoints.begin_regenerate_keys(served.name, key_type="first")


def test_row_3_6_and_4_4_and_4_7_and_4_8_what_a_script_prints_is_in_the_log(served: Served) -> None:
    log = served.client.online_deployments.get_logs("blue", served.name, lines=200)
    assert "/azureml-models/example/1/INPUT_model" in log.replace("/models/example", "/azureml-models/example")
    assert "INPUT_model/ model.pkl" in log
    assert (
        len(served.client.online_deployments.get_logs(name="blue", endpoint_name=served.name, lines=1).splitlines())
        == 1
    )
    nothing = served.client.online_deployments.get_logs(
        "blue", served.name, lines=5, container_type="storage-initializer"
    )
    assert nothing == "Nothing is downloaded: models are on this machine.\n"


def test_row_3_8_and_4_15_a_script_finds_its_files_and_its_variables(served: Served) -> None:
    green = served.client.online_deployments.get("green", served.name)
    assert "limit: 7" in served.client.online_deployments.get_logs("green", served.name, lines=1000)
    assert (green.environment_variables, green.instance_type) == ({"LIMIT": "7"}, "Standard_D2_v2")
    assert green.request_settings.request_timeout_ms == 90_000
    assert green.scale_settings == TargetUtilizationScaleSettings(min_instances=1, max_instances=3, polling_interval=1)


def test_row_4_16_and_3_2_the_number_of_instances_changes_and_the_others_go_on(served: Served) -> None:
    live = Workspace(served.home).endpoints[served.name].deployments["green"]
    before = [each.record.server for each in live.instances]
    green = served.client.online_deployments.get("green", served.name)
    green.instance_count = 2
    assert served.client.begin_create_or_update(green).result().instance_count == 2
    assert [each.record.server for each in live.instances][:1] == before
    # Only what the notebook changes is changed: its folder may be gone by now.
    (served.folder / "notebook" / "src").rename(served.folder / "notebook" / "gone")
    try:
        green = served.client.online_deployments.get("green", served.name)
        green.instance_count, green.tags = 1, {"stage": "trial"}
        made = served.client.begin_create_or_update(green).result()
        assert (made.instance_count, made.tags) == (1, {"stage": "trial"})
    finally:
        (served.folder / "notebook" / "gone").rename(served.folder / "notebook" / "src")
    assert [each.record.server for each in live.instances] == before


def test_row_3_13_and_4_3_a_broken_script_is_told_with_its_traceback_and_the_old_one_serves(served: Served) -> None:
    served.route(blue=100)
    script = served.folder / "model-1" / "onlinescoring" / "score.py"
    blue = ManagedOnlineDeployment(
        name="blue",
        endpoint_name=served.name,
        model="azureml:example:1",
        code_configuration=CodeConfiguration("../model-1/onlinescoring", "score.py"),
        instance_type="Standard_DS3_v2",
    )
    script.write_text("import tensorflow_of_nowhere\n" + SCORE)
    try:
        poller = served.client.begin_create_or_update(blue)
        with pytest.raises(HttpResponseError) as caught:
            poller.result()
        said = caught.value.message
        assert f"Deployment blue of {served.name}" in said
        assert "tensorflow_of_nowhere" in said
        assert "begin_create_or_update" in said
        assert f"{served.name}.blue.1" not in said
        assert served.blue.provisioning_state == "Failed"
        assert _post(served).status_code == 200
    finally:
        script.write_text(SCORE)
    assert served.client.begin_create_or_update(blue).result().provisioning_state == "Succeeded"


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({}, ValidationException, "neither model nor code_configuration"),
        ({"model": "azureml:example:9"}, ResourceNotFoundError, "Versions of example: 1"),
        ({"model": "azureml:exmple:1"}, ResourceNotFoundError, "Did you mean 'example'"),
        ({"model": Model(path="none")}, ValidationException, "There is no none"),
        ({"model": "azureml:example:1", "environment": "azureml:nothing:1"}, ResourceNotFoundError, "nothing"),
        ({"model": "azureml:example:1", "instance_count": 0}, ValidationException, "instance_count"),
    ],
)
def test_what_can_be_told_at_once_is_told_at_once(
    served: Served, options: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        served.client.begin_create_or_update(
            ManagedOnlineDeployment(name="red", endpoint_name=served.name, **options), local=True
        )
    assert len(served.client.online_deployments.list(served.name)) == 2


def test_vs_code_can_debug_until_the_next_call(served: Served) -> None:
    for debug in (True, False):
        served.client.online_deployments.begin_create_or_update(served.blue, local=True, vscode_debug=debug).result()
        (instance,) = Workspace(served.home).endpoints[served.name].deployments["blue"].instances
        assert ("debug_port" in instance.record.spec.settings) is debug


def test_row_3_5_and_4_13_and_3_20_tokens_and_deletion(served: Served) -> None:
    made = served.client.begin_create_or_update(ManagedOnlineEndpoint(name="with-token", auth_mode="token")).result()
    assert made.auth_mode == "aml_token"
    token = served.client.online_endpoints.get_keys("with-token")
    assert token.token_type == "Bearer"  # type: ignore[union-attr]
    assert token.expiry_time_utc > token.refresh_after_time_utc > time.time()  # type: ignore[union-attr]
    assert token.access_token not in repr(token)  # type: ignore[union-attr]
    url = str(made.scoring_uri)
    for header, status in ((token.access_token, 404), ("wrong", 401)):  # type: ignore[union-attr]
        assert requests.post(url, headers={"Authorization": f"Bearer {header}"}, timeout=30).status_code == status
    poller = served.client.online_endpoints.begin_delete(name="with-token", local=True)
    assert poller.result() is None
    with pytest.raises(requests.ConnectionError):
        requests.post(url, timeout=30)
    with pytest.raises(ResourceNotFoundError, match="with-token"):
        served.client.online_endpoints.begin_delete("with-token")


def test_row_4_24_another_process_finds_endpoint_and_key(served: Served) -> None:
    served.route(blue=100)
    program = f"""
import jupyter_deploy.azureml
from azure.ai.ml import MLClient
from azure.identity import DefaultAzureCredential
ml_client = MLClient(DefaultAzureCredential(), "sub", "group", "ws")
endpoint = ml_client.online_endpoints.get(name={served.name!r})
key = ml_client.online_endpoints.get_keys(name={served.name!r}).primary_key
import requests, json
headers = {{"Authorization": "Bearer " + key}}
print(requests.post(endpoint.scoring_uri, json={{"data": {picture(1)!r}}}, headers=headers).json())
"""
    environ = {**os.environ, "JUPYTER_DEPLOY_HOME": str(served.home)}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environ, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout == "1\n", done.stderr


CREATE_ENDPOINT = """\
import datetime

import jupyter_deploy.azureml
from azure.ai.ml import MLClient
from azure.ai.ml.entities import CodeConfiguration, ManagedOnlineDeployment, ManagedOnlineEndpoint
from azure.identity import ClientSecretCredential

credential = ClientSecretCredential("TENANT_ID", "CLIENT_ID", "CLIENT_SECRET")
ml_client = MLClient(credential, "SUBSCRIPTION_ID", "RESOURCE_GROUP", "WORKSPACE")
endpoint_name = "mnist-endpt-" + datetime.datetime.now().strftime("%m%d%H%M%f")
endpoint = ManagedOnlineEndpoint(name=endpoint_name, description="an endpoint", auth_mode="key")
ml_client.online_endpoints.begin_create_or_update(endpoint).result()
model = ml_client.models.get(name="example", version=1)
blue_deployment = ManagedOnlineDeployment(
    name="blue",
    endpoint_name=endpoint_name,
    model=model,
    code_configuration=CodeConfiguration(code="./src/number_predictor", scoring_script="scoring.py"),
    instance_type="Standard_D2_v2",
    instance_count=1,
)
ml_client.begin_create_or_update(blue_deployment)
print(endpoint_name)
"""


def test_row_3_21_and_4_19_a_program_outside_of_notebooks(served: Served) -> None:
    """It does not wait for its deployment: that is there when the program has ended."""
    (served.folder / "notebook" / "create_endpoint.py").write_text(CREATE_ENDPOINT)
    environ = {**os.environ, "JUPYTER_DEPLOY_HOME": str(served.home)}
    done = subprocess.run(
        [sys.executable, "create_endpoint.py"], env=environ, capture_output=True, text=True, timeout=90, check=False
    )
    name = done.stdout.strip()
    try:
        assert len(name) == 26, done.stderr
        assert "To give it to blue: endpoint.traffic = {'blue': 100}" in done.stderr
        answer = served.client.online_endpoints.invoke(name, deployment_name="blue", input_data={"data": ""})
        assert json.loads(answer) == [0]
    finally:
        served.client.online_endpoints.begin_delete(name).result()
