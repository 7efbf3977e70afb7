"""What a card shows of the last minute."""

from __future__ import annotations

from jupyter_deploy.serving.front.traffic import Traffic


def test_percentiles_by_nearest_rank_and_errors() -> None:
    traffic = Traffic(0.0)
    for number in range(1, 21):
        traffic.note(10.0, number / 1000, 500 if number > 18 else 200)
    facts = traffic.facts(20.0)
    counts = facts.pop("counts")
    assert counts == [0] * 9 + [20] + [0] * 10
    assert facts == {
        "seconds": 20.0,
        "requests": 20,
        "errors": 2,
        "requests_per_second": 1.0,
        "p50_ms": 10.0,
        "p95_ms": 19.0,
    }


def test_what_is_older_than_a_minute_does_not_count() -> None:
    traffic = Traffic(0.0)
    traffic.note(1.0, 0.5, 200)
    traffic.note(99.0, 0.001, 200)
    facts = traffic.facts(100.0)
    assert (facts["requests"], facts["p50_ms"], facts["seconds"]) == (1, 1.0, 60.0)
    assert facts["counts"] == [0] * 58 + [1, 0]


def test_where_more_came_than_is_kept_the_rate_is_that_of_what_is_kept() -> None:
    traffic = Traffic(0.0)
    for number in range(10_000):
        traffic.note(50.0 + number / 1000, 0.001, 200)
    assert abs(traffic.facts(60.0)["requests_per_second"] - 1000) < 1


def test_nothing_yet() -> None:
    assert Traffic(5.0).facts(5.0)["p95_ms"] is None
    assert Traffic(5.0).facts(5.0)["requests_per_second"] == 0
    assert Traffic(5.0).facts(5.0)["counts"] == []
