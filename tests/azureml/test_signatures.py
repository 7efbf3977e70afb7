"""Arguments, their order and their defaults are those of azureml-core 1.61."""

from __future__ import annotations

import inspect
from operator import attrgetter

import pytest

from jupyter_deploy.sdk import v1

# What both calls of AksWebservice take, in the order of the SDK.
_SCALE = (
    "autoscale_enabled=None, autoscale_min_replicas=None, autoscale_max_replicas=None, autoscale_refresh_seconds=None, "
    "autoscale_target_utilization=None, collect_model_data=None, "
)
_SIZE = "scoring_timeout_ms=None, replica_max_concurrent_requests=None, max_request_wait_time=None, num_replicas=None, "
_PROBE = (
    "gpu_cores=None, period_seconds=None, initial_delay_seconds=None, timeout_seconds=None, success_threshold=None, "
    "failure_threshold=None, "
)
_AKS = (
    f"{_SCALE}auth_enabled=None, cpu_cores=None, memory_gb=None, enable_app_insights=None, {_SIZE}primary_key=None, "
    f"secondary_key=None, tags=None, properties=None, description=None, {_PROBE}namespace=None, "
    "token_auth_enabled=None, "
)
_VERSION = (
    f"version_name, {_SCALE}cpu_cores=None, memory_gb=None, {_SIZE}tags=None, properties=None, description=None, "
    f"models=None, inference_config=None, {_PROBE}traffic_percentile=None, is_default=None, "
    "is_control_version_type=None, cpu_cores_limit=None, memory_gb_limit=None"
)

# As the SDK has them, but for these: a workspace needs no subscription, nor does a list of them; Run.list has no
# private argument; CondaDependencies.create takes the version of this notebook's Python; local services may be waited
# for with a limit, and take the arguments of the other classes' keys.
SIGNATURES = {
    "Workspace.__init__": (
        "subscription_id=None, resource_group=None, workspace_name=None, auth=None, _location=None, "
        "_disable_service_check=False, _workspace_id=None, sku='basic', tags=None, _cloud='AzureCloud'"
    ),
    "Workspace.get": (
        "name, auth=None, subscription_id=None, resource_group=None, location=None, cloud='AzureCloud', id=None"
    ),
    "Workspace.list": "subscription_id=None, auth=None, resource_group=None",
    "Workspace.from_config": "path=None, auth=None, _logger=None, _file_name=None",
    "Workspace.write_config": "path=None, file_name=None",
    "Run.get_context": "allow_offline=True, used_for_context_manager=False",
    "Run.get": "workspace, run_id",
    "Run.list": "experiment, type=None, tags=None, properties=None, status=None, include_children=False",
    "Run.log": "name, value, description='', step=None",
    "Run.log_list": "name, value, description=''",
    "Run.log_row": "name, description=None",
    "Run.log_table": "name, value, description=''",
    "Run.log_image": "name, path=None, plot=None, description=''",
    "Run.log_confusion_matrix": "name, value, description=''",
    "Run.log_accuracy_table": "name, value, description=''",
    "Run.log_residuals": "name, value, description=''",
    "Run.log_predictions": "name, value, description=''",
    "Run.tag": "key, value=None",
    "Run.set_tags": "tags",
    "Run.remove_tags": "tags",
    "Run.add_properties": "properties",
    "Run.complete": "_set_status=True",
    "Run.cancel": "",
    "Run.fail": "error_details=None, error_code=None, _set_status=True",
    "Run.flush": "timeout_seconds=300",
    "Run.child_run": "name=None, run_id=None, outputs=None",
    "Run.upload_file": "name, path_or_stream, datastore_name=None",
    "Run.upload_folder": "name, path, datastore_name=None",
    "Run.get_metrics": "name=None, recursive=False, run_type=None, populate=False",
    "Run.register_model": (
        "model_name, model_path=None, tags=None, properties=None, model_framework=None, "
        "model_framework_version=None, description=None, datasets=None, sample_input_dataset=None, "
        "sample_output_dataset=None, resource_configuration=None"
    ),
    "Run.get_file_names": "",
    "Run.wait_for_completion": "show_output=False, wait_post_processing=False, raise_on_error=True",
    "Experiment.get_runs": "type=None, tags=None, properties=None, include_children=False",
    "Model.__init__": (
        "workspace, name=None, id=None, tags=None, properties=None, version=None, run_id=None, "
        "model_framework=None, expand=True"
    ),
    "Model.register": (
        "workspace, model_path, model_name, tags=None, properties=None, description=None, datasets=None, "
        "model_framework=None, model_framework_version=None, child_paths=None, sample_input_dataset=None, "
        "sample_output_dataset=None, resource_configuration=None"
    ),
    "Model.list": (
        "workspace, name=None, tags=None, properties=None, run_id=None, latest=False, dataset_id=None, "
        "expand=True, page_count=255, model_framework=None"
    ),
    "Model.get_model_path": "model_name, version=None, _workspace=None",
    "Model.download": "target_dir='.', exist_ok=False, exists_ok=None",
    "Model.delete": "",
    "Model.add_tags": "tags",
    "Model.remove_tags": "tags",
    "Model.add_properties": "properties",
    "Model.update": (
        "tags=None, description=None, sample_input_dataset=None, sample_output_dataset=None, "
        "resource_configuration=None"
    ),
    "Model.update_tags_properties": "add_tags=None, remove_tags=None, add_properties=None",
    "Model.serialize": "",
    "Model.deploy": (
        "workspace, name, models, inference_config=None, deployment_config=None, deployment_target=None, "
        "overwrite=False, show_output=False"
    ),
    "Model.package": (
        "workspace, models, inference_config=None, generate_dockerfile=False, image_name=None, image_label=None"
    ),
    "Model.profile": (
        "workspace, profile_name, models, inference_config, input_dataset, cpu=None, memory_in_gb=None, "
        "description=None"
    ),
    "Environment.get": "workspace, name, version=None, label=None",
    "Environment.list": "workspace",
    "Environment.register": "workspace",
    "Environment.clone": "new_name",
    "Environment.from_conda_specification": "name, file_path",
    "Environment.from_pip_requirements": "name, file_path, pip_version=None",
    "Environment.from_docker_image": (
        "name, image, container_registry=None, conda_specification=None, pip_requirements=None"
    ),
    "Environment.from_dockerfile": "name, dockerfile, conda_specification=None, pip_requirements=None",
    "Environment.from_docker_build_context": "name, docker_build_context",
    "Environment.from_existing_conda_environment": "name, conda_environment_name",
    "Environment.build": "workspace, image_build_compute=None",
    "Environment.build_local": "workspace, platform=None",
    "Environment.save_to_directory": "path, overwrite=False",
    "Environment.load_from_directory": "path",
    "ComputeTarget.__init__": "workspace, name",
    "ComputeTarget.create": "workspace, name, provisioning_configuration",
    "ComputeTarget.list": "workspace",
    "ComputeTarget.wait_for_completion": "show_output=False, is_delete_operation=False",
    "ComputeTarget.get_status": "",
    "ComputeTarget.delete": "",
    "AksCompute.provisioning_configuration": (
        "agent_count=None, vm_size=None, ssl_cname=None, ssl_cert_pem_file=None, ssl_key_pem_file=None, "
        "location=None, vnet_resourcegroup_name=None, vnet_name=None, subnet_name=None, service_cidr=None, "
        "dns_service_ip=None, docker_bridge_cidr=None, cluster_purpose=None, load_balancer_type=None, "
        "load_balancer_subnet=None"
    ),
    "AksCompute.attach_configuration": (
        "resource_group=None, cluster_name=None, resource_id=None, cluster_purpose=None, "
        "load_balancer_type=None, load_balancer_subnet=None"
    ),
    "InferenceConfig.__init__": (
        "entry_script, runtime=None, conda_file=None, extra_docker_file_steps=None, source_directory=None, "
        "enable_gpu=None, description=None, base_image=None, base_image_registry=None, cuda_version=None, "
        "environment=None"
    ),
    "ResourceConfiguration.__init__": "cpu=None, memory_in_gb=None, gpu=None",
    "ResourceConfiguration.serialize": "",
    "ResourceConfiguration.deserialize": "payload_obj",
    "CondaDependencies.create": (
        "pip_indexurl=None, pip_packages=None, conda_packages=None, python_version=None, pin_sdk_version=True"
    ),
    "Webservice.__init__": "workspace, name",
    "Webservice.wait_for_deployment": "show_output=False, timeout_sec=None",
    "Webservice.update_deployment_state": "",
    "Webservice.run": "input_data",
    "Webservice.get_logs": "num_lines=5000, init=False",
    "Webservice.get_keys": "",
    "Webservice.regen_key": "key, set_key=None",
    "Webservice.get_token": "",
    "Webservice.get_access_token": "",
    "Webservice.delete": "",
    "Webservice.add_tags": "tags",
    "Webservice.remove_tags": "tags",
    "Webservice.add_properties": "properties",
    "Webservice.serialize": "",
    "Webservice.list": (
        "workspace, compute_type=None, image_name=None, image_id=None, model_name=None, model_id=None, tags=None, "
        "properties=None, image_digest=None"
    ),
    "LocalWebservice.__init__": "workspace, name, must_exist=True",
    "LocalWebservice.deploy_configuration": "port=None",
    "LocalWebservice.wait_for_deployment": "show_output=False, timeout_sec=None",
    "LocalWebservice.run": "input_data",
    "LocalWebservice.get_logs": "num_lines=5000, raw=False",
    "LocalWebservice.get_keys": "",
    "LocalWebservice.regen_key": "key, set_key=None",
    "LocalWebservice.get_token": "",
    "LocalWebservice.reload": "wait=False",
    "LocalWebservice.update": (
        "models=None, image_config=None, deployment_config=None, wait=False, inference_config=None"
    ),
    "LocalWebservice.delete": "delete_cache=True, delete_image=False, delete_volume=True",
    "LocalWebservice.list": "workspace, model_name=None, model_id=None, all=None",
    "LocalWebservice.deploy_to_cloud": "name=None, deployment_config=None, deployment_target=None",
    "LocalWebservice.update_deployment_state": "must_exist=False",
    "AciWebservice.deploy_configuration": (
        "cpu_cores=None, memory_gb=None, tags=None, properties=None, description=None, location=None, "
        "auth_enabled=None, ssl_enabled=None, enable_app_insights=None, ssl_cert_pem_file=None, "
        "ssl_key_pem_file=None, ssl_cname=None, dns_name_label=None, primary_key=None, secondary_key=None, "
        "collect_model_data=None, cmk_vault_base_url=None, cmk_key_name=None, cmk_key_version=None, vnet_name=None, "
        "subnet_name=None"
    ),
    "AciWebservice.run": "input_data",
    "AciWebservice.get_logs": "num_lines=5000, init=False",
    "AciWebservice.update": (
        "image=None, tags=None, properties=None, description=None, auth_enabled=None, ssl_enabled=None, "
        "ssl_cert_pem_file=None, ssl_key_pem_file=None, ssl_cname=None, enable_app_insights=None, models=None, "
        "inference_config=None"
    ),
    "AksWebservice.deploy_configuration": (
        f"{_AKS}compute_target_name=None, cpu_cores_limit=None, memory_gb_limit=None, blobfuse_enabled=None"
    ),
    "AksWebservice.run": "input_data",
    "AksWebservice.get_logs": "num_lines=5000, init=False",
    "AksWebservice.update": (
        f"image=None, {_SCALE}auth_enabled=None, cpu_cores=None, memory_gb=None, enable_app_insights=None, {_SIZE}"
        f"tags=None, properties=None, description=None, models=None, inference_config=None, {_PROBE}namespace=None, "
        "token_auth_enabled=None, cpu_cores_limit=None, memory_gb_limit=None"
    ),
    "AksEndpoint.deploy_configuration": (
        f"{_AKS}version_name=None, traffic_percentile=None, compute_target_name=None, cpu_cores_limit=None, "
        "memory_gb_limit=None"
    ),
    "AksEndpoint.create_version": _VERSION,
    "AksEndpoint.update_version": _VERSION,
    "AksEndpoint.delete_version": "version_name",
    "AksEndpoint.update": (
        "auth_enabled=None, token_auth_enabled=None, enable_app_insights=None, description=None, tags=None, "
        "properties=None"
    ),
    "ModelPackage.wait_for_creation": "show_output=False",
    "ModelPackage.update_creation_state": "",
    "ModelPackage.get_container_registry": "",
    "ModelPackage.get_logs": "decode=True, offset=0",
    "ModelPackage.pull": "",
    "ModelPackage.save": "output_directory",
    "ModelPackage.serialize": "",
    "ModelProfile.__init__": "workspace, name",
    "ModelProfile.wait_for_completion": "show_output=False",
    "ModelProfile.get_details": "",
    "ModelProfile.serialize": "",
    "Datastore.__init__": "workspace, name=None",
    "Datastore.get": "workspace, datastore_name",
    "Datastore.get_default": "workspace",
    "Datastore.path": "path=None, data_reference_name=None",
    "Datastore.upload": "src_dir, target_path=None, overwrite=False, show_progress=True",
    "Datastore.upload_files": ("files, relative_root=None, target_path=None, overwrite=False, show_progress=True"),
    "Datastore.download": "target_path, prefix=None, overwrite=False, show_progress=True",
    "Dataset.get_by_name": "workspace, name, version='latest'",
    "Dataset.get_by_id": "workspace, id",
    "Dataset.get_all": "workspace",
    "Dataset.Tabular.from_delimited_files": (
        "path, validate=True, include_path=False, infer_column_types=True, set_column_types=None, separator=',', "
        "header=True, partition_format=None, support_multi_line=False, empty_as_string=False, encoding='utf8'"
    ),
    "Dataset.Tabular.from_json_lines_files": (
        "path, validate=True, include_path=False, set_column_types=None, partition_format=None, "
        "invalid_lines='error', encoding='utf8'"
    ),
    "Dataset.Tabular.register_pandas_dataframe": (
        "dataframe, target, name, description=None, tags=None, show_progress=True, row_group_size=None, "
        "make_target_path_unique=True"
    ),
    "TabularDataset.register": "workspace, name, description=None, tags=None, create_new_version=False",
    "TabularDataset.to_pandas_dataframe": "on_error='null', out_of_range_datetime='null'",
    "TabularDataset.take": "count",
    "TabularDataset.skip": "count",
}


@pytest.mark.parametrize("name", SIGNATURES)
def test_a_call_is_written_as_in_the_sdk(name: str) -> None:
    parameters = inspect.signature(attrgetter(name)(v1)).parameters.values()
    open_ended = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    listed = [one for one in parameters if one.kind not in open_ended and one.name != "self"]
    shown = [one.name if one.default is one.empty else f"{one.name}={one.default!r}" for one in listed]
    assert ", ".join(shown) == SIGNATURES[name]
