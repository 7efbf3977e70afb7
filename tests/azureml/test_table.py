"""Every row of the documents has a test named after it, or a heading of the documentation, or is told to be open."""

from __future__ import annotations

import re

import pytest

from .rows import ANCHORS, CONTAINERS, OPEN, ROWS, page_of
from .table import TESTS, cells, lines, on_engine, shown_rows, written


def headings(page: str) -> set[str]:
    text = (TESTS.parent / "docs" / page).read_text()
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("row", ROWS)
def test_a_row_is_shown_or_told_to_be_open(row: str) -> None:
    assert row in shown_rows() or row in ANCHORS or row in OPEN


@pytest.mark.parametrize(("row", "anchor"), ANCHORS.items())
def test_a_row_that_is_a_statement_has_its_heading(row: str, anchor: str) -> None:
    assert row in ROWS
    assert anchor in headings(page_of(row))


def test_tests_are_named_after_rows_that_exist() -> None:
    assert set(shown_rows()) <= set(ROWS)


def test_the_table_was_written_from_the_present_tests() -> None:
    again = "python -m tests.azureml.table --docker --changed"
    assert [one[:3] for one in written().values()] == [cells(line)[:3] for line in lines({})], (
        f"write it again: {again}"
    )


@pytest.mark.parametrize("row", ROWS)
def test_a_row_that_has_tests_has_their_results(row: str) -> None:
    _, _, _, on_processes, on_docker = written()[row]
    tests = shown_rows().get(row, [])
    for result, some in (
        (on_processes, [test for test in tests if not on_engine(test)]),
        (on_docker, [test for test in tests if on_engine(test)]),
    ):
        known = {"passes", "skipped"} if any(test.startswith("frameworks/") for test in some) else {"passes"}
        assert result in (known if some else {""})


@pytest.mark.parametrize("row", CONTAINERS)
def test_a_row_that_is_about_containers_is_shown_in_one(row: str) -> None:
    assert [test for test in shown_rows()[row] if on_engine(test)]
