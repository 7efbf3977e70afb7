"""Tables in every form of JSON: rows and columns by their names, and what is missing, unknown or uneven by name."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from jupyter_deploy.serving.modes import BadInput
from tests.serving.parameters import converted, refused

FRAME = pd.DataFrame({"a": [1], "b": [0.5], "c": ["x"]})
ROW = {"a": 2, "b": 1, "c": "y"}


@pytest.mark.parametrize(
    ("orient", "sent"),
    [
        ("records", [ROW]),
        ("records", ROW),
        ("records", {"c": "y", "b": 1, "a": 2}),
        ("records", {"a": [2], "b": [1], "c": ["y"]}),
        ("records", {"a": {"0": 2}, "b": {"0": 1}, "c": {"0": "y"}}),
        ("split", {"columns": ["c", "b", "a"], "data": [["y", 1, 2]]}),
        ("split", {"columns": ["a", "b", "c"], "index": [0], "data": [[2, 1, "y"]]}),
        ("index", {"0": ROW}),
        ("columns", {"c": {"0": "y"}, "a": {"0": 2}, "b": {"0": 1}}),
        ("columns", {"c": ["y"], "a": [2], "b": [1]}),
        ("table", {"schema": {"primaryKey": ["index"]}, "data": [{"index": 0, **ROW}]}),
        ("table", {"data": [ROW]}),
    ],
)
def test_a_table_in_any_form_is_the_samples(kinds: Any, orient: str, sent: Any) -> None:
    found = converted(kinds("pandas")(FRAME, orient=orient), sent)
    pd.testing.assert_frame_equal(found, pd.DataFrame({"a": [2], "b": [1.0], "c": ["y"]}))


@pytest.mark.parametrize(
    ("orient", "sent", "index"),
    [
        ("index", {"5": ROW, "7": ROW}, [5, 7]),
        ("index", {"x": ROW}, ["x"]),
        ("columns", {"a": {"5": 1, "7": 2}, "b": {"7": 2, "5": 1}, "c": {"5": "x", "7": "y"}}, [5, 7]),
        ("split", {"columns": ["a", "b", "c"], "index": ["p", "q"], "data": [[1, 1, "x"], [2, 2, "y"]]}, ["p", "q"]),
        ("table", {"schema": {"primaryKey": ["id"]}, "data": [{"id": "k", **ROW}]}, ["k"]),
    ],
)
def test_labels_of_rows_are_kept(kinds: Any, orient: str, sent: Any, index: list[Any]) -> None:
    found = converted(kinds("pandas")(FRAME, orient=orient), sent)
    assert found.index.tolist() == index
    if len(index) == 2 and orient != "index":
        assert found["b"].tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    ("orient", "sent", "reason"),
    [
        ("records", [{"a": 1, "b": 1}], "missing columns: c"),
        ("records", [{**ROW, "d": 1}], "unknown columns: d"),
        ("records", [{"a": 1, "B": 1, "c": "x"}], "missing columns: b; unknown columns: B"),
        ("records", [ROW, {"a": 1, "b": 1}], "row 1: missing columns: c"),
        ("records", [ROW, {**ROW, "d": 1}], "row 1: unknown columns: d"),
        ("records", [{"a": 1, "b": 1}, ROW], "row 0: missing columns: c"),
        ("records", [ROW, [1, 2, "x"]], "row 1: [1, 2"),
        ("records", [ROW, None], "row 1: null is not an object"),
        ("records", [], "got no rows"),
        ("records", "text", 'got "text"'),
        ("records", {}, "missing columns: a, b, c"),
        ("records", {"a": [1, 2], "b": [1], "c": ["x"]}, "its rows are not those of the other columns"),
        ("split", {"data": [[1, 2, 3]]}, "no list 'columns'"),
        ("split", {"columns": ["a", "a", "c"], "data": [[1, 2, "x"]]}, "several columns called 'a'"),
        ("split", {"columns": ["a", "b", "c"], "data": [[1, 2, "x"], [1, 2]]}, "row 1: it has 2 values, not 3"),
        ("split", {"columns": ["a", "b", "d"], "data": [[1, 2, "x"]]}, "missing columns: c; unknown columns: d"),
        ("index", {"p": ROW, "q": {**ROW, "a": 1.5}}, "column 'a', row 'q': 1.5 is not a whole number"),
        ("index", {"p": {"a": 1}}, "missing columns: b, c"),
        ("columns", {"a": {"p": 1}, "b": {"q": 1}, "c": {"p": "x"}}, "column 'b': its rows are not those"),
        ("columns", {"a": {"p": 1.5}, "b": {"p": 1}, "c": {"p": "x"}}, "column 'a', row 'p': 1.5"),
        ("values", [[1, 2]], "row 0: it has 2 values, not 3"),
        ("values", [[1, 2, "x"], [1, "y", "x"]], 'column 1, row 1: "y" is not a number'),
        ("table", {"data": [{"a": 1}]}, "missing columns: b, c"),
    ],
)
def test_rows_and_columns_that_do_not_fit_are_named(kinds: Any, orient: str, sent: Any, reason: str) -> None:
    assert reason in refused(kinds("pandas")(FRAME, orient=orient), sent)


def test_a_renamed_column_is_recognised(kinds: Any) -> None:
    with pytest.raises(BadInput, match=r"Rename 'B' to 'b'\."):
        converted(kinds("pandas")(FRAME), [{"a": 1, "B": 1, "c": "x"}])


def test_values_have_the_samples_types_by_their_place(kinds: Any) -> None:
    found = converted(kinds("pandas")(FRAME, orient="values"), [[2.0, 1, "y"]])
    assert found.dtypes.tolist() == FRAME.dtypes.tolist()
    assert list(found.columns) == [0, 1, 2]


@pytest.mark.filterwarnings("ignore:apply_column_names")
def test_names_are_applied_by_place_only_where_they_differ(kinds: Any) -> None:
    kind = kinds("pandas")(FRAME, apply_column_names=True)
    assert converted(kind, [{"c": "y", "b": 1, "a": 2}]).to_dict("records") == [ROW]
    assert converted(kind, [{"x": 2, "y": 1, "z": "y"}]).to_dict("records") == [ROW]


def test_columns_keep_names_that_are_no_texts(kinds: Any) -> None:
    found = converted(kinds("pandas")(pd.DataFrame([[1, 2]], columns=[10, 20])), [{"20": 4, "10": 3}])
    assert found.to_dict("records") == [{10: 3, 20: 4}]


def test_columns_of_several_levels_keep_them(kinds: Any) -> None:
    sample = pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([("a", "x"), ("a", "y")], names=["p", "q"]))
    found = converted(kinds("pandas")(sample), [{str(name): 5 for name in sample.columns}])
    assert found.columns.equals(sample.columns)


def test_columns_that_are_alike_go_by_their_place(kinds: Any) -> None:
    sample = pd.DataFrame([[1, 0.5]], columns=["a", "a"])
    sent = {"columns": ["a", "a"], "data": [[2, 1]]}
    found = converted(kinds("pandas")(sample, orient="split"), sent)
    assert (list(found.columns), found.values.tolist()) == (["a", "a"], [[2.0, 1.0]])


def test_without_enforcement_nothing_is_refused_and_nothing_rounded(kinds: Any) -> None:
    kind = kinds("pandas")(FRAME, enforce_shape=False, enforce_column_type=False)
    found = converted(kind, [{"d": 2**53 + 1, "a": "free"}, {"d": None, "e": [1]}])
    assert found["d"].tolist() == [2**53 + 1, None]
    assert found["a"].tolist()[0] == "free"
    assert found["e"].tolist() == [None, [1]]
    typed = converted(kinds("pandas")(FRAME, enforce_shape=False), [{"a": 1.0, "more": "x"}])
    assert (str(typed["a"].dtype), typed["more"].tolist()) == ("int64", ["x"])


def test_a_table_is_taken_as_it_is(kinds: Any) -> None:
    assert converted(kinds("pandas")(FRAME), FRAME) is FRAME
