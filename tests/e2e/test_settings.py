"""Settings and samples of deployed services: they reach the running server, and nothing is lost on the way."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from jupyter_deploy.errors import InvokeProblem, ReloadFailed
from jupyter_deploy.workspace import Service, Workspace

from ..servers import process_of


def cli(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "jupyter_deploy.cli", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


SLOW = "import time\n\ndef run(data):\n    time.sleep(float(data))\n    return 1\n"


def test_a_setting_reaches_a_running_server_and_goes_back(workspace: Workspace) -> None:
    workspace.score_script("slow", SLOW)
    service = workspace.deploy("slow")
    pid = process_of(service).pid
    changed = workspace.deploy("slow", settings={"scoring_timeout_ms": "200"})
    assert changed.change is not None
    assert (changed.change.action, changed.change.what) == ("reloaded", ("settings",))
    with pytest.raises(InvokeProblem, match="ScoringTimeout: Scoring timeout after 200 ms") as caught:
        service.invoke("5")
    assert "deploy slow --set scoring_timeout_ms=60000 allows more" in caught.value.hint
    assert workspace.deploy("slow", settings={"scoring_timeout_ms": 200}).change.action == "unchanged"  # type: ignore[union-attr]
    workspace.deploy("slow", settings={"scoring_timeout_ms": None})
    assert service.invoke("0.4") == 1
    assert process_of(service).pid == pid


def test_settings_survive_a_restart(workspace: Workspace) -> None:
    workspace.score_script("slow", SLOW)
    service = workspace.deploy("slow", settings={"body_limit": 3})
    service.stop()
    workspace.deploy("slow")
    with pytest.raises(InvokeProblem, match="413"):
        service.invoke("0.000")


def test_the_command_line_sets_them_too(workspace: Workspace, home: Path) -> None:
    workspace.score_script("slow", SLOW)
    assert cli("deploy", "slow", "--set", "body_limit=3").returncode == 0
    assert requests.post(workspace.services["slow"].scoring_uri, data="0.000", timeout=10).status_code == 413
    refused = cli("deploy", "slow", "--set", "body_limt=3")
    assert refused.returncode == 1
    assert "Did you mean 'body_limit'?" in refused.stderr


def test_a_new_version_must_answer_the_sample(workspace: Workspace, double: Service) -> None:
    double.reload(sample=[1, 2])
    with pytest.raises(ReloadFailed, match="KeyError") as caught:
        workspace.score_script("double", "import json\n\ndef run(data):\n    return {}[json.loads(data)[0]]\n")
    assert "line 5" in caught.value.details or "return {}" in caught.value.details
    assert double.invoke([3]) == [6]
    with pytest.raises(ReloadFailed, match="still serves"):
        double.reload(sample="no json")
    assert double.invoke([3]) == [6]


def test_serve_honours_variables_and_the_references_flags(tmp_path: Path, home: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "score.py").write_text("import os\n\ndef run(data):\n    return os.environ['AML_APP_ROOT']\n")
    environ = {**os.environ, "AZUREML_ENTRY_SCRIPT": "score.py", "AML_APP_ROOT": str(tmp_path / "app")}
    environ |= {"SERVICE_NAME": "my service", "AML_APP_INSIGHTS_ENABLED": "true"}
    command = [sys.executable, "-u", "-m", "jupyter_deploy.cli", "serve", "--port", "0", "--worker_count", "2"]
    process = subprocess.Popen(command, cwd=tmp_path, env=environ, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        assert process.stdout.readline().startswith("AML_APP_INSIGHTS_ENABLED is ignored")
        url = process.stdout.readline().split()[-1]
        assert requests.post(url, data="x", timeout=20).json() == str(tmp_path / "app")
        assert requests.get(url.replace("/score", "/swagger.json"), timeout=5).json()["info"]["title"] == "my service"
        assert 'model_workers{service="service"} 2.0' in requests.get(url.replace("/score", "/metrics"), timeout=5).text
    finally:
        process.terminate()
        process.communicate(timeout=20)
