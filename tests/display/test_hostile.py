"""Whatever a text holds, every face shows it as text; the faces are those of the table."""

from __future__ import annotations

import random
from importlib import import_module
from typing import Any

import pytest

from jupyter_deploy.display import FACES, bundle
from jupyter_deploy.display.face import Face, as_json

from ..markup import encodable, harmless, structure
from .hostile import AS_IT_IS, HOSTILE, LIVE, PIECES

TABLE = {name: (module, place) for module, name, place in FACES}
CASES = [(name, variant) for name in TABLE for variant in HOSTILE.get(name, {})]
ACTING = {"\x1b", "\x00", "\x08", "\u202e", "\u2066", "\ud800"}


def face(name: str) -> Face:
    module, _, attribute = TABLE[name][1].partition(".")
    found = getattr(import_module(f"jupyter_deploy.display.{module}"), attribute)
    assert isinstance(found, Face)
    return found


def layers(name: str, variant: str, evil: str) -> dict[str, Any]:
    drawn = HOSTILE[name][variant].make(evil)
    if name not in LIVE:
        return bundle(drawn)
    own = face(name)
    return {own.mime: as_json(own.data(drawn)), "text/html": own.html(drawn), "text/plain": own.text(drawn)}


@pytest.mark.parametrize("name", TABLE)
def test_each_class_of_the_table_has_a_hostile_value(name: str) -> None:
    assert HOSTILE.get(name), f"{name} has a face, but no value in tests/display/hostile.py"
    kind = LIVE.get(name) or getattr(import_module(TABLE[name][0]), name)
    for one in HOSTILE[name].values():
        assert isinstance(one.make("x"), kind)


def test_each_hostile_value_has_a_face() -> None:
    assert set(HOSTILE) == set(TABLE)


@pytest.mark.parametrize(("name", "variant"), CASES)
def test_no_text_is_ever_markup(name: str, variant: str) -> None:
    chance = random.Random(5)
    usual = structure(layers(name, variant, "usual")["text/html"])
    for number in range(150):
        evil = PIECES[number] if number < len(PIECES) else "".join(chance.choices(PIECES, k=chance.randint(2, 6)))
        found = layers(name, variant, f"x{evil}y")
        page = harmless(found["text/html"])
        # Nothing that stands in a value adds a tag or an attribute, or changes one of ours.
        assert structure(found["text/html"]) == usual, evil
        assert HOSTILE[name][variant].shows(f"x{evil}y") in page.text
        assert not set(found["text/html"]) & ACTING
        if name not in AS_IT_IS:
            assert not set(found["text/plain"]) & ACTING


@pytest.mark.parametrize(("name", "variant"), CASES)
def test_what_a_renderer_gets_is_plain_data(name: str, variant: str) -> None:
    for evil in ("\ud800 \x1b[31m <b>", "a"):
        found = layers(name, variant, evil)
        (mime,) = set(found) - {"text/plain", "text/html"}
        assert mime.startswith("application/vnd.jupyter-deploy.")
        assert mime.endswith(".v1+json")
        encodable(found[mime])


def test_tags_may_be_called_as_places_of_this_machine_are() -> None:
    tags = {"log": "yes", "home": "here", "dockerfile": "FROM x"}
    assert as_json({"folder": "/a", "tags": tags, "properties": tags}) == {"tags": tags, "properties": tags}
