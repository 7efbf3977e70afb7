"""Hints have commands as a terminal takes them; a notebook shows its own lines."""

from __future__ import annotations

import pytest

from jupyter_deploy.errors import DeployError, UsageProblem, in_notebook
from jupyter_deploy.targets.docker.images import _not_pulled
from jupyter_deploy.verbs import MEANT, NAMES, find
from jupyter_deploy.workspace import Workspace

LINES = {
    "jupyter model logs churn": "%model logs churn",
    "jupyter model deploy churn --port any": "%deploy churn --port any",
    "Say: jupyter model invoke churn '[1]'": "Say: %invoke churn '[1]'",
    "export JUPYTER_DEPLOY_TARGET=process": '%config ModelMagics.target = "process"',
    "export JUPYTER_DEPLOY_BASE_IMAGE=mine:1": "%env JUPYTER_DEPLOY_BASE_IMAGE=mine:1",
    "jupyter model is not a command here": "%model is not a command here",
    "what you export": "what you export",
}


@pytest.mark.parametrize(("terminal", "notebook"), LINES.items())
def test_a_command_becomes_a_line_of_the_notebook(terminal: str, notebook: str) -> None:
    assert in_notebook(terminal) == notebook
    error = DeployError("no", hint=terminal)
    assert terminal in error.text()
    assert notebook in "\n".join(error._render_traceback_())


def test_an_image_that_cannot_be_pulled_gives_no_shell_line_in_a_notebook() -> None:
    shown = "\n".join(_not_pulled("none:1", "no such host", chosen=False)._render_traceback_())
    assert "%env JUPYTER_DEPLOY_BASE_IMAGE=" in shown
    assert "export" not in shown


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ("start churn", "Use: jupyter model deploy churn"),
        ("status churn", "Use: jupyter model state churn"),
        ("LIST", "Use: jupyter model models, or for services: jupyter model services"),
        ("depoy churn", "Did you mean 'deploy'? Then: jupyter model deploy churn"),
        ("bogus", "Verbs: register"),
        ("clf", "clf is a model: jupyter model show clf"),
        ("Score_It", "Score_It is a script: jupyter model deploy Score_It"),
    ],
)
def test_a_wrong_verb_gets_the_hint_that_a_person_would_give(workspace: Workspace, words: str, hint: str) -> None:
    workspace.register("clf", {"a": 1})
    workspace.score_script("Score_It", "def run(data):\n    return 1\n")
    name, _, rest = words.partition(" ")
    with pytest.raises(UsageProblem, match=f"There is no verb '{name}'") as caught:
        find(name, rest)
    assert caught.value.hint.startswith(hint)


def test_what_people_try_leads_to_verbs_that_exist() -> None:
    assert set(MEANT.values()) <= set(NAMES)
    assert not set(MEANT) & set(NAMES)
