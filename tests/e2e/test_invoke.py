"""Invoking real services from Python and the command line: values, answers, errors, measurements, snippets."""

from __future__ import annotations

import base64
import io
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from jupyter_deploy.errors import DeployError, InvokeProblem, ServiceDown, UsageProblem
from jupyter_deploy.invoking import Answer, Binary
from jupyter_deploy.workspace import Service, Workspace

from ..servers import process_of
from .conftest import until

ECHO = "import json\n\ndef run(data):\n    return json.loads(data)\n"
RAW = """import json
import time
from azureml.contrib.services.aml_request import rawhttp
from azureml.contrib.services.aml_response import AMLResponse

@rawhttp
def run(request):
    body = request.get_data(False)
    asked = request.headers.get("X-Do", "")
    if asked == "bytes":
        return AMLResponse(body, 200, {"Content-Type": request.headers["Content-Type"]})
    if asked == "bad":
        return AMLResponse("<no>", 422)
    if asked == "moved":
        return AMLResponse("", 302, {"Location": "/score"})
    if asked == "empty":
        return AMLResponse("", 204)
    if asked == "breaks":
        def parts():
            yield b"x" * 1000
            raise ValueError("half-way")
        return AMLResponse(parts(), 200)
    if asked == "slow":
        time.sleep(30)
    if asked == "drips":
        def drops():
            while True:
                time.sleep(0.02)
                yield b"x"
        return AMLResponse(drops(), 200)
    return {"type": request.headers["Content-Type"], "size": len(body), "trace": request.headers.get("X-Trace")}
"""
SCHEMA = """import pandas as pd
import numpy as np
from inference_schema.schema_decorators import input_schema
from inference_schema.parameter_types.pandas_parameter_type import PandasParameterType as Pandas
from inference_schema.parameter_types.numpy_parameter_type import NumpyParameterType as Numpy
from inference_schema.parameter_types.standard_py_parameter_type import StandardPythonParameterType as Standard
"""
TABLE = (
    SCHEMA
    + """
@input_schema("data", Pandas(pd.DataFrame({"a": [1], "b": ["x"]}), orient="ORIENT"))
def run(data):
    return [list(data.columns), data.values.tolist()]
"""
)
ARRAY = (
    SCHEMA
    + """
@input_schema("data", Numpy(np.array([[1.0, 2.0]])))
def run(data):
    return data.tolist()
"""
)
PICTURE = (
    SCHEMA
    + """
@input_schema("image", Standard(b"x"))
def run(image):
    return len(image)
"""
)
TWO = (
    SCHEMA
    + """
@input_schema("x", Standard(1))
@input_schema("y", Standard(1))
def run(x, y):
    return [x, y]
"""
)
FRAME = pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}, index=[7, 7])
COMMAND = [sys.executable, "-m", "jupyter_deploy.cli"]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """A workspace with the services ``echo`` and ``raw``."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_DEPLOY_HOME", str(tmp_path_factory.mktemp("invoke")))
        workspace = Workspace()
        for name, cell in (("echo", ECHO), ("raw", RAW)):
            workspace.score_script(name, cell)
            workspace.deploy(name)
        yield workspace
        for service in workspace.services.values():
            service.delete()


@pytest.fixture
def echo(shared: Workspace) -> Service:
    return shared.services["echo"]


@pytest.fixture
def raw(shared: Workspace) -> Service:
    return shared.services["raw"]


def test_an_answer_comes_with_its_facts(echo: Service) -> None:
    answer = echo.request([1, "é"])
    assert isinstance(answer, Answer)
    assert (answer.value, answer.status, answer.content_type) == ([1, "é"], 200, "application/json")
    assert answer.run_seconds is not None
    assert 0 < answer.run_seconds < answer.seconds < 5
    assert answer.size == len('[1,"é"]'.encode())
    assert until(lambda: answer.request_id in echo.logs())


@pytest.mark.parametrize(
    ("value", "kind", "size"),
    [
        ({"a": 1}, "application/json", 7),
        ("words", "text/plain; charset=utf-8", 5),
        (b"\x00\xff", "application/octet-stream", 2),
        (io.BytesIO(b"123"), "application/octet-stream", 3),
        (np.zeros(2), "application/json", 9),
    ],
    ids=["dict", "text", "bytes", "file", "array"],
)
def test_values_arrive_as_what_they_are(raw: Service, value: Any, kind: str, size: int) -> None:
    assert raw.invoke(value) == {"type": kind, "size": size, "trace": None}


def test_pictures_go_and_come_back(raw: Service, tmp_path: Path) -> None:
    image = Image.new("RGB", (4, 3), "red")
    back = raw.invoke(image, headers={"X-Do": "bytes"})
    assert isinstance(back, Binary)
    assert back.content_type == "image/png"
    with Image.open(io.BytesIO(back)) as opened:
        assert opened.size == (4, 3)
    path = tmp_path / "a.jpg"
    path.write_bytes(b"\xff\xd8\x00")
    assert raw.invoke(path, headers={"X-Do": "bytes"}) == b"\xff\xd8\x00"
    assert raw.invoke(path)["type"] == "image/jpeg"
    assert raw.invoke("x", headers={"X-Trace": "a b", "content-type": "a/b"}) == {
        "type": "a/b",
        "size": 1,
        "trace": "a b",
    }


def failed(service: Service, value: Any = "", **options: Any) -> InvokeProblem:
    with pytest.raises(InvokeProblem) as caught:
        service.invoke(value, **options)
    return caught.value


def test_refusals_name_status_and_request(raw: Service) -> None:
    problem = failed(raw, headers={"X-Do": "bad"})
    assert problem.message == "raw answered 422: <no>"
    assert problem.status == 422
    assert problem.request_id
    assert problem.request_id in problem.hint
    assert failed(raw, headers={"X-Do": "moved"}).message.startswith("raw answered 302:")
    assert raw.request(headers={"X-Do": "empty"}).status == 204


def test_an_exception_of_the_script_has_traceback_hint_and_request(echo: Service) -> None:
    problem = failed(echo, "no JSON")
    assert "JSONDecodeError" in problem.message
    assert "in run" in problem.details
    assert problem.hint.startswith("The request is text that is not JSON")
    assert problem.request_id in problem.hint
    assert problem.status == 500


def test_an_answer_that_breaks_off_is_no_answer(raw: Service) -> None:
    problem = failed(raw, headers={"X-Do": "breaks"})
    assert "half-way" in problem.message + problem.details or "broke off" in problem.message
    assert raw.invoke("x")["size"] == 1


@pytest.mark.parametrize("what", ["slow", "drips"])
def test_a_timeout_is_for_the_whole_answer(workspace: Workspace, what: str) -> None:
    workspace.score_script("raw", RAW)
    service = workspace.deploy("raw")
    problem = failed(service, "x", timeout=0.2, headers={"X-Do": what})
    assert "raw did not answer within 0.2 s" in problem.message
    assert "--timeout" in problem.hint


def test_binary_for_a_script_that_takes_text_is_explained(echo: Service) -> None:
    problem = failed(echo, Image.new("RGB", (1, 1)))
    assert problem.message.startswith("echo answered 400: Input cannot be decoded as UTF-8")
    assert problem.hint.startswith("image/png was sent; a script takes bytes with @rawhttp.")


def test_a_service_that_does_not_run_says_how_to_start_it(workspace: Workspace) -> None:
    workspace.score_script("echo", ECHO)
    service = workspace.deploy("echo")
    port = service.record.port
    service.stop()
    # Another program has the port by now; it must not get the request.
    with socket.create_server(("127.0.0.1", port)) as other:
        for call in (service.invoke, service.request, service.load, service.snippet):
            with pytest.raises(ServiceDown, match="echo does not answer; it is Stopped") as caught:
                call([1])
            assert caught.value.hint.startswith("jupyter model deploy echo starts it again")
        other.settimeout(0)
        with pytest.raises(BlockingIOError):
            other.accept()
    workspace.deploy("echo")
    os.kill(process_of(service).pid, signal.SIGTERM)
    until(lambda: service.state == "Stopped")
    for call in (service.invoke, service.load):
        with pytest.raises(ServiceDown, match="echo does not answer; it is ") as caught:
            call([1])
        assert caught.value.details == service.logs(10).rstrip()
        assert "generation 1 serves" in caught.value.details
        assert caught.value.hint.startswith("jupyter model deploy echo starts it again")


@pytest.mark.parametrize("orient", ["split", "records", "index", "columns", "values", "table"])
def test_a_frame_reaches_a_table_in_any_orient(workspace: Workspace, orient: str) -> None:
    workspace.score_script("table", TABLE.replace("ORIENT", orient).replace(', "b": ["x"]', ', "b": [1.5]'))
    service = workspace.deploy("table")
    frame = pd.DataFrame({"a": [1, 2], "b": [0.5, 2.0]}, index=[7, 7])
    if orient == "values":
        # inference-schema itself has no columns then.
        assert json.loads(service.snippet(frame).rpartition("--data-raw ")[2].strip("'")) == {
            "data": [[1, 0.5], [2, 2.0]]
        }
        return
    assert service.invoke(frame) == [["a", "b"], [[1, 0.5], [2, 2.0]]]
    assert service.invoke({"data": frame[:1]}) == [["a", "b"], [[1, 0.5]]]
    assert service.health.requests == 2


def test_a_schema_follows_the_script(workspace: Workspace) -> None:
    workspace.score_script("churn", ARRAY)
    service = workspace.deploy("churn")
    frame = pd.DataFrame({"p": [1.0], "q": [2.0]})
    for value in (frame, frame.values, [[1, 2]], {"data": [[1, 2]]}, "[[1, 2]]", '{"data": [[1, 2]]}', b"[[1, 2]]"):
        assert service.invoke(value) == [[1.0, 2.0]]
    problem = failed(service, [1, 2, 3])
    assert "The value of 'data' does not fit the schema: expected an array of float64" in problem.message
    assert problem.hint.startswith("It takes a JSON object with 'data', for example {\"data\": [[1.0, 2.0]]}.")
    assert problem.request_id in problem.hint

    workspace.score_script("churn", ARRAY.replace('"data"', '"rows"').replace("data", "rows"))
    assert service.invoke([[1, 2]]) == [[1.0, 2.0]]
    workspace.score_script("churn", ECHO)
    assert service.invoke([[1, 2]]) == [[1, 2]]
    workspace.score_script("churn", ARRAY)
    assert service.invoke([[1, 2]]) == [[1.0, 2.0]]
    # Nothing was sent twice, and nothing to find the parameter out: seven, one refused, three.
    assert (service.as_dict()["recent"]["requests"], service.as_dict()["recent"]["errors"]) == (11, 1)
    assert workspace.services["churn"].load(frame, 20, 4).failed == 0


def test_a_stale_signature_is_asked_for_again_before_run_saw_anything(workspace: Workspace) -> None:
    workspace.score_script("churn", ARRAY)
    service = workspace.deploy("churn")
    assert service.invoke([[1, 2]]) == [[1.0, 2.0]]
    for known in service._signatures:
        service._signatures[known] = None
    assert service.invoke([[1, 2]]) == [[1.0, 2.0]]


def test_bytes_and_pictures_for_a_schema_are_base64(workspace: Workspace) -> None:
    workspace.score_script("picture", PICTURE)
    service = workspace.deploy("picture")
    assert service.invoke(b"\x00\xff\x00") == 3
    assert service.invoke(Image.new("RGB", (2, 2))) > 60
    assert service.invoke({"image": base64.b64encode(b"ab").decode()}) == 2


def test_several_parameters_are_named(workspace: Workspace) -> None:
    workspace.score_script("two", TWO)
    service = workspace.deploy("two")
    assert service.invoke({"x": 1, "y": 2}) == [1, 2]
    problem = failed(service, 1)
    assert problem.status == 400
    assert "A value is not provided for the 'y' parameter" in problem.message
    assert problem.hint.startswith("It takes a JSON object with ")
    assert "'x'" in problem.hint
    assert "'y'" in problem.hint
    assert "'y'" in failed(service, {"x": 1}).message


def test_many_requests_are_measured(echo: Service) -> None:
    before = echo.health.requests
    said: list[str] = []
    report = echo.load([1, 2], 200, 8, progress=said.append)
    assert (report.answered, report.failed, report.concurrency) == (200, 0, 8)
    assert len(report.client) == len(report.server) == 200
    assert report.client[0] <= report.client[-1] < report.seconds + 1
    assert until(lambda: echo.health.requests == before + 200)
    assert echo.load([1], 2, 8).concurrency == 2


def test_errors_of_many_are_counted_and_told(echo: Service, raw: Service) -> None:
    report = echo.load("no JSON", 30, 4)
    assert [(one.kind, one.count) for one in report.troubles] == [("500", 30)]
    assert report.troubles[0].message.startswith("JSONDecodeError: ")
    assert report.troubles[0].request_id
    assert report.client == ()
    report = raw.load("x", 5, 2, headers={"X-Do": "bad"})
    assert [(one.kind, one.count, one.message) for one in report.troubles] == [("422", 5, "<no>")]
    report = raw.load("x", 2, 2, headers={"X-Do": "breaks"})
    assert [(one.kind, one.count) for one in report.troubles] == [("cut off", 2)]
    assert report.as_dict()["errors"] == {"cut off": 2}


DATA = {"q": 'it\'s "quoted" $HOME `id` !! \\n %s', "lines": "a\nb\tc", "ü": "日本 😀", "n": [1, -2.5, None, True]}


@pytest.mark.parametrize("language", ["curl", "python"])
@pytest.mark.parametrize(
    "value",
    [DATA, [], "[1]", json.dumps(DATA, ensure_ascii=False), [{"x": "-" * 60}] * 10, "null", FRAME],
    ids=["data", "empty", "text", "text-data", "long-lines", "null", "frame"],
)
def test_a_snippet_runs_and_gets_the_same_answer(echo: Service, tmp_path: Path, language: str, value: Any) -> None:
    expected = echo.invoke(value)
    assert json.loads(ran(echo.snippet(value, language), language, tmp_path)) == expected
    file = tmp_path / "it's a body.json"
    snippet = echo.snippet(value, language, body_file=file)
    assert file.read_bytes()
    assert json.loads(ran(snippet, language, Path("/"))) == expected


@pytest.mark.parametrize("language", ["curl", "python"])
def test_a_snippet_sends_bytes_headers_and_files(raw: Service, tmp_path: Path, language: str) -> None:
    path = tmp_path / "a b.png"
    path.write_bytes(b"\x89PNG\x00\n\r")
    snippet = raw.snippet(path, language, headers={"X-Trace": "it's $x", "Authorization": "Bearer k"})
    assert "Bearer ********" in snippet
    assert json.loads(ran(snippet, language, tmp_path)) == {"type": "image/png", "size": 7, "trace": "it's $x"}
    body = tmp_path / "body"
    assert json.loads(ran(raw.snippet(b"\x00\xff", language, body_file=body), language, tmp_path))["size"] == 2
    assert json.loads(ran(raw.snippet("@words", language), language, tmp_path))["size"] == 6
    assert json.loads(ran(raw.snippet("", language), language, tmp_path))["size"] == 0
    big = raw.snippet([0] * 5000, language)
    assert big.startswith("# The body has 10,001 bytes")
    (tmp_path / "request.json").write_bytes(json.dumps([0] * 5000, separators=(",", ":")).encode())
    assert json.loads(ran(big, language, tmp_path))["size"] == 10_001


def ran(snippet: str, language: str, folder: Path) -> str:
    """Run a snippet as a user would, in bash or Python; returns what it printed."""
    if language == "curl" and shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    command = ["bash", "-c", snippet] if language == "curl" else [sys.executable, "-c", snippet]
    done = subprocess.run(command, capture_output=True, timeout=60, cwd=folder, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def test_what_cannot_be_printed_or_written(echo: Service, tmp_path: Path) -> None:
    with pytest.raises(UsageProblem, match="no snippet in 'perl'"):
        echo.snippet([1], "perl")
    with pytest.raises(UsageProblem, match="cannot be written"):
        echo.snippet([1], body_file=tmp_path / "no" / "file")
    with pytest.raises(DeployError, match="cannot be the name"):
        echo.invoke([1], headers={"a b": "c"})
