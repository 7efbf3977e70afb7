"""Rows about consuming, configuring and following services, on the process target."""

from __future__ import annotations

import json
import socket
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
import requests

from jupyter_deploy.cli import main
from jupyter_deploy.sdk.v1 import (
    AciWebservice,
    AksCompute,
    AksWebservice,
    ComputeTarget,
    LocalWebservice,
    Model,
    ModelProfile,
    WebserviceException,
    Workspace,
)
from jupyter_deploy.workspace import Workspace as LocalWorkspace
from tests.workspace.test_tls import pair

from .services import BODY, SCORE, inference, registered, until

TEXTS = SCORE.replace("return model.predict(data).tolist()", "return json.dumps(model.predict(data).tolist())")


def test_row_2_41_and_1_12_and_0_18_and_0_19_a_local_service_is_asked_by_sdk_and_http(
    ws: Workspace, outputs: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from azureml.core.webservice import LocalWebservice, Webservice  # noqa: F401 - as the documents import them

    deployment_config = LocalWebservice.deploy_configuration()
    service = Model.deploy(ws, "myservice", [registered(ws, outputs)], inference(folder, TEXTS), deployment_config)
    service.wait_for_deployment(show_output=True)
    print(service.state)
    assert capsys.readouterr().out.endswith("running\n")
    endpoint = service.scoring_uri
    response = requests.post(endpoint, data=BODY, headers={"Content-Type": "application/json"}, timeout=10)
    assert response.status_code == 200
    assert json.loads(response.json()) == json.loads(service.run(input_data=BODY)) == [0, 1]


def test_row_0_16_a_body_that_is_no_json_is_answered_and_logged(ws: Workspace, outputs: Path, folder: Path) -> None:
    config = LocalWebservice.deploy_configuration()
    service = Model.deploy(ws, "strict", [registered(ws, outputs)], inference(folder), config)
    service.wait_for_deployment()
    documented = '{"data": [\n[0.1, 2.3], // 1st case\n...\n]}'
    refused = requests.post(service.scoring_uri, documented, timeout=10)
    assert refused.status_code == 500
    assert "Check the logs" in refused.json()["message"]
    assert "JSONDecodeError" in service.get_logs()


def test_row_1_6_and_0_15_and_1_9_and_0_20_and_0_24_and_1_7_and_2_46_and_2_48_on_aks_with_keys_and_tokens(
    ws: Workspace, outputs: Path, folder: Path
) -> None:
    cluster = ComputeTarget.create(ws, "aks-cluster", AksCompute.provisioning_configuration(location="eastus"))
    cluster.wait_for_completion(show_output=True)
    deploy = {"models": [registered(ws, outputs)], "inference_config": inference(folder), "overwrite": True}
    for token in (False, True):
        config = AksWebservice.deploy_configuration(cpu_cores=1, memory_gb=1, token_auth_enabled=token or None)
        service = Model.deploy(
            workspace=ws, name="classifier-service", deployment_config=config, deployment_target=cluster, **deploy
        )
        service.wait_for_deployment(show_output=True)
        # Row 1.9.
        assert service.state == "Healthy"
        # Row 2.48: as it is written there.
        headers = {"Content-Type": "application/json"}
        if service.auth_enabled:
            headers["Authorization"] = "Bearer " + service.get_keys()[0]
        elif service.token_auth_enabled:
            headers["Authorization"] = "Bearer " + service.get_token()[0]
        response = requests.post(service.scoring_uri, data=BODY, headers=headers, timeout=10)
        assert (response.status_code, response.json()) == (200, [0, 1])
        for wrong in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": headers["Authorization"][:-2]}):
            assert requests.post(service.scoring_uri, data=BODY, headers=wrong, timeout=10).status_code == 401
        # The SDK brings the credentials itself.
        assert service.run(BODY) == [0, 1]
    # Row 0.15: nothing is said of where, so it is Container Instances.
    anywhere = Model.deploy(ws, "anywhere", [registered(ws, outputs)], inference(folder), None, None)
    anywhere.wait_for_deployment()
    assert (type(anywhere), anywhere.auth_enabled) == (AciWebservice, False)


def test_row_2_31_and_2_42_the_command_line_deploys_on_the_port_of_the_file(
    ws: Workspace, outputs: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    registered(ws, outputs, "mymodel")
    inference(folder)
    (folder / "inferenceconfig.json").write_text(json.dumps({"entryScript": "score.py"}))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (folder / "deploymentconfig.json").write_text(json.dumps({"computeType": "local", "port": port}))
    words = "deploy -n myservice -m mymodel:1 --ic inferenceconfig.json --dc deploymentconfig.json -g myrg -w myws"
    assert main(words.split()) == 0
    said = capsys.readouterr()
    assert "myservice" in said.out
    assert "-g myrg and -w myws: a label; there is one workspace on this machine." in said.err
    service = LocalWebservice(ws, "myservice")
    assert (service.run(BODY), service.port) == ([0, 1], str(port))
    assert requests.post(f"http://localhost:{port}/score", BODY, timeout=10).json() == [0, 1]


def test_row_2_39_and_2_44_the_three_configurations_of_the_table() -> None:
    from azureml.core.webservice import AciWebservice, AksWebservice, LocalWebservice

    local = LocalWebservice.deploy_configuration(port=8890)
    aci = AciWebservice.deploy_configuration(cpu_cores=1, memory_gb=1)
    aks = AksWebservice.deploy_configuration(cpu_cores=1, memory_gb=1)
    assert [config.compute_type for config in (local, aci, aks)] == ["Local", "ACI", "AKS"]
    assert (local.port, aci.cpu_cores, aks.memory_gb) == (8890, 1, 1)
    bounded = AksWebservice.deploy_configuration(
        num_replicas=2, replica_max_concurrent_requests=3, scoring_timeout_ms=90_000
    )
    assert bounded.replicas() == 2
    assert bounded.settings() == {"scoring_timeout_ms": 90_000, "queue_limit": 12}


HELD = """\
import os
import time


def init():
    pass


def run(raw_data):
    open(raw_data + ".begun", "w").close()
    while not os.path.exists(raw_data):
        time.sleep(0.01)
    return "let go"
"""


def test_row_2_44_timeout_queue_and_bounds_are_in_force(ws: Workspace, outputs: Path, folder: Path) -> None:
    config = AksWebservice.deploy_configuration(
        auth_enabled=False, autoscale_min_replicas=1, autoscale_max_replicas=3, autoscale_target_utilization=50,
        replica_max_concurrent_requests=1, scoring_timeout_ms=90_000, period_seconds=7, failure_threshold=2,
    )  # fmt: skip
    service = Model.deploy(ws, "bounded", [registered(ws, outputs)], inference(folder, HELD), config)
    service.wait_for_deployment()
    scaler, probe = service.autoscaler, service.liveness_probe
    assert (service.num_replicas, scaler.min_replicas, scaler.max_replicas, scaler.target_utilization) == (1, 1, 3, 50)
    assert (probe["period_seconds"], probe["failure_threshold"], probe["timeout_seconds"]) == (7, 2, 2)
    assert (service.scoring_timeout_ms, service.max_concurrent_requests_per_container) == (90_000, 1)
    # One is running, two wait; more are refused at once.
    with ThreadPoolExecutor(8) as pool:
        ask = partial(requests.post, service.scoring_uri, str(folder / "go"), timeout=20)
        first = pool.submit(ask)
        until((folder / "go.begun").exists)
        rest = [pool.submit(ask) for _ in range(7)]
        until(lambda: sum(one.done() for one in rest) == 5)
        (folder / "go").touch()
        statuses = sorted(one.result().status_code for one in rest)
        assert (first.result().json(), statuses) == ("let go", [200, 200, 503, 503, 503, 503, 503])
    service.update(
        max_request_wait_time=200, period_seconds=1, initial_delay_seconds=1, timeout_seconds=1, failure_threshold=1
    )
    assert (service.max_request_wait_time, service.liveness_probe["success_threshold"]) == (200, 1)
    with ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(requests.post, service.scoring_uri, str(folder / "one"), timeout=20)]
        until((folder / "one.begun").exists)
        asked.append(pool.submit(requests.post, service.scoring_uri, str(folder / "two"), timeout=20))
        # The second waits for longer than it may, and no worker gets on.
        assert asked[1].result().status_code == 503
        until(lambda: service.state == "Unhealthy")
        (folder / "one").touch()
        assert asked[0].result().json() == "let go"
        until(lambda: service.state == "Healthy")
    service.update(scoring_timeout_ms=200, period_seconds=60)
    late = requests.post(service.scoring_uri, str(folder / "never"), timeout=20)
    assert (late.status_code, late.json()) == (500, {"message": "Scoring timeout after 200 ms"})
    # The worker that hung was replaced, without a probe.
    assert until(lambda: requests.post(service.scoring_uri, str(folder / "go"), timeout=20).json() == "let go")
    assert (service.state, service.autoscaler) == ("Healthy", scaler)


def test_row_2_40_a_service_with_a_certificate_answers_by_https_only(
    ws: Workspace, outputs: Path, folder: Path
) -> None:
    certificate, key = pair(folder, "localhost")
    config = AciWebservice.deploy_configuration(
        ssl_enabled=True, ssl_cert_pem_file=str(certificate), ssl_key_pem_file=str(key), ssl_cname="localhost"
    )
    service = Model.deploy(ws, "secured", [registered(ws, outputs)], inference(folder), config)
    service.wait_for_deployment()
    assert service.ssl_enabled
    assert service.scoring_uri.startswith("https://")
    assert service.run(BODY) == [0, 1]
    address = service.scoring_uri.replace("127.0.0.1", "localhost")
    assert requests.post(address, BODY, verify=str(certificate), timeout=10).json() == [0, 1]
    assert requests.post(address.replace("https", "http"), BODY, timeout=10).status_code == 400


def test_row_2_71_requests_are_collected_where_the_configuration_asks_for_it(
    ws: Workspace, outputs: Path, folder: Path
) -> None:
    for option in ("collect_model_data", "enable_app_insights"):
        config = AciWebservice.deploy_configuration(**{option: True})
        service = Model.deploy(ws, "watched", [registered(ws, outputs)], inference(folder), config, overwrite=True)
        service.wait_for_deployment()
        assert getattr(service, option)
        service.run(BODY)
        local = LocalWorkspace().services["watched"]
        # On the next line, it is there.
        (request,) = local.collections.requests()
        frame = service.collected()
        with pytest.raises(WebserviceException, match="other"):
            service.collected("other")
        assert frame["input"].tolist() == [json.loads(BODY)]
        assert frame["output"].tolist() == [[0, 1]]
        assert frame["id"].tolist() == [request.id]
        assert (frame["seconds"] > 0).all()
        service.delete()


def test_row_2_36_the_command_line_profiles(
    ws: Workspace, outputs: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from azureml.core import Dataset
    from azureml.data.dataset_type_definitions import PromoteHeadersBehavior

    registered(ws, outputs, "mymodel")
    inference(folder)
    (folder / "inferenceconfig.json").write_text(json.dumps({"entryScript": "score.py"}))
    (folder / "rows.txt").write_text(f"{BODY}\n" * 5)
    rows = Dataset.Tabular.from_delimited_files(
        "rows.txt", separator="\n", header=PromoteHeadersBehavior.NO_HEADERS
    ).register(ws, "sample_request_data", create_new_version=True)
    capsys.readouterr()
    words = f"profile -n myprofile -m mymodel:1 --ic inferenceconfig.json --idi {rows.id} --json"
    assert main(words.split()) == 0
    details = json.loads(capsys.readouterr().out)
    assert (details["totalQueries"], details["successRate"], details["state"]) == (5, 100, "Succeeded")
    order = [details[f"latencyPercentile{percent}InMs"] for percent in (50, 90, 95, 99, 999)]
    assert order == sorted(order)
    assert 0 < order[0] <= order[-1]
    assert {"recommendedCpu", "recommendedMemoryInGB", "recommendedMemoryInGb"} <= set(details)
    # The same as in the SDK, and with the limits of the command line.
    assert ModelProfile(ws, "myprofile").get_details() == details
    assert main([*words.split(), "--cc", "0.5", "--gb", "0.5", "-d", "small", "-g", "group", "-w", "ws"]) == 0
    printed = capsys.readouterr()
    assert "-g group and -w ws: a label" in printed.err
    said = json.loads(printed.out)
    assert (said["requestedCpu"], said["requestedMemoryInGB"], said["description"]) == (0.5, 0.5, "small")


def test_a_wrong_configuration_is_no_service(ws: Workspace, outputs: Path, folder: Path) -> None:
    with pytest.raises(
        WebserviceException,
        match=r"deployment_config must come from deploy_configuration\(\), not be of the class dict",
    ):
        Model.deploy(ws, "wrong", [registered(ws, outputs)], inference(folder), {"port": 1})  # type: ignore[arg-type]
