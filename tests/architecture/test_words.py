"""What ARCHITECTURE.md names is there."""

from __future__ import annotations

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
