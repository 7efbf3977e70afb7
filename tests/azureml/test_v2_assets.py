"""Rows about connecting, models, environments and data in SDK v2."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import pytest

from jupyter_deploy.sdk.v2 import (
    AmlCompute,
    AzureKeyCredential,
    BuildContext,
    ClientSecretCredential,
    Data,
    DefaultAzureCredential,
    Environment,
    HttpResponseError,
    ListViewType,
    MLClient,
    Model,
    ResourceExistsError,
    ResourceNotFoundError,
    UnsupportedOperationError,
    ValidationException,
)
from jupyter_deploy.workspace import Workspace

CONDA = {"name": "e", "dependencies": ["python=3.12", "pip", {"pip": ["scikit-learn", "numpy"]}]}


def test_row_3_3_and_4_10_any_credential_will_do_and_none_is_kept(
    workspace: Workspace, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import socket

    def refuse(*_: object) -> None:
        raise AssertionError("something went out")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    secret = ClientSecretCredential("tenant", "client", "pa55-word")
    assert vars(secret) == vars(AzureKeyCredential("pa55-word")) == {}
    client = MLClient(secret, "sub", "group", "ws")
    assert (client.subscription_id, client.resource_group_name, client.workspace_name) == ("sub", "group", "ws")
    assert secret not in vars(client).values()
    for any_of_them in (None, object(), DefaultAzureCredential()):
        named = MLClient(
            credential=any_of_them,
            subscription_id="s",
            resource_group_name="g",
            workspace_name="ws",
            show_progress=False,
        )
        assert named.models.list() == []
    assert client.workspaces.get("ws").name == "ws"
    assert DefaultAzureCredential().get_token("https://management.azure.com/.default").token
    assert b"pa55-word" not in b"".join(each.read_bytes() for each in workspace.home.root.rglob("*") if each.is_file())


def test_row_4_9_a_configuration_is_read(client: MLClient, folder: Path) -> None:
    with pytest.raises(ValidationException, match=r"could not be found(.|\n)*MLClient\(None"):
        MLClient.from_config(None)
    said = {"subscription_id": "s1", "resource_group": "g1", "workspace_name": "other"}
    (folder / "config.json").write_text(json.dumps(said))
    (folder / "named.json").write_text(json.dumps({**said, "workspace_name": "third"}))
    assert MLClient.from_config(DefaultAzureCredential()).workspace_name == "other"
    assert MLClient.from_config(credential=None, path="named.json").workspace_name == "third"
    with pytest.raises(TypeError, match="Use workspace_name="):
        MLClient(None, "s", "g", workspace="ws")  # type: ignore[call-arg]


def test_row_3_9_lists_print_real_versions(client: MLClient, outputs: Path) -> None:
    for version in (1, 2):
        client.models.create_or_update(Model(name="churn", path="outputs/model.pkl", tags={"run": version}))
    client.create_or_update(Model(name="other", path="outputs", version=7))
    client.environments.create_or_update(Environment(name="sk", conda_file=CONDA))
    assert [(each.name, each.version) for each in client.models.list()] == [("churn", "2"), ("other", "7")]
    assert [(each.version, each.tags) for each in client.models.list("churn")] == [
        ("2", {"run": "2"}),
        ("1", {"run": "1"}),
    ]
    assert [(each.name, each.version) for each in client.environments.list()] == [("sk", "1")]
    client.models.archive("churn", version=2)
    assert [each.version for each in client.models.list("churn")] == ["1"]
    assert [each.version for each in client.models.list("churn", list_view_type=ListViewType.ARCHIVED_ONLY)] == ["2"]
    client.models.archive("other")
    assert [each.name for each in client.models.list()] == ["churn"]
    client.models.restore("other")
    client.models.restore("churn", version="2")
    assert [each.version for each in client.models.list()] == ["2", "7"]
    assert client.models.get("other", label="latest").version == "7"


def test_row_3_10_and_4_14_a_version_is_a_number_or_a_text_and_explicit_ones_are_kept(
    client: MLClient, outputs: Path, folder: Path
) -> None:
    kept = client.models.create_or_update(
        Model(name="example", path=outputs / "model.pkl", description="mine", stage="Production", type="custom_model")
    )
    assert (kept.version, kept.id, kept.stage) == ("1", "azureml:example:1", "Production")
    assert kept.creation_context.created_at is not None
    for version in (1, "1"):
        assert client.models.get("example", version=version).description == "mine"  # type: ignore[arg-type]
    with pytest.raises(ResourceNotFoundError, match="Versions of example: 1") as caught:
        client.models.get("example", version=9)  # type: ignore[arg-type]
    assert isinstance(caught.value, HttpResponseError)
    again = pickle.loads(pickle.dumps(caught.value))
    assert (again.status_code, again.message) == (caught.value.status_code, caught.value.message) == (404, str(again))
    with pytest.raises(ResourceNotFoundError, match="Did you mean 'example'"):
        client.models.get("exampel", version=1)  # type: ignore[arg-type]
    with pytest.raises(ValidationException, match=r"Must provide either version or label(.|\n)*Versions of example: 1"):
        client.models.get("example")
    with pytest.raises(ValidationException, match="Cannot provide both"):
        client.models.get("example", version="1", label="latest")
    made = client.environments.create_or_update(Environment(name="aml-keras", version="11", conda_file=CONDA))
    assert client.environments.get("aml-keras", version=11).version == made.version == "11"  # type: ignore[arg-type]
    found = client.environments.get(name="aml-keras", label="latest")
    assert found.conda_file == {**CONDA, "name": "aml-keras"}
    with pytest.raises(ResourceNotFoundError, match=r"has no version 1(.|\n)*Its versions: 11"):
        client.environments.get("aml-keras", version="1")
    again = Environment(name="aml-keras", conda_file={"dependencies": ["python=3.13"]})
    assert client.environments.create_or_update(again).version == "12"
    with pytest.raises(ValidationException, match="aml-keras:11 is there already, with other content"):
        client.environments.create_or_update(Environment(name="aml-keras", version=11, conda_file={"dependencies": []}))
    client.models.download("example", version=1, download_path="down")  # type: ignore[arg-type]
    assert (folder / "down" / "example" / "model.pkl").read_bytes() == (outputs / "model.pkl").read_bytes()


def test_a_models_version_never_changes_but_what_is_said_of_it(client: MLClient, outputs: Path) -> None:
    first = client.models.create_or_update(Model(name="m", version="5", path="outputs/model.pkl"))
    assert client.models.create_or_update(
        Model(name="m", version="5", path="outputs/model.pkl", tags={"a": "b"})
    ).tags == {"a": "b"}
    (outputs / "model.pkl").write_bytes(b"other")
    with pytest.raises(ValidationException, match="m:5 is there already, with other content"):
        client.models.create_or_update(Model(name="m", version="5", path="outputs/model.pkl"))
    first.description, first.tags = "said later", {"c": "d"}
    assert client.create_or_update(first).description == "said later"
    assert client.models.create_or_update(Model(name="m", path="outputs/model.pkl")).version == "6"
    unnamed = [client.models.create_or_update(Model(path="outputs/model.pkl")) for _ in range(2)]
    assert unnamed[0].id == unnamed[1].id
    with pytest.raises(ValidationException, match=r"There is no none\.pkl"):
        client.models.create_or_update(Model(name="m", path="none.pkl"))
    with pytest.raises(ValidationException, match="is not on this machine"):
        client.models.create_or_update(Model(name="m", path="azureml://jobs/x/outputs"))


def test_environments_say_what_is_otherwise_here(client: MLClient, folder: Path) -> None:
    old = Environment(
        name="old",
        image="mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu20.04",
        conda_file={"dependencies": ["python=3.8", {"pip": ["numpy"]}]},
        description="d",
        tags={"a": 1},
    )
    with pytest.warns(UserWarning, match="usual base image|this notebook's version") as told:
        made = client.environments.create_or_update(old)
    assert [each.filename for each in told] == [__file__, __file__]
    assert (made.image, made.description, made.tags) == (old.image, "d", {"a": "1"})
    with pytest.warns(UserWarning, match="is Azure's own"):
        assert client.environments.get("AzureML-sklearn-1.0-ubuntu20.04-py38-cpu", label="latest").id
    served = Environment(name="own", image="tf:1", inference_config={"scoring_route": {"port": 8501, "path": "/v1"}})
    assert client.environments.create_or_update(served).inference_config == served.inference_config
    (folder / "Dockerfile").write_text("FROM python:3.12-slim\nCOPY a b\n")
    with pytest.raises(ValidationException, match="docker build -t built:1"):
        client.environments.create_or_update(Environment(name="built", build=BuildContext(path=".")))
    with pytest.raises(ValidationException, match="neither image nor build nor conda_file"):
        client.environments.create_or_update(Environment(name="nothing"))
    with pytest.raises(ValidationException, match=r"there is no .*env\.yml"):
        client.environments.create_or_update(Environment(name="lost", conda_file="env.yml"))


def test_data_is_a_copy_of_files(client: MLClient, folder: Path) -> None:
    (folder / "rows.csv").write_text("a,b\n1,2\n")
    made = client.data.create_or_update(Data(name="rows", path="rows.csv", type="uri_file", tags={"a": "b"}))
    assert (made.version, made.type, made.tags) == ("1", "uri_file", {"a": "b"})
    assert client.create_or_update(Data(name="rows", path="rows.csv", type="uri_file")).version == "1"
    (folder / "rows.csv").write_text("a,b\n3,4\n")
    with pytest.raises(ResourceExistsError, match="the next version is 2"):
        client.data.create_or_update(Data(name="rows", path="rows.csv", type="uri_file", version=5))
    assert client.data.create_or_update(Data(name="rows", path="rows.csv", type="uri_file", version=2)).version == "2"
    assert Path(str(client.data.get("rows", version=1).path)).read_text() == "a,b\n1,2\n"  # type: ignore[arg-type]
    assert [each.version for each in client.data.list("rows")] == ["2", "1"]
    (folder / "deep" / "er").mkdir(parents=True)
    with pytest.raises(UnsupportedOperationError, match="has folders in it"):
        client.data.create_or_update(Data(name="deep", path="deep"))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda client: client.jobs.create_or_update(None), "train in this notebook"),
        (lambda client: client.schedules.begin_create_or_update(None), "Nothing runs on a schedule"),
        (lambda client: client.models.share("m", "1"), "no registry"),
        (lambda client: client.create_or_update(AmlCompute(name="c")), "takes no AmlCompute"),
        (lambda client: client.begin_create_or_update(Model(name="m")), r"create_or_update\(…\)"),
        (lambda client: client.workspaces.begin_delete("ws"), "not deleted from a notebook"),
        (lambda client: client.compute.get("cpu"), "begin_create_or_update"),
    ],
)
def test_what_is_not_here_is_said_by_name(client: MLClient, call: Any, words: str) -> None:
    with pytest.raises(Exception, match=words):
        call(client)


def test_a_compute_target_is_a_name_and_a_size(client: MLClient) -> None:
    made = client.begin_create_or_update(AmlCompute(name="cpu", size="Standard_DS3_v2", max_instances=4)).result()
    assert (made.provisioning_state, made.max_instances) == ("Succeeded", 4)
    assert [each.name for each in client.compute.list(compute_type="amlcompute")] == ["cpu"]
    client.compute.begin_delete("cpu").wait()
    assert client.compute.list() == []
