"""Joining the arguments of several requests and cutting their result."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from jupyter_deploy.serving.batching import CannotCut, call_together, cut


def called(batch: list[dict[str, Any]], answer: Any = lambda x: x) -> tuple[list[Any], list[dict[str, Any]]]:
    """Return the outcomes, and what the function was called with."""
    calls: list[dict[str, Any]] = []

    def call(arguments: dict[str, Any]) -> Any:
        calls.append(arguments)
        return answer(*arguments.values())

    return call_together(call, batch), calls


def test_arrays_are_joined_and_cut() -> None:
    outcomes, calls = called([{"x": np.ones((2, 3))}, {"x": np.zeros((1, 3))}])
    assert [call["x"].shape for call in calls] == [(3, 3)]
    assert [(worked, value.tolist()) for worked, value in outcomes] == [(True, [[1.0] * 3] * 2), (True, [[0.0] * 3])]


def test_tables_are_joined_and_their_index_starts_anew() -> None:
    outcomes, calls = called([{"x": pd.DataFrame({"a": [1, 2]})}, {"x": pd.DataFrame({"a": [3]})}])
    assert [call["x"].a.tolist() for call in calls] == [[1, 2, 3]]
    assert [(value.a.tolist(), list(value.index)) for _, value in outcomes] == [([1, 2], [0, 1]), ([3], [0])]


@pytest.mark.parametrize(
    ("values", "count"),
    [
        ([[1], [2, 3]], 1),
        ([[1], [2.5]], 2),
        ([[1], [True]], 2),
        ([[[1, 2]], [[1, 2, 3]]], 2),
        ([[[1, 2]], [[1, 2.5]]], 2),
        ([[], []], 2),
        ([1, 2], 2),
        (["ab", "cd"], 2),
        ([{"a": 1}, {"a": 2}], 2),
        ([np.array([1]), np.array([1.5])], 2),
        ([np.ones((1, 2)), np.ones((1, 3))], 2),
        ([np.float64(1), np.float64(2)], 2),
        ([pd.DataFrame({"a": [1]}), pd.DataFrame({"b": [1]})], 2),
        ([pd.DataFrame({"a": [1]}), pd.DataFrame({"a": [1.5]})], 2),
        ([pd.DataFrame({"a": [1]}, index=["k"]), pd.DataFrame({"a": [1]}, index=["l"])], 2),
    ],
)
def test_only_what_is_alike_is_joined(values: list[Any], count: int) -> None:
    outcomes, calls = called([{"x": value} for value in values])
    assert len(calls) == count
    for (worked, result), value in zip(outcomes, values, strict=True):
        assert worked
        assert type(result) is type(value)
        assert len(result) == len(value) if hasattr(value, "__len__") else result == value


def test_the_order_is_kept_over_groups() -> None:
    batch = [{"x": [number]} if number % 2 else {"x": [float(number)]} for number in range(6)]
    outcomes, calls = called(batch)
    assert len(calls) == 2
    assert outcomes == [(True, arguments["x"]) for arguments in batch]


def test_different_row_counts_in_one_request_run_alone() -> None:
    _, calls = called([{"x": [1, 2], "y": [1]}] * 2, lambda x, y: x)
    assert len(calls) == 2


def test_a_failure_only_fails_its_own_request() -> None:
    def answer(x: list[int]) -> list[int]:
        if 13 in x:
            raise ValueError("13")
        return x

    outcomes, calls = called([{"x": [1]}, {"x": [13]}, {"x": [2]}], answer)
    assert [worked for worked, _ in outcomes] == [True, False, True]
    assert str(outcomes[1][1]) == "13"
    assert len(calls) == 4


def test_a_result_that_cannot_be_cut_is_made_again_for_each() -> None:
    outcomes, calls = called([{"x": [1]}, {"x": [2]}], sum)
    assert outcomes == [(True, 1), (True, 2)]
    assert len(calls) == 3


@pytest.mark.parametrize("number", [SystemExit, KeyboardInterrupt])
def test_one_request_may_raise_anything(number: type[BaseException]) -> None:
    def answer(_: Any) -> Any:
        raise number

    outcomes, _ = called([{"x": 1}], answer)
    assert (outcomes[0][0], type(outcomes[0][1])) == (False, number)


@pytest.mark.parametrize("number", [SystemExit, KeyboardInterrupt])
def test_all_of_a_batch_may_raise_anything(number: type[BaseException]) -> None:
    def answer(_: Any) -> Any:
        raise number

    outcomes, _ = called([{"x": [1]}, {"x": [2]}], answer)
    assert [(worked, type(error)) for worked, error in outcomes] == [(False, number)] * 2


@pytest.mark.parametrize(
    ("result", "parts"),
    [
        ([1, 2, 3], [[1, 2], [3]]),
        ((1, 2, 3), [(1, 2), (3,)]),
        ({"a": [1, 2, 3], "b": [4, 5, 6]}, [{"a": [1, 2], "b": [4, 5]}, {"a": [3], "b": [6]}]),
    ],
)
def test_cut(result: Any, parts: list[Any]) -> None:
    assert cut(result, [2, 1]) == parts


def test_cut_keeps_the_kind() -> None:
    first, second = cut(pd.Series([1, 2, 3]), [2, 1])
    assert (first.tolist(), second.tolist(), list(second.index)) == ([1, 2], [3], [0])
    assert isinstance(cut(np.arange(3), [1, 2])[1], np.ndarray)


@pytest.mark.parametrize(
    "result", [None, 3, "abc", b"abc", {}, {1, 2, 3}, [1, 2], {"a": [1, 2, 3], "b": 1}, {"a": [1]}, iter([1, 2, 3])]
)
def test_what_cannot_be_cut(result: Any) -> None:
    with pytest.raises(CannotCut):
        cut(result, [2, 1])
