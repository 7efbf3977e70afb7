"""How rows become requests, by what the service says it takes, and answers the predictions of their rows."""

from __future__ import annotations

import json
from typing import Any

import pytest

from jupyter_deploy.errors import UsageProblem
from jupyter_deploy.invoking import Binary, Signature
from jupyter_deploy.scoring.kinds import Kind
from jupyter_deploy.scoring.options import Asked
from jupyter_deploy.scoring.plan import NotPerRow, Plan, plan_of
from jupyter_deploy.scoring.sources import Row, Scan


def scan_of(*values: Any) -> Scan:
    columns = tuple(values[0]) if isinstance(values[0], dict) else None
    kinds = dict.fromkeys(columns or (), Kind.INTEGER)
    return Scan(len(values), "", 100 * len(values), columns, kinds, sample=values[0])


def bodies(plan: Plan, *values: Any) -> list[Any]:
    rows = [Row(number, value) for number, value in enumerate(values, 1)]
    return [json.loads(plan.payload(part).body) for part in plan.requests(rows)]


def made(values: tuple[Any, ...], parameters: dict[str, Any] | None, **asked: Any) -> tuple[Plan, list[Any]]:
    plan, _, _ = plan_of(Asked.of(**asked), scan_of(*values), Signature(parameters) if parameters else None)
    return plan, bodies(plan, *values)


RECORDS = ({"a": 1, "b": 2}, {"a": 3, "b": 4})
PLACES = {"properties": {"a": {"type": "integer"}, "b": {"type": "string"}}}
TABLE = {"type": "array", "items": PLACES, "format": "pandas.DataFrame:records"}
MATRIX = {"type": "array", "items": {"type": "array", "items": {"type": "number"}}, "format": "numpy.ndarray"}
VECTOR = {"type": "array", "items": {"type": "number"}, "format": "numpy.ndarray"}
METHOD = {"type": "string", "default": "predict"}


@pytest.mark.parametrize(
    ("parameters", "sent"),
    [
        ({"data": TABLE}, [{"data": list(RECORDS)}]),
        ({"data": TABLE, "method": METHOD}, [{"data": list(RECORDS)}]),
        (
            {"data": {**TABLE, "format": "pandas.DataFrame:split"}},
            [{"data": {"columns": ["a", "b"], "data": [[1, 2], [3, 4]]}}],
        ),
        ({"data": {**TABLE, "format": "pandas.DataFrame:values"}}, [{"data": [[1, 2], [3, 4]]}]),
        ({"data": {**TABLE, "format": "pandas.DataFrame:index"}}, [{"data": {"0": RECORDS[0], "1": RECORDS[1]}}]),
        (
            {"data": {**TABLE, "format": "pandas.DataFrame:columns"}},
            [{"data": {"a": {"0": 1, "1": 3}, "b": {"0": 2, "1": 4}}}],
        ),
        ({"data": MATRIX}, [{"data": [[1, 2], [3, 4]]}]),
        ({"data": MATRIX, "method": METHOD}, [{"data": [[1, 2], [3, 4]]}]),
        ({"data": VECTOR}, [{"data": [1, 2]}, {"data": [3, 4]}]),
        ({"a": {"type": "integer"}, "b": {"type": "integer"}}, list(RECORDS)),
        ({"a": {"type": "integer"}}, [{"a": 1}, {"a": 3}]),
        ({"rows": {"type": "array", "items": {"type": "object"}}}, [{"rows": list(RECORDS)}]),
        ({"row": {"type": "object"}}, [{"row": RECORDS[0]}, {"row": RECORDS[1]}]),
        (None, list(RECORDS)),
    ],
)
def test_records_are_written_as_the_schema_says(parameters: dict[str, Any] | None, sent: list[Any]) -> None:
    assert made(RECORDS, parameters)[1] == sent


@pytest.mark.parametrize(
    ("values", "parameters", "sent"),
    [
        (({"text": "a"}, {"text": "b"}), {"data": {"type": "array", "items": {}}}, [{"data": ["a", "b"]}]),
        (({"review": "a"},), {"text": {"type": "string"}}, [{"text": "a"}]),
        (({"x": 1}, {"x": 2}), {"data": VECTOR}, [{"data": [1, 2]}]),
        (([1, 2], [3, 4]), {"data": MATRIX}, [{"data": [[1, 2], [3, 4]]}]),
        (({"data": [[1, 2]]}, {"data": [[3, 4]]}), {"data": MATRIX}, [{"data": [[1, 2]]}, {"data": [[3, 4]]}]),
        (("a", "b"), None, ["a", "b"]),
        (([1], [2]), None, [[1], [2]]),
        # A row with other columns would change what its neighbours are.
        (
            ({"a": 1, "b": 2}, {"a": 3}, {"a": 4}),
            {"data": TABLE},
            [{"data": [{"a": 1, "b": 2}]}, {"data": [{"a": 3}, {"a": 4}]}],
        ),
    ],
)
def test_other_rows(values: tuple[Any, ...], parameters: dict[str, Any] | None, sent: list[Any]) -> None:
    assert made(values, parameters)[1] == sent


def test_what_is_asked_for_a_service_without_a_schema() -> None:
    assert made(RECORDS, None, form="values", key="data")[1] == [{"data": [[1, 2], [3, 4]]}]
    assert made(RECORDS, None, rows=2)[1] == [list(RECORDS)]
    assert made(RECORDS, None, form="split", columns="b")[1] == [{"columns": ["b"], "data": [[2], [4]]}]
    assert made(RECORDS, None, form="record", columns=["b"])[1] == [{"b": 2}, {"b": 4}]


def test_columns_are_those_of_the_schema() -> None:
    values = ({"id": 7, "b": 2, "a": 1},)
    plan, kinds, notes = plan_of(Asked.of(), scan_of(*values), Signature({"data": TABLE}))
    assert bodies(plan, *values) == [{"data": [{"a": 1, "b": 2}]}]
    assert kinds == {"id": Kind.INTEGER, "a": Kind.INTEGER, "b": Kind.TEXT}
    assert notes == ["not sent, because the service has no such column: id"]
    with pytest.raises(UsageProblem, match="no column 'b'") as error:
        plan_of(Asked.of(), scan_of({"a": 1, "bb": 2}), Signature({"data": TABLE}))
    assert "Did you mean 'bb'?" in error.value.hint


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rows": 0}, "rows is a whole number, 1 to 100,000, not 0"),
        ({"concurrency": 1000}, "concurrency"),
        ({"max_failures": -1}, "max_failures"),
        ({"engine": "dusk"}, "no engine 'dusk'"),
        ({"form": "tables"}, "no form 'tables'"),
        ({"form": "record", "rows": 5}, "one row a request"),
        ({"kinds": {"a": "date"}}, "a cannot be read as 'date'"),
        ({"scheduler": "tcp://127.0.0.1:8786"}, "belongs to the engine dask"),
        ({"engine": "dask", "scheduler": "here"}, "'here' is not the address"),
        ({"row": 5}, "no option 'row'"),
        ({"prediction": ""}, "needs a name"),
        ({"timeout": -1}, "timeout takes seconds"),
    ],
)
def test_wrong_options_are_refused_at_once(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageProblem, match=message) as error:
        Asked.of(**options)
    assert error.value.hint


def test_options_that_do_not_fit_the_service_or_the_input() -> None:
    for options, message in (
        ({"form": "values"}, "has a schema"),
        ({"columns": "c"}, "no column 'c'"),
        ({"kinds": {"c": "text"}}, "no column 'c'"),
    ):
        with pytest.raises(UsageProblem, match=message):
            made(RECORDS, {"data": TABLE}, **options)
    with pytest.raises(UsageProblem, match="one row a request"):
        made(RECORDS, {"a": {"type": "integer"}}, rows=5)


TWO = made(RECORDS, {"data": TABLE})[0]
ONE = made(RECORDS, None)[0]


@pytest.mark.parametrize(
    ("answer", "predictions"),
    [
        ([1, 2], [1, 2]),
        ("[1, 2]", [1, 2]),
        ({"result": [1, 2]}, [1, 2]),
        ({"label": [1, 2], "score": [0.1, 0.2]}, [{"label": 1, "score": 0.1}, {"label": 2, "score": 0.2}]),
        ({"label": [1, 2], "model": "v1"}, [{"label": 1, "model": "v1"}, {"label": 2, "model": "v1"}]),
        ([None, [1]], [None, [1]]),
    ],
)
def test_an_answer_is_cut_into_rows(answer: Any, predictions: list[Any]) -> None:
    assert TWO.predictions(answer, 2) == predictions


@pytest.mark.parametrize("answer", [[1], [1, 2, 3], 7, "failed", {"error": "no"}, {"a": [1], "b": [1, 2]}, None])
def test_an_answer_that_is_not_one_for_each_row(answer: Any) -> None:
    with pytest.raises(NotPerRow):
        TWO.predictions(answer, 2)


def test_one_answer_for_one_row() -> None:
    assert [ONE.predictions(answer, 1) for answer in ([1], "5", {"a": 1}, "[1]")] == [[[1]], ["5"], [{"a": 1}], [[1]]]
    # A table of one row is answered like any other, unless each row was to be sent alone.
    with pytest.raises(NotPerRow, match="'failed'"):
        TWO.predictions("failed", 1)
    assert made(RECORDS, {"data": TABLE}, rows=1)[0].predictions(7, 1) == [7]
    with pytest.raises(NotPerRow, match="image/png"):
        ONE.predictions(Binary.of(b"x", "image/png"), 1)
