"""The arithmetic of traffic: what is refused, and that shares always add up."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from jupyter_deploy.endpoints import balanced, checked_mirror, checked_traffic, read_shares, shown_shares
from jupyter_deploy.errors import UsageProblem

KNOWN = ("blue", "green", "red")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"blue": 50}, "not to 50 %"),
        ({"blue": 60, "green": 60}, "not to 120 %"),
        ({"blue": 101}, "from 0 to 100"),
        ({"blue": -1, "green": 101}, "from 0 to 100"),
        ({"blue": 99.5, "green": 0.5}, "whole number"),
        ({"blue": True, "green": 99}, "whole number"),
        ({"blue": "100"}, "whole number"),
        ({"blu": 100}, "no deployment 'blu'"),
        ({"red": 100}, "not ready"),
    ],
)
def test_traffic_that_is_refused(given: dict[str, object], words: str) -> None:
    with pytest.raises(UsageProblem, match=words):
        checked_traffic(given, ("blue", "green"), KNOWN)


def test_traffic_drops_zeros_and_takes_nothing_at_all() -> None:
    assert checked_traffic({"blue": 90, "green": 10.0, "red": 0}, ("blue", "green"), KNOWN) == {"blue": 90, "green": 10}
    assert checked_traffic({"red": 0}, (), KNOWN) == {}
    assert checked_traffic({}, (), KNOWN) == {}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"green": 51}, "from 0 to 50"),
        ({"blue": 10}, "has 100 % of the traffic"),
        ({"green": 10, "red": 10}, "one deployment"),
        ({"red": 10}, "not ready"),
        ({"pink": 10}, "no deployment"),
    ],
)
def test_mirrors_that_are_refused(given: dict[str, object], words: str) -> None:
    with pytest.raises(UsageProblem, match=words):
        checked_mirror(given, {"blue": 100}, ("blue", "green"), KNOWN)


def test_a_mirror_is_one_deployment_without_traffic() -> None:
    assert checked_mirror({"green": 50, "red": 0}, {"blue": 100}, ("blue", "green"), KNOWN) == {"green": 50}
    assert checked_mirror({}, {"blue": 100}, (), KNOWN) == {}


def test_moving_one_share_keeps_the_sum_and_the_others_proportions() -> None:
    # The sliders of the panel and of the notebook have the same table (labextension/check-shares.mjs).
    for case in json.loads((Path(__file__).parent / "balanced.json").read_text()):
        found = balanced(case["shares"], case["moved"], case["share"])
        assert list(found.items()) == list(case["found"].items()), case
    rolls = random.Random(1)
    for _ in range(500):
        names = KNOWN[: rolls.randint(2, 3)]
        cuts = sorted(rolls.randint(0, 100) for _ in names[1:])
        shares = dict(zip(names, (b - a for a, b in zip([0, *cuts], [*cuts, 100], strict=True)), strict=True))
        moved, share = rolls.choice(names), rolls.randint(-5, 105)
        found = balanced(shares, moved, share)
        assert sum(found.values()) == 100
        assert set(found) == set(shares)
        assert all(0 <= value <= 100 for value in found.values())
        assert found[moved] == max(0, min(100, share))
        others = [name for name in names if name != moved]
        had, left = sum(shares[name] for name in others), 100 - found[moved]
        assert not had or all(abs(found[name] - left * shares[name] / had) < 1 for name in others)


def test_shares_are_read_as_they_are_written() -> None:
    assert (
        read_shares("blue=90 green=10")
        == read_shares("blue=90%, green = 10".replace(" = ", "="))
        == {
            "blue": 90,
            "green": 10,
        }
    )
    assert read_shares(shown_shares({"a-1": 0, "b": 100})) == {"a-1": 0, "b": 100}
    for wrong in ("blue", "blue=ninety", "blue=90 blue=10", "=5", "blue=-5"):
        with pytest.raises(UsageProblem):
            read_shares(wrong)
