"""Calls of the v2 SDK that do not wait with ``result()``, as documents of Azure have them."""

from __future__ import annotations

from pathlib import Path

import pytest
from azure.ai.ml import MLClient
from azure.ai.ml.entities import CodeConfiguration, ManagedOnlineDeployment, ManagedOnlineEndpoint
from azure.core.exceptions import HttpResponseError

from jupyter_deploy.workspace import Workspace


@pytest.fixture
def client(workspace: Workspace) -> MLClient:
    return MLClient(None, "subscription", "group", "workspace")


@pytest.fixture
def code(tmp_path: Path) -> CodeConfiguration:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "score.py").write_text("import json\n\ndef run(data):\n    return json.loads(data)\n")
    return CodeConfiguration(str(tmp_path / "src"), "score.py")


def test_local_calls_return_when_their_work_is_done(client: MLClient, code: CodeConfiguration, tmp_path: Path) -> None:
    (tmp_path / "sample.json").write_text("[7]")
    endpoint = ManagedOnlineEndpoint(name="shop")
    client.online_endpoints.begin_create_or_update(endpoint, local=True)
    blue = ManagedOnlineDeployment(name="blue", endpoint_name="shop", code_configuration=code, model=None)
    made = client.online_deployments.begin_create_or_update(blue, local=True)
    assert made.done()
    assert client.online_endpoints.get("shop", local=True).provisioning_state == "Succeeded"
    # Azure's local endpoints have no rules: the only deployment answers.
    sample = str(tmp_path / "sample.json")
    assert client.online_endpoints.invoke("shop", request_file=sample, local=True) == "[7]"
    with pytest.raises(HttpResponseError, match=r"endpoint\.traffic = \{'blue': 100\}") as refused:
        client.online_endpoints.invoke("shop", request_file=sample)
    assert refused.value.status_code == 404
    broken = ManagedOnlineDeployment(name="red", endpoint_name="shop", code_configuration=code)
    (Path(code.code) / "score.py").write_text("def run(data):\n    return data\n\nraise RuntimeError('broken')\n")
    with pytest.raises(HttpResponseError, match="broken"):
        client.online_deployments.begin_create_or_update(broken, local=True)
    client.online_endpoints.begin_delete("shop", local=True)
    assert client.online_endpoints.list() == []


def test_calls_wait_for_what_a_call_before_them_creates(client: MLClient, code: CodeConfiguration) -> None:
    endpoint = ManagedOnlineEndpoint(name="shop")
    client.online_endpoints.begin_create_or_update(endpoint)
    pollers = [
        client.online_deployments.begin_create_or_update(
            ManagedOnlineDeployment(name=name, endpoint_name="shop", code_configuration=code)
        )
        for name in ("blue", "green")
    ]
    endpoint.traffic = {"blue": 90, "green": 10}
    shared = client.online_endpoints.begin_create_or_update(endpoint)
    assert client.online_deployments.get("green", "shop").name == "green"
    assert shared.result().traffic == {"blue": 90, "green": 10}
    assert all(poller.done() for poller in pollers)
    assert client.online_endpoints.invoke("shop", input_data=[7]) == "[7]"
    client.online_endpoints.begin_delete("shop").result()
