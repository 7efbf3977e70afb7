"""The rule of autoscaling: bounds, sustained load, the cool-down, sleep; with random loads."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from jupyter_deploy.endpoints import Load, Scaling, instances_for, needed_for
from jupyter_deploy.errors import UsageProblem

STEP = 0.25


def test_load_counts_once_it_has_lasted() -> None:
    seen = [Load(number * STEP, 8) for number in range(20)]
    found = [needed_for(seen[:count], 2) for count in range(len(seen) + 1)]
    assert found[:9] == [None] * 9
    assert set(found[9:]) == {4}
    # What is older does not count, and a burst counts for its share of the time alone.
    assert needed_for([*(Load(number, 100) for number in range(5)), Load(10, 1), Load(11, 0), Load(11.5, 0)], 1) == 1
    assert needed_for([Load(number * STEP, 16 * (number == 15)) for number in range(16)], 1) == 2


@pytest.mark.parametrize("seed", range(30))
def test_the_rule_holds_for_any_load(seed: int) -> None:
    rng = random.Random(seed)
    least = rng.randrange(0, 3)
    scaling = Scaling(least, rng.randrange(max(1, least), 7), cool_down=rng.choice([0.0, 1.0, 5.0]), idle=3.0).checked()
    have, now, quiet, needed = rng.randrange(0, 8), 0.0, 0.0, list[tuple[float, int]]()
    for _ in range(300):
        now += STEP
        count = rng.choice([0, 0, 1, 2, 9]) if rng.random() < 0.2 or not needed else needed[-1][1]
        quiet = 0.0 if count else quiet + STEP
        needed.append((now, count))
        before, have = have, instances_for(scaling, have, needed, quiet)
        lately = [one for at, one in needed if at >= now - scaling.cool_down]
        assert scaling.least <= have <= scaling.most
        if have > before:
            assert have in {min(count, scaling.most), max(scaling.least, 1)}
        if have < min(before, scaling.most):
            # Fewer only where fewer were enough all the while, or nobody asked at all.
            assert have == 0 or max(lately) <= have or have == max(scaling.least, 1)
            assert have or quiet >= scaling.idle
        if before and have and count > before:
            assert have == max(min(count, scaling.most), 1)
        # Nothing else asks for another number: the rule is at rest.
        assert instances_for(scaling, have, needed, quiet) == have


def test_a_sleeping_deployment_is_not_woken_by_the_rule() -> None:
    bounds = Scaling(0, 4, idle=5.0)
    assert instances_for(bounds, 0, [(0.0, 3)], 0.0) == 0
    assert instances_for(bounds, 1, [], 4.9) == 1
    assert instances_for(bounds, 1, [], 5.0) == 0
    assert instances_for(replace(bounds, least=1), 1, [], 1000.0) == 1


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (Scaling(1, 0), "max_instances must be from 1 to 100, not 0"),
        (Scaling(3, 2), r"min_instances must be from 0 to max_instances \(2\), not 3"),
        (Scaling(-1, 2), "min_instances"),
        (Scaling(0, 1, idle=0.0), "idle must be more than 0"),
        (Scaling(1, 2, cool_down=-1.0), "cool_down must not be negative"),
    ],
)
def test_what_no_deployment_can_have(given: Scaling, words: str) -> None:
    with pytest.raises(UsageProblem, match=words):
        given.checked()
