"""Errors are data: what an edge leaves out or names otherwise, it finds in parts, not in a text."""

from __future__ import annotations

import pickle

import pytest

from jupyter_deploy.errors import DeployError, Hint, StartFailed


@pytest.mark.parametrize(
    ("hint", "text", "alone"),
    [
        (Hint(), "", ""),
        (Hint("Correct it"), "Correct it", "Correct it."),
        (Hint(log_of="churn"), "jupyter model logs churn shows more.", ""),
        (Hint("Correct it", log_of="churn"), "Correct it; jupyter model logs churn shows more.", "Correct it."),
        (Hint("Correct it.", log_of="churn"), "Correct it. jupyter model logs churn shows more.", "Correct it."),
        (
            Hint("Start it", log_of="churn", shows="its last words").about("id-1"),
            "Start it; jupyter model logs churn shows its last words. The request's id is id-1.",
            "Start it.",
        ),
    ],
)
def test_a_hint_knows_its_parts(hint: Hint, text: str, alone: str) -> None:
    assert hint == text
    assert hint.without_log == alone


def test_an_error_keeps_its_parts_on_its_way_to_another_process() -> None:
    error = StartFailed("churn: no", problem="no", hint=Hint("Correct it", log_of="churn"), details="traceback")
    copy = pickle.loads(pickle.dumps(error))
    assert (copy.message, copy.problem, copy.details) == ("churn: no", "no", "traceback")
    assert copy.hint.without_log == "Correct it."
    assert DeployError("no").problem == "no"
