"""Counting, and what Prometheus reads of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from jupyter_deploy.serving.front.metrics import Histogram, Metrics, resident_bytes

NOW = {"in_flight": 1.0, "waiting": 2.0, "generation": 3.0, "restarts": 4.0, "workers": 5.0}


@pytest.mark.parametrize(
    ("values", "counts"),
    [
        ([], [0, 0, 0]),
        ([1.0], [1, 1, 1]),
        ([1.0001, 2.0], [0, 2, 2]),
        ([0, 3, 1e9], [1, 1, 3]),
    ],
)
def test_a_bound_belongs_to_its_bucket(values: list[float], counts: list[int]) -> None:
    histogram = Histogram((1.0, 2.0))
    for value in values:
        histogram.observe(value)
    assert histogram.buckets() == list(zip(("1.0", "2.0", "+Inf"), map(float, counts), strict=True))
    assert histogram.total == sum(values)


def test_prometheus_reads_all_of_it() -> None:
    metrics = Metrics('a "name" with \\ and\nlines')
    metrics.requests[200] += 2
    metrics.requests[503] += 1
    metrics.run.observe(0.3)
    metrics.reloads["failed"] += 1
    families = {
        family.name: family for family in text_string_to_metric_families(metrics.text(NOW, {12: 4096}).decode())
    }
    assert {sample.labels["service"] for family in families.values() for sample in family.samples} == {metrics.name}
    assert {sample.labels["status"]: sample.value for sample in families["model_requests"].samples} == {
        "200": 2,
        "503": 1,
    }
    run = {sample.labels.get("le", sample.name): sample.value for sample in families["model_run_seconds"].samples}
    assert (run["0.25"], run["0.5"], run["+Inf"]) == (0, 1, 1)
    assert (run["model_run_seconds_count"], run["model_run_seconds_sum"]) == (1, 0.3)
    (memory,) = families["model_worker_memory_bytes"].samples
    assert (memory.labels["pid"], memory.value) == ("12", 4096)
    values = {name: family.samples[0].value for name, family in families.items() if len(family.samples) == 1}
    assert values["model_requests_in_flight"] == 1
    assert values["model_requests_waiting"] == 2
    assert values["model_generation"] == 3
    assert values["model_worker_restarts"] == 4
    assert values["model_workers"] == 5
    assert {sample.labels["outcome"]: sample.value for sample in families["model_reloads"].samples} == {
        "succeeded": 0,
        "failed": 1,
    }


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="only where there is /proc")
def test_memory_is_what_psutil_says_and_the_dead_have_none() -> None:
    import psutil

    found = resident_bytes([os.getpid(), 2**22 + 1])
    assert list(found) == [os.getpid()]
    assert found[os.getpid()] == pytest.approx(psutil.Process().memory_info().rss, rel=0.1)
