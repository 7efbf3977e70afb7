"""``{name}`` and ``$name`` in a magic's words."""

from __future__ import annotations

import pytest

from jupyter_deploy.errors import UsageProblem
from jupyter_deploy.magics.expansion import expand

VARIABLES: dict[str, object] = {"name": "churn", "version": 3, "names": "both", "_hidden": 1, "größe": "XL"}


@pytest.mark.parametrize(
    ("word", "expanded"),
    [
        ("plain", "plain"),
        ("", ""),
        ("{name}", "churn"),
        ("$name", "churn"),
        ("{name}:{version}", "churn:3"),
        ("$name:$version", "churn:3"),
        ("{name}s", "churns"),
        ("$names", "both"),
        ("a{_hidden}b", "a1b"),
        ("{größe}", "XL"),
        ("{{name}}", "{name}"),
        ("{{{name}}}", "{churn}"),
        ("$$name", "$name"),
        ("$$$name", "$churn"),
        ("cost=$5", "cost=$5"),
        ("{}", "{}"),
        ("{1}", "{1}"),
        ("{name", "{name"),
        ("{name.upper}", "{name.upper}"),
        ("{name!r}", "{name!r}"),
        ("50$", "50$"),
        ('{"name": 1}', '{"name": 1}'),
        ('{"a": "{name}"}', '{"a": "{name}"}'),
        ('  [{"a": "$name"}]', '  [{"a": "$name"}]'),
        ('--data={"a": 1}', '--data={"a": 1}'),
    ],
)
def test_words_are_filled_in(word: str, expanded: str) -> None:
    assert expand(word, VARIABLES) == expanded


def test_what_is_filled_in_is_not_filled_in_again() -> None:
    assert expand("{a}", {"a": "{b} $b", "b": "wrong"}) == "{b} $b"


def test_json_behind_an_option_belongs_to_itself_too() -> None:
    assert expand('--data=[{"a": "{name}"}]', VARIABLES) == '--data=[{"a": "{name}"}]'


@pytest.mark.parametrize(
    ("word", "field", "hint"),
    [
        ("{nmae}", "'nmae' for {nmae}", "Did you mean 'name'?"),
        ("a/$verison", "'verison' for $verison", "Did you mean 'version'?"),
        ("{name}{zzzz}", "'zzzz' for {zzzz}", "Write {{, }} or $$ for the character itself."),
        ("{hidden}", "'hidden' for {hidden}", "Write {{, }} or $$ for the character itself."),
    ],
)
def test_an_unknown_name_is_an_error_with_the_nearest(word: str, field: str, hint: str) -> None:
    with pytest.raises(UsageProblem) as caught:
        expand(word, VARIABLES)
    assert caught.value.message == f"There is no variable {field}."
    assert caught.value.hint == hint
