"""Typed parameters of run(): when they are taken by name, what their hints convert, and what the documents say."""

from __future__ import annotations

import datetime as dt
import enum
import functools
import json
import typing
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, NewType

import numpy as np
import pandas as pd
import pytest
from openapi_spec_validator import OpenAPIV2SpecValidator, OpenAPIV30SpecValidator, OpenAPIV31SpecValidator

from jupyter_deploy.invoking.signatures import may_have_schema
from jupyter_deploy.serving import ServingConfig
from jupyter_deploy.serving.conversion import Misfit, hinted
from jupyter_deploy.serving.front.swagger import document
from jupyter_deploy.serving.modes import BadInput
from jupyter_deploy.serving.worker import typed

NAN = float("nan")


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Own:
    """A class that JSON does not have."""


UserId = NewType("UserId", int)


def function(text: str) -> tuple[Callable[..., Any], str]:
    names: dict[str, Any] = {"functools": functools, "Own": Own, "Any": Any}
    exec(text, names)
    return names["run"], text


def names_of(text: str) -> list[str]:
    run, source = function(text)
    return list(typed.typed_parameters(run, lambda: source))


@pytest.mark.parametrize(
    "text",
    [
        "def run(text: str, top_k: int = 3): pass",
        "def run(text: 'str', top_k: 'int' = 3): pass",
        "async def run(text: str, top_k: int = 3): pass",
        "def run(text: str, *, top_k: int = 3): pass",
        "def run(text: str, top_k: int): pass",
        "def run(text, top_k): pass",
        "def run(text: str, top_k=3): pass",
        "def run(text: str, top_k: int = 3, request_headers=None): pass",
        "def run(text: str, top_k: int = 3):\n    return text.split()",
        "def run(text: str, top_k: Own = None): pass",
        "def run(text: str, top_k: 'NotThere' = None): pass",
        "def init(): pass\ndef run(text: str, top_k: bool = True): pass",
        "def other(f):\n    @functools.wraps(f)\n    def inner(*a, **k):\n        return f(*a, **k)\n    return inner\n"
        "@other\ndef run(text: str, top_k: int = 3): pass",
    ],
)
def test_several_typed_parameters_are_taken_by_name(text: str) -> None:
    assert names_of(text) == ["text", "top_k"]


@pytest.mark.parametrize(
    "text",
    [
        "def run(data): pass",
        "def run(text: str): pass",
        "def run(data: dict): pass",
        "def run(data, request_headers): pass",
        "def run(data, factor=2): pass",
        "def run(data, factor: int = 2): pass",
        "def run(raw_data: str, verbose: bool = False): pass",
        "import json\ndef run(data: str, verbose: bool = False):\n    return json.loads(data)",
        "import json\ndef parse(text): return json.loads(text)\n"
        "def run(data: str, verbose: bool = False):\n    return parse(data)",
        "def run(data: str, verbose: bool = False):\n    return pd.read_csv(io.StringIO(data))",
        "def run(request: Own, verbose: bool = False): pass",
        # What the decorator gives to run() is none of the request's.
        "def other(f):\n    @functools.wraps(f)\n    def inner(data):\n        return f(data, 5)\n    return inner\n"
        "@other\ndef run(data, model): pass",
    ],
)
def test_everything_else_stays_azure_mls_contract(text: str) -> None:
    assert names_of(text) == []


@pytest.mark.parametrize(
    ("hint", "sent", "got"),
    [
        (str, "00123", "00123"),
        (int, 3, 3),
        (int, 3.0, 3),
        (int, 10**30, 10**30),
        (float, 2, 2.0),
        (float, 2**53 + 1, 2**53 + 1),
        (bool, True, True),
        (bool, "false", False),
        (bool, 0, False),
        (bytes, "AP8=", b"\x00\xff"),
        (dt.date, "2026-01-31", dt.date(2026, 1, 31)),
        (dt.datetime, 1588672800000, dt.datetime(2020, 5, 5, 10)),
        (dt.datetime, "2020-05-05T10:00:00Z", dt.datetime(2020, 5, 5, 10, tzinfo=dt.UTC)),
        (dt.timedelta, "PT1H30M", dt.timedelta(minutes=90)),
        (Decimal, 0.1, Decimal("0.1")),
        (typing.Optional[int], None, None),  # noqa: UP045
        (typing.Optional[int], 3, 3),  # noqa: UP045
        (int | None, None, None),
        (typing.Union[int, str], "x", "x"),  # noqa: UP007
        (int | float, 1.5, 1.5),
        (float | int, 3, 3),
        (Literal["a", "b"], "b", "b"),
        (Literal[1, None], None, None),
        (Colour, "red", Colour.RED),
        (list[int], [1, 2], [1, 2]),
        (list, [1, "x"], [1, "x"]),
        (Sequence[float], [1], [1.0]),
        (tuple[int, str], [1, "x"], (1, "x")),
        (tuple[int, ...], [1, 2], (1, 2)),
        (set[str], ["a", "a"], {"a"}),
        (dict[str, int], {"a": 1}, {"a": 1}),
        (dict[int, int], {"1": 1}, {1: 1}),
        (Mapping[str, list[bool]], {"a": [True]}, {"a": [True]}),
        (Annotated[int, "note"], 3, 3),
        (UserId, 3, 3),
    ],
)
def test_hints_convert(hint: Any, sent: object, got: object) -> None:
    found = hinted(hint)
    assert found is not None
    converted = found.convert(sent)
    assert converted == got
    assert type(converted) is type(got)


@pytest.mark.parametrize(
    ("hint", "sent"),
    [
        (str, 5),
        (str, None),
        (int, "3"),
        (int, 3.5),
        (int, True),
        (int, None),
        (float, "1.5"),
        (float, True),
        (float, None),
        (bool, "no"),
        (bool, 2),
        (bool, None),
        (bytes, "?"),
        (dt.date, "2026-01-31T10:00:00"),
        (dt.datetime, 5),
        (typing.Optional[int], "3"),  # noqa: UP045
        (typing.Union[int, str], [1]),  # noqa: UP007
        (Literal["a", "b"], "c"),
        (Literal[1], True),
        (Colour, "green"),
        (list[int], [1, "2"]),
        (list[int], 5),
        (list[list[int]], [[1], [1.5]]),
        (tuple[int, str], [1]),
        (dict[str, int], {"a": "x"}),
        (dict[int, int], {"01": 1}),
        (set[str], [5]),
    ],
)
def test_what_does_not_fit_a_hint_is_refused(hint: Any, sent: object) -> None:
    found = hinted(hint)
    assert found is not None
    with pytest.raises(Misfit):
        found.convert(sent)


def test_tables_and_arrays_are_made_without_a_sample() -> None:
    table, array = hinted(pd.DataFrame), hinted(np.ndarray)
    assert table is not None
    assert array is not None
    assert table.convert([{"a": 1, "b": "x"}]).to_dict("list") == {"a": [1], "b": ["x"]}
    assert array.convert([[1, 2.5]]).tolist() == [[1.0, 2.5]]


@pytest.mark.parametrize("hint", [Any, object, Own, Callable, "text", 5, [int], {"a": int}, np.zeros(2)])
def test_hints_that_say_nothing_of_json(hint: Any) -> None:
    assert hinted(hint) is None


SCRIPT = "def run(text: str, top_k: int = 3, names: list[str] = None, flag: bool = True, *, day: 'Any' = 5): pass"


def test_a_default_of_none_is_a_value() -> None:
    run, source = function(SCRIPT)
    convert = typed.converters(typed.conversions(run, typed.typed_parameters(run, lambda: source)))
    assert convert["names"](None) is None
    assert convert["names"](["a"]) == ["a"]
    with pytest.raises(BadInput, match=r"The value of 'top_k' does not fit the schema: expected an integer; got null"):
        convert["top_k"](None)
    with pytest.raises(BadInput, match=r"'names' .* place \[1\]: got 5\nSend a text"):
        convert["names"](["a", 5])


@pytest.mark.parametrize(
    ("version", "validator"),
    [("2", OpenAPIV2SpecValidator), ("3", OpenAPIV30SpecValidator), ("3.1", OpenAPIV31SpecValidator)],
)
def test_documents_say_the_same(version: str, validator: Any, tmp_path: Path) -> None:
    run, source = function(SCRIPT)
    parameters = typed.typed_parameters(run, lambda: source)
    schemas = typed.schemas(parameters, typed.conversions(run, parameters))
    found = json.loads(document(version, ServingConfig(), {"schemas": schemas}, str(tmp_path)))
    validator(found).validate()
    kinds = found["definitions"] if version == "2" else found["components"]["schemas"]
    taken = kinds["ServiceInput"]
    assert taken["required"] == ["text"]
    assert taken["properties"]["top_k"] == {"type": "integer", "format": "int64", "default": 3}
    names = taken["properties"]["names"]
    assert {"2": names.get("x-nullable"), "3": names.get("nullable"), "3.1": names["type"] == ["array", "null"]}[
        version
    ]
    assert taken["example"] == {"text": "text", "top_k": 3, "names": None, "flag": True, "day": 5}


@pytest.mark.parametrize(
    ("source", "asked"),
    [
        ("def run(text: str, top_k: int = 3):\n    pass", True),
        ("def run(\n    text: str,\n    top_k: int,\n):\n    pass", True),
        ("from inference_schema.schema_decorators import input_schema", True),
        ("def run(data):\n    pass", False),
    ],
)
def test_clients_ask_services_whose_code_may_name_parameters(tmp_path: Path, source: str, asked: bool) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "score.py").write_text(source)
    assert may_have_schema(tmp_path) is asked
