"""Answers at the edges of what HTTP and JSON can say: odd values, streams, responses of the script's own."""

from __future__ import annotations

import http.client
import json
import uuid
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from tests.contract import FAILED, INTERNAL, Server, fixture_of

VALUES = """
import datetime as dt, decimal, pathlib, uuid
from collections import OrderedDict, defaultdict, namedtuple
from dataclasses import dataclass
import numpy as np, pandas as pd

Pair = namedtuple("Pair", "a b")
closed = []

@dataclass
class Point:
    x: float

class Odd:
    def __str__(self):
        raise ValueError("no text")

class OddError(Exception):
    __str__ = Odd.__str__

def deep(n):
    value = []
    for _ in range(n):
        value = [value]
    return value

def loop():
    value = []
    value.append(value)
    return value

def then(*items, error=None):
    try:
        yield from items
        if error is not None:
            raise error
    finally:
        closed.append("closed")

async def later(*items, error=None):
    try:
        for item in items:
            yield item
        if error is not None:
            raise error
    finally:
        closed.append("closed")

def throw(error):
    raise error

def endless():
    try:
        while True:
            yield b"x" * 65536
    finally:
        print("the stream was closed")

def run(data):
    return eval(data)
"""
values = fixture_of(VALUES)
strict = fixture_of(VALUES, "--set", "strict_json=true")


@pytest.mark.parametrize(
    ("expression", "body"),
    [
        ("2 ** 70", "1180591620717411303424"),
        ("[-2 ** 63, 2 ** 64 - 1, 2 ** 64]", "[-9223372036854775808,18446744073709551615,18446744073709551616]"),
        ("'\\ud800'", '"\\ud800"'),
        ("{'é': '\\udc80é'}", '{"\\u00e9":"\\udc80\\u00e9"}'),
        ("decimal.Decimal('1.5')", "1.5"),
        ("decimal.Decimal('12')", "12"),
        ("uuid.UUID(int=1)", '"00000000-0000-0000-0000-000000000001"'),
        ("pathlib.Path('a') / 'b'", '"a/b"'),
        ("dt.time(1, 2, 3)", '"01:02:03"'),
        ("dt.timedelta(days=1, seconds=5)", '"P1DT0H0M5S"'),
        ("pd.Timedelta('1h')", '"P0DT1H0M0S"'),
        ("np.datetime64('2026-01-02')", '"2026-01-02T00:00:00"'),
        ("[pd.NaT, pd.NA, None]", "[null,null,null]"),
        ("np.array(['2026-01-02', 'NaT'], dtype='M8[D]')", '["2026-01-02T00:00:00",null]'),
        ("np.array(['2026-01-02', 'NaT'], dtype='M8[ns]')", '["2026-01-02T00:00:00",null]'),
        ("pd.Index(['a', 'b'])", '["a","b"]'),
        ("pd.Series([1, None], dtype='Int64')", "[1,null]"),
        ("pd.Categorical(['x', 'y'])", '["x","y"]'),
        ("pd.DataFrame({'t': [pd.Timestamp('2026-01-02'), pd.NaT]})", '[{"t":"2026-01-02T00:00:00"},{"t":null}]'),
        ("pd.DataFrame({1: [2]})", '[{"1":2}]'),
        ("pd.DataFrame()", "[]"),
        ("Pair(1, 2)", "[1,2]"),
        ("Point(1.5)", '{"x":1.5}'),
        ("OrderedDict(a=1)", '{"a":1}'),
        ("defaultdict(int, a=1)", '{"a":1}'),
        ("{1: 'a', None: 'b', 2.5: 'c', True: 'd'}", None),
        ("dict(zip(*np.unique([3, 3, 4], return_counts=True)))", '{"3":2,"4":1}'),
        ("range(3)", "[0,1,2]"),
        ("{'a': 1}.keys()", '["a"]'),
        ("np.array(5)", "5"),
        ("np.float16(0.5)", "0.5"),
        ("np.arange(4).reshape(2, 2)[:, ::2]", "[[0],[2]]"),
        ("np.array([], dtype=float)", "[]"),
        ("np.ma.array([1, 2], mask=[False, True])", "[1,null]"),
        ("{'deep': {'er': (np.int8(1), {np.float32(0.5)}, pd.Series([True]))}}", '{"deep":{"er":[1,[0.5],[true]]}}'),
        ("deep(300)", "[" * 301 + "]" * 301),
        ("False", "false"),
        ("''", '""'),
        ("0", "0"),
        ("[]", "[]"),
    ],
)
def test_values(values: Server, expression: str, body: str | None) -> None:
    response = requests.post(values, data=expression.encode(), timeout=20)
    assert response.status_code == 200, values.log.read_text()[-2000:]
    json.loads(response.content, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    assert body is None or response.content.decode() == body


@pytest.mark.parametrize(
    ("expression", "answer", "logged"),
    [
        ("loop()", INTERNAL, "run() returned something that is not JSON"),
        ("b'x'", INTERNAL, "bytes have no JSON form: decode them"),
        ("{'a': [np.bytes_(b'x')]}", INTERNAL, "bytes have no JSON form: decode them"),
        ("{(1, 2): 3}", INTERNAL, "builtins.tuple cannot be the key of a JSON object"),
        ("3j", INTERNAL, "builtins.complex has no JSON form"),
        ("Odd()", INTERNAL, "entry_module.Odd has no JSON form"),
        ("throw(OddError())", FAILED, "OddError"),
        ("throw(GeneratorExit())", FAILED, "GeneratorExit"),
        ("throw(ExceptionGroup('both', [ValueError('one')])) if hasattr(__builtins__, 'x') else 1 / 0", FAILED, "Zero"),
        ("loop(1)", FAILED, "TypeError"),
        ("(lambda f: f(f))(lambda f: f(f))", FAILED, "RecursionError"),
        ("throw(StopIteration(1))", FAILED, "StopIteration"),
    ],
)
def test_failures_are_json_and_logged(values: Server, expression: str, answer: Any, logged: str) -> None:
    name = f"failing-{expression}"[:80].replace(" ", "_")
    response = requests.post(values, data=expression, headers={"x-ms-request-id": name}, timeout=20)
    assert (response.status_code, response.json()) == (500, answer)
    assert response.headers["x-ms-request-id"] == name
    assert response.headers["x-ms-run-function-failed"] == str(answer is FAILED)
    assert values.wait_for_log(logged)
    assert any(name in line for line in values.log.read_text().splitlines())
    assert requests.post(values, data="1 + 1", timeout=20).json() == 2


@pytest.mark.parametrize(
    ("expression", "body"),
    [
        ("[float('nan'), -float('inf')]", "[null,null]"),
        ("np.array([[1.0, np.nan]])", "[[1.0,null]]"),
        ("pd.Series([1.0, np.nan])", "[1.0,null]"),
        ("pd.DataFrame({'a': [1.0, np.inf]})", '[{"a":1.0},{"a":null}]'),
        ("Point(float('nan'))", '{"x":null}'),
        ("{'a': ({'b': np.float32('nan')},)}", '{"a":[{"b":null}]}'),
        ("[np.nan, 2 ** 70]", "[null,1180591620717411303424]"),
        ("np.array([1, None, np.nan], dtype=object)", "[1,null,null]"),
    ],
)
def test_nan_is_null_with_a_warning_or_refused(values: Server, strict: Server, expression: str, body: str) -> None:
    name = f"{uuid.uuid4().hex[:8]}_{expression}"[:90].replace(" ", "_")
    response = requests.post(values, data=expression, headers={"x-ms-request-id": name}, timeout=20)
    assert (response.status_code, response.text) == (200, body)
    warned = [line for line in values.log.read_text().splitlines() if name in line and "NaN or infinity" in line]
    assert len(warned) == 1
    assert " W [" in warned[0]
    refused = requests.post(strict, data=expression, timeout=20)
    assert (refused.status_code, refused.json()) == (500, INTERNAL)


@pytest.mark.parametrize("expression", ["[None]", "None", "[pd.NaT]", "pd.Series([1, None], dtype='Int64')", "'null'"])
def test_null_that_is_meant_is_not_warned_of(values: Server, strict: Server, expression: str) -> None:
    name = f"null_{expression}".replace(" ", "_")
    assert requests.post(values, data=expression, headers={"x-ms-request-id": name}, timeout=20).ok
    assert requests.post(strict, data=expression, timeout=20).status_code == 200
    assert not [line for line in values.log.read_text().splitlines() if name in line and "NaN" in line]


@pytest.mark.parametrize("maker", ["then", "later"])
@pytest.mark.parametrize(
    ("items", "body", "kind"),
    [
        ("", b"[]", "application/json"),
        ("1", b"[1]", "application/json"),
        ("'a', None, {'b': np.float64(1)}", b'["a",null,{"b":1.0}]', "application/json"),
        ("float('nan'), 2 ** 70", b"[null,1180591620717411303424]", "application/json"),
        ("b'a', 'é', bytearray(b'c')", "aéc".encode(), "application/octet-stream"),
    ],
)
def test_streams(values: Server, maker: str, items: str, body: bytes, kind: str) -> None:
    response = requests.post(values, data=f"{maker}({items})".encode(), timeout=20)
    assert (response.status_code, response.content) == (200, body)
    assert response.headers["content-type"] == kind
    assert response.headers["transfer-encoding"] == "chunked"


@pytest.mark.parametrize("maker", ["then", "later"])
def test_generators_are_run_to_their_end(values: Server, maker: str) -> None:
    requests.post(values, data="closed.clear()", timeout=20)
    assert requests.post(values, data=f"{maker}(1, 2)", timeout=20).json() == [1, 2]
    assert requests.post(values, data="closed", timeout=20).json() == ["closed"]


@pytest.mark.parametrize("maker", ["then", "later"])
@pytest.mark.parametrize("error", ["ValueError('early')", "SystemExit(1)"])
def test_a_stream_that_fails_at_once_is_a_500(values: Server, maker: str, error: str) -> None:
    response = requests.post(values, data=f"{maker}(error={error})", timeout=20)
    assert (response.status_code, response.json()) == (500, FAILED)


@pytest.mark.parametrize("maker", ["then", "later"])
@pytest.mark.parametrize(
    "items", ["1, error=ValueError('late')", "b'x', error=SystemExit(1)", "b'x', 5", "1, object()"]
)
def test_a_stream_that_breaks_off_is_seen_as_broken(values: Server, maker: str, items: str) -> None:
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        requests.post(values, data=f"{maker}({items})", timeout=20)
    assert requests.post(values, data="1 + 1", timeout=20).json() == 2
    assert values.wait_for_log("the answer broke off")


def test_strict_streams_break_off_at_nan(strict: Server) -> None:
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        requests.post(strict, data="then(1, float('nan'))", timeout=20)


def test_a_stream_whose_reader_leaves_is_closed(values: Server) -> None:
    with requests.post(values, data="endless()", stream=True, timeout=20) as response:
        assert len(next(response.iter_content(10))) == 10
    assert values.wait_for_log("the stream was closed")
    assert requests.post(values, data="1 + 1", timeout=20).json() == 2


RAW = """
import flask
from azureml.contrib.services.aml_request import AMLRequest, rawhttp
from azureml.contrib.services.aml_response import AMLResponse

def parts():
    yield "a"
    yield b"b"

@rawhttp
def run(request):
    if request.method in ("HEAD", "OPTIONS"):
        return AMLResponse(request.method, 200, {"X-Method": request.method})
    return eval(request.get_data(as_text=True)) if "expr" in request.args else FORMS[request.args["form"]](request)

FORMS = {
    "size": lambda request: [len(request.form["big"]), len(request.files["file"].read())],
    "json": lambda request: request.get_json(),
}
"""
raw = fixture_of(RAW, "--cors-origins", "https://a.example")


@pytest.mark.parametrize(
    ("expression", "status", "body"),
    [
        ("AMLResponse('text', 204)", 204, b""),
        ("AMLResponse(parts(), 304)", 304, b""),
        ("AMLResponse('', 200)", 200, b""),
        ("AMLResponse(b'\\x00\\xff', 200)", 200, b"\x00\xff"),
        ("AMLResponse(['a', b'b'], 200)", 200, b"ab"),
        ("AMLResponse('x', 599)", 599, b"x"),
        ("AMLResponse('x', 299, {'Transfer-Encoding': 'chunked', 'Connection': 'close'})", 299, b"x"),
        ("AMLResponse('x', 200, {'Content-Length': '5000'})", 200, b"x"),
        ("AMLResponse(parts(), 200, {'Content-Length': '5000'})", 200, b"ab"),
        ("flask.Response('own', 418)", 418, b"own"),
        ("flask.Response(parts(), 200)", 200, b"ab"),
    ],
)
def test_the_connection_survives_every_response(raw: Server, expression: str, status: int, body: bytes) -> None:
    """What a response says of its own length cannot garble the answer behind it."""
    address = urlsplit(raw)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=20)
    for _ in range(2):
        connection.request("POST", "/score?expr", expression)
        response = connection.getresponse()
        assert (response.status, response.read()) == (status, body)
        connection.request(
            "POST", "/score?expr", "[isinstance(request, (AMLRequest)), isinstance(request, flask.Request)]"
        )
        assert connection.getresponse().read() == b"[true,true]"
    connection.close()


@pytest.mark.parametrize(
    "expression",
    [
        "AMLResponse('x', 99)",
        "AMLResponse('x', 700)",
        "AMLResponse('x', 200, {'X-Snow': '\\u2603'})",
        "AMLResponse([1, object()], 200)",
        "AMLResponse(object(), 200)",
        "AMLResponse('x', 200, {'X-Lines': 'a\\nb'})",
        "flask.abort(404)",
    ],
)
def test_responses_that_cannot_be_sent_are_a_500(raw: Server, expression: str) -> None:
    response = requests.post(f"{raw}?expr", data=expression, timeout=20)
    assert response.status_code == 500
    assert response.json() in (FAILED, INTERNAL)
    assert requests.post(f"{raw}?expr", data="1", timeout=20).json() == 1


def test_headers_of_the_scripts_own(raw: Server) -> None:
    headers = {
        "X-Request-Id": "forged",
        "x-ms-request-id": "forged",
        "Access-Control-Allow-Origin": "https://mine.example",
        "Vary": "Accept",
        "X-Ms-Run-Function-Failed": "True",
        "x-latin": "é",
        "X-List": "a, b",
        "X-Number": 5,
    }
    sent = {"x-request-id": "A", "origin": "https://a.example"}
    response = requests.post(
        f"{raw}?expr", data=f"AMLResponse('x', 200, {headers!r})".encode(), headers=sent, timeout=20
    )
    found = response.raw.headers
    assert found.getlist("x-request-id") == ["A"]
    assert found.getlist("x-ms-request-id") == ["A"]
    assert found.getlist("access-control-allow-origin") == ["https://mine.example"]
    assert sorted(found.getlist("vary")) == ["Accept", "Origin"]
    assert found.getlist("x-ms-run-function-failed") == ["True"]
    assert found.getlist("x-list") == ["a, b"]
    assert found.getlist("x-number") == ["5"]
    assert found.getlist("x-latin") == ["é"]


def test_several_cookies(raw: Server) -> None:
    expression = "(lambda r: [r.set_cookie('a', '1'), r.set_cookie('b', '2', expires=0), r][-1])(AMLResponse('x', 200))"
    response = requests.post(f"{raw}?expr", data=expression, timeout=20)
    cookies = response.raw.headers.getlist("set-cookie")
    assert [cookie.partition(";")[0] for cookie in cookies] == ["a=1", "b=2"]
    assert "Thu, 01 Jan 1970" in cookies[1]


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS"])
def test_head_and_options_run_it(raw: Server, method: str) -> None:
    response = requests.request(method, raw, timeout=20)
    assert response.headers["x-method"] == method
    assert response.text == ("" if method == "HEAD" else "OPTIONS")


def test_a_preflight_of_an_admitted_origin_does_not_run_it(raw: Server) -> None:
    asked = {"origin": "https://a.example", "access-control-request-method": "POST"}
    response = requests.options(raw, headers=asked, timeout=20)
    assert "x-method" not in response.headers
    assert response.raw.headers.getlist("access-control-allow-origin") == ["https://a.example"]


def test_large_fields_of_forms(raw: Server) -> None:
    """Flask's own limit is 500 kB a form; here the limit of the body holds."""
    sent = {"data": {"big": "x" * 700_000}, "files": {"file": ("a.bin", b"y" * 1_000_000)}}
    assert requests.post(f"{raw}?form=size", timeout=60, **sent).json() == [700_000, 1_000_000]


@pytest.mark.parametrize(("body", "kind"), [(b"{", "application/json"), (b"{}", "text/plain")])
def test_json_errors_of_the_request_are_the_scripts(raw: Server, body: bytes, kind: str) -> None:
    response = requests.post(f"{raw}?form=json", data=body, headers={"content-type": kind}, timeout=20)
    assert (response.status_code, response.json()) == (500, FAILED)


def test_megabytes_come_back(raw: Server) -> None:
    response = requests.post(f"{raw}?expr", data="AMLResponse(bytes(range(256)) * 4096, 200)", timeout=20)
    assert response.content == bytes(range(256)) * 4096
