"""Scripts whose run() takes the body as text."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.contract import FAILED, INTERNAL, Server, fixture_of

EVALUATED = """
import datetime
import sys
import numpy as np
import pandas as pd

def counted(n):
    for number in range(n):
        yield {"n": number}

def parts():
    yield b"\\x00a"
    yield b"b\\xff"

async def later():
    return "later"

async def several():
    yield 1
    yield 2

def run(data):
    return eval(data)
"""
ECHO = "async def run(text, request_headers):\n    return [text, request_headers[text] if text[:2] == 'x-' else None]\n"
evaluated = fixture_of(EVALUATED)
strict = fixture_of(EVALUATED, "--set", "strict_json=true")
echo = fixture_of(ECHO)


@pytest.mark.parametrize(
    ("expression", "answer"),
    [
        ("None", {}),
        ("1", 1),
        ("True", True),
        ("(1, 'a')", [1, "a"]),
        ("'text'", "text"),
        ("'{\"a\": 1}'", '{"a": 1}'),
        ("{'a': [1, None]}", {"a": [1, None]}),
        ("{1: 2}", {"1": 2}),
        ("({'message': 1}, 400)", [{"message": 1}, 400]),
        ("np.array([[1, 2], [3, 4]])", [[1, 2], [3, 4]]),
        ("np.array([[1, 2], [3, 4]]).T", [[1, 3], [2, 4]]),
        ("np.array(['a', 'b'])", ["a", "b"]),
        ("np.int64(3)", 3),
        ("np.float32(0.5)", 0.5),
        ("{'p': np.float64(0.5), 'q': np.bool_(True)}", {"p": 0.5, "q": True}),
        ("pd.DataFrame({'a': [1, 2], 'b': ['x', 'y']})", [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]),
        ("pd.Series([1, 2])", [1, 2]),
        ("datetime.datetime(2024, 1, 2, 3, 4, 5)", "2024-01-02T03:04:05"),
        ("datetime.date(2024, 1, 2)", "2024-01-02"),
        ("pd.Timestamp('2024-01-02')", "2024-01-02T00:00:00"),
        ("{7}", [7]),
        ("float('nan')", None),
        ("[1.5, float('inf')]", [1.5, None]),
        ("np.array([1.0, float('nan')])", [1.0, None]),
        ("later()", "later"),
        ("counted(3)", [{"n": 0}, {"n": 1}, {"n": 2}]),
        ("counted(0)", []),
        ("several()", [1, 2]),
    ],
)
def test_results(evaluated: Server, expression: str, answer: Any) -> None:
    response = requests.post(evaluated, data=expression, timeout=20)
    assert (response.status_code, response.headers["content-type"]) == (200, "application/json")
    assert response.json() == answer
    assert response.headers["x-ms-run-function-failed"] == "False"


def test_bytes_of_a_generator_are_sent_as_they_are(evaluated: Server) -> None:
    response = requests.post(evaluated, data="parts()", timeout=20)
    assert (response.content, response.headers["content-type"]) == (b"\x00ab\xff", "application/octet-stream")


@pytest.mark.parametrize(
    ("expression", "answer", "failed"),
    [
        ("1 / 0", FAILED, "True"),
        ("sys.exit(1)", FAILED, "True"),
        ("(_ for _ in ()).throw(KeyboardInterrupt)", FAILED, "True"),
        ("b'bytes'", INTERNAL, "False"),
        ("object()", INTERNAL, "False"),
        ("{'deep': [object()]}", INTERNAL, "False"),
    ],
)
def test_failures(evaluated: Server, expression: str, answer: Any, failed: str) -> None:
    response = requests.post(evaluated, data=expression, timeout=20)
    assert (response.status_code, response.headers["content-type"]) == (500, "application/json")
    assert response.json() == answer
    assert response.headers["x-ms-run-function-failed"] == failed
    assert requests.post(evaluated, data="1", timeout=20).json() == 1


def test_nan_is_warned_of(evaluated: Server) -> None:
    assert requests.post(evaluated, data="{'p': float('nan')}", timeout=20).json() == {"p": None}
    assert evaluated.wait_for_log("run() returned NaN or infinity, which JSON does not have: the client gets null")


def test_bytes_say_what_to_do(evaluated: Server) -> None:
    assert requests.post(evaluated, data="b'x'", timeout=20).status_code == 500
    assert evaluated.wait_for_log("bytes have no JSON form: decode them, or encode them as base64 text")


@pytest.mark.parametrize("expression", ["float('nan')", "[float('inf')]", "np.array([float('nan')])"])
def test_strict_json(strict: Server, expression: str) -> None:
    response = requests.post(strict, data=expression, timeout=20)
    assert (response.status_code, response.json()) == (500, INTERNAL)
    assert requests.post(strict, data="[None]", timeout=20).json() == [None]


@pytest.mark.parametrize(
    ("sent", "text"),
    [
        ({"data": '{ "data":  [1] }'}, '{ "data":  [1] }'),
        ({"data": b"\xef\xbb\xbfbom"}, "\ufeffbom"),
        ({"data": "é\n "}, "é\n "),
        ({"json": {"a": 1}}, '{"a": 1}'),
        ({"data": {"a": "1 2"}}, "a=1+2"),
        ({"data": b""}, ""),
        ({"data": b"x", "headers": {"content-type": "application/x-www-form-urlencoded"}}, "x"),
    ],
)
def test_bodies_are_verbatim(echo: Server, sent: dict[str, Any], text: str) -> None:
    if isinstance(sent.get("data"), str):
        sent = {**sent, "data": sent["data"].encode()}
    assert requests.post(echo, timeout=20, **sent).json() == [text, None]


def test_multipart_is_text(echo: Server) -> None:
    text = requests.post(echo, files={"file": ("a.txt", b"content")}, timeout=20).json()[0]
    assert 'name="file"; filename="a.txt"' in text
    assert "\r\n\r\ncontent\r\n" in text


@pytest.mark.parametrize("name", ["x-custom", "X-CUSTOM", "x-Custom"])
def test_request_headers_in_any_case(echo: Server, name: str) -> None:
    asked = "x-" + name[2:]
    response = requests.post(echo, data=asked, headers={name: "v"}, timeout=20)
    assert response.json() == [asked, "v"]


def test_a_driver_module_is_run_instead(tmp_path_factory: pytest.TempPathFactory) -> None:
    from tests.contract import served

    script = "import driver as driver_module\n\ndef init():\n    driver_module.ready = 'by init'\n\n"
    script += "def run(data):\n    return 'never'\n"
    driver = "ready = 'no'\n\ndef run(body):\n    return [body, ready]\n"
    with served(tmp_path_factory, script, driver__py=driver) as server:
        assert requests.post(server, data="x", timeout=20).json() == ["x", "by init"]
