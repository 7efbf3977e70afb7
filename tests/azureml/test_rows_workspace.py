"""Rows about workspaces: one is there, whatever it is called."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jupyter_deploy.sdk.v1 import InteractiveLoginAuthentication, UserErrorException, Workspace
from jupyter_deploy.sdk.v1 import ServicePrincipalAuthentication as ServicePrincipal


def test_row_2_2_a_workspace_needs_no_azure_and_no_login(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    def refuse(*_: object) -> None:
        raise AssertionError("something went out")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    first = Workspace.create("mine", subscription_id="s", resource_group="g", auth=InteractiveLoginAuthentication())
    secret = ServicePrincipal("tenant", "client", "pa55-word")
    assert "pa55-word" not in repr(vars(secret))
    again = Workspace.get("mine", auth=secret)
    assert (again.name, again.subscription_id, again.resource_group, again.location) == ("mine", "s", "g", "local")
    assert (again.models, again.environments, again.compute_targets, again.datasets, again.images) == ({},) * 5
    assert list(again.datastores) == ["workspaceblobstore"]
    assert again.get_details()["name"] == first.name
    assert list(Workspace.list("s")) == ["mine"]


def test_row_2_3_a_configuration_of_any_name_and_azures_own(ws: Workspace, folder: Path) -> None:
    said = {"subscription_id": "s1", "resource_group": "g1", "workspace_name": "other"}
    (folder / ".file-path").mkdir()
    (folder / ".file-path" / "ws_config.json").write_text(json.dumps(said))
    assert Workspace.from_config(path=".file-path/ws_config.json").name == "other"
    ws.write_config()
    assert json.loads((folder / ".azureml" / "config.json").read_text())["workspace_name"] == "ws"
    (folder / "deep" / "er").mkdir(parents=True)
    assert Workspace.from_config(path="deep/er").name == "ws"
    (folder / "deep" / "config.json").write_text(json.dumps(said))
    assert Workspace.from_config(path=Path("deep/er")).name == "other"
    ws.write_config(path="deep", file_name="named.json")
    assert Workspace.from_config(path="deep", _file_name="named.json").name == "ws"


def test_row_2_3_a_missing_configuration_is_named_and_offers_one(folder: Path) -> None:
    with pytest.raises(UserErrorException) as caught:
        Workspace.from_config()
    assert "The workspace configuration file config.json, could not be found in" in caught.value.message
    assert "write_config() writes one" in caught.value.message
    (folder / "config.json").write_text("{}")
    with pytest.raises(UserErrorException, match="has no subscription_id"):
        Workspace.from_config()
    (folder / "config.json").write_text("no json")
    with pytest.raises(UserErrorException, match="is no JSON"):
        Workspace.from_config()
    (folder / "config.json").write_text('{"subscription_id": "s", "resource_group": "g", "workspace_name": "w"}')
    with pytest.raises(UserErrorException, match=r"there is no .*nowhere/ws\.json"):
        Workspace.from_config(path="nowhere/ws.json")


def test_the_older_project_file_is_read(folder: Path) -> None:
    scope = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w"
    (folder / "aml_config").mkdir()
    (folder / "aml_config" / "project.json").write_text(json.dumps({"Id": "x", "Scope": scope}))
    found = Workspace.from_config()
    assert (found.subscription_id, found.resource_group, found.name) == ("s", "g", "w")


def test_a_name_is_created_once(home: Path) -> None:
    Workspace.create("mine")
    with pytest.raises(Exception, match="already exists"):
        Workspace.create("mine")
    assert Workspace.create("mine", exist_ok=True, tags={"a": "b"}).tags == {"a": "b"}
