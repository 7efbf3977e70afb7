"""How a rollout is judged: thousands of random observations against what must hold for each, and the texts of plans."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

import pytest

from jupyter_deploy.endpoints import Observed, Plan, Seen, decide, distance, drift
from jupyter_deploy.endpoints.agreement import agree, agree_as_sent, columns_of
from jupyter_deploy.errors import UsageProblem

PLAN = Plan(every=10.0, max_p95=0.2, min_agreement=0.99, min_sample=100)
GOOD = Observed(
    new=Seen(200, 0, 0, 20.0, 0.01, 0.02),
    old=Seen(200, 0, 0, 20.0, 0.01, 0.02),
    recent=Seen(100),
    compared=150,
    recent_compared=100,
)


def test_a_good_version_waits_for_its_time_and_goes_on() -> None:
    assert decide(PLAN, GOOD, 3.0).kind == "wait"
    found = decide(PLAN, GOOD, 10.0)
    assert found.kind == "advance"
    assert found.reason == "200 requests, 0 failed, p95 20 ms, 100 % of 150 answers agree"


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (replace(GOOD, new=Seen(200, 3, 0)), "1.5 % of 200 requests failed, more than 1 %"),
        (replace(GOOD, new=Seen(200, 0, 11)), "5.5 % of 200 requests took longer than 200 ms"),
        (replace(GOOD, different=2), "98.67 % of 150 answers agree with the old version's, less than 99 %"),
        (replace(GOOD, failed="green is Failed: it is gone"), "green is Failed: it is gone"),
        (replace(GOOD, changed="blue serves something else"), "blue serves something else"),
        # Good for long, and bad now.
        (replace(GOOD, new=Seen(100_000, 50), recent=Seen(100, 50)), "50 of the newest 100"),
        (replace(GOOD, new=Seen(100_000, 0, 60), recent=Seen(100, 0, 60)), "60 of the newest 100"),
        (replace(GOOD, compared=100_000, different=60, recent_different=60), "answers agree"),
    ],
)
def test_a_breach_rolls_back_whatever_the_time_is(seen: Observed, words: str) -> None:
    for seconds in (0.0, 100.0):
        found = decide(PLAN, seen, seconds)
        assert found.kind == "roll back"
        assert words in found.reason


def test_too_small_a_sample_is_not_judged() -> None:
    few = replace(GOOD, new=Seen(37, 37, 37), compared=37, different=37)
    assert decide(PLAN, few, 100.0).kind == "wait"
    assert decide(PLAN, few, 100.0).reason == "37 of 100 requests"
    assert decide(PLAN, replace(GOOD, compared=12, different=12), 100.0).reason == "12 of 100 answers to compare"
    assert decide(replace(PLAN, min_agreement=0.0), replace(GOOD, compared=0), 100.0).kind == "advance"
    assert decide(PLAN, replace(GOOD, compared=0, incomparable=100), 100.0).kind == "hold"
    assert decide(PLAN, replace(GOOD, doubtful=1), 100.0).kind == "wait"


def test_what_the_old_version_does_as_well_is_not_held_against_the_new_one() -> None:
    both = replace(GOOD, new=Seen(200, 40, 60), old=Seen(400, 80, 120), recent=Seen(100, 20, 30))
    assert decide(PLAN, both, 100.0).kind == "advance"
    assert decide(PLAN, replace(both, old=Seen(400, 70, 120)), 100.0).kind == "roll back"


def test_drift_holds_only_where_it_is_asked_for() -> None:
    drifted = replace(GOOD, drift=0.4)
    assert decide(PLAN, drifted, 100.0).kind == "advance"
    assert decide(replace(PLAN, max_drift=0.3), drifted, 100.0).kind == "hold"
    assert decide(replace(PLAN, max_drift=0.5), drifted, 100.0).kind == "advance"


def test_the_verdict_follows_from_the_shares_alone() -> None:
    rolls = random.Random(3)
    kinds = set()
    for _ in range(5000):
        plan = Plan(
            every=rolls.choice([1.0, 30.0]),
            max_error_rate=rolls.choice([0.0, 0.01, 0.2]),
            max_p95=rolls.choice([0.0, 0.2]),
            min_agreement=rolls.choice([0.0, 0.9, 1.0]),
            min_sample=rolls.randint(1, 200),
        )
        count, compared = rolls.randint(0, 300), rolls.randint(0, 300)
        errors, slow = (rolls.choice([0, rolls.randint(0, count)]) for _ in range(2))
        different = rolls.choice([0, rolls.randint(0, compared)])
        seen = Observed(new=Seen(count, errors, slow), compared=compared, different=different)
        kind = decide(plan, seen, rolls.choice([0.5, 31.0])).kind
        kinds.add(kind)
        full, all_compared = count >= plan.min_sample, compared >= plan.min_sample
        breached = full and (errors / count > plan.max_error_rate or (plan.max_p95 > 0 and slow / count > 0.05))
        breached = breached or (
            plan.min_agreement > 0 and all_compared and different / compared > 1 - plan.min_agreement + 1e-9
        )
        assert (kind == "roll back") == breached, (plan, seen)
        if kind == "advance":
            assert full
            assert all_compared or not plan.min_agreement
    assert kinds == {"wait", "advance", "roll back"}


def test_plans_are_read_as_people_write_them() -> None:
    given = Plan.of(
        steps="10, 50,100%", every="1.5s", max_error_rate="1%", max_p95="200ms", min_agreement=0.99, mirror="20%"
    )
    assert given == Plan((10, 50, 100), 1.5, 0.01, 0.2, 0.99, mirror=20)
    assert Plan.of(steps=[100], every=timedelta(minutes=2), max_error_rate="0", mirror=None).every == 120
    assert Plan.of(every=2).every == 2
    assert Plan.of(min_agreement="0.5").min_agreement == 0.5


@pytest.mark.parametrize(
    "wrong",
    [
        {"steps": "10,50"}, {"steps": "50,10,100"}, {"steps": "0,100"}, {"steps": ""}, {"steps": 10},
        {"steps": "ten,100"}, {"every": "30"}, {"every": "0s"}, {"every": "soon"}, {"every": -1}, {"every": "25h"},
        {"max_error_rate": "1"}, {"max_error_rate": 1}, {"max_error_rate": "101%"}, {"max_error_rate": "-1%"},
        {"max_p95": "200"}, {"max_p95": 200}, {"min_agreement": "all"}, {"min_agreement": True},
        {"mirror": 51}, {"mirror": 0}, {"min_sample": 0}, {"min_sample": 1.5}, {"tolerance": -1},
        {"tolerance": "much"}, {"max_errors": "1%"},
    ],
)  # fmt: skip
def test_plans_that_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(UsageProblem) as caught:
        Plan.of(**wrong)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("[1, 2]", "[1,2]", True),
        ("[1.0, 2]", "[1.0000000001, 2]", True),
        ("[1.0]", "[1.001]", False),
        ("[1]", "[1, 1]", False),
        ("[0.0]", "[1e-9]", True),
        ('{"a": 1, "b": [true]}', '{"b": [true], "a": 1.0}', True),
        ('{"a": 1}', '{"a": 1, "b": 2}', False),
        ("[true]", "[1]", False),
        ("[null]", "[0]", False),
        ('"cat"', '"dog"', False),
        ("NaN", "NaN", True),
        ("not json", "not json", True),
        ("not json", "[1]", False),
    ],
)
def test_answers_agree(one: str, other: str, same: bool) -> None:
    assert agree_as_sent(one, other, 1e-6) is same
    assert agree_as_sent(other, one, 1e-6) is same


def test_a_tolerance_is_relative() -> None:
    assert agree([1e9], [1e9 + 1], 1e-6)
    assert not agree([1.0], [1.5], 0.1)


def test_distances() -> None:
    rolls = random.Random(1)
    near = [rolls.gauss(0, 1) for _ in range(2000)]
    assert distance(near, [rolls.gauss(0, 1) for _ in range(2000)]) < 0.08
    assert distance(near, [rolls.gauss(5, 1) for _ in range(2000)]) > 0.8
    assert distance([1, 1, 0, 0], [1.0, 0.0]) == 0
    assert distance(["a"], ["b"]) == 1
    assert distance([], [1]) is None
    assert drift({"x": [1], "y": ["a"]}, {"x": [1], "y": ["b"], "z": [3]}) == 1
    assert drift({"x": [1]}, {"y": [1]}) is None


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ([[1, "a"], [2, "b"]], {"0": [1, 2], "1": ["a", "b"]}),
        ({"data": [[1], [2]]}, {"0": [1, 2]}),
        ([{"x": 1}, {"x": 2}], {"x": [1, 2]}),
        ({"x": [1, 2], "y": [3, 4]}, {"x": [1, 2], "y": [3, 4]}),
        ({"input_data": {"columns": ["x", "y"], "data": [[1, 2]]}}, {"x": [1], "y": [2]}),
        ({"x": 1, "y": "b"}, {"x": [1], "y": ["b"]}),
        (3, {}),
    ],
)
def test_columns_of_requests(value: object, found: dict[str, list[object]]) -> None:
    assert columns_of(value) == found
