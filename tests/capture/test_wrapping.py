"""Long expressions laid out over lines stay what they are."""

from __future__ import annotations

import ast
import random

import pytest

from jupyter_deploy.capture.wrapping import WIDTH, wrapped


def expression(author: random.Random, depth: int = 0) -> str:
    def some(least: int = 0) -> list[str]:
        return [expression(author, depth + 1) for _ in range(author.randint(least, 6))]

    kind = author.randint(0, 2 if depth > 4 else 8)
    if kind < 3:
        value = author.choice([author.random() * 10**9, -author.randint(0, 99), "é, (['\"", None, True, b"\\x00"])
        return repr(value)
    if kind == 3:
        return f"[{', '.join(some())}]"
    if kind == 4:
        return f"({', '.join(some(1))},)"
    if kind == 5:
        return f"{{{', '.join(some(1))}}}"
    if kind == 6:
        return "{" + ", ".join(f"{author.choice(['a', 'key'])!r}: {one}" for one in some()) + "}"
    if kind == 7 and author.random() < 0.3:
        return f"({expression(author, depth + 1)} - [{', '.join(some())}]).sum({', '.join(some())})"
    if kind == 7:
        return f"pd.make({', '.join(some())}).astype(how={expression(author, depth + 1)}, *more, **rest)"
    return f"({expression(author, depth + 1)} + len(x))"


@pytest.mark.parametrize("seed", range(200))
def test_it_is_the_same_expression(seed: int) -> None:
    text = expression(random.Random(seed))
    found = wrapped(text, indent=4)
    assert ast.dump(ast.parse(found, mode="eval")) == ast.dump(ast.parse(text, mode="eval"))
    assert found == text or len(text) > WIDTH - 4
    assert found == wrapped(text, indent=4)


def test_lines_are_filled_and_indented() -> None:
    numbers = ", ".join(str(100 + n) for n in range(40))
    lines = wrapped(f"kind('name', np.array([[{numbers}], [1]]), more={{'a': 1, 'b': [{numbers}]}})").split("\n")
    assert lines[:4] == ["kind(", "    'name',", "    np.array(", "        ["]
    assert lines[5].startswith("                100, 101, 102,")
    assert lines[-1] == ")"
    assert max(map(len, lines)) <= WIDTH
    assert len(lines) < 30
