"""The grammar: words into arguments, and what is said where they make none."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from keyword import iskeyword
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jupyter_deploy.errors import UsageProblem
from jupyter_deploy.registry import Model
from jupyter_deploy.verbs import (
    NAMES,
    Done,
    HelpShown,
    Listing,
    Session,
    evaluate,
    find,
    list_of_verbs,
    parser_of,
    plain,
    run,
)
from jupyter_deploy.verbs.verb import existing_path, pairs
from jupyter_deploy.workspace import Workspace


def session(variables: Mapping[str, object] | None = None) -> Session:
    """An edge that nobody sits at."""

    def confirm(question: str) -> bool:
        raise AssertionError(question)

    return Session(lambda _: None, lambda _: None, confirm, variables)


@pytest.mark.parametrize("name", NAMES)
def test_each_name_has_its_verb(name: str) -> None:
    verb = find(name)
    assert verb is import_module(f"jupyter_deploy.verbs.{name}{'_' * iskeyword(name)}").VERB
    assert verb.name == name
    assert verb.help
    assert "\n" not in verb.help
    assert verb.help[0].islower()
    assert len(f"  {name:<12}{verb.help}") <= 110
    assert all(argument.options.get("help") for argument in verb.all_arguments())
    assert ("--json" in {flag for argument in verb.all_arguments() for flag in argument.flags}) == verb.shows


def test_every_verbs_module_is_listed() -> None:
    folder = Path(str(import_module("jupyter_deploy.verbs").__file__)).parent
    helpers = {"__init", "verb", "parser", "running", "table", "values"}
    assert {path.stem.rstrip("_") for path in folder.glob("*.py")} - helpers == set(NAMES)
    assert len(set(NAMES)) == len(NAMES)


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("deplyo", "Did you mean 'deploy'?"),
        ("Show", "Did you mean 'show'?"),
        ("model", "Did you mean 'models'?"),
        ("qqq", "Verbs: register, models,"),
        ("", "Verbs: register, models,"),
        ("../x", "Verbs: register, models,"),
    ],
)
def test_an_unknown_verb_gets_the_nearest(typed: str, hint: str) -> None:
    with pytest.raises(UsageProblem) as caught:
        find(typed)
    assert caught.value.message == f"There is no verb {typed!r}."
    assert caught.value.hint.startswith(hint)


def test_the_overview_has_a_line_for_each() -> None:
    lines = list_of_verbs("%model").splitlines()
    assert lines[0] == "usage: %model VERB ..."
    assert [line.split(maxsplit=1) for line in lines if line.startswith("  ")] == [
        [name, find(name).help] for name in NAMES
    ]
    assert lines[-1] == "%model VERB --help tells more about one."


@pytest.mark.parametrize(
    ("line", "message", "hint"),
    [
        ("deploy churn --modle x", "unrecognized arguments: --modle x", "Did you mean --model?"),
        ("deploy churn --modle=x", "unrecognized arguments: --modle=x", "Did you mean --model?"),
        ("deploy churn --work 2", "unrecognized arguments: --work 2", "Did you mean --workers?"),
        ("deploy churn --zzzz", "unrecognized arguments: --zzzz", "Usage: prog deploy [-h]"),
        ("deploy churn -x", "unrecognized arguments: -x", "Usage: prog deploy [-h]"),
        ("stop", "the following arguments are required: service", "Usage: prog stop [-h]"),
        ("deploy churn --port abc", "argument --port: invalid int value: 'abc'", "Usage: prog deploy [-h]"),
        ("deploy churn --port", "argument --port: expected one argument", "Usage: prog deploy [-h]"),
        ("deploy churn --no-wait=1", "argument --no-wait: ignored explicit argument '1'", "Usage: prog deploy [-h]"),
        ("replay churn", "the following arguments are required: id", "Usage: prog replay [-h]"),
        ("state a b", "unrecognized arguments: b", "Usage: prog state [-h]"),
        ("stop churn --yes", "unrecognized arguments: --yes", "Usage: prog stop [-h]"),
        ("serve --entry-scrpt x", "unrecognized arguments: --entry-scrpt", "Did you mean --entry-script?"),
    ],
)
def test_wrong_words_get_the_nearest_option_or_the_usage(line: str, message: str, hint: str) -> None:
    name, *words = line.split()
    with pytest.raises(UsageProblem) as caught:
        parser_of(find(name), f"prog {name}").parse_args(words)
    assert caught.value.message == f"prog {name}: {message}"
    assert caught.value.hint.startswith(hint)
    assert "\n" not in caught.value.hint


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("deploy churn", {"service": "churn", "model": None, "port": None, "no_wait": False, "json": False}),
        ("deploy --model a --model b:2 churn --no-wait", {"model": ["a", "b:2"], "no_wait": True}),
        ("deploy churn --port=0", {"port": 0}),
        ("invoke churn -1", {"value": "-1"}),
        ("invoke churn -- --json", {"value": "--json", "json": False}),
        ("tag churn a=1 b=2 --json", {"tags": ["a=1", "b=2"], "json": True}),
        ("logs churn -fn 3", {"follow": True, "lines": 3}),
        ("logs churn", {"follow": False, "lines": None}),
        ("delete churn -y", {"yes": True}),
        ("serve --entry_script s.py --worker_count 2", {"entry_script": "s.py", "workers": 2, "port": None}),
    ],
)
def test_words_become_arguments(line: str, expected: dict[str, Any]) -> None:
    name, *words = line.split()
    given = vars(parser_of(find(name), "prog").parse_args(words))
    assert {key: given[key] for key in expected} == expected


def test_help_ends_no_process(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(HelpShown):
        parser_of(find("deploy"), "%deploy").parse_args(["--help"])
    out = capsys.readouterr().out
    assert out.startswith("usage: %deploy [-h]")
    assert "Create, update or repair a service; options that are not given stay as they are." in " ".join(out.split())


@pytest.mark.parametrize(
    ("items", "bare", "found"),
    [
        (None, False, {}),
        ([], False, {}),
        (["a=1", "b="], False, {"a": "1", "b": ""}),
        (["a=b=c"], False, {"a": "b=c"}),
        (["a=1", "a=2"], False, {"a": "2"}),
        (["a", "b=1"], True, {"a": None, "b": "1"}),
    ],
)
def test_pairs_are_read(items: list[str] | None, bare: bool, found: dict[str, str | None]) -> None:
    assert pairs(items, "--tag", bare=bare) == found


@pytest.mark.parametrize(("item", "bare"), [("a", False), ("=1", False), ("=1", True), ("", False), ("", True)])
def test_words_that_are_no_pairs_are_named(item: str, bare: bool) -> None:
    with pytest.raises(UsageProblem) as caught:
        pairs(["ok=1", item], "--tag", bare=bare)
    assert caught.value.message == f"--tag {item!r} is not KEY=VALUE."
    assert caught.value.hint == "For example: --tag stage=trial"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("x", [1, 2, 3]),
        ("  x  ", [1, 2, 3]),
        ("x[:2]", [1, 2]),
        ("-1", -1),
        ("[1, -2]", [1, -2]),
        ("{'a': x}", {"a": [1, 2, 3]}),
        ("[n * 2 for n in x]", [2, 4, 6]),
        ("(lambda n: n + k)(1)", 11),
        ("sorted(n - k for n in x)", [-9, -8, -7]),
        ("[(y := 5), y]", [5, 5]),
        ("[len(x)\n, k]", [3, 10]),
        ("{'a': {'b': None}}['a']", {"b": None}),
        ("(a - 1).tolist()", [0, 1]),
        ("a[0, ...].item()", 1),
    ],
)
def test_expressions_of_the_notebook_are_evaluated(text: str, value: Any) -> None:
    variables: dict[str, object] = {"x": [1, 2, 3], "k": 10, "a": np.array([1, 2])}
    assert evaluate(text, variables) == value
    assert set(variables) == {"x", "k", "a"}


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("payload[:2", "'payload[:2' is not a variable or Python expression.", "JSON goes into the cell"),
        ("x = 1", "'x = 1' is not a variable or Python expression.", "JSON goes into the cell"),
        ("", "'' is not a variable or Python expression.", "JSON goes into the cell"),
        ("a\0b", "'a\\x00b' is not a variable or Python expression.", "JSON goes into the cell"),
        ("paylod", "There is no variable 'paylod' in the notebook.", "Did you mean 'payload'?"),
        ("[zzz]", "There is no variable 'zzz' in the notebook.", "Run the cell that defines it first."),
        ("_hiden", "There is no variable '_hiden' in the notebook.", "Run the cell that defines it first."),
        ("payload / 0", "payload / 0 raises ZeroDivisionError: division by zero", "Try it in a cell."),
        ("payload.x", "payload.x raises AttributeError: 'int' object has no attribute 'x'", "Try it in a cell."),
        ('{"data": null}', "There is no variable 'null' in the notebook.", ""),
    ],
)
def test_expressions_that_fail_say_why(text: str, message: str, hint: str) -> None:
    with pytest.raises(UsageProblem) as caught:
        evaluate(text, {"payload": 1, "_hidden": 2})
    assert caught.value.message == message
    assert caught.value.hint.startswith(hint)
    assert caught.value.hint


def test_an_expression_that_is_nested_too_deeply_is_refused() -> None:
    with pytest.raises(UsageProblem):
        evaluate("-" * 100_000 + "1", {})


def test_a_word_is_a_path_unless_it_names_a_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("model").write_bytes(b"")
    assert existing_path("model", session()) == Path("model")
    assert existing_path("model", session({})) == Path("model")
    assert existing_path("model", session({"model": 1})) is None
    assert existing_path("none", session()) is None


@pytest.mark.parametrize(
    ("text", "entry"), [("model", "model.joblib"), ("models['a']", "model.joblib"), ("a.bin", "a.bin")]
)
def test_register_takes_a_variable_or_a_path(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, entry: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.bin").write_bytes(b"")
    variables = {"model": {"k": 1}, "models": {"a": [1]}}
    assert run(find("register"), ["iris", text], session(variables), "prog").entry == entry
    with pytest.raises(UsageProblem, match="no variable or file named 'modle'") as caught:
        run(find("register"), ["iris", "modle"], session(variables), "prog")
    assert caught.value.hint == "Did you mean 'model'?"
    assert [model.id for model in workspace.models.list()] == ["iris:1"]


def test_values_become_plain_data(workspace: Workspace) -> None:
    model: Model = workspace.register("iris", {"k": 1})
    assert plain(Listing("models", [model])) == [model.as_dict()]
    assert plain(Listing("services", [{"name": "a"}])) == [{"name": "a"}]
    assert plain(Done("It is done", {"done": 1})) == {"done": 1}
    assert plain([1, "a"]) == [1, "a"]
    assert run(find("show"), ["iris", "--json"], session(), "prog") == model.as_dict()
    assert run(find("show"), ["iris"], session(), "prog") == model
