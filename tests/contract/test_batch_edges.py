"""Batches in which something is out of the ordinary: each request gets what it would get alone."""

from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from tests.contract import FAILED, INTERNAL, Server, fixture_of

HEAD = """
import sys, numpy as np, pandas as pd
from azureml.contrib.services.aml_response import AMLResponse
from inference_schema.schema_decorators import input_schema
from inference_schema.parameter_types.numpy_parameter_type import NumpyParameterType as Numpy
from inference_schema.parameter_types.standard_py_parameter_type import StandardPythonParameterType as Standard
"""
MIXED = """
calls = 0

@input_schema("rows", Standard([[1]]))
@input_schema("how", Standard(["list"]), optional=True)
def run(rows, how=None):
    global calls
    calls += 1
    kinds = set(how or ())
    if rows and rows[0] == ["calls"]:
        return calls
    if "exit" in kinds:
        sys.exit(5)
    if "interrupt" in kinds:
        raise KeyboardInterrupt
    if kinds & {"response", "stream", "text", "object"} and len(kinds) > 1:
        raise ValueError("not together")
    if "response" in kinds:
        return AMLResponse(f"{rows[0][0]} by hand", 201)
    if "stream" in kinds:
        return (item for row in rows for item in row)
    if "text" in kinds:
        return "no rows"
    if "object" in kinds:
        return [object() for _ in rows]
    if "nan" in kinds:
        return np.array([float("nan")] * len(rows))
    return [[type(item).__name__ for item in row] + row for row in rows]
"""
TWO = """
@input_schema("x", Numpy(np.array([[1.5, 2.5]])))
@input_schema("y", Numpy(np.array([1])))
@input_schema("k", Standard(1.5), optional=True)
def run(x, y, k=None):
    if k is not None:
        return {"k": k, "rows": len(x)}
    return {"sum": x.sum(axis=1) + y, "frame": pd.DataFrame({"x": x[:, 0], "y": y})}
"""
BATCH = """
import numpy as np

def run(data):
    return ["run was called", data]

async def run_batch(texts):
    if any(text == "exit" for text in texts):
        raise SystemExit(1)
    if any(text == "array" for text in texts):
        return np.arange(len(texts))
    return (text.upper() if text != "object" else object() for text in texts)
"""
mixed = fixture_of(HEAD + MIXED, "--max-batch", "64")
two = fixture_of(HEAD + TWO, "--set", "max_batch=16")
batch = fixture_of(BATCH)
unbatched = fixture_of(HEAD + MIXED)


def all_at_once(server: Server, sent: list[dict[str, Any]], clients: int = 32) -> list[requests.Response]:
    """Send requests from many clients that start together; answers in the order of what was sent."""
    start = threading.Barrier(clients)

    def client(first: int) -> dict[int, requests.Response]:
        with requests.Session() as session:
            start.wait(20)
            return {
                index: session.post(server, timeout=30, **sent[index]) for index in range(first, len(sent), clients)
            }

    found: dict[int, requests.Response] = {}
    with ThreadPoolExecutor(clients) as pool:
        for part in pool.map(client, range(clients)):
            found |= part
    return [found[index] for index in range(len(sent))]


def expected(rows: list[list[Any]], how: list[str] | None) -> tuple[int, Any]:
    """What a request gets, whoever is in its batch."""
    kind = how[0] if how else ""
    if kind in {"exit", "interrupt"}:
        return 500, FAILED
    if kind == "object":
        return 500, INTERNAL
    values = {
        "response": f"{rows[0][0]} by hand",
        "stream": [item for row in rows for item in row],
        "text": "no rows",
        "nan": [None] * len(rows),
    }
    default = [[type(item).__name__ for item in row] + row for row in rows]
    return (201 if kind == "response" else 200), values.get(kind, default)


def test_whatever_shares_a_batch(mixed: Server) -> None:
    chosen = random.Random(3)
    kinds = ["exit", "interrupt", "response", "stream", "text", "object", "nan"]
    bodies: list[tuple[list[list[Any]], list[str] | None]] = []
    for number in range(320):
        width = chosen.choice([1, 1, 2])
        item = chosen.choice([int, float, str])
        rows = [[item(number + column) for column in range(width)] for _ in range(chosen.randint(1, 3))]
        bodies.append((rows, [chosen.choice(kinds)] * len(rows) if chosen.random() < 0.3 else None))
    sent = [{"json": {"rows": rows, "how": how} if how else {"rows": rows}} for rows, how in bodies]
    for (rows, how), response in zip(bodies, all_at_once(mixed, sent), strict=True):
        status, answer = expected(rows, how)
        assert response.status_code == status, (rows, how, response.text)
        assert (response.text if status == 201 else response.json()) == answer
        assert response.headers["x-request-id"]


def test_batches_save_calls(mixed: Server, unbatched: Server) -> None:
    """That requests are joined at all; without batching each is a call."""
    made = {}
    for name, server in (("mixed", mixed), ("unbatched", unbatched)):
        before = requests.post(server, json={"rows": [["calls"]]}, timeout=20).json()
        answers = all_at_once(server, [{"json": {"rows": [[number]]}} for number in range(320)])
        assert [answer.json() for answer in answers] == [[["int", number]] for number in range(320)]
        made[name] = requests.post(server, json={"rows": [["calls"]]}, timeout=20).json() - before
    assert made["unbatched"] == 321
    assert made["mixed"] < 321


def test_two_parameters_dicts_and_tables(two: Server) -> None:
    chosen = random.Random(5)
    sent: list[dict[str, Any]] = []
    answers: list[tuple[int, Any]] = []
    for number in range(320):
        rows = chosen.randint(1, 4)
        x = [[float(number), row + 0.5] for row in range(rows)]
        y = [number * 10 + row for row in range(rows)]
        body: dict[str, Any] = {"x": x, "y": y}
        good = {
            "sum": [sum(a) + b for a, b in zip(x, y, strict=True)],
            "frame": [{"x": a[0], "y": b} for a, b in zip(x, y, strict=True)],
        }
        answer: tuple[int, Any] = (200, good)
        what = chosen.random()
        if what < 0.1:
            body["x"] = [[1.0]]
            answer = (400, None)
        elif what < 0.2:
            del body["y"]
            answer = (400, None)
        elif what < 0.3:
            body["y"] = [*y, 1, 2, 3, 4, 5]
            answer = (500, None)
        elif what < 0.4:
            body["k"] = number + 0.5
            answer = (200, {"k": number + 0.5, "rows": rows})
        sent.append({"json": body})
        answers.append(answer)
    for request, (status, answer), response in zip(sent, answers, all_at_once(two, sent), strict=True):
        # One row of x goes with any number of y: numpy stretches it.
        if status == 500 and len(request["json"]["x"]) == 1:
            continue
        assert response.status_code == status, (request, response.text)
        if answer is not None:
            assert response.json() == answer


@pytest.mark.parametrize("special", ["exit", "object"])
def test_run_batch_of_every_kind(batch: Server, special: str) -> None:
    sent = [special if number % 7 == 3 else f"text {number}" for number in range(128)]
    for text, response in zip(sent, all_at_once(batch, [{"data": text} for text in sent]), strict=True):
        if text == special:
            assert (response.status_code, response.json()) == (500, FAILED if special == "exit" else INTERNAL)
        else:
            assert (response.status_code, response.json()) == (200, text.upper())


def test_run_batch_answers_get_and_bad_text(batch: Server) -> None:
    assert requests.get(f"{batch}?a=b", timeout=20).json() == '{"A":"B"}'
    assert requests.post(batch, data=b"\xff", timeout=20).status_code == 400
    assert requests.post(batch, data="array", timeout=20).json() == 0
    sent = [b"\xff" if number % 5 == 0 else b"x" for number in range(100)]
    statuses = [response.status_code for response in all_at_once(batch, [{"data": body} for body in sent])]
    assert statuses == [400 if body == b"\xff" else 200 for body in sent]


NOT_MEANT = """
from azureml_inference_server_http.api.aml_request import rawhttp

def run_batch(frame, model, more):
    return "a helper"

@rawhttp
def run(request):
    return run_batch(1, 2, 3)
"""
helper = fixture_of(NOT_MEANT)


def test_a_helper_of_that_name_beside_rawhttp_is_left_alone(helper: Server) -> None:
    assert requests.post(helper, timeout=20).json() == "a helper"
