"""Arguments as JSON values: the same as those that argparse makes of words."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_deploy.errors import UsageProblem
from jupyter_deploy.verbs import NAMES, Argument, arguments_of, find, given_of, name_of, parser_of

# A value that each kind of argument takes.
WORDS: dict[str, Any] = {"integer": 3, "number": 1.5, "text": "7", "flag": True}


def values_of(verb: str, *, all_of_them: bool) -> dict[str, Any]:
    found = {}
    for one in arguments_of(find(verb)):
        if all_of_them or one["required"]:
            value = one["choices"][0] if one["choices"] else WORDS[one["kind"]]
            found[one["name"]] = [value] if one["many"] else value
    return found


def words_of(verb: str, values: dict[str, Any]) -> list[str]:
    words: list[str] = []
    for one in arguments_of(find(verb)):
        if one["name"] in values:
            value = values[one["name"]]
            texts = [str(item) for item in value] if one["many"] else [str(value)]
            if not one["flags"]:
                words += texts
            elif one["kind"] == "flag":
                words.append(one["flags"][0])
            else:
                words += [
                    f"{one['flags'][0]}={text}" if one["flags"][0].startswith("--") else f"{one['flags'][0]}{text}"
                    for text in texts
                ]
    return words


@pytest.mark.parametrize("all_of_them", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_values_are_what_words_become(name: str, all_of_them: bool) -> None:
    values = values_of(name, all_of_them=all_of_them)
    parsed = parser_of(find(name), name).parse_intermixed_args(words_of(name, values))
    assert vars(given_of(find(name), values)) == vars(parsed)


def test_a_value_that_looks_like_an_option_is_a_value() -> None:
    assert given_of(find("stop"), {"service": "--yes"}).service == "--yes"
    assert given_of(find("tag"), {"model": "m", "tags": ["--remove=x"]}).remove is None


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"service": "x", "portt": 1}, "Did you mean 'port'?"),
        ({"service": {"a": 1}}, "a text"),
        ({"service": "x", "port": "high"}, "a whole number"),
        ({"service": "x", "yes": "true"}, "true or false"),
        ({"service": "x", "image_port": True}, "a whole number"),
    ],
)
def test_what_is_refused(values: dict[str, Any], told: str) -> None:
    with pytest.raises(UsageProblem) as refused:
        given_of(find("deploy"), values)
    assert told in refused.value.text()


@pytest.mark.parametrize("values", [{}, {"service": None}])
def test_a_word_that_is_needed(values: dict[str, Any]) -> None:
    with pytest.raises(UsageProblem, match="service"):
        given_of(find("stop"), values)


def test_names_are_those_of_argparse() -> None:
    assert name_of(Argument(("--image-port", "-p"), {})) == "image_port"
    assert name_of(Argument(("-n", "--lines"), {})) == "lines"
    assert name_of(Argument(("service",), {})) == "service"
