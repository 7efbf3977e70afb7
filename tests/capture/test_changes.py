"""Two captures of one script: what counts as the same, and the words for what does not."""

from __future__ import annotations

import pytest

from jupyter_deploy.capture import means_the_same, moved_on

from .minibook import Minibook

CELL = "def run(data):\n    return [data, one, two, helper(1)]"
FIRST = ("one = 1.5", "two = [1, 2]", "import math\nFACTOR = 3\ndef helper(v):\n    return math.sqrt(v) * FACTOR")


@pytest.mark.parametrize(
    "cells",
    [
        ("one = 1.5",),
        ("one = 1.50",),
        ("two = [1,2]\none = 3 / 2",),
        (FIRST[2],),
        ("# the same\ndef helper(v):\n    # with a comment\n    return math.sqrt(v)  *  FACTOR",),
        ("FACTOR = 3",),
        ("unused = 7",),
        (FIRST[2], FIRST[1], FIRST[0]),
    ],
)
def test_an_equal_value_or_the_same_definition_in_another_cell_is_no_change(
    book: Minibook, cells: tuple[str, ...]
) -> None:
    book.run(*FIRST)
    old = book.capture(CELL)
    book.run(*cells)
    new = book.capture(CELL)
    assert means_the_same(old, new), new.source
    assert moved_on(old, new, book.shell.user_ns, "since In [9]") == ()


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        (("one = 2.5",), ["one: 1.5 -> 2.5 since In [9]"]),
        (("one = 10 ** 9",), ["one: 1.5 -> 1000000000 since In [9]"]),
        (("one = 1",), ["one: 1.5 -> 1 since In [9]"]),
        (("one = '1.5'",), ["one: 1.5 -> '1.5' since In [9]"]),
        (("two.append(3)",), ["two: [1, 2] -> [1, 2, 3] since In [9]"]),
        (("two = list(range(99))",), ["two: [1, 2] -> [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, … since In [9]"]),
        (("FACTOR = 4",), ["FACTOR: 3 -> 4 since In [9]"]),
        (("def helper(v):\n    return math.sqrt(v) + FACTOR",), ["helper: defined again in In [5]"]),
        (
            ("def other(v):\n    return v\ndef helper(v):\n    return other(v)",),
            [
                "helper: defined again in In [5]",
                "other: taken too, from In [5]",
                "math: no longer used",
                "FACTOR: no longer used",
            ],
        ),
        (("from math import sqrt as helper",), None),
        (("one = two",), None),
    ],
)
def test_what_differs_is_told_by_name(book: Minibook, cells: tuple[str, ...], words: list[str] | None) -> None:
    book.run(*FIRST)
    old = book.capture(CELL)
    book.run(*cells)
    new = book.capture(CELL)
    assert not means_the_same(old, new)
    told = moved_on(old, new, book.shell.user_ns, "since In [9]")
    assert sorted(told) == sorted(words) if words is not None else told


def test_an_edit_of_the_cell_is_told_beside_it(book: Minibook) -> None:
    book.run(*FIRST)
    old = book.capture(CELL)
    book.run("one = 2")
    new = book.capture(CELL.replace("data, ", ""))
    assert moved_on(old, new, {}, "since In [9]") == ("one: 1.5 -> 2 since In [9]", "script")


def test_the_order_of_the_cells_own_statements_counts(book: Minibook) -> None:
    book.run("one = 1")
    old = book.capture("x = one\nx = 2\ndef run(data):\n    return x")
    new = book.capture("x = 2\nx = one\ndef run(data):\n    return x")
    assert not means_the_same(old, new)
