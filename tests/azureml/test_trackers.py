"""Cases from public trackers of the SDK, on one service."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import requests

from jupyter_deploy.sdk.v1 import AciWebservice, LocalWebservice, Model, Workspace

from .services import inference

SCRIPT = """
import logging

from inference_schema.parameter_types.standard_py_parameter_type import StandardPythonParameterType
from inference_schema.schema_decorators import input_schema, output_schema

SAMPLE = {"rows": [{"a": 1, "tags": [{"name": "x"}]}], "limits": {"n": [1.5]}}


def init():
    print("printed in init")
    logging.info("logged in init")


@input_schema("data", StandardPythonParameterType(SAMPLE))
@output_schema(StandardPythonParameterType([{"sum": 1}]))
def run(data):
    print("printed in run")
    logging.warning("logged in run")
    return [{"sum": sum(row["a"] for row in data["rows"])}]
"""


def test_a_first_deployment_its_log_and_its_schema(
    ws: Workspace, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = inference(folder, SCRIPT)
    local = Model.deploy(ws, "tracked", [], config, LocalWebservice.deploy_configuration())
    local.wait_for_deployment(show_output=True)
    uri = local.scoring_uri
    assert uri is not None
    log = local.get_logs()
    # Nothing that looks like a failure, and each line once.
    assert "Traceback" not in log + "".join(capsys.readouterr())
    assert (log.count("printed in init"), log.count("logged in init")) == (1, 1)
    cloud = AciWebservice.deploy_configuration(enable_app_insights=True)
    service = Model.deploy(ws, "tracked", [], config, cloud, overwrite=True)
    service.wait_for_deployment()
    assert service.scoring_uri == uri
    rows = [{"a": 2, "tags": []}, {"a": 3, "tags": [{"name": "y"}]}]
    assert service.run(json.dumps({"data": {"rows": rows, "limits": {"n": []}}})) == [{"sum": 5}]
    (request,) = service.collected()["id"]
    lines = [line for line in service.get_logs().splitlines() if "in run" in line]
    assert [line.rpartition(" - ")[2] for line in lines] == ["printed in run", "logged in run"]
    assert all(request in line for line in lines)
    described = requests.get(service.swagger_uri, timeout=20).json()["definitions"]["ServiceInput"]
    row = described["properties"]["data"]["properties"]["rows"]["items"]["properties"]
    assert row["a"]["type"] == "integer"
    assert row["tags"]["items"]["properties"] == {"name": {"type": "string"}}
    refused = requests.post(uri, json={"rows": rows}, timeout=20)
    assert refused.status_code == 400
    assert '"limits"' in refused.json()["message"]
