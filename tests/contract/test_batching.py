"""Requests that wait are predicted together, and each gets its own answer."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from tests.contract import FAILED, Server, fixture_of

RUN_BATCH = """
def run_batch(texts):
    if "raise" in texts:
        raise ValueError("one of them")
    if "short" in texts:
        return texts[1:]
    return [ValueError(text) if text == "error" else [text, len(texts) > 0] for text in texts]
"""
SCHEMA = """
import numpy as np
import pandas as pd
from inference_schema.schema_decorators import input_schema
from inference_schema.parameter_types.{module}_parameter_type import {kind} as Kind

@input_schema("x", Kind({sample}))
def run(x):
    {body}
"""
FIRST_ROW = 'if float(np.asarray(x)[:, 0].max()) > 1e6:\n        raise ValueError("bad row")\n    '
NUMPY = SCHEMA.format(
    module="numpy", kind="NumpyParameterType", sample="np.array([[1.5, 2.5]])", body=FIRST_ROW + "return x * 2"
)
FRAME = SCHEMA.format(
    module="pandas",
    kind="PandasParameterType",
    sample='pd.DataFrame({"a": [1], "b": [0.5]})',
    body=FIRST_ROW + "return pd.DataFrame({'sum': x.a + x.b})",
)
LISTS = SCHEMA.format(
    module="standard_py",
    kind="StandardPythonParameterType",
    sample="[]",
    body="return [[type(item).__name__, item] for item in x]",
)
texts = fixture_of(RUN_BATCH)
arrays = fixture_of(NUMPY, "--max-batch", "64")
frames = fixture_of(FRAME, "--max-batch", "64")
lists = fixture_of(LISTS, "--max-batch", "64")


def together(url: str, sent: Sequence[dict[str, Any]], threads: int = 16) -> list[requests.Response]:
    """Send all from threads that start at once; answers in the order of what was sent."""
    start = threading.Barrier(threads)

    def one(first: int) -> list[tuple[int, requests.Response]]:
        with requests.Session() as session:
            start.wait(20)
            return [(i, session.post(url, timeout=30, **sent[i])) for i in range(first, len(sent), threads)]

    with ThreadPoolExecutor(threads) as pool:
        found = dict(pair for pairs in pool.map(one, range(threads)) for pair in pairs)
    return [found[index] for index in range(len(sent))]


def test_run_batch_keeps_the_order(texts: Server) -> None:
    answers = together(texts, [{"data": str(number)} for number in range(160)])
    assert [answer.json() for answer in answers] == [[str(number), True] for number in range(160)]


@pytest.mark.parametrize("bad", ["raise", "error", "short"])
def test_one_fails_alone(texts: Server, bad: str) -> None:
    sent = [bad if number % 16 == 7 else str(number) for number in range(64)]
    for text, answer in zip(sent, together(texts, [{"data": text} for text in sent]), strict=True):
        if text == bad:
            assert (answer.status_code, answer.json()) == (500, FAILED)
        else:
            assert (answer.status_code, answer.json()) == (200, [text, True])


def test_a_wrong_count_is_explained(texts: Server) -> None:
    assert requests.post(texts, data="short", timeout=20).json() == FAILED
    assert texts.wait_for_log("run_batch() returned 0 results for 1 requests")


def test_arrays_of_mixed_row_counts(arrays: Server) -> None:
    bodies = [[[float(number), float(row)] for row in range(1 + number % 4)] for number in range(160)]
    answers = together(arrays, [{"json": {"x": body}} for body in bodies])
    assert [answer.json() for answer in answers] == [[[a * 2, b * 2] for a, b in body] for body in bodies]


@pytest.mark.parametrize(
    ("bad", "status"),
    [([[1.0, 2.0, 3.0]], 400), ([["a", "b"]], 400), ([[1e7, 1.0]], 500)],
)
def test_a_bad_row_fails_alone(arrays: Server, bad: Any, status: int) -> None:
    bodies = [bad if number % 16 == 5 else [[float(number), 0.0]] for number in range(64)]
    for body, answer in zip(bodies, together(arrays, [{"json": {"x": body}} for body in bodies]), strict=True):
        assert answer.status_code == (status if body is bad else 200)
        if body is not bad:
            assert answer.json() == [[body[0][0] * 2, 0.0]]


def test_tables(frames: Server) -> None:
    bodies = [[{"b": 0.5, "a": number + row} for row in range(1 + number % 3)] for number in range(96)]
    answers = together(frames, [{"json": {"x": body}} for body in bodies])
    assert [answer.json() for answer in answers] == [[{"sum": row["a"] + 0.5} for row in body] for body in bodies]


def test_whole_numbers_stay_whole_beside_fractions(lists: Server) -> None:
    bodies = [[number] if number % 2 else [number + 0.5, 1.0] for number in range(96)]
    answers = together(lists, [{"json": {"x": body}} for body in bodies])
    assert [answer.json() for answer in answers] == [[[type(item).__name__, item] for item in body] for body in bodies]
