"""Rows about deploying: local services and the cloud's classes, on the process target."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
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
from jupyter_deploy.workspace import Service

from ..servers import process_of
from .services import BODY, SCORE, ended, inference, logs_a_life, registered, reloads_under_load, until


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


# What another kernel runs: each class attaches, and what it gets is reloaded.
ATTACHED = """
import jupyter_deploy.azureml
from azureml.core import Workspace
from azureml.core.webservice import AksWebservice, LocalWebservice, Webservice

ws = Workspace.from_config()
service = AksWebservice(name="classifier-service", workspace=ws)
print(type(service).__name__, service.state)
print(type(Webservice(ws, "classifier-service")).__name__, Webservice(ws, "classifier-service").state)
print(Webservice(workspace=ws, name="test-svc").state, LocalWebservice(ws, "test-svc").state)
with open("score.py") as file:
    text = file.read()
for attached in (service, Webservice(ws, "classifier-service"), LocalWebservice(ws, "test-svc")):
    text = text.replace(".tolist()", ".tolist() + [len('x')]")
    with open("score.py", "w") as file:
        file.write(text)
    attached.reload()
    print(attached.run(%r))
"""


def test_row_1_8_and_1_14_another_kernel_attaches_by_each_class_and_reloads_what_it_gets(
    local: Any, ws: Workspace, outputs: Path, folder: Path
) -> None:
    config = AksWebservice.deploy_configuration()
    service = Model.deploy(ws, "classifier-service", [registered(ws, outputs)], inference(folder), config)
    service.wait_for_deployment()
    ws.write_config()
    ran = subprocess.run(
        [sys.executable, "-c", ATTACHED % BODY], capture_output=True, text=True, check=False, timeout=60
    )
    assert ran.stdout.splitlines() == [
        "AksWebservice Healthy", "AksWebservice Healthy", "running running", "[0, 1, 1]", "[0, 1, 1, 1]",
        "[0, 1, 1, 1, 1]",
    ], ran.stderr  # fmt: skip
    # This kernel sees the same service.
    assert service.run(BODY) == [0, 1, 1, 1]
    assert type(Webservice(ws, "test-svc")) is LocalWebservice
    with pytest.raises(WebserviceException, match="Local service") as refused:
        AksWebservice(name="test-svc", workspace=ws)
    assert "LocalWebservice(ws, 'test-svc')" in refused.value.message
    with pytest.raises(WebserviceException, match="WebserviceNotFound: Webservice with name tset-svc not found"):
        Webservice(ws, "tset-svc")
    # A broken edit leaves an AKS service serving, too, and says where it is broken.
    (folder / "score.py").write_text(SCORE.replace("    model = ", "    model = undefined_name; "))
    with pytest.raises(WebserviceException, match="undefined_name"):
        service.reload()
    assert (service.run(BODY), service.state) == ([0, 1, 1, 1], "Healthy")


def test_row_1_10_the_log_has_start_requests_and_tracebacks_and_survives_a_crash_and_a_reload(
    ws: Workspace, outputs: Path, folder: Path
) -> None:
    ends = SCORE.replace("    data = np", "    if raw_data == 'crash':\n        os._exit(3)\n    data = np")
    config = LocalWebservice.deploy_configuration()
    service = Model.deploy(ws, "test-svc", [registered(ws, outputs)], inference(folder, ends), config)
    service.wait_for_deployment()
    service.run(BODY)
    logs_a_life(service)
    # The next line is of another process, after a restart.
    assert LocalWebservice(ws, "test-svc").get_logs(num_lines=1).strip() == service.get_logs().splitlines()[-1]


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


def test_row_1_13_reload_is_finished_when_it_returns_loses_nothing_and_a_broken_edit_changes_nothing(
    local: Any, folder: Path
) -> None:
    reloads_under_load(local, folder / "score.py", seconds=0.3)
    (folder / "score.py").write_text(SCORE.replace("    model = ", "    model = undefined_name; "))
    before = local.run(BODY)
    with pytest.raises(WebserviceException, match="undefined_name"):
        local.reload()
    assert (local.run(BODY), local.state) == (before, "running")


def test_row_1_14_reload_is_not_for_container_instances(ws: Workspace, outputs: Path, folder: Path) -> None:
    service = Model.deploy(
        ws, "in-cloud", [registered(ws, outputs)], inference(folder), AciWebservice.deploy_configuration()
    )
    service.wait_for_deployment()
    with pytest.raises(WebserviceException, match="Only local web services reload") as refused:
        service.reload()
    # What the hint says works when it is pasted.
    assert "service.update(inference_config=config)" in refused.value.message
    config = inference(folder, SCORE.replace(".tolist()", ".tolist() + ['new']"))
    service.update(inference_config=config)
    assert service.run(BODY) == [0, 1, "new"]


def test_row_2_43_each_state_is_reached(
    ws: Workspace, outputs: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = registered(ws, outputs)
    slow = SCORE.replace('    print("init ran")', "    import time; time.sleep(1.5)")
    service = Model.deploy(ws, "states", [model], inference(folder, slow), AciWebservice.deploy_configuration())
    assert service.state == "Transitioning"
    service.wait_for_deployment()
    assert service.state == "Healthy"
    worker_is_killed(service)
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


def worker_is_killed(service: Any) -> None:
    """Unhealthy while no worker is up, Healthy by itself afterwards."""
    seen: set[str] = set()
    # The first is replaced at once, perhaps sooner than anyone looks; the pauses grow.
    while "Unhealthy" not in seen:
        assert len(seen) < 3
        for pid in service._service.health.workers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        seen.add(service.state)
    assert seen <= {"Healthy", "Unhealthy"}
    until(lambda: service.state == "Healthy")
    assert service.run(BODY) == [0, 1]


def test_row_2_43_a_port_that_is_taken_meanwhile_is_unschedulable(ws: Workspace, outputs: Path, folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    model, config = registered(ws, outputs), LocalWebservice.deploy_configuration(port=port)
    with socket.create_server(("127.0.0.1", port)):
        with pytest.raises(WebserviceException, match=f"Port {port} is in use by"):
            Model.deploy(ws, "test-svc", [model], inference(folder), config)
        assert Webservice(ws, "test-svc").error["code"] == "Unschedulable"
    service = Model.deploy(ws, "test-svc", [model], inference(folder), config)
    service.wait_for_deployment()
    inner = ws._local.services["test-svc"]
    # It has served, so nothing forgets it from here on: not when it fails, nor when models are tidied up.
    ended = processes_of(inner)
    for process in ended:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    assert not psutil.wait_procs(ended, timeout=10)[1]
    with socket.create_server(("127.0.0.1", port)):
        with pytest.raises(WebserviceException, match=f"[Pp]ort {port} is in use"):
            service.reload()
        registered(ws, outputs, "unused").delete()
        # The local class has one word for all that does not run.
        assert (inner.state, service.state, service.error["code"]) == ("Unschedulable", "failed", "Unschedulable")
        assert str(port) in service.error["message"]
        with pytest.raises(WebserviceException, match=r"Cannot call run\(\) when service is failed"):
            service.run(BODY)
    service.reload()
    assert (inner.state, service.state, service.run(BODY)) == ("Healthy", "running", [0, 1])


def processes_of(service: Service) -> list[psutil.Process]:
    """A service's own processes: what guards it first."""
    with contextlib.suppress(psutil.NoSuchProcess):
        guard = psutil.Process(process_of(service).pid).parent()
        assert guard is not None
        assert "jupyter_deploy" in " ".join(guard.cmdline())
        return [guard, *guard.children(recursive=True)]
    return []


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
    pids = [process.pid for process in processes_of(ws._local.services["test-svc"])]
    assert len(pids) > 1
    with pytest.raises(WebserviceException, match="test-svc"):
        model.delete()
    local.delete()
    with socket.create_server(("127.0.0.1", port)):
        pass
    assert Webservice.list(ws) == []
    with pytest.raises(WebserviceException, match="test-svc not found"):
        LocalWebservice(ws, "test-svc")
    until(lambda: ended(pids))
    model.delete()
    assert Model.list(ws) == []
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
