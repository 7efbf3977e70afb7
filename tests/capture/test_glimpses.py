"""Glimpses: seen at once whether a value is another by now, however large it is."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from jupyter_deploy.capture import Glimpse

X = np.arange(40.0).reshape(20, 2)
Y = np.array([0, 1] * 10)
FUNCTION = "def f(x, k=2):\n    return x * k\n"
CLASS = "class K:\n    v = 1\n    def f(self):\n        return 1\n    @property\n    def p(self):\n        return 2\n"


def made(source: str) -> Any:
    names: dict[str, Any] = {"__name__": "__main__"}
    exec(source, names)
    return names.popitem()[1]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (0.5, 0.7),
        (1, True),
        ([1, 2], [1, 3]),
        ({"a": 1}, {"a": 2}),
        ("x" * 5000, "y" * 5000),
        (np.zeros(5), np.ones(5)),
        (np.zeros(5), np.zeros(6)),
        (np.zeros(100_000), np.ones(100_000)),
        (pd.DataFrame({"a": [1, 2]}), pd.DataFrame({"a": [1, 3]})),
        (pd.DataFrame({"a": [1, 2]}), pd.DataFrame({"b": [1, 2]})),
        (pd.Series(["a", "b"]), pd.Series(["a", "c"])),
        (made(FUNCTION), made(FUNCTION.replace("*", "+"))),
        (made(FUNCTION), made(FUNCTION.replace("k=2", "k=3"))),
        (made(CLASS), made(CLASS.replace("v = 1", "v = 2"))),
        (made(CLASS), made(CLASS.replace("return 2", "return 3"))),
        (partial(max, 1), partial(max, 2)),
        (LogisticRegression().fit(X, Y), LogisticRegression(C=9).fit(X, Y)),
    ],
)
def test_another_value_is_seen(one: Any, other: Any) -> None:
    glimpse = Glimpse(one)
    assert glimpse.shows(one)
    assert not glimpse.shows(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (0.5, 0.5),
        (float("nan"), float("nan")),
        ([1, {"a": (2,)}], [1, {"a": (2,)}]),
        (np.arange(9), np.arange(9)),
        (pd.DataFrame({"a": [1.0], "b": ["x"]}), pd.DataFrame({"a": [1.0], "b": ["x"]})),
        (made(FUNCTION), made("\n\n# moved\n" + FUNCTION)),
        (made(CLASS), made("\n\n" + CLASS)),
        (LogisticRegression().fit(X, Y), LogisticRegression().fit(X, Y)),
    ],
)
def test_an_equal_value_is_the_same(one: Any, other: Any) -> None:
    assert Glimpse(one).shows(other)


@pytest.mark.parametrize(
    "make",
    [
        LogisticRegression,
        lambda: DecisionTreeClassifier(random_state=0),
        lambda: RandomForestClassifier(8, random_state=0),
        lambda: make_pipeline(StandardScaler(), LogisticRegression()),
    ],
)
def test_an_estimator_that_was_fitted_again_in_place_is_seen_and_one_that_was_used_is_not(
    make: Callable[[], Any],
) -> None:
    estimator = make().fit(X, Y)
    glimpse = Glimpse(estimator)
    estimator.predict(X)
    assert glimpse.shows(estimator)
    # Several times: what was freed may lie where it lay.
    for _ in range(3):
        estimator.fit(X, 1 - Y)
        assert not glimpse.shows(estimator)


def test_a_change_in_place_of_a_frame_an_array_or_a_class_is_seen() -> None:
    frame, array, kind = pd.DataFrame({"a": np.arange(9.0)}), np.zeros(3), made(CLASS)
    glimpses = [Glimpse(frame), Glimpse(array), Glimpse(kind)]
    frame["a"] *= 2
    array += 1
    kind.v = 5
    values = (frame, array, kind)
    assert not any(glimpse.shows(value) for glimpse, value in zip(glimpses, values, strict=True))


def test_half_a_gigabyte_is_not_read() -> None:
    array = np.zeros(500_000_000 // 8)
    started = time.process_time()
    glimpse = Glimpse({"big": array})
    for _ in range(10):
        assert glimpse.shows({"big": array})
    assert time.process_time() - started < 0.1


def test_what_cannot_be_looked_at_counts_as_the_same_and_raises_nothing() -> None:
    class Hostile:
        @property
        def __dict__(self) -> Any:
            raise RuntimeError

    assert Glimpse(Hostile()).shows(Hostile())


def test_a_glimpse_keeps_nothing_alive() -> None:
    import gc
    import weakref

    estimator = LogisticRegression().fit(X, Y)
    gone = weakref.ref(estimator)
    glimpse = Glimpse(estimator)
    del estimator
    gc.collect()
    assert gone() is None
    assert not glimpse.shows(3)
