"""What services collect, read back and run again; on plain processes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import requests

from jupyter_deploy.display import bundle
from jupyter_deploy.errors import InvokeProblem, NotFound, UsageProblem
from jupyter_deploy.magics import completion
from jupyter_deploy.magics.places import place_of
from jupyter_deploy.workspace import Service, Workspace, shown

from ..servers import process_of

SCRIPT = """
import json

def run(data):
    value = json.loads(data)
    if value == "secret":
        raise ValueError(f"no {value}")
    return {"twice": 2 * value}
"""
BETTER = SCRIPT.replace("2 * value", "None if value == 'secret' else 2.5 * value").replace(
    '== "secret":', '== "other":'
)


def until(found: Callable[[], Any]) -> Any:
    """Wait for what the service writes in the background."""
    end = time.monotonic() + 20
    while not (value := found()):
        assert time.monotonic() < end
        time.sleep(0.02)
    return value


def collected(service: Service, count: int) -> pd.DataFrame:
    frame = service.collected()
    assert isinstance(frame, pd.DataFrame)
    # What was answered is there at once.
    assert len(frame) >= count
    return frame


@pytest.fixture
def service(workspace: Workspace) -> Service:
    workspace.score_script("double", SCRIPT)
    return workspace.deploy("double", settings={"collect": "requests"})


def test_requests_are_read_back_across_reloads_and_a_crash(workspace: Workspace, service: Service) -> None:
    first = service.request(4)
    with pytest.raises(InvokeProblem) as failed:
        service.invoke('"secret"')
    workspace.score_script("double", BETTER)
    bundle = service.record.bundle
    assert service.invoke(4) == {"twice": 10.0}
    frame = collected(service, 3)
    assert frame["input"].tolist() == [4, "secret", 4]
    assert frame["output"].tolist()[::2] == [{"twice": 8}, {"twice": 10.0}]
    assert frame["status"].tolist() == [200, 500, 200]
    assert frame["id"].tolist()[:2] == [first.request_id, failed.value.request_id]
    assert frame["error"].tolist() == ["", "ValueError: no secret in %%score_script double line 8", ""]
    assert frame["generation"].tolist() == [1, 1, 2]
    assert frame["bundle"].tolist()[2] == bundle != frame["bundle"].tolist()[0]
    assert (frame["seconds"] > 0).all()
    assert (frame["time"].diff().dropna() > pd.Timedelta(0)).all()
    assert service.collected(failed=True)["input"].tolist() == ["secret"]
    assert service.collected(limit=1)["output"].tolist() == [{"twice": 10.0}]
    assert service.collected(since="1h")["status"].tolist() == [200, 500, 200]
    assert service.collected(since=frame["time"][2])["status"].tolist() == [200]
    os.kill(process_of(service).pid, 9)
    until(lambda: service.health.state == "Healthy")
    service.invoke(5)
    assert collected(service, 4)["input"].tolist() == [4, "secret", 4, 5]
    # Nothing of it is in the log, but what the script raised itself.
    assert '"twice"' not in service.logs()


def test_what_is_collected_goes_with_the_service_unless_it_is_kept(workspace: Workspace, service: Service) -> None:
    service.invoke(1)
    collected(service, 1)
    folder = service.collections.folder
    service.delete(keep_data=True)
    assert folder.is_dir()
    kept = workspace.deploy("double", settings={"collect": "requests", "collect_keep": True})
    kept.invoke(2)
    assert collected(kept, 2)["input"].tolist() == [1, 2]
    kept.delete()
    assert folder.is_dir()
    last = workspace.deploy("double")
    assert last.collections.clear() > 0
    last.delete()
    assert not folder.exists()


def test_settings_choose_what_is_collected(workspace: Workspace, service: Service) -> None:
    pid = process_of(service).pid
    workspace.deploy("double", settings={"collect": "failed", "collect_body_size": 6})
    service.invoke(1)
    with pytest.raises(InvokeProblem):
        service.invoke('"secret"')
    (one,) = until(lambda: service.collections.requests())
    assert (one.input, one.cut, one.body) == ('"secre', ("input", "output"), None)
    with pytest.raises(UsageProblem, match="too large to be kept whole"):
        service.replay(one.id)
    workspace.deploy("double", settings={"collect": "requests", "collect_sampling_rate": 0})
    service.invoke(2)
    workspace.deploy("double", settings={"collect_sampling_rate": None, "collect_body_size": None})
    service.invoke(3)
    assert collected(service, 2)["input"].tolist() == ['"secre', 3]
    assert process_of(service).pid == pid


def test_bodies_of_any_kind_come_back(workspace: Workspace, tmp_path: Path) -> None:
    script = tmp_path / "echo.py"
    script.write_text("def run(data):\n    return [float('nan'), len(data)]\n")
    service = workspace.deploy("echo", script=script, settings={"collect": "requests"})
    for body in (b"NaN", b"\xff\xfe", b"plain text"):
        requests.post(service.scoring_uri, body, headers={"Content-Type": "text/x"}, timeout=20)
    found = until(lambda: len(service.collections.requests()) == 3 and service.collections.requests())
    assert [one.body for one in found] == [b"NaN", b"\xff\xfe", b"plain text"]
    assert [one.status for one in found] == [200, 400, 200]
    assert [one.output for one in found][::2] == [[None, 3], [None, 10]]
    assert found[0].content_type == "text/x"
    assert "\\xff" not in str(found.as_dict())


CLASHING = """
import pandas as pd
from azureml.ai.monitoring import Collector

def init():
    global rows
    rows = Collector(name="rows")

def run(data):
    table = pd.DataFrame([["noon", 1, 2, "own"]] * int(data), columns=["time", "a", "a", "correlation"])
    return rows.collect(table).is_success()
"""


def test_no_column_of_the_users_takes_anothers_place(workspace: Workspace) -> None:
    workspace.score_script("clashing", CLASHING)
    service = workspace.deploy("clashing", settings={"collect": "script", "collect_body_size": 2000})
    for count in (1, 500):
        assert service.invoke(str(count)) is True
    until(lambda: len(service.collected("rows")) > 1)
    frame = service.collected("rows")
    first = frame.iloc[0]
    assert [first[name] for name in ("rows.time", "a", "a.1", "rows.correlation")] == ["noon", 1, 2, "own"]
    assert (first["request"], pd.isna(first["cut"])) == (first["correlation"], True)
    assert frame["cut"].iloc[-1] == f"{len(frame) - 1} of 500 rows"
    assert "of 500 rows are kept" in service.logs()
    joined = service.collected("rows", "rows")
    assert set(joined["rows.rows.time"]) == {"noon"}


BROKEN = """
def run(data):
    yield "a"
    if data == "bad":
        raise ValueError(data)
    yield "b"
"""


@pytest.mark.parametrize("setting", ["requests", "failed"])
def test_an_answer_that_broke_off_has_failed(workspace: Workspace, setting: str) -> None:
    workspace.score_script("broken", "import json\n\ndef init(): pass\n" + BROKEN)
    service = workspace.deploy("broken", settings={"collect": setting})
    assert service.invoke("good") == ["a", "b"]
    with pytest.raises(InvokeProblem, match="broke off"):
        service.invoke("bad")
    failed = until(lambda: service.collections.requests(failed=True))
    assert [(one.status, one.input) for one in failed] == [(200, "bad")]
    assert "broke off before its end" in failed[0].error


COLLECTORS = """
import json
import pandas as pd
from azureml.monitoring import ModelDataCollector
from azureml.ai.monitoring import Collector
from azureml.ai.monitoring.context import BasicCorrelationContext

def init():
    global inputs, predictions, model_inputs, model_outputs, errors
    errors = []
    inputs = ModelDataCollector("best", designation="inputs", feature_names=["a", "b"])
    predictions = ModelDataCollector("best", designation="predictions")
    model_inputs = Collector(name="model_inputs", on_error=errors.append)
    model_outputs = Collector(name="model_outputs")

def run(data):
    rows = json.loads(data)
    inputs.collect(rows)
    context = model_inputs.collect(pd.DataFrame(rows, columns=["a", "b"]))
    answer = [sum(row) for row in rows]
    model_outputs.collect(pd.DataFrame({"sum": answer}), context)
    predictions.collect(answer)
    return [answer, str(context), context.is_success()]
"""


def test_scripts_collectors_write_to_the_same_place(workspace: Workspace) -> None:
    workspace.score_script("adds", COLLECTORS)
    service = workspace.deploy("adds", environment="kernel")
    assert service.invoke([[1, 2]])[2] is False
    assert until(lambda: "collect=script turns it on" in service.logs())
    assert service.logs().count("collect=script turns it on") == 1
    workspace.deploy("adds", settings={"collect": "script"})
    answers = [service.request(rows) for rows in ([[1, 2], [3, 4]], [[5, 6]])]
    assert [answer.value[0] for answer in answers] == [[3, 7], [11]]
    assert [answer.value[1] for answer in answers] == [answer.request_id for answer in answers]
    until(lambda: len(service.collections.names()) == 4 and len(service.collections.rows("predictions")) == 2)
    both = service.collected("model_inputs", "model_outputs")
    assert both[["model_inputs.a", "model_inputs.b", "model_outputs.sum"]].values.tolist() == [
        [1, 2, 3], [3, 4, 7], [5, 6, 11],
    ]  # fmt: skip
    assert both["request"].tolist() == [answers[0].request_id] * 2 + [answers[1].request_id]
    assert service.collected("inputs")[["model", "a", "b"]].values.tolist() == [
        ["best", 1, 2], ["best", 3, 4], ["best", 5, 6],
    ]  # fmt: skip
    assert service.collected("predictions")[["0", "1"]].values.tolist()[0] == [3, 7]
    assert service.collections.names() == ["inputs", "model_inputs", "model_outputs", "predictions"]
    with pytest.raises(NotFound) as wrong:
        service.collected("model_input")
    assert "Did you mean 'model_inputs'?" in wrong.value.hint
    assert service.collected().empty


def cli(*words: str) -> str:
    command = [sys.executable, "-m", "jupyter_deploy.cli", *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return done.stdout + done.stderr


def test_the_command_line_shows_no_bodies_unless_asked(workspace: Workspace, service: Service) -> None:
    assert "has collected no requests of that kind yet" in cli("collected", "double")
    name = service.request('"personal"').request_id
    collected(service, 1)
    usual, asked = cli("collected", "double"), cli("collected", "double", "--bodies")
    assert name[:8] in usual
    assert "personal" not in usual
    assert '{"twice": "personalpersonal"}' in asked
    assert "personal" not in cli("collected", "double", "--json")
    for words, found in (("%model replay double ", name), ("%model collected double ", "requests")):
        place = place_of(words)
        assert place
        assert [*completion._candidates(place)] == [found]
    page = bundle(service.collections.requests())
    assert "personal" not in str(page)
    assert "personal" in str(bundle(shown(service.collections.requests(), bodies=True)))
    assert "the same answer" in cli("replay", "double", name[:8])
    assert "Did you mean" in cli("replay", "double", name[1:])
    wrong = cli("collected", "double", "--since", "yesterday")
    assert "'yesterday' is no moment" in wrong
    assert "MB of collected data are removed" in cli("collected", "double", "--clear", "--yes")
    assert service.collections.names() == []


def test_a_request_is_run_again(workspace: Workspace, service: Service, tmp_path: Path) -> None:
    workspace.score_script("better", BETTER)
    better = workspace.deploy("better")
    with pytest.raises(NotFound) as empty:
        service.replay("abc")
    assert "--set collect=requests" in empty.value.hint
    good = service.request(4).request_id
    with pytest.raises(InvokeProblem) as failure:
        service.invoke('"secret"')
    bad = failure.value.request_id
    collected(service, 2)
    now = service.replay(good)
    assert now.same
    assert (now.before.value, now.after.value) == ({"twice": 8}, {"twice": 8})
    other = service.replay(good[:8], against="better")
    assert other.differences == ("twice: 8 → 10.0",)
    assert "better" in other.after.by
    again = service.replay(bad)
    assert again.same
    assert again.after.failed
    assert "input" not in bundle(again)["application/vnd.jupyter-deploy.replay.v1+json"]
    assert "ValueError: no secret" in again.after.details
    assert "double, line" in again.after.details
    tried = service.replay(bad, script="better")
    assert tried.differences == ("status: 500 → 200",)
    assert (tried.after.value, tried.after.by) == ({"twice": None}, "better in a fresh process")
    with pytest.raises(NotFound) as wrong:
        service.replay("0" + good[1:] if good[0] != "0" else "1" + good[1:])
    assert "Did you mean" in wrong.value.hint
    with pytest.raises(UsageProblem, match="one counterpart"):
        service.replay(good, script="better", against="better")
    broken = tmp_path / "broken.py"
    broken.write_text("def run(data):\n    return 1\n\nraise RuntimeError('at the start')\n")
    loaded = service.replay(good, script=broken)
    assert loaded.after.status == 0
    assert "at the start" in loaded.after.details
    # Nothing that was tried is left, or has collected anything.
    assert sorted(workspace.services) == ["better", "double"]
    assert [path.name for path in (workspace.home.root / "collected").iterdir()] == ["double"]
    assert better.invoke(1) == {"twice": 2.5}


def test_a_request_is_run_again_with_another_version_of_the_model(workspace: Workspace) -> None:
    from sklearn.linear_model import Ridge

    for factor in (2.0, 3.0):
        workspace.register("line", Ridge(alpha=1e-9).fit([[0.0], [1.0]], [0.0, factor]))
    # Without a script.
    service = workspace.deploy("line", models=["line:1"], settings={"collect": "requests"})
    name = service.request({"data": [[10]]}).request_id
    collected(service, 1)
    assert service.replay(name, version="1").same
    again = service.replay(name, version="line:2")
    assert (round(again.before.value[0]), round(again.after.value[0])) == (20, 30)
    assert again.after.by == "line in a fresh process, with line:2"
    assert "with line:2" in cli("replay", "line", name[:8], "--version", "2")
    assert "version 7 not found" in cli("replay", "line", name[:8], "--version", "7")
    assert service.record.models == ("line:1",)


@pytest.mark.parametrize("binary", [True, False])
def test_a_request_of_tensors_is_run_again(workspace: Workspace, binary: bool) -> None:
    import numpy as np
    import tritonclient.http as triton
    from sklearn.linear_model import Ridge

    for factor in (2.0, 3.0):
        workspace.register("line", Ridge(alpha=1e-9).fit([[0.0], [1.0]], [0.0, factor]))
    service = workspace.deploy("line", models=["line:1"], settings={"collect": "requests"})
    values = triton.InferInput("data", [1, 1], "FP64")
    values.set_data_from_numpy(np.array([[10.0]]), binary_data=binary)
    output = triton.InferRequestedOutput("predict", binary_data=binary)
    address = service.scoring_uri.removeprefix("http://").removesuffix("/score")
    triton.InferenceServerClient(address).infer("line", [values], outputs=[output])
    name = collected(service, 1)["id"][0]
    assert service.replay(name).same
    # What names the model is no difference, the values are.
    same = workspace.register("line", Ridge(alpha=1e-9).fit([[0.0], [1.0]], [0.0, 2.0]))
    assert service.replay(name, version=same.version).same
    (difference,) = service.replay(name, version=2).differences
    assert binary or re.search(r"outputs.*: 19\.9+.* → 29\.9+|outputs.*: 20.* → 30", difference)


TOGETHER = """
import json
from azureml.ai.monitoring import Collector
import pandas as pd

def init():
    global inputs
    inputs = Collector(name="inputs")

def run_batch(texts):
    values = [json.loads(text) for text in texts]
    inputs.collect(pd.DataFrame({"value": values}))
    return [2 * value for value in values]
"""


def test_collectors_of_a_batch_in_preloaded_workers(workspace: Workspace) -> None:
    workspace.score_script("together", TOGETHER)
    service = workspace.deploy("together", workers=2, settings={"collect": "script", "preload": True})
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(service.request, range(6)))
    assert [answer.value for answer in answers] == [0, 2, 4, 6, 8, 10]
    until(lambda: len(service.collections.names()) and len(service.collections.rows("inputs")) == 6)
    frame = service.collected("inputs")
    assert sorted(frame["value"]) == list(range(6))
    for answer in answers:
        # A batch carries the ids of all its requests.
        (ids,) = frame[frame["value"] == answer.value // 2]["request"]
        assert answer.request_id in ids
