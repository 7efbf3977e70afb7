"""Errors as data: each has a status, and its hint's command can be pasted."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

import jupyter_deploy
from jupyter_deploy import errors
from jupyter_deploy.errors import DeployError, command_in
from jupyter_deploy.labserver.answers import encoded, error_facts, status_of

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("hint", "command"),
    [
        ("", ""),
        ("Did you mean 'churn'?", ""),
        ("jupyter model logs churn", "jupyter model logs churn"),
        ("jupyter model logs churn shows more.", "jupyter model logs churn"),
        ("Deploy one: jupyter model deploy --help", "jupyter model deploy --help"),
        ("`jupyter model prune` would free 3 MB.", "jupyter model prune"),
        ("Look with: jupyter model models", "jupyter model models"),
        ("jupyter model deploy churn starts it.", "jupyter model deploy churn"),
        ("Use a tag for what changes: jupyter model tag a:1 KEY=VALUE", "jupyter model tag a:1 KEY=VALUE"),
        (
            "Delete the service first (jupyter model delete churn), or give it another version.",
            "jupyter model delete churn",
        ),
        ("Start it again, on this version: jupyter model stop x, then jupyter model deploy x", "jupyter model stop x"),
    ],
)
def test_the_command_of_a_hint(hint: str, command: str) -> None:
    assert command_in(hint) == command


def test_each_error_has_a_status() -> None:
    kinds = [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, DeployError)]
    assert {status_of(kind("m")) for kind in kinds} == {400, 404, 409, 500}
    facts = error_facts(errors.StartFailed("m", hint="h", details="a\nb"))
    assert facts == {"code": "StartFailed", "message": "m", "hint": "h", "command": "", "lines": ["a", "b"]}


def test_what_json_has_no_word_for() -> None:
    assert json.loads(encoded({"a": math.nan, 1: math.inf})) == {"a": None, "1": None}
    assert "bad" in json.loads(encoded({"name": "bad\udc80"}))["name"]


def test_the_panel_has_the_packages_version() -> None:
    for place in ("labextension", "jupyter_deploy/labextension"):
        facts = json.loads((ROOT / place / "package.json").read_text())
        assert (facts["name"], facts["version"]) == ("jupyter-model-deploy", jupyter_deploy.__version__)
    assert f"version = '{jupyter_deploy.__version__}'" in (ROOT / "labextension/src/version.ts").read_text()
    assert jupyter_deploy._jupyter_labextension_paths()[0]["dest"] == "jupyter-model-deploy"
