"""What ``run()`` returns, as JSON."""

from __future__ import annotations

import dataclasses
import datetime as dt
import decimal
import enum
from typing import Any

import numpy as np
import pandas as pd
import pytest

from jupyter_deploy.errors import InvokeProblem
from jupyter_deploy.invoking import encode_payload
from jupyter_deploy.serving.answers import encode, holds_nan


class Colour(enum.Enum):
    RED = "red"


class Tensor:
    """What PyTorch's tensors have in common with arrays: a dtype that has no kind."""

    dtype = object()

    def __init__(self, values: list[float]) -> None:
        self.values = values

    def tolist(self) -> list[float]:
        return self.values


TABLE: list[tuple[Any, bytes]] = [
    ([1, 2.5, "é"], '[1,2.5,"é"]'.encode()),
    (None, b"{}"),
    ("[1]", b'"[1]"'),
    ({"a": None, 1: 2}, b'{"a":null,"1":2}'),
    (float("nan"), b"null"),
    ((1, 2), b"[1,2]"),
    ({3}, b"[3]"),
    (np.float32(0.5), b"0.5"),
    (np.int64(7), b"7"),
    (np.bool_(True), b"true"),
    (np.array([[1, 2], [3, 4]]), b"[[1,2],[3,4]]"),
    (np.array([[1, 2], [3, 4]]).T, b"[[1,3],[2,4]]"),
    (np.array(["a", "b"]), b'["a","b"]'),
    ({"p": np.array([np.nan, 1.0])}, b'{"p":[null,1.0]}'),
    (pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}), b'[{"a":1,"b":"x"},{"a":2,"b":"y"}]'),
    (pd.Series([1, 2]), b"[1,2]"),
    ({"t": Tensor([0.5, 1.0])}, b'{"t":[0.5,1.0]}'),
    (pd.Timestamp("2026-01-02"), b'"2026-01-02T00:00:00"'),
    (dt.date(2026, 1, 2), b'"2026-01-02"'),
    (Colour.RED, b'"red"'),
]


@pytest.mark.parametrize(("value", "body"), TABLE, ids=lambda value: repr(value)[:30])
def test_values_have_one_json_form(value: Any, body: bytes) -> None:
    assert encode(value) == body


@pytest.mark.parametrize(
    ("value", "name"), [(object(), "builtins.object"), (b"x", "bytes"), ({"m": {1: object()}}, "object")]
)
def test_what_has_no_form_is_named(value: Any, name: str) -> None:
    with pytest.raises(TypeError, match=name):
        encode(value)


def test_payloads_keep_text_and_bytes() -> None:
    assert encode_payload("not json") == b"not json"
    assert encode_payload(b"\x00") == b"\x00"
    assert encode_payload({"data": np.arange(3)}) == b'{"data":[0,1,2]}'
    with pytest.raises(InvokeProblem, match="cannot be sent as JSON"):
        encode_payload(object())


def nested(value: Any, depth: int) -> Any:
    for _ in range(depth):
        value = [value]
    return value


@dataclasses.dataclass
class Point:
    x: float


@pytest.mark.parametrize(
    "value",
    [
        float("nan"),
        [1, (2, {"a": float("-inf")})],
        np.float32("nan"),
        Tensor([float("nan")]),
        np.array([[1, np.inf]]),
        np.array([1, np.nan], dtype=np.float16),
        np.array([None, np.nan], dtype=object),
        pd.Series([np.nan, 1]),
        pd.DataFrame({"a": [1.0], "b": [np.nan]}),
        Point(float("nan")),
        decimal.Decimal("NaN"),
        nested(float("nan"), 5000),
    ],
)
def test_nan_is_found_wherever_it_is(value: Any) -> None:
    assert holds_nan(value)


@pytest.mark.parametrize(
    "value",
    [
        None,
        "NaN",
        b"nan",
        [None],
        1.5,
        np.array([]),
        np.arange(3),
        np.array(["nan"]),
        pd.NaT,
        [pd.NA],
        pd.Series([1]),
        Point(1),
    ],
)
def test_nan_is_not_found_where_there_is_none(value: Any) -> None:
    assert not holds_nan(value)


@pytest.mark.parametrize(
    ("value", "body"),
    [
        (nested(None, 400), b"[" * 400 + b"null" + b"]" * 400),
        (
            {"n": 2**64, "f": float("inf"), "e": Colour.RED, "p": Point(0.5)},
            b'{"n":18446744073709551616,"f":null,"e":"red","p":{"x":0.5}}',
        ),
        (np.array(["1970-01-01", "NaT"], dtype="M8[D]"), b'["1970-01-01T00:00:00",null]'),
        (np.array([90], dtype="m8[s]"), b'["P0DT0H1M30S"]'),
        (-dt.timedelta(seconds=1.5), b'"-P0DT0H0M1.5S"'),
        ({float("nan"): 1, np.int64(2): 3}, b'{"null":1,"2":3}'),
    ],
)
def test_what_the_fast_encoder_refuses_or_gets_wrong(value: Any, body: bytes) -> None:
    assert encode(value) == body


TWICE = pd.DataFrame([[1, 2]], columns=["a", "a"])


@dataclasses.dataclass
class Result:
    by_id: dict[Any, int]


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (TWICE, "a"),
        ({"table": TWICE}, "a"),
        ([TWICE], "a"),
        (pd.DataFrame([[1, 2]], columns=[1, "1"]), "1"),
        (pd.DataFrame([[1, 2, 3]], columns=["b", None, None]), "nan"),
        ({1: "a", "1": "b"}, "1"),
        ({"deep": [{"x": {True: 1, "true": 2}}]}, "true"),
        ({None: 1, "null": 2}, "null"),
        ({np.int64(1): 1, "1": 2}, "1"),
        ({float("nan"): 1, float("inf"): 2}, "null"),
        ({Colour.RED: 1, "red": 2}, "red"),
        ({dt.date(2026, 1, 2): 1, "2026-01-02": 2}, "2026-01-02"),
        ({1: 2**70, "1": 1}, "1"),
        (Result({1: 1, "1": 2}), "1"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_what_would_hide_another_of_its_name_is_refused(value: Any, name: str) -> None:
    with pytest.raises(TypeError, match=rf"it has several (keys|columns) that are {name!r} in JSON"):
        encode(value)


@pytest.mark.parametrize(
    ("value", "body"),
    [
        ({1: "a", 2: "b"}, b'{"1":"a","2":"b"}'),
        ({1: "a", "2": "b"}, b'{"1":"a","2":"b"}'),
        ({1.5: 1, 2: 2}, b'{"1.5":1,"2":2}'),
        ({np.int64(1): 1, np.float64(1.5): 2}, b'{"1":1,"1.5":2}'),
        (pd.DataFrame([[1, 2]]), b'[{"0":1,"1":2}]'),
        ({dt.date(2026, 1, 2): 1}, b'{"2026-01-02":1}'),
        ({True: 1, None: 2}, b'{"true":1,"null":2}'),
    ],
    ids=repr,
)
def test_keys_that_are_no_texts(value: Any, body: bytes) -> None:
    assert encode(value) == body
