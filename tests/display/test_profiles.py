"""The face of a profile: numbers, a histogram, what failed; a notebook and a terminal show the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from jupyter_deploy.display import bundle, text
from jupyter_deploy.invoking import FailedRow, histogram
from jupyter_deploy.workspace import Latencies, Profile
from jupyter_deploy.workspace.profile import Trouble

from ..markup import harmless

TIMES = [number / 1000 for number in range(10, 110)]
FOUND = Profile(
    "churn",
    "Succeeded",
    datetime(2026, 1, 2, tzinfo=UTC),
    description="for the order",
    target="docker",
    requested_cpus=1.0,
    requested_memory=2 << 30,
    limits="enforced",
    rows=103,
    succeeded=100,
    failed=3,
    seconds=6.2,
    init_seconds=0.8,
    latency=Latencies.of(TIMES),
    bars=tuple(histogram(TIMES)),
    busy_cpus=0.6,
    max_cpus=0.9,
    max_memory=410 << 20,
    errors=(FailedRow(7, "ValueError: no", "Traceback: line 3", "Look at row 7."), FailedRow(9, "ValueError: no")),
    notes=("a note",),
)
BOTH = (
    "103 rows, 6.20 s: 17 requests/s, one after the other, 3 failed",
    "--cpus 0.8 --memory 0.6g",
    "0.60 while it answers, at most 0.90",
    "at most 429.9 MB",
    "1 processor, 2.1 GB, enforced by target docker",
    "for the order",
    "a note",
    "59.0 ms",
    "109 ms",
    "row 7: ValueError: no",
    "row 9: ValueError: no",
    "and 1 more",
    "Traceback: line 3",
    "Hint: Look at row 7.",
)


def test_what_both_layers_tell() -> None:
    page = harmless(bundle(FOUND)["text/html"])
    for part in BOTH:
        assert part in text(FOUND), part
        assert part in page.text, part
    assert "Profile churn: 103 rows" in text(FOUND)


def test_the_histogram_has_a_bar_for_each_step() -> None:
    page = harmless(bundle(FOUND)["text/html"])
    assert sum(tag == "rect" for tag, _ in page.tags) == len(FOUND.bars)
    (chart,) = (attributes for tag, attributes in page.tags if tag == "svg")
    assert chart["aria-label"] == (
        "Histogram of the time of 100 answers: half within 59.0 ms, 95 % within 104 ms, the slowest 109 ms"
    )
    assert sum("█" in line for line in text(FOUND).splitlines()) == len(FOUND.bars)


def test_limits_that_were_not_enforced_are_said() -> None:
    assert "1 processor, 2.1 GB; not enforced by target process" in text(
        replace(FOUND, limits="not enforced", target="process")
    )
    assert "none; target docker has 1 processor, 2.1 GB" in text(replace(FOUND, limits=""))


def test_an_interrupted_one_says_so() -> None:
    assert "103 of 500 rows, interrupted" in text(replace(FOUND, state="Cancelled", rows=500))


def test_a_failed_one_tells_why() -> None:
    trouble = Trouble("StartFailed", "RuntimeError: no", "Traceback: init", "jupyter model deploy churn")
    failed = Profile("churn", "Failed", FOUND.created, target="process", trouble=trouble, log="/home/ada/x.log")
    for layer in (text(failed), harmless(bundle(failed)["text/html"]).text):
        assert "failed: RuntimeError: no" in layer
        assert "Traceback: init" in layer
        assert "give it" not in layer
        assert "/home/ada" not in layer
    assert "Hint: %deploy churn" in harmless(bundle(failed)["text/html"]).text
    assert "/home/ada" not in str(bundle(failed))
