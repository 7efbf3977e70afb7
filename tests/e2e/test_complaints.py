"""What users of Azure ML's SDK complained about, each answered here in a real notebook shell with real services."""

from __future__ import annotations

import re
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from IPython.core.interactiveshell import InteractiveShell

from jupyter_deploy.errors import DeployError, InvokeProblem, ModelProblem, ReloadFailed, ScriptProblem, StartFailed
from jupyter_deploy.workspace import Workspace

from .conftest import Run, until
from .shell import ECHO


def test_reload_of_a_service_that_was_found_by_its_name(run: Run, shared: Workspace) -> None:
    """MachineLearningNotebooks#714, azure-docs#45067: reload() does nothing on a service that was looked up."""
    run("%%score_script found\ndef run(data):\n    return 1\n")
    run("%deploy found --target process")
    found = Workspace().services["found"]
    run("%%score_script found\ndef run(data):\n    return 2\n")
    assert found.invoke() == 2
    assert found.reload().action == "reloaded"
    assert found.health.generation == 3
    found.delete()


def test_a_crash_of_the_new_script_is_no_outage_and_is_shown_in_the_cell(run: Run, shared: Workspace) -> None:
    """azureml-api, measured: an outage of 2 to 4 s, the crash found at the next call, nothing rolled back."""
    with pytest.raises(ReloadFailed) as caught:
        run(f"%%score_script echo\n{ECHO}\ndef init():\n    raise OSError('no such device')\n")
    assert "OSError: no such device in %%score_script echo line 9" in caught.value.message
    assert shared.services["echo"].invoke([1]) == [1]
    assert shared.services["echo"].health.generation == 1


def test_a_container_that_has_crashed_says_why(run: Run, shared: Workspace) -> None:
    """azure-docs#51226, computervision-recipes#332: "Container has crashed. Did your init method fail?" is all."""
    init = "def init():\n    print('about to')\n    {}['weights']\n"
    run(f"%%score_script crashes\n{init}\ndef run(data):\n    return 1\n")
    with pytest.raises(StartFailed) as caught:
        run("%deploy crashes --target process")
    error = caught.value
    assert error.message == "crashes: KeyError: 'weights' in %%score_script crashes line 4"
    assert "%%score_script crashes, line 4, in init\n    {}['weights']" in error.details
    assert "logs crashes" in error.hint
    assert "about to" in run("%model logs crashes")
    # The two lines and what is between them are all that a notebook shows: none of this package's frames.
    assert "jupyter_deploy" not in "\n".join(error._render_traceback_())
    assert "crashes" not in shared.services


def test_an_error_of_run_is_the_scripts_own(run: Run) -> None:
    """azureml-api: run errors are "Error: Scoring was unsuccessful." or a fixed text."""
    with pytest.raises(InvokeProblem) as caught:
        run("%%invoke echo\n[1, 2")
    assert "Nothing was sent" in caught.value.hint
    with pytest.raises(InvokeProblem) as caught:
        run("%invoke echo 'not JSON'")
    assert "JSONDecodeError" in caught.value.message
    assert "in %%score_script echo line 6" in caught.value.message
    assert caught.value.hint


def test_the_models_folder_is_shown_and_the_right_join_named(run: Run, ip: InteractiveShell, shared: Workspace) -> None:
    """azure-docs#45645, #44559, azureml-sdk-for-r#234, aml-deploy#63, azureml-examples#1068: which path is it?"""
    Path("nest/deep").mkdir(parents=True)
    Path("nest/deep/model.pkl").write_text("x")
    shared.register("nest", "nest")
    cell = "%%score_script nest\nimport os\n\ndef init():\n    open(os.path.join({}))\n\ndef run(data):\n    return 1\n"
    run(cell.format("os.environ['AZUREML_MODEL_DIR'], 'model.pkl'"))
    with pytest.raises(StartFailed) as caught:
        run("%deploy nest --target process")
    hint = re.search(r"Try os\.path\.join\((.*)\)\.", caught.value.hint)
    assert hint, caught.value.hint
    # The hint is taken at its word.
    run(cell.format(hint[1]))
    assert run("%deploy nest").state == "Healthy"
    # The other way to the same file works too.
    init = "def init():\n    assert Model.get_model_path('nest').endswith('nest')\n"
    run(f"%%score_script nest\nfrom azureml.core.model import Model\n\n{init}\ndef run(data):\n    return 1\n")
    shared.services["nest"].delete()
    shared.unregister("nest")


def test_a_deployment_takes_seconds_and_says_where_it_is(shared: Workspace) -> None:
    """azure-docs#95708, MachineLearningNotebooks#1025, #739, mslearn-dp100#37: half an hour, stuck in Transitioning."""
    said: list[str] = []
    started = time.perf_counter()
    service = shared.deploy("soon", script="text", target="process", progress=said.append)
    assert time.perf_counter() - started < 20
    assert service.state == "Healthy"
    assert [getattr(step, "stage", "") for step in said] == ["environment", "start", "init"]
    service.delete()


def test_a_wrong_path_of_a_model_names_what_is_there(run: Run) -> None:
    """azure-docs#45773, #45806: run.register_model fails on paths."""
    Path("outputs").mkdir(exist_ok=True)
    Path("outputs/model.pkl").write_text("x")
    with pytest.raises(ModelProblem) as caught:
        run("%register wrong outputs/modl.pkl")
    assert "model.pkl" in caught.value.hint


def test_state_is_asked_for_and_not_remembered(run: Run, shared: Workspace) -> None:
    """azureml-api: v1's state is a snapshot, to be polled with update_deployment_state()."""
    service = run("%deploy live --script text --target process")
    other = Workspace().services["live"]
    assert (service.state, other.state) == ("Healthy", "Healthy")
    other.stop()
    assert service.state == "Stopped"
    service.delete()


def test_services_are_found_by_name_whoever_started_them(run: Run, shared: Workspace) -> None:
    """azureml-api: Webservice(ws, name) does not find local services; azureml-sdk-for-r#150."""
    assert type(Workspace().services["echo"]) is type(run("%model state echo"))
    assert {"echo", "text"} <= set(Workspace().services)


def test_deploying_again_says_what_it_did(run: Run, shared: Workspace) -> None:
    """azureml-api: the same name silently replaces locally, and raises in the cloud; azure-cli#23496."""
    first = run("%deploy again --script text --target process")
    assert first.change.action == "created"
    assert run("%deploy again").change.action == "unchanged"
    changed = run("%deploy again --workers 2").change
    assert (changed.action, changed.what) == ("reloaded", ("workers",))
    run("%model delete again --yes")
    with pytest.raises(DeployError, match="No service named 'again'"):
        run("%model delete again --yes")


def test_values_are_sent_as_they_are(run: Run, ip: InteractiveShell) -> None:
    """azureml-api: invoke needs a request file; keys and JSON are pasted by hand."""
    ip.user_ns |= {"array": np.array([[1, 2]]), "frame": pd.DataFrame({"a": [1]}), "number": np.float32(0.5)}
    assert run("%invoke echo array") == [[1, 2]]
    assert run("%invoke echo {'rows': array[0]}") == {"rows": [1, 2]}
    assert run("%invoke echo frame.to_dict('records')") == [{"a": 1}]
    assert run("%invoke echo [number]") == [0.5]


def test_logs_take_no_argument_and_follow_and_survive(run: Run, shared: Workspace) -> None:
    """azureml-api: get_logs needs lines; logs are one big string after the fact, and gone after a restart."""
    service = run("%deploy talks --script echo --target process")
    service.invoke([1])
    until(lambda: "got [1]" in service.get_logs())
    line = next(line for line in service.get_logs().splitlines() if "got [1]" in line)
    identity = re.search(r"\[([0-9a-f-]{36})\]|([0-9a-f-]{36})", line)
    assert identity, "each line has its request's id"
    following = service.follow(1)
    next(following)
    service.invoke([2])
    seen = ""
    while "got [2]" not in seen:
        seen += next(following)
    service.stop()
    run("%deploy talks")
    assert "got [1]" in service.get_logs()
    service.delete()


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("def init():\n    pass\n", "run"),
        ("def run():\n    return 1\n", "run"),
        ("def run(data):\n    return modle.predict(data)\n", "'modle'"),
        ("def run(data)\n    return 1\n", "expected ':'"),
        ("def run(data):\n    return os.getcwd()\n", "'os'"),
        ("%matplotlib inline\ndef run(data):\n    return 1\n", "%matplotlib"),
    ],
)
def test_a_script_is_checked_where_it_is_written(run: Run, cell: str, said: str) -> None:
    """azureml-api: %%writefile score.py loses the check of syntax; InferenceConfig validates only at construction."""
    with pytest.raises(ScriptProblem) as caught:
        run(f"%%score_script checked\n{cell}")
    assert said in caught.value.message + caught.value.details
    assert caught.value.hint
    assert "checked" not in Workspace().scripts.names()


def test_versions_are_numbers_and_any_spelling_of_them_does(shared: Workspace) -> None:
    """azureml-api, measured: models.list() has version None; int versions are refused."""
    assert [model.version for model in shared.models.list("iris")] == [1]
    assert shared.models.get("iris", 1) == shared.models.get("iris", "1") == shared.models.get("iris:1")


def test_editing_a_script_builds_nothing(run: Run, shared: Workspace) -> None:
    """azureml-api: the environment is solved and an image built on every change, 20 s to minutes."""
    run("%%score_script edited\ndef run(data):\n    return 1\n")
    service = run("%deploy edited --target process")
    script = run("%%score_script edited\ndef run(data):\n    return 2\n")
    (change,) = script.changes
    assert (change.action, change.what) == ("reloaded", ("script",))
    assert change.milliseconds < 2000
    assert service.invoke() == 2
    service.delete()


def test_secrets_are_shown_nowhere(run: Run, ip: InteractiveShell, shared: Workspace) -> None:
    """azureml-api, seed 004: secrets pasted in cells are echoed in reprs and logs."""
    service = run("%deploy keeps --script text --target process --env API_KEY=geheim-4711")
    assert ip.display_formatter is not None
    shown = [service, run("%model services"), run("%model"), run("%model logs keeps"), service.record]
    for value in shown:
        assert "geheim-4711" not in str(ip.display_formatter.format(value)) + repr(value)
    assert "geheim-4711" not in str(service.as_dict())
    service.delete()


def test_imports_of_azure_ml_in_the_server(run: Run, shared: Workspace) -> None:
    """azureml-api, common breakages: `from azureml.core.model import Model` inside the server."""
    imports = "from azureml.core.model import Model\nfrom azureml.contrib.services.aml_request import rawhttp\n"
    run(f"%%score_script shims\n{imports}\ndef run(data):\n    return [Model.__name__, rawhttp.__name__]\n")
    service = run("%deploy shims --target process")
    assert service.invoke() == ["Model", "rawhttp"]
    service.delete()


@pytest.mark.parametrize(
    ("cell", "hint"),
    [
        (
            "import json\nanswer = %invoke echo [1]\njson.loads(answer)",
            "It is decoded already, a list: leave json.loads out.",
        ),
        ("request.post('http://127.0.0.1/score', data='1')", "The module's name is requests: requests.post(…)."),
        (
            "import json, numpy\nfrom jupyter_deploy import Workspace\n"
            "Workspace().services['echo'].invoke(json.dumps(numpy.zeros(2)))",
            "give it x.tolist(); %invoke and Service.invoke take it as it is",
        ),
    ],
)
def test_old_ways_of_calling_get_a_hint(
    ip: InteractiveShell, capsys: pytest.CaptureFixture[str], cell: str, hint: str
) -> None:
    """azureml-api, T1 and common breakages: json.loads of an answer that is decoded already, request.post."""
    capsys.readouterr()
    assert not ip.run_cell(cell).success
    shown = capsys.readouterr()
    assert re.search(r"^Hint: .*" + re.escape(hint), shown.err, re.MULTILINE)


def test_other_errors_are_left_alone(ip: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    for cell in ("json = None\njson.loads('')", "raise TypeError('x')", "1 / 0", "x ="):
        capsys.readouterr()
        assert not ip.run_cell(cell).success
        assert "Hint" not in "".join(capsys.readouterr())
    ip.run_line_magic("unload_ext", "jupyter_deploy")
    ip.run_cell("request.post('x')")
    assert "Hint" not in "".join(capsys.readouterr())
