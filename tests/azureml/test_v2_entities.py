"""Entities of SDK v2: their words, and what they look like."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped, unused-ignore]

from jupyter_deploy.sdk import v2
from jupyter_deploy.sdk.v2 import (
    AmlCompute,
    BatchDeployment,
    BatchEndpoint,
    BuildContext,
    CodeConfiguration,
    DataCollector,
    DeploymentCollection,
    Environment,
    IdentityConfiguration,
    KubernetesOnlineDeployment,
    ManagedIdentityConfiguration,
    ManagedOnlineDeployment,
    ManagedOnlineEndpoint,
    Model,
    ModelBatchDeployment,
    ModelBatchDeploymentSettings,
    OnlineRequestSettings,
    ProbeSettings,
    ResourceRequirementsSettings,
    ResourceSettings,
    TargetUtilizationScaleSettings,
    ValidationException,
)

_ENTITY = "name description tags properties"
_DEPLOYMENT = (
    f"{_ENTITY} endpoint_name model code_configuration environment environment_variables code_path scoring_script"
)
_ONLINE = (
    f"{_DEPLOYMENT} app_insights_enabled scale_settings request_settings liveness_probe readiness_probe instance_type "
    "instance_count"
)
_BATCH = (
    "mini_batch_size max_concurrency_per_instance output_action output_file_name retry_settings error_threshold "
    "logging_level environment_variables instance_count"
)
# As azure-ai-ml 1.35 takes them.
KEYWORDS = {
    "ManagedOnlineEndpoint": (f"{_ENTITY} auth_mode location traffic mirror_traffic identity public_network_access"),
    "KubernetesOnlineEndpoint": f"{_ENTITY} auth_mode location traffic mirror_traffic identity compute",
    "ManagedOnlineDeployment": f"{_ONLINE} egress_public_network_access data_collector model_mount_path",
    "KubernetesOnlineDeployment": f"{_ONLINE} resources",
    "BatchEndpoint": f"{_ENTITY} auth_mode location defaults default_deployment_name",
    "BatchDeployment": f"{_DEPLOYMENT} compute resources {_BATCH}",
    "ModelBatchDeployment": f"{_DEPLOYMENT} compute resources settings",
    "ModelBatchDeploymentSettings": _BATCH,
    "CodeConfiguration": "code scoring_script",
    "OnlineRequestSettings": "max_concurrent_requests_per_instance request_timeout_ms max_queue_wait_ms",
    "ProbeSettings": "failure_threshold success_threshold timeout period initial_delay",
    "TargetUtilizationScaleSettings": "min_instances max_instances polling_interval target_utilization_percentage",
    "ResourceSettings": "cpu memory gpu",
    "ResourceRequirementsSettings": "requests limits",
    "DataCollector": "collections rolling_rate sampling_rate request_logging",
    "DeploymentCollection": "enabled data client_id",
    "BatchRetrySettings": "max_retries timeout",
    "Model": f"{_ENTITY} version type path utc_time_created flavors stage",
    "Environment": (f"{_ENTITY} version image build conda_file datastore inference_config os_type"),
    "BuildContext": "dockerfile_path path",
    "Data": f"{_ENTITY} version path type",
    "IdentityConfiguration": "type user_assigned_identities",
    "AmlCompute": "name description tags size min_instances max_instances idle_time_before_scale_down tier location",
    "Input": "type path mode",
}
# In the SDK, too, these may be given by their place.
BY_PLACE = {
    "CodeConfiguration": 2,
    "OnlineRequestSettings": 3,
    "ResourceSettings": 3,
    "ResourceRequirementsSettings": 2,
    "DataCollector": 1,
}


@pytest.mark.parametrize("name", KEYWORDS)
def test_an_entity_takes_the_sdks_words_and_none_by_place_that_the_sdk_has_by_name(name: str) -> None:
    import inspect

    parameters = inspect.signature(getattr(v2, name).__init__).parameters
    lacking = [word for word in KEYWORDS[name].split() if word not in parameters]
    assert not lacking
    placed = [one for one in parameters.values() if one.kind is one.POSITIONAL_OR_KEYWORD and one.name != "self"]
    assert len(placed) == BY_PLACE.get(name, 0)


@pytest.mark.parametrize(
    ("slip", "error", "words"),
    [
        (lambda: ManagedOnlineDeployment(name="b", env="azureml:e:1"), TypeError, "Use environment="),
        (lambda: ManagedOnlineDeployment(name="b", inference_config=1), TypeError, "Use code_configuration="),
        (lambda: ManagedOnlineDeployment(name="b", instances=1), TypeError, "Use instance_count="),
        (lambda: ManagedOnlineDeployment(name="b", request_timeout_ms=1), TypeError, r"OnlineRequestSettings\(…\)"),
        (lambda: ManagedOnlineDeployment(name="b", enviroment=1), TypeError, "Use environment="),
        (lambda: ManagedOnlineDeployment("blue"), TypeError, r"by name: ManagedOnlineDeployment\(name=…\)"),
        (lambda: CodeConfiguration(entry_script="s.py"), TypeError, "Use scoring_script="),
        (lambda: ManagedOnlineEndpoint(name="e").trafic, AttributeError, "Did you mean 'traffic'"),
        (lambda: setattr(ManagedOnlineEndpoint(name="e"), "trafic", {}), AttributeError, "Did you mean 'traffic'"),
        (lambda: ManagedOnlineEndpoint(name="e").update(), AttributeError, "begin_create_or_update"),
        (lambda: ManagedOnlineEndpoint(name="e", auth_mode="keys"), ValidationException, "token is aml_token"),
        (lambda: ManagedOnlineEndpoint(name="e", tags=["a"]), ValidationException, "tags must be a dictionary"),
        (lambda: ManagedOnlineEndpoint(name="e", traffic="blue=1"), ValidationException, "must be a dictionary"),
        (lambda: ManagedOnlineEndpoint(name="e", public_network_access="on"), ValidationException, "enabled"),
        (lambda: ManagedOnlineDeployment(name="b", request_settings=5), ValidationException, "OnlineRequestSettings"),
        (lambda: ManagedOnlineDeployment(name="b", request_settings={"timeout": 5}), ValidationException, "_ms"),
        (lambda: ManagedOnlineDeployment(name="b", scale_settings={"type": "auto"}), ValidationException, "default"),
        (lambda: Model(name="m", version="one"), ValidationException, "whole number from 1"),
        (lambda: Model(name="m", version=0), ValidationException, "whole number from 1"),
        (lambda: Model(name="m", type="mlflow"), ValidationException, "mlflow_model"),
        (lambda: Environment(name="e", image="i", build=BuildContext(path=".")), ValidationException, "not both"),
        (lambda: Environment(name="e", inference_config={"score_route": {}}), ValidationException, "scoring_route"),
        (lambda: DataCollector({"a": DeploymentCollection(enabled="yes")}), ValidationException, "enabled='true'"),
        (lambda: DataCollector({}, sampling_rate=2), ValidationException, "from 0 to 1"),
        (lambda: BatchDeployment(name="b", mini_batch_size=0), ValidationException, "mini_batch_size"),
        (lambda: BatchDeployment(name="b", output_action="append"), ValidationException, "append_row"),
    ],
)
def test_a_wrong_word_is_answered_at_once(slip: Callable[[], Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        slip()


def checked(**options: Any) -> None:
    ManagedOnlineDeployment(name="blue", **options).check()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"instance_count": 0}, "instance_count must be a whole number from 1"),
        ({"instance_count": "2"}, "not '2'"),
        ({"request_settings": OnlineRequestSettings(request_timeout_ms=180_001)}, "from 1 to 180000"),
        ({"request_settings": OnlineRequestSettings(max_queue_wait_ms=-1)}, "max_queue_wait_ms"),
        ({"liveness_probe": ProbeSettings(period=0)}, r"liveness_probe\.period"),
        ({"scale_settings": TargetUtilizationScaleSettings(min_instances=3, max_instances=2)}, "max_instances"),
        ({"egress_public_network_access": "disable"}, "Did you mean 'disabled'"),
        ({"code_configuration": CodeConfiguration("nowhere", "score.py")}, "there is no folder nowhere"),
        ({"code_configuration": CodeConfiguration(".", "score.py")}, r"score\.py is not in"),
        ({"code_configuration": CodeConfiguration(code=".")}, "has no scoring_script"),
    ],
)
def test_what_no_deployment_can_have_is_refused_before_anything_is_made(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationException, match=words):
        checked(**options)


def test_a_token_is_azures_token_and_versions_are_texts() -> None:
    assert ManagedOnlineEndpoint(name="e", auth_mode="token").auth_mode == "aml_token"
    assert ManagedOnlineEndpoint(name="e").auth_mode == "key"
    assert BatchEndpoint(name="e").auth_mode == "aad_token"
    assert (Model(name="m", version=11).version, Environment(name="e", version="11").version) == ("11", "11")
    model = Model(name="m")
    model.version = 3  # type: ignore[assignment]
    assert model.version == "3"
    assert (model.type, ManagedOnlineDeployment(name="b").app_insights_enabled) == ("custom_model", False)


def test_printing_shows_yaml_without_what_is_secret() -> None:
    deployment = ManagedOnlineDeployment(
        name="blue",
        endpoint_name="churn",
        model="azureml:churn:1",
        code_configuration=CodeConfiguration(code="../src", scoring_script="score.py"),
        environment=Environment(conda_file={"dependencies": ["python=3.12"]}),
        environment_variables={"LIMIT": 7, "DB_PASSWORD": "pa55-word"},
        request_settings=OnlineRequestSettings(request_timeout_ms=3000),
        instance_count=2,
    )
    shown = yaml.safe_load(str(deployment))
    assert shown["code_configuration"] == {"code": "../src", "scoring_script": "score.py"}
    assert shown["environment_variables"] == {"LIMIT": "7", "DB_PASSWORD": "(hidden)"}
    assert (shown["request_settings"], shown["instance_count"]) == ({"request_timeout_ms": 3000}, 2)
    assert "pa55-word" not in repr(deployment)
    assert "endpoint_name='churn'" in repr(deployment)


def test_groups_of_settings_may_be_dictionaries_and_settings_of_models_go_into_their_places() -> None:
    deployment = KubernetesOnlineDeployment(
        name="blue",
        resources={"requests": {"cpu": "500m", "memory": "0.5Gi"}, "limits": {"nvidia.com/gpu": 1}},
        scale_settings={"type": "target_utilization", "min_instances": 1, "max_instances": 3},
        model={"path": "model.pkl"},
    )
    assert isinstance(deployment.resources, ResourceRequirementsSettings)
    assert (deployment.resources.requests.cpus, deployment.resources.limits.gpu) == (0.5, 1)
    assert isinstance(deployment.scale_settings, TargetUtilizationScaleSettings)
    assert isinstance(deployment.model, Model)
    with pytest.raises(ValidationException, match="500m"):
        _ = ResourceSettings(cpu="half").cpus
    settings = ModelBatchDeploymentSettings(mini_batch_size=20, retry_settings={"max_retries": 3})
    batch = ModelBatchDeployment(name="b", settings=settings)
    assert (batch.mini_batch_size, batch.retry_settings.max_retries) == (20, 3)
    identity = IdentityConfiguration(
        type="user_assigned", user_assigned_identities=[ManagedIdentityConfiguration(resource_id="/r")]
    )
    said = ManagedOnlineEndpoint(name="e", identity=identity).values()["identity"]
    assert said == {"type": "user_assigned", "user_assigned_identities": [{"resource_id": "/r"}]}
    assert AmlCompute(name="cpu", max_instances=2).type == "amlcompute"


@pytest.mark.parametrize(
    ("collections", "rate", "settings"),
    [
        ({"model_inputs": "true", "model_outputs": "true"}, None, {"collect": "script"}),
        ({"model_inputs": "true", "request": "true"}, 0.5, {"collect": "requests", "collect_sampling_rate": 0.5}),
        ({"request": "false"}, None, {"collect": "off"}),
    ],
)
def test_a_data_collector_is_a_setting_of_the_server(
    collections: dict[str, str], rate: float | None, settings: dict[str, Any]
) -> None:
    made = {name: DeploymentCollection(enabled=on) for name, on in collections.items()}
    assert DataCollector(made, sampling_rate=rate).settings() == settings
