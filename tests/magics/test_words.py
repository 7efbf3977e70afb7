"""Options and expression in one line."""

from __future__ import annotations

import pytest

from jupyter_deploy.magics.words import split
from jupyter_deploy.verbs import find

VARIABLES = {"x": 1, "n": 2, "c": 3, "json": 4, "n10": 5, "rows": 6}


@pytest.mark.parametrize(
    ("line", "options", "expression"),
    [
        ("", "", ""),
        ("x", "", "x"),
        ("{x}", "", "x"),
        ("$x", "", "x"),
        ("x[:5] -n 100 -c 8 --json", "-n 100 -c 8 --json", "x[:5]"),
        ("x --requests=100 --concurrency 8", "--requests=100 --concurrency 8", "x"),
        ("-n 100 -c 8 x[:5]", "-n 100 -c 8", "x[:5]"),
        ("-n 100 x --json", "-n 100 --json", "x"),
        ("--json x", "--json", "x"),
        ("x -n", "", "x -n"),
        ("x - n", "", "x - n"),
        ("x -n -c", "", "x -n -c"),
        ("x -n -c 8", "-c 8", "x -n"),
        ("x -n (5)", "", "x -n (5)"),
        ("x -n5 -c2", "-n5 -c2", "x"),
        ("x -n10", "", "x -n10"),
        ("-n", "", "-n"),
        ("-x", "", "-x"),
        ("--x", "", "--x"),
        ("x --json", "--json", "x"),
        ("x --n", "", "x --n"),
        ("x --jsn", "--jsn", "x"),
        ("x --timeout abc", "--timeout abc", "x"),
        ("x --timeout", "--timeout", "x"),
        ("f('a --json')", "", "f('a --json')"),
        ("'--json'", "", "'--json'"),
        ("['a', 'b -n 5'] -n 5", "-n 5", "['a', 'b -n 5']"),
        ("x --header 'A=b  c' --header B=d", "--header 'A=b  c' --header B=d", "x"),
        ("x --output 'a b.json'", "--output 'a b.json'", "x"),
        ("x --output -n 5", "--output -n 5", "x"),
        ("{x} -n {n}", "-n {n}", "x"),
        ("x -n $n", "-n $n", "x"),
        ("x --curl", "--curl", "x"),
        ("--help", "--help", ""),
        ("-h", "-h", ""),
        ("x --help", "--help", "x"),
        ("--data '[1, 2]' -n 5", "--data '[1, 2]' -n 5", ""),
        ("-n 5 --data [1, 2]", "-n 5 --data [1, 2]", ""),
        ("--file='a b.png' --timeout 3", "--file='a b.png' --timeout 3", ""),
        ("-n 5", "-n 5", ""),
        ("[1 -n 5", "", "[1 -n 5"),
        ("[x\n for x in rows] -n 5", "-n 5", "[x\n for x in rows]"),
        ("lambda: x --json", "--json", "lambda: x"),
        ("x --output 'a", "--output 'a", "x"),
    ],
)
def test_a_line_is_split(line: str, options: str, expression: str) -> None:
    assert split(line, find("invoke"), VARIABLES) == (options, expression)
