"""Scripts under @rawhttp, and the responses they make themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import requests

from tests.contract import FAILED, Server, fixture_of
from tests.served_script import ended, serving

SCRIPT = """
import json
from azureml.contrib.services.aml_request import AMLRequest, rawhttp
from azureml.contrib.services.aml_response import AMLResponse

def broken():
    yield b"begun"
    raise ValueError("on the way")

ANSWERS = {
    "json_str": lambda: AMLResponse("text", 200, json_str=True),
    "none": lambda: AMLResponse(None, 200),
    "dict": lambda: AMLResponse({"a": [1]}, 201),
    "text": lambda: AMLResponse("<b>é</b>", 200),
    "bytes": lambda: AMLResponse(b"\\x00\\xff", 200, {"Content-Type": "image/png"}),
    "headers": lambda: AMLResponse("x", 418, {"Expires": "Wed, 21 Oct 2026 07:28:00 GMT", "X-Number": 7}),
    "lower": lambda: AMLResponse("x", 200, {"content-type": "text/csv"}),
    "streamed": lambda: AMLResponse((part for part in (b"a", "b", b"c")), 200),
    "failed": lambda: AMLResponse("x", 503),
    "told": lambda: AMLResponse("x", 200, run_function_failed=True),
    "broken": lambda: AMLResponse(broken(), 200),
    "raised": lambda: 1 / 0,
    "list": lambda: [1, 2],
}

def helper(request):
    return request

@rawhttp
def run(request):
    assert isinstance(request, AMLRequest)
    what = request.args.get("answer")
    if what == "echo":
        return AMLResponse(request.get_data(), 200)
    if what == "json":
        return request.json
    if what == "seen":
        return {
            "method": request.method, "path": request.path, "args": request.args.getlist("x"),
            "query": request.query_string.decode(), "cookie": request.cookies.get("c"),
            "custom": request.headers.get("x-custom"), "type": request.content_type,
            "files": [[f.filename, f.stream.read().decode()] for f in request.files.getlist("file[]")],
            "form": dict(request.form), "text": request.get_data(as_text=True), "url": request.url,
            "full_path": request.full_path,
        }
    if what is None:
        return AMLResponse(request.method, 200, {"X-Method": request.method})
    return ANSWERS[what]()
"""
FLASK = """
import flask
from azureml_inference_server_http.api.aml_request import rawhttp, AMLRequest

@rawhttp
def run(request):
    assert isinstance(request, flask.Request)
    response = flask.Response("flask", 202, {"X-A": "1"})
    response.set_cookie("a", "1")
    response.set_cookie("b", "2")
    return response
"""
UNMARKED = """
from azureml_inference_server_http.api.aml_request import rawhttp

@rawhttp
def other(request):
    return request

def run(data):
    return [type(data).__name__, data]
"""
raw = fixture_of(SCRIPT)
flask = fixture_of(FLASK)
unmarked = fixture_of(UNMARKED)

HTML = "text/html; charset=utf-8"


@pytest.mark.parametrize(
    ("what", "status", "body", "kind", "failed"),
    [
        ("json_str", 200, b'"text"', "application/json", "False"),
        ("none", 200, b"{}", "application/json", "False"),
        ("dict", 201, b'{"a": [1]}', "application/json", "False"),
        ("text", 200, "<b>é</b>".encode(), HTML, "False"),
        ("bytes", 200, b"\x00\xff", "image/png", "False"),
        ("lower", 200, b"x", "text/csv", "False"),
        ("streamed", 200, b"abc", HTML, "False"),
        ("failed", 503, b"x", HTML, "True"),
        ("told", 200, b"x", HTML, "True"),
        ("list", 200, b"[1,2]", "application/json", "False"),
    ],
)
def test_responses(raw: Server, what: str, status: int, body: bytes, kind: str, failed: str) -> None:
    response = requests.post(raw, params={"answer": what}, timeout=20)
    assert (response.status_code, response.content, response.headers["content-type"]) == (status, body, kind)
    assert response.headers["x-ms-run-function-failed"] == failed
    assert "x-request-id" in response.headers


def test_headers_keep_their_commas(raw: Server) -> None:
    response = requests.post(raw, params={"answer": "headers"}, timeout=20)
    assert response.status_code == 418
    assert response.headers["expires"] == "Wed, 21 Oct 2026 07:28:00 GMT"
    assert response.headers["x-number"] == "7"


def test_exceptions_are_500(raw: Server) -> None:
    response = requests.post(raw, params={"answer": "raised"}, timeout=20)
    assert (response.status_code, response.json()) == (500, FAILED)


def test_a_stream_that_breaks_cuts_the_connection(raw: Server) -> None:
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        requests.post(raw, params={"answer": "broken"}, timeout=20)
    assert requests.post(raw, timeout=20).text == "POST"
    assert raw.wait_for_log("on the way")


SEEN: dict[str, Any] = {
    "method": "POST",
    "path": "/score",
    "args": [],
    "query": "answer=seen",
    "cookie": None,
    "custom": None,
    "type": None,
    "files": [],
    "form": {},
    "text": "",
    "full_path": "/score?answer=seen",
}
FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("sent", "seen"),
    [
        ({}, {}),
        ({"data": "é".encode()}, {"text": "é"}),
        ({"headers": {"X-Custom": "a, b"}, "cookies": {"c": "v"}}, {"custom": "a, b", "cookie": "v"}),
        ({"data": {"a": "1"}}, {"form": {"a": "1"}, "type": FORM}),
    ],
)
def test_requests(raw: Server, sent: dict[str, Any], seen: dict[str, Any]) -> None:
    response = requests.post(f"{raw}?answer=seen", timeout=20, **sent)
    assert response.json() == {**SEEN, "url": f"{raw}?answer=seen", **seen}


def test_repeated_query_values(raw: Server) -> None:
    response = requests.get(f"{raw}?answer=seen&x=1&x=%C3%A9", timeout=20).json()
    assert (response["method"], response["args"]) == ("GET", ["1", "é"])


def test_files(raw: Server) -> None:
    files = [("file[]", ("a.txt", b"one")), ("file[]", ("b.txt", b"two"))]
    response = requests.post(raw, params={"answer": "seen"}, files=files, data={"k": "v"}, timeout=20).json()
    assert (response["files"], response["form"]) == ([["a.txt", "one"], ["b.txt", "two"]], {"k": "v"})


def test_json(raw: Server) -> None:
    assert requests.post(raw, params={"answer": "json"}, json={"a": [1]}, timeout=20).json() == {"a": [1]}
    assert requests.post(raw, params={"answer": "json"}, data="{}", timeout=20).status_code == 500


def test_a_megabyte(raw: Server) -> None:
    body = bytes(range(256)) * 4096
    assert requests.post(raw, params={"answer": "echo"}, data=body, timeout=20).content == body


@pytest.mark.parametrize(("method", "body"), [("GET", "GET"), ("OPTIONS", "OPTIONS"), ("HEAD", "")])
def test_methods_run_it(raw: Server, method: str, body: str) -> None:
    response = requests.request(method, raw, timeout=20)
    assert (response.status_code, response.text, response.headers["x-method"]) == (200, body, method)


def test_flask(flask: Server) -> None:
    response = requests.post(flask, timeout=20)
    assert (response.status_code, response.text, response.headers["x-a"]) == (202, "flask", "1")
    assert dict(response.cookies) == {"a": "1", "b": "2"}


def test_only_the_marked_function_is_raw(unmarked: Server) -> None:
    assert requests.post(unmarked, data="x", timeout=20).json() == ["str", "x"]


def test_rawhttp_with_a_schema_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTER_DEPLOY_HOME", str(tmp_path / "home"))
    script = (
        "from inference_schema.schema_decorators import input_schema\n"
        "from inference_schema.parameter_types.standard_py_parameter_type import StandardPythonParameterType as S\n"
        "from azureml.contrib.services.aml_request import rawhttp\n\n"
        "@rawhttp\n@input_schema('data', S(1))\ndef run(data):\n    return data\n"
    )
    with serving(tmp_path, script) as (_, process):
        output = ended(tmp_path, process)
    assert process.returncode == 3
    assert "run() cannot have both @rawhttp and @input_schema" in output
