"""What ARCHITECTURE.md names is there; docstrings are short."""

from __future__ import annotations

import ast
import re

import pytest

from .layers import PACKAGE

TEXT = (PACKAGE.parent / "ARCHITECTURE.md").read_text()
FILES = sorted(set(re.findall(r"`((?:[a-z_]+/)+[a-z_]+\.py)`", TEXT)))


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_named_is_there(name: str) -> None:
    assert (PACKAGE / name).exists() or (PACKAGE.parent / name).exists()


def test_the_glossary_is_short() -> None:
    words = re.findall(r"^\| ([a-z]+) \| ", TEXT.partition("### Words")[2].partition("\n## ")[0], re.MULTILINE)
    assert 15 <= len(words) - words.count("word") <= 25
    assert len(words) == len(set(words))


def test_every_room_is_in_the_picture() -> None:
    picture = TEXT.partition("```\n")[2].partition("```")[0]
    rooms = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert {room for room in rooms if not re.search(rf"\b{room}/", picture)} == set()


def test_docstrings_are_a_small_part_of_the_lines() -> None:
    lines, told = 0, 0
    for path in PACKAGE.rglob("*.py"):
        text = path.read_text()
        lines += len(text.splitlines())
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
                first = node.body[0] if node.body else None
                if ast.get_docstring(node) is not None and isinstance(first, ast.Expr):
                    told += (first.end_lineno or first.lineno) - first.lineno + 1
    # Names and types say most of it; a docstring says what they do not.
    assert told / lines <= 0.15


RIDDLES = re.compile(r"\b(nobody|somebody|whoever|anybody|everybody|shall)\b", re.IGNORECASE)


def test_sentences_name_who_does_something() -> None:
    found = [
        f"{path.relative_to(PACKAGE)}:{number}: {line.strip()}"
        for path in PACKAGE.rglob("*")
        if path.suffix in {".py", ".js", ".css"}
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if RIDDLES.search(line) and "_NOBODY" not in line
    ]
    # To become none.
    assert len(found) <= 5, "\n".join(found)
