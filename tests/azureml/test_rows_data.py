"""Rows about datastores, datasets and compute targets."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from jupyter_deploy.sdk.v1 import (
    AksCompute,
    AmlCompute,
    ComputeTarget,
    ComputeTargetException,
    Dataset,
    Datastore,
    Model,
    UserErrorException,
    WebserviceException,
    Workspace,
)


def test_row_0_10_a_cluster_is_there_at_once_and_may_be_created_again(
    ws: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    compute_config = AksCompute.provisioning_configuration(location="eastus", agent_count=2)
    production_cluster = ComputeTarget.create(ws, "aks-cluster", compute_config)
    production_cluster.wait_for_completion(show_output=True)
    assert capsys.readouterr().out == 'Provisioning operation finished, operation "Succeeded"\n'
    again = ComputeTarget.create(ws, "aks-cluster", compute_config)
    for found in (again, AksCompute(ws, "aks-cluster"), ComputeTarget(workspace=ws, name="aks-cluster")):
        assert isinstance(found, AksCompute)
        assert (found.provisioning_state, found.get_status(), found.location) == ("Succeeded", "Succeeded", "eastus")
        assert (found.agent_count, found.agent_vm_size, found.cluster_purpose) == (2, "Standard_D3_v2", "FastProd")
    assert list(ws.compute_targets) == ["aks-cluster"]


def test_a_notebook_looks_for_a_cluster_before_it_creates_one(ws: Workspace) -> None:
    from azureml.core.compute_target import ComputeTargetException as Caught

    with pytest.raises(Caught, match="ComputeTargetNotFound: Compute Target with name gpu not found in provided"):
        ComputeTarget(ws, "gpu")
    ComputeTarget.create(ws, "gpu", AmlCompute.provisioning_configuration("Standard_NC6", max_nodes=4))
    with pytest.raises(ComputeTargetException, match="of the kind AmlCompute"):
        AksCompute(ws, "gpu")
    with pytest.raises(ComputeTargetException, match="provisioning_configuration cannot be a str"):
        ComputeTarget.create(ws, "other", "Standard_D2_v2")  # type: ignore[arg-type]
    with pytest.raises(ComputeTargetException, match="TLS needs"):
        AksCompute.provisioning_configuration(ssl_cname="example.org")
    ComputeTarget(ws, "gpu").delete()
    assert ws.compute_targets == {}


def test_row_2_34_the_dataset_block(ws: Workspace, folder: Path) -> None:
    from azureml.core import Dataset, Datastore
    from azureml.data import dataset_type_definitions

    input_json = '{"data": [[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]]}'
    Path("sample_request_data.txt").write_text(f"{input_json}\n" * 100)
    data_store = Datastore.get_default(ws)
    data_store.upload_files(
        ["./sample_request_data.txt"], "./", "sample_request_data", overwrite=True, show_progress=False
    )
    data_path = [(data_store, "sample_request_data/sample_request_data.txt")]
    no_headers = dataset_type_definitions.PromoteHeadersBehavior.NO_HEADERS
    made = Dataset.Tabular.from_delimited_files(data_path, separator="\n", infer_column_types=True, header=no_headers)
    made = made.register(workspace=ws, name="sample_request_data", create_new_version=True)
    found = Dataset.get_by_name(workspace=ws, name="sample_request_data")
    assert (found.name, found.version, made.version) == ("sample_request_data", 1, 1)
    assert found.table.columns == ("Column1",)
    assert found.table.rows == ((input_json,),) * 100
    assert found.take(3).to_pandas_dataframe()["Column1"].tolist() == [input_json] * 3
    assert ws.datasets["sample_request_data"].id == "sample_request_data:1"


def test_a_table_of_numbers_is_a_frame_of_numbers(ws: Workspace, folder: Path) -> None:
    (folder / "a.csv").write_text("x,name\n1,one\n2,two\n")
    frame = Dataset.Tabular.from_delimited_files("a.csv").to_pandas_dataframe()
    pd.testing.assert_frame_equal(frame, pd.DataFrame({"x": [1, 2], "name": pd.Series(["one", "two"], dtype=object)}))
    made = Dataset.Tabular.register_pandas_dataframe(frame, ws.get_default_datastore(), "frames")
    assert made.table.rows == (("1", "one"), ("2", "two"))


def test_some_rows_are_a_dataset_and_are_registered_alone(ws: Workspace, folder: Path) -> None:
    bodies = [json.dumps({"data": [[n, 'a "quoted",\u2028 text']]}, ensure_ascii=False) for n in range(6)]
    (folder / "rows.txt").write_text("".join(f"{body}\n" for body in bodies))
    whole = Dataset.Tabular.from_delimited_files("rows.txt", separator="\n", header=False)
    for some, rows in (
        (whole.take(2), bodies[:2]),
        (whole.skip(4), bodies[4:]),
        (whole.skip(1).take(3), bodies[1:4]),
        (whole.take(3).skip(2), bodies[2:3]),
        (whole.take(2).take(5), bodies[:2]),
    ):
        kept = some.register(ws, "some", create_new_version=True)
        for found in (some, kept, Dataset.get_by_name(ws, "some")):
            assert [text for (text,) in found.table.rows] == rows
            assert found.to_pandas_dataframe()["Column1"].tolist() == rows
    with pytest.raises(UserErrorException, match="count must be a number of rows, not -1"):
        whole.take(-1)


def test_a_model_knows_its_datasets(ws: Workspace, outputs: Path) -> None:
    Path("rows.txt").write_text("one\n")
    data = Dataset.Tabular.from_delimited_files("rows.txt", separator="\n", header=False)
    with pytest.raises(Exception, match="the dataset is not registered"):
        Model.register(ws, "outputs/model.pkl", "m", datasets=[("training", data)])
    data = data.register(ws, "rows")
    model = Model.register(ws, "outputs/model.pkl", "m", datasets=[("training", data)], sample_input_dataset=data)
    assert [found.id for found in model.datasets["training"]] == ["rows:1"]
    assert model.sample_input_dataset.table.rows == (("one",),)
    assert [found.id for found in Model.list(ws, dataset_id="rows:1")] == ["m:1"]
    assert model.serialize()["sampleInputDatasetId"] == "rows:1"
    newer = Dataset.Tabular.from_delimited_files("rows.txt", separator="\n", header=False).register(
        ws, "rows", create_new_version=True
    )
    for _ in range(2):
        model.add_dataset_references([("training", data), ("test", newer), ("training", newer)])
    found = {purpose: [one.id for one in some] for purpose, some in Model(ws, "m").datasets.items()}
    assert found == {"training": ["rows:1", "rows:2"], "test": ["rows:2"]}
    assert Model(ws, "m").sample_input_dataset.table.rows == (("one",),)
    with pytest.raises(WebserviceException, match="datasets is a list of pairs"):
        model.add_dataset_references([data])


def test_what_datasets_refuse(ws: Workspace, folder: Path) -> None:
    store = Datastore.get_default(ws)
    with pytest.raises(UserErrorException, match="Path does not exist"):
        store.upload_files(["nothing.txt"])
    with pytest.raises(UserErrorException, match=r"https://example.org/a.csv is not on this machine"):
        Dataset.Tabular.from_delimited_files("https://example.org/a.csv")
    with pytest.raises(UserErrorException, match="files is a list of paths"):
        store.upload_files("nothing.txt")
    (folder / "a.txt").write_text("x")
    store.upload_files(["a.txt"], target_path="there")
    with pytest.raises(UserErrorException, match=r"no file 'a.txt' in the datastore") as caught:
        Dataset.Tabular.from_delimited_files((store, "a.txt"))
    assert "It holds: there/a.txt." in caught.value.message
    with pytest.raises(UserErrorException, match="Did you mean 'workspaceblobstore'"):
        Datastore.get(ws, "workspaceblobstor")
    with pytest.raises(UserErrorException, match="No dataset named 'x'"):
        Dataset.get_by_name(ws, "x")
    assert store.download("copy") == 1
    assert (folder / "copy" / "there" / "a.txt").read_text() == "x"
