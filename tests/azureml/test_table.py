"""Every row of the documents has a test named after it, or a heading of the documentation, or is told to be open."""

from __future__ import annotations

import re

import pytest

from .rows import ANCHORS, OPEN, ROWS, page_of
from .table import README, TESTS, shown_rows


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


def test_the_table_lists_every_row() -> None:
    listed = re.findall(r"^\| (\d+\.\d+) \|", README.read_text(), re.MULTILINE)
    assert listed == list(ROWS)
