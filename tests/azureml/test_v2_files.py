"""YAML files of SDK v2: read relative to themselves, written so that they are read again."""

from __future__ import annotations

import io
import stat
from pathlib import Path

import pytest

from jupyter_deploy.sdk.v2 import (
    BuildContext,
    CodeConfiguration,
    Environment,
    KubernetesOnlineDeployment,
    KubernetesOnlineEndpoint,
    ManagedOnlineDeployment,
    ManagedOnlineEndpoint,
    Model,
    ModelBatchDeployment,
    OnlineRequestSettings,
    TargetUtilizationScaleSettings,
    ValidationException,
    load_batch_deployment,
    load_batch_endpoint,
    load_data,
    load_environment,
    load_model,
    load_online_deployment,
    load_online_endpoint,
)

BLUE = """\
$schema: https://azuremlschemas.azureedge.net/latest/managedOnlineDeployment.schema.json
name: blue
endpoint_name: my-endpoint
model:
  path: ../../model-1/model/
code_configuration:
  code: ../../model-1/onlinescoring/
  scoring_script: score.py
environment:
  conda_file: ../../model-1/environment/conda.yaml
  image: mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu20.04:latest
instance_type: Standard_DS3_v2
instance_count: 1
request_settings:
  request_timeout_ms: 3000
liveness_probe:
  initial_delay: 5
scale_settings:
  type: default
  min_instances: 3
"""
ENDPOINT = """\
$schema: https://azuremlschemas.azureedge.net/latest/managedOnlineEndpoint.schema.json
name: my-endpoint
auth_mode: key
traffic: {blue: 90, green: 10}
"""


def test_a_deployments_paths_are_relative_to_its_file(folder: Path) -> None:
    (folder / "endpoints" / "online").mkdir(parents=True)
    (folder / "endpoints" / "online" / "blue.yml").write_text(BLUE)
    blue = load_online_deployment("endpoints/online/blue.yml")
    assert isinstance(blue, ManagedOnlineDeployment)
    assert Path(blue.code_configuration.code) == folder / "model-1" / "onlinescoring"
    assert Path(blue.model.path) == folder / "model-1" / "model"
    assert Path(blue.environment.conda_file) == folder / "model-1" / "environment" / "conda.yaml"
    assert (blue.request_settings.request_timeout_ms, blue.liveness_probe.initial_delay) == (3000, 5)
    assert (blue.instance_type, blue.scale_settings.type) == ("Standard_DS3_v2", "default")
    elsewhere = load_online_deployment(
        source="endpoints/online/blue.yml",
        relative_origin=str(folder / "a" / "b" / "c.yml"),
        params_override=[{"name": "green"}, {"request_settings.max_queue_wait_ms": 100}, {"instance_count": 2}],
    )
    assert Path(elsewhere.code_configuration.code) == folder / "model-1" / "onlinescoring"
    assert (elsewhere.name, elsewhere.instance_count, elsewhere.request_settings.max_queue_wait_ms) == ("green", 2, 100)
    stream = load_online_deployment(io.StringIO(BLUE))
    assert Path(stream.model.path) == folder.parent.parent / "model-1" / "model"


def test_which_kind_it_is(folder: Path) -> None:
    (folder / "e.yml").write_text(ENDPOINT)
    managed = load_online_endpoint("e.yml")
    assert isinstance(managed, ManagedOnlineEndpoint)
    assert (managed.traffic, managed.auth_mode) == ({"blue": 90, "green": 10}, "key")
    override = [{"compute": "azureml:k8s"}, {"traffic.blue": 100}]
    cluster = load_online_endpoint("e.yml", params_override=override)
    assert isinstance(cluster, KubernetesOnlineEndpoint)
    assert cluster.traffic == {"blue": 100, "green": 10}
    assert isinstance(load_online_deployment(io.StringIO("name: b\ntype: kubernetes")), KubernetesOnlineDeployment)
    assert load_batch_endpoint(io.StringIO("name: b\ndefaults: {deployment_name: x}")).defaults == {
        "deployment_name": "x"
    }
    batch = load_batch_deployment(io.StringIO("name: b\ntype: model\nsettings: {mini_batch_size: 5}"))
    assert isinstance(batch, ModelBatchDeployment)
    assert batch.mini_batch_size == 5
    assert load_data(io.StringIO("name: d\ntype: uri_file\npath: a.csv\nversion: 2")).version == "2"
    assert load_model(io.StringIO("name: m\nversion: 3\npath: azureml://x/y")).path == "azureml://x/y"
    made = load_environment(io.StringIO("name: e\nbuild: {path: ctx, dockerfile_path: D}"))
    assert made.build == BuildContext(path=str(folder / "ctx"), dockerfile_path="D")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name: b\nenv: azureml:e:1", r"unknown key 'env'.\nHint: Did you mean 'environment'"),
        ("name: b\nrequest_settings: {timeout_ms: 1}", "request_settings: unknown key 'timeout_ms'"),
        ("name: b\nmodel: {pat: 1}", "model: unknown key 'pat'"),
        ("name: [", "this is not YAML"),
        ("- a", "holds no keys and values"),
    ],
)
def test_a_wrong_file_is_refused_with_its_place(text: str, words: str) -> None:
    with pytest.raises(ValidationException, match=words):
        load_online_deployment(io.StringIO(text))


def test_a_missing_file_says_where_it_was_looked_for(folder: Path) -> None:
    with pytest.raises(ValidationException, match=r"none.yml cannot be read(.|\n)*current folder is"):
        load_online_endpoint("none.yml")
    with pytest.raises(ValidationException, match=r"model\.path cannot be set: model is 'azureml:m:1'"):
        load_online_deployment(io.StringIO("model: azureml:m:1"), params_override=[{"model.path": "x"}])


def test_what_is_written_is_read_again_from_anywhere(folder: Path) -> None:
    blue = ManagedOnlineDeployment(
        name="blue",
        endpoint_name="churn",
        model=Model(path="model.pkl"),
        code_configuration=CodeConfiguration("src", "score.py"),
        environment=Environment(name="e", version=2, conda_file=str(folder / "env.yml")),
        environment_variables={"TOKEN": "pa55-word"},
        request_settings=OnlineRequestSettings(2, 3000),
        scale_settings=TargetUtilizationScaleSettings(min_instances=1, max_instances=2),
        tags={"team": "risk"},
    )
    (folder / "deep").mkdir()
    blue.dump("deep/blue.yml")
    assert stat.S_IMODE((folder / "deep" / "blue.yml").stat().st_mode) == 0o600
    assert "code: ../src" in (folder / "deep" / "blue.yml").read_text()
    again = load_online_deployment("deep/blue.yml")
    for given in (again.code_configuration, again.model):
        name = "code" if given is again.code_configuration else "path"
        setattr(given, name, Path(getattr(given, name)).relative_to(folder).as_posix())
    assert again == blue
    stream = io.StringIO()
    ManagedOnlineEndpoint(name="churn", auth_mode="token", traffic={"blue": 100}).dump(stream)
    assert load_online_endpoint(io.StringIO(stream.getvalue())).traffic == {"blue": 100}
    with pytest.raises(ValidationException, match="is there already"):
        blue.dump("deep/blue.yml", overwrite=False)
