"""Rows about deploying: local services and the cloud's classes, on the process target."""

from __future__ import annotations

import json
import socket
import time
from pathlib import Path
from typing import Any

import pytest
import requests

from jupyter_deploy.sdk.v1 import (
    AciWebservice,
    AksCompute,
    AksWebservice,
    ComputeTarget,
    LocalWebservice,
    Model,
    UserErrorException,
    Webservice,
    WebserviceException,
    Workspace,
)

from .services import BODY, SCORE, inference, registered


@pytest.fixture(autouse=True)
def on_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTER_DEPLOY_TARGET", "process")


@pytest.fixture
def local(ws: Workspace, outputs: Path, folder: Path) -> Any:
    """A local service that serves."""
    config = LocalWebservice.deploy_configuration()
    service = Model.deploy(ws, "test-svc", [registered(ws, outputs)], inference(folder), config)
    service.wait_for_deployment()
    return service


@pytest.mark.parametrize("kind", [LocalWebservice, AciWebservice, AksWebservice])
def test_row_0_12_all_three_classes_deploy_and_answer_alike(
    ws: Workspace, outputs: Path, folder: Path, kind: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    service = Model.deploy(
        workspace=ws,
        name="classifier-service",
        models=[registered(ws, outputs)],
        inference_config=inference(folder),
        deployment_config=kind.deploy_configuration(),
        deployment_target=None,
    )
    service.wait_for_deployment(show_output=True)
    assert type(service) is kind
    assert service.state == ("running" if kind is LocalWebservice else "Healthy")
    assert service.run(input_data=BODY) == [0, 1]
    printed = capsys.readouterr().out
    if kind is LocalWebservice:
        assert f"Local webservice is running at http://localhost:{service.port}" in printed
    else:
        assert f'{service.compute_type} service creation operation finished, operation "Succeeded"' in printed


def test_row_0_14_a_name_that_is_taken_needs_overwrite_in_the_cloud_and_is_replaced_locally(
    ws: Workspace, outputs: Path, folder: Path
) -> None:
    model, config = registered(ws, outputs), inference(folder)
    cluster = ComputeTarget.create(ws, "aks-cluster", AksCompute.provisioning_configuration(location="eastus"))
    sizes = AksWebservice.deploy_configuration(cpu_cores=1, memory_gb=1)
    deploy = {"inference_config": config, "deployment_config": sizes}
    service = Model.deploy(ws, "classifier", [model], deployment_target=cluster, **deploy)
    service.wait_for_deployment(show_output=False)
    assert (service.state, service.compute_name, service.cpu_cores, service.memory_gb) == (
        "Healthy",
        "aks-cluster",
        1,
        1,
    )
    uri = service.scoring_uri
    with pytest.raises(WebserviceException, match="already exists") as refused:
        Model.deploy(ws, "classifier", [model], deployment_target=cluster, **deploy)
    assert "overwrite=True" in refused.value.message
    again = Model.deploy(ws, "classifier", [model], deployment_target=cluster, overwrite=True, **deploy)
    again.wait_for_deployment()
    assert again.scoring_uri == uri

    options = LocalWebservice.deploy_configuration()
    Model.deploy(ws, "local-one", [model], config, options).wait_for_deployment()
    (folder / "score.py").write_text(SCORE.replace(".tolist()", ".tolist() + ['new']"))
    replaced = Model.deploy(ws, "local-one", [model], config, options)
    replaced.wait_for_deployment()
    assert replaced.run(BODY) == [0, 1, "new"]


def test_row_0_17_a_list_stays_a_list_and_json_text_is_decoded_once(ws: Workspace, outputs: Path, folder: Path) -> None:
    text = SCORE.replace("model.predict(data).tolist()", "json.dumps(model.predict(data).tolist())")
    service = Model.deploy(
        ws, "texts", [registered(ws, outputs)], inference(folder, text), LocalWebservice.deploy_configuration()
    )
    service.wait_for_deployment()
    assert json.loads(service.run(input_data=BODY)) == [0, 1]
    answer = requests.post(service.scoring_uri, BODY, headers={"Content-Type": "application/json"}, timeout=10)
    assert json.loads(answer.json()) == [0, 1]


def test_row_1_8_any_kernel_attaches_by_each_class(local: Any, ws: Workspace) -> None:
    assert type(Webservice(ws, "test-svc")) is LocalWebservice
    assert Webservice(workspace=ws, name="test-svc").state == "running"
    assert LocalWebservice(ws, "test-svc").run(BODY) == [0, 1]
    with pytest.raises(WebserviceException, match="Local service") as refused:
        AksWebservice(name="test-svc", workspace=ws)
    assert "LocalWebservice(ws, 'test-svc')" in refused.value.message
    with pytest.raises(WebserviceException, match="WebserviceNotFound: Webservice with name tset-svc not found"):
        Webservice(ws, "tset-svc")


def test_row_1_10_the_log_has_init_requests_and_tracebacks_and_survives_a_reload(local: Any, folder: Path) -> None:
    local.run(BODY)
    with pytest.raises(WebserviceException, match="Received bad response from service") as refused:
        local.run("no json")
    assert "Response Code: 500" in refused.value.message
    assert "JSONDecodeError" in refused.value.message
    local.reload()
    logs = local.get_logs()
    assert logs.count("init ran") >= 2
    assert "JSONDecodeError" in logs
    assert "POST /score" in logs


def test_row_1_11_a_port_is_given_and_a_busy_one_is_named(ws: Workspace, outputs: Path, folder: Path) -> None:
    model, config = registered(ws, outputs), inference(folder)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(WebserviceException, match=f"[Pp]ort {port} is in use"):
            Model.deploy(ws, "test-svc", [model], config, LocalWebservice.deploy_configuration(port=port))
    service = Model.deploy(ws, "test-svc", [model], config, LocalWebservice.deploy_configuration(port=port))
    service.wait_for_deployment()
    assert service.port == str(port)
    assert service.scoring_uri.endswith(f":{port}/score")
    for wrong in ("8890", 0, 70000, True):
        with pytest.raises(WebserviceException, match=r"port must be an integer in range \[1, 65535\]"):
            LocalWebservice.deploy_configuration(port=wrong)  # type: ignore[arg-type]


def test_row_1_13_reload_is_finished_when_it_returns_and_a_broken_edit_changes_nothing(
    local: Any, folder: Path
) -> None:
    local.reload()
    (folder / "score.py").write_text(SCORE.replace(".tolist()", ".tolist()[::-1]"))
    started = time.perf_counter()
    local.reload()
    took = time.perf_counter() - started
    assert local.run(BODY) == [1, 0]
    assert took < 3
    (folder / "score.py").write_text(SCORE.replace("    model = ", "    model = undefined_name; "))
    with pytest.raises(WebserviceException, match="undefined_name"):
        local.reload()
    assert local.run(BODY) == [1, 0]
    assert local.state == "running"


def test_row_1_14_reload_is_for_local_services(ws: Workspace, outputs: Path, folder: Path) -> None:
    service = Model.deploy(
        ws, "in-cloud", [registered(ws, outputs)], inference(folder), AciWebservice.deploy_configuration()
    )
    service.wait_for_deployment()
    with pytest.raises(WebserviceException, match="Only local web services reload") as refused:
        service.reload()
    assert "update(" in refused.value.message


def test_row_2_43_each_state_is_reached(
    ws: Workspace, outputs: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = registered(ws, outputs)
    slow = SCORE.replace('    print("init ran")', "    import time; time.sleep(1.5)")
    service = Model.deploy(ws, "states", [model], inference(folder, slow), AciWebservice.deploy_configuration())
    assert service.state == "Transitioning"
    service.wait_for_deployment()
    assert service.state == "Healthy"
    broken = inference(folder, SCORE.replace('print("init ran")', "raise ValueError('no model')"))
    failed = Model.deploy(ws, "failing", [model], broken, AksWebservice.deploy_configuration())
    with pytest.raises(WebserviceException, match="current service state: Failed") as refused:
        failed.wait_for_deployment()
    assert "no model" in refused.value.message
    assert failed.state == "Failed"
    assert failed.error["code"] == "Failed"
    late = Model.deploy(ws, "slow", [model], inference(folder, slow), AciWebservice.deploy_configuration())
    with pytest.raises(WebserviceException, match="timed out"):
        late.wait_for_deployment(timeout_sec=0.1)
    monkeypatch.setattr("jupyter_deploy.sdk.v1.webservice.states.DEPLOYING_SECONDS", 0.1)
    with pytest.raises(WebserviceException, match=r"Service slow is still being deployed after 0\.1 s"):
        late.run(BODY)


def test_local_states_have_their_own_words(ws: Workspace, outputs: Path, folder: Path) -> None:
    broken = inference(folder, SCORE.replace('print("init ran")', "raise ValueError('no model')"))
    service = Model.deploy(ws, "failing", [registered(ws, outputs)], broken, LocalWebservice.deploy_configuration())
    with pytest.raises(WebserviceException, match="no model"):
        service.wait_for_deployment(True)
    assert service.state == "failed"
    with pytest.raises(WebserviceException, match=r"Cannot call run\(\) when service is failed"):
        service.run(BODY)
    (folder / "score.py").write_text(SCORE)
    service.reload()
    assert service.run(BODY) == [0, 1]
    service.delete()
    assert service.state == "deleted"


def test_a_deployment_needs_a_configuration_for_several_models_or_none(ws: Workspace, outputs: Path) -> None:
    for models in ([], [registered(ws, outputs, "one"), registered(ws, outputs, "two")]):
        with pytest.raises(UserErrorException, match="You must provide an InferenceConfig"):
            Model.deploy(ws, "nothing", models)
    with pytest.raises(WebserviceException, match="cannot be a service's name"):
        Model.deploy(ws, "No_Name", [registered(ws, outputs)])


def test_a_path_is_a_model_too_and_is_registered_once(ws: Workspace, outputs: Path, folder: Path) -> None:
    config = LocalWebservice.deploy_configuration()
    for _ in range(2):
        service = Model.deploy(ws, "by-path", ["outputs/model.pkl"], inference(folder), config)
        service.wait_for_deployment()
        assert service.run(BODY) == [0, 1]
    assert [model.id for model in Model.list(ws, "model.pkl")] == ["model.pkl:1"]


def test_row_2_52_an_update_keeps_the_address(ws: Workspace, outputs: Path, folder: Path, local: Any) -> None:
    uri = local.scoring_uri
    with pytest.raises(WebserviceException, match="No parameters provided to update"):
        local.update()
    second = registered(ws, outputs)
    changed = inference(folder, SCORE.replace(".tolist()", ".tolist() * 2"))
    local.update([second], changed, LocalWebservice.deploy_configuration())
    assert local.run(BODY) == [0, 1, 0, 1]
    assert ([model.id for model in local.models], local.scoring_uri) == ([second.id], uri)
    Webservice(workspace=ws, name="test-svc").update(models=[registered(ws, outputs)], inference_config=changed)
    assert local.models[0].version == 3


def test_row_2_66_deleting_frees_the_port_and_a_model_in_use_is_refused(ws: Workspace, local: Any) -> None:
    model, port = local.models[0], int(local.port)
    with pytest.raises(WebserviceException, match="test-svc"):
        model.delete()
    local.delete()
    with socket.create_server(("127.0.0.1", port)):
        pass
    assert Webservice.list(ws) == []
    model.delete()
    local.delete()


def test_row_2_47_swagger_is_at_its_address(local: Any) -> None:
    assert requests.get(local.swagger_uri, timeout=10).json()["swagger"] == "2.0"


def test_services_are_listed_and_described(ws: Workspace, outputs: Path, folder: Path) -> None:
    model = registered(ws, outputs)
    config = AciWebservice.deploy_configuration(
        tags={"area": "test"}, properties={"p": "1"}, description="d", location="eu"
    )
    service = Model.deploy(ws, "described", [model], inference(folder), config)
    service.wait_for_deployment()
    assert (service.tags, service.properties, service.description, service.location) == (
        {"area": "test"},
        {"p": "1"},
        "d",
        "eu",
    )
    service.add_tags({"more": "2"})
    service.remove_tags(["area"])
    service.add_properties({"q": "2"})
    attached = Webservice(ws, "described")
    assert (attached.tags, attached.properties) == ({"more": "2"}, {"p": "1", "q": "2"})
    with pytest.raises(UserErrorException, match="cannot be changed"):
        service.add_properties({"q": "3"})
    for filters in (
        {"model_name": model.name},
        {"model_id": model.id},
        {"tags": [["more", "2"]]},
        {"compute_type": "aci"},
    ):
        assert [found.name for found in Webservice.list(ws, **filters)] == ["described"]
    for filters in ({"model_name": "other"}, {"tags": ["area"]}, {"compute_type": "AKS"}, {"properties": [["q", "3"]]}):
        assert Webservice.list(ws, **filters) == []
    assert list(ws.webservices) == ["described"]
    assert service.serialize()["deploymentConfig"]["location"] == "eu"
