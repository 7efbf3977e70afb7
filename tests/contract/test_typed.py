"""A script whose run() has several typed parameters, served: each is taken by its name; and answers that hide data."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.contract import INTERNAL, Server, fixture_of

TYPED = """
from typing import Optional

def init():
    pass

def run(text: str, top_k: int = 3, threshold: Optional[float] = None, *, labels: list[str] = ("a",), request_headers):
    return [text, top_k, threshold, list(labels), request_headers.get("x-mine")]
"""
SOLE = """
def init():
    pass

def run(text: str):
    return text
"""
TWICE = """
import pandas as pd

def run(data):
    if data == "keys":
        return {1: "a", "1": "b"}
    return pd.DataFrame([[1, 2]], columns=["score", "score"])
"""
typed = fixture_of(TYPED)
sole = fixture_of(SOLE)
twice = fixture_of(TWICE)


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        ({"text": "a b"}, ["a b", 3, None, ["a"]]),
        ({"text": "a", "top_k": 5, "threshold": 0.5, "labels": ["x"]}, ["a", 5, 0.5, ["x"]]),
        ({"text": '{"text": 1}', "threshold": None}, ['{"text": 1}', 3, None, ["a"]]),
    ],
)
def test_typed_parameters_are_taken_by_name(typed: Server, sent: Any, answer: list[Any]) -> None:
    response = requests.post(typed, json=sent, headers={"X-Mine": "h"}, timeout=20)
    assert (response.status_code, response.json()) == (200, [*answer, "h"])


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        ({"text": 5}, "The value of 'text' does not fit the schema: expected a text; got 5\n"),
        ({"text": "a", "top_k": "3"}, "'top_k' does not fit the schema: expected an integer; got \"3\"\n"),
        ({"text": "a", "top_k": None}, "'top_k' does not fit the schema: expected an integer; got null\n"),
        ({"text": "a", "top_k": 2.5}, "2.5 is not a whole number\n"),
        ({"text": "a", "threshold": "high"}, 'expected a number or null; got "high"\n'),
        ({"text": "a", "labels": ["x", 5]}, "place [1]: got 5\n"),
        ({"text": "a", "topk": 5}, "run() has no parameter 'topk'.\nDid you mean 'top_k'?"),
        (
            {"top_k": 5},
            "A value is not provided for the 'text' parameter.\nSend a JSON object, for example {\"text\": ",
        ),
        ([], "POST body should be a JSON dictionary."),
    ],
)
def test_what_does_not_fit_is_refused_by_name(typed: Server, sent: Any, message: str) -> None:
    response = requests.post(typed, json=sent, timeout=20)
    assert response.status_code == 400
    assert message in response.json()["message"]


def test_keys_that_are_sent_twice_are_refused(typed: Server) -> None:
    headers = {"content-type": "application/json"}
    response = requests.post(typed, data='{"text": "a", "text": "b"}', headers=headers, timeout=20)
    assert response.status_code == 400
    assert "the key 'text' is in it twice" in response.json()["message"]


def test_the_document_says_the_same(typed: Server) -> None:
    found = requests.get(typed.at("/swagger.json?version=3"), timeout=20).json()
    taken = found["components"]["schemas"]["ServiceInput"]
    assert taken["required"] == ["text"]
    assert taken["properties"]["top_k"]["default"] == 3
    assert taken["properties"]["threshold"]["nullable"] is True
    assert "request_headers" not in taken["properties"]


def test_a_sole_text_is_the_requests_text(sole: Server) -> None:
    assert requests.post(sole, data='{"text": "a"}', timeout=20).json() == '{"text": "a"}'


@pytest.mark.parametrize(
    ("body", "reason"), [("keys", "several keys that are '1'"), ("", "several columns that are 'score'")]
)
def test_answers_that_would_hide_data_are_errors(twice: Server, body: str, reason: str) -> None:
    response = requests.post(twice, data=body, timeout=20)
    assert (response.status_code, response.json()) == (500, INTERNAL)
    assert twice.wait_for_log(reason)
