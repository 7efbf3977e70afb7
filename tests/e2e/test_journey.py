"""The first journey, through the façade: register, script, deploy, invoke, reload, clean up."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import requests

from jupyter_deploy.errors import InUse, InvokeProblem, NotFound, PortBusy, ReloadFailed, ScriptProblem, StartFailed
from jupyter_deploy.serving.front import listen
from jupyter_deploy.workspace import Service, Workspace

from ..servers import process_of
from .conftest import DOUBLE, files_below

SCORE = """import json, os
import joblib

def init():
    global model
    model = joblib.load(os.path.join(os.environ["AZUREML_MODEL_DIR"], "model.joblib"))

def run(data):
    return model.predict(json.loads(data)).tolist()
"""


def test_a_trained_model_becomes_a_service_and_changes(workspace: Workspace, classifier: Any) -> None:
    first = workspace.register("churn", classifier)
    workspace.score_script("churn", SCORE)
    service = workspace.deploy("churn")
    assert service.change is not None
    assert service.change.action == "created"
    assert service.record.models == (first.id,)
    assert service.invoke([[0, 0], [6, 6]]) == [0, 1]
    assert service.invoke(np.array([[6.0, 6.0]])) == [1]
    assert requests.post(service.scoring_uri, data="[[0, 0]]", timeout=10).json() == [0]

    edited = workspace.score_script("churn", SCORE.replace(".tolist()", ".astype(str).tolist()"))
    assert [change.action for change in edited.changes] == ["reloaded"]
    assert edited.changes[0].generation == 2
    assert service.invoke([[0, 0], [6, 6]]) == ["0", "1"]

    with pytest.raises(InUse, match="service churn uses it"):
        workspace.unregister("churn")
    service.delete()
    workspace.unregister("churn")
    left = files_below(workspace.home.root)
    assert left <= {"state.db", "state.db-wal", "state.db-shm", "services/churn.lock", "reserve", "claims.lock"}


def test_deploying_again_does_what_is_needed(workspace: Workspace, classifier: Any) -> None:
    workspace.register("churn", classifier)
    workspace.score_script("churn", SCORE)
    service = workspace.deploy("churn")
    pid = process_of(service).pid
    assert workspace.deploy("churn").change.action == "unchanged"  # type: ignore[union-attr]
    assert service.health.generation == 1

    workspace.register("churn", classifier.fit([[0, 0], [1, 1]], [5, 6]))
    change = workspace.deploy("churn").change
    assert change is not None
    assert (change.action, change.what, change.generation) == ("reloaded", ("model",), 2)
    assert service.invoke([[0, 0]]) == [5]

    change = workspace.deploy("churn", models=["churn:1"], workers=2).change
    assert change is not None
    assert (change.action, set(change.what)) == ("reloaded", {"model", "workers"})
    assert len(service.health.workers) == 2
    assert service.invoke([[0, 0]]) == [0]
    assert process_of(service).pid == pid
    assert workspace.deploy("churn").change.action == "unchanged"  # type: ignore[union-attr]

    change = service.reload(model="churn")
    assert (change.what, service.record.models) == (("model",), ("churn:2",))


def test_a_new_port_moves_the_service_without_a_gap(workspace: Workspace, double: Service) -> None:
    old = double.record
    with listen("127.0.0.1", 0) as held:
        port = held.getsockname()[1]
        with pytest.raises(PortBusy, match=rf"Port {port} is in use by .*\(pid {os.getpid()}\)"):
            workspace.deploy("double", port=port)
        assert double.invoke([1]) == [2]
        assert (double.record.server, double.record.rollout) == (old.server, old.rollout)
    change = workspace.deploy("double", port=port).change
    assert change is not None
    assert (change.action, change.what) == ("moved", ("port",))
    assert double.scoring_uri == f"http://127.0.0.1:{port}/score"
    assert double.invoke([1]) == [2]
    with pytest.raises(requests.ConnectionError):
        requests.get(f"http://127.0.0.1:{old.port}/", timeout=5)


def test_a_port_of_another_service_is_refused_by_that_name(workspace: Workspace, double: Service) -> None:
    port = double.record.port
    with pytest.raises(PortBusy, match=f"Port {port} is in use by service double"):
        workspace.deploy("other", script="double", port=port)
    assert "other" not in workspace.services
    double.stop()
    assert workspace.deploy("other", script="double", port=port).invoke([2]) == [4]
    assert workspace.services["other"].scoring_uri == f"http://127.0.0.1:{port}/score"


def test_a_broken_edit_changes_nothing(workspace: Workspace, double: Service) -> None:
    with pytest.raises(ScriptProblem, match="cell line 4: name 'factor' is neither defined"):
        workspace.score_script("double", "import json\n\ndef run(data): return factor * 2\n")
    with pytest.raises(ReloadFailed, match="double still serves its old version") as caught:
        workspace.score_script("double", DOUBLE + "\nvalue = [][3]\n")
    assert "%%score_script double, line 7, in <module>\n    value = [][3]" in caught.value.details
    assert double.invoke([1]) == [2]
    assert double.health.generation == 1
    assert workspace.scripts["double"].source.endswith(DOUBLE)
    assert workspace.deploy("double").change.action == "unchanged"  # type: ignore[union-attr]


def test_a_service_that_cannot_start_says_why(workspace: Workspace, classifier: Any) -> None:
    workspace.register("churn", classifier)
    workspace.score_script("churn", SCORE.replace("model.joblib", "model.pkl"))
    with pytest.raises(StartFailed, match="FileNotFoundError") as caught:
        workspace.deploy("churn")
    assert "%%score_script churn, line 7, in init" in caught.value.details
    right = 'Try os.path.join(os.environ["AZUREML_MODEL_DIR"], "model.joblib").'
    assert caught.value.hint == f"{right} AZUREML_MODEL_DIR holds: model.joblib."
    assert "model.joblib" in workspace.services.log_of("churn")
    assert "churn" not in workspace.services
    workspace.score_script("churn", SCORE)
    assert workspace.deploy("churn").invoke([[0, 0]]) == [0]


def test_a_failing_request_shows_the_cells_line(double: Service) -> None:
    with pytest.raises(InvokeProblem, match=r"TypeError: .* in %%score_script double line 5") as caught:
        double.invoke(7)
    assert "    return [2 * number for number in json.loads(data)]" in caught.value.details
    with pytest.raises(InvokeProblem, match="JSONDecodeError") as caught:
        double.invoke("{")
    assert "text that is not JSON" in caught.value.hint
    assert double.invoke([4]) == [8]


@pytest.mark.parametrize(
    ("value", "answer"),
    [([1, 2], [2, 4]), (np.arange(3), [0, 2, 4]), (pd.Series([5]), [10]), ("[3]", [6]), (b"[3]", [6]), ((1,), [2])],
    ids=["list", "array", "series", "text", "bytes", "tuple"],
)
def test_values_travel(double: Service, value: Any, answer: Any) -> None:
    assert double.invoke(value) == answer


def test_several_models_have_azure_mls_layout(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "a.bin").write_bytes(b"A")
    (tmp_path / "b.bin").write_bytes(b"B")
    workspace.register("first", tmp_path / "weights")
    workspace.register("second", tmp_path / "b.bin")
    workspace.score_script(
        "layout",
        "import os, sys\n\ndef run(data):\n    root = os.environ['AZUREML_MODEL_DIR']\n"
        "    with open(os.path.join(root, 'first', '1', 'weights', 'a.bin')) as a:\n"
        "        with open('azureml-models/second/1/b.bin') as b:\n"
        "            here = os.getcwd()\n"
        "            return [a.read() + b.read(), here == os.environ['AML_APP_ROOT'], sys.path[0] == here]\n",
    )
    service = workspace.deploy("layout", models=["first", "second:1"])
    assert service.invoke("") == ["AB", True, True]
    with pytest.raises(NotFound, match="version 2 not found"):
        workspace.deploy("layout", models=["first:2"])
    assert service.invoke("") == ["AB", True, True]


def test_modules_beside_the_script_travel_and_are_reloaded(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "factor.py").write_text("VALUE = 3\n")
    script = tmp_path / "times.py"
    script.write_text("import json\nfrom factor import VALUE\n\ndef run(data):\n    return VALUE * json.loads(data)\n")
    service = workspace.deploy("times", script=script)
    assert service.invoke(2) == 6
    (tmp_path / "factor.py").write_text("VALUE = 4\n")
    assert service.invoke(2) == 6
    assert service.reload().what == ("script",)
    assert service.invoke(2) == 8
    service.reload(tmp_path / "times.py")
    assert service.record.spec.script == str(script)


def test_a_huge_answer_is_refused_and_can_be_had(workspace: Workspace) -> None:
    workspace.score_script("huge", "def run(data):\n    print('y' * 100_000)\n    return 'x' * int(data)\n")
    service = workspace.deploy("huge")
    with pytest.raises(InvokeProblem, match="answered 100 MB") as caught:
        service.invoke("100000000")
    assert "limit=None" in caught.value.hint
    assert len(service.invoke("100000000", limit=None)) == 100_000_000
    assert len(service.logs()) < 20_000


def test_any_process_finds_the_service(workspace: Workspace, double: Service) -> None:
    command = [sys.executable, "-m", "jupyter_deploy.cli", "invoke", "double", "[21]"]
    printed = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
    assert json.loads(printed) == [42]


def test_secrets_stay_out_of_sight(workspace: Workspace, double: Service) -> None:
    import psutil

    folder = workspace.home.service("double")
    token = (folder / "admin.token").read_text()
    assert (folder / "admin.token").stat().st_mode & 0o777 == 0o600
    assert workspace.home.root.stat().st_mode & 0o777 == 0o700
    process = psutil.Process(process_of(double).pid)
    seen = [*process.cmdline(), *process.environ().values(), double.logs(), repr(double), json.dumps(double.as_dict())]
    assert all(token not in text for text in seen)
    uri = double.scoring_uri.removesuffix("/score")
    assert requests.get(f"{uri}/-/state", timeout=5).status_code == 401
    assert requests.post(f"{uri}/-/reload", json={"bundle": "/"}, timeout=5).status_code == 401


def test_the_last_minute_is_told(double: Service) -> None:
    for value in ([1], [2], ["not a number"], "no JSON"):
        with contextlib.suppress(InvokeProblem):
            double.invoke(value)
    facts = double.as_dict()
    assert facts["mode"] == "plain"
    assert (facts["recent"]["requests"], facts["recent"]["errors"]) == (4, 1)
    assert 0 < facts["recent"]["p50_ms"] <= facts["recent"]["p95_ms"] < 5000
    assert facts["recent"]["requests_per_second"] > 0
