"""A server that an older package started is reloaded with what it knows, and nothing is dropped in silence."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jupyter_deploy.errors import UsageProblem
from jupyter_deploy.serving import TOLD, ServingConfig, settable
from jupyter_deploy.targets.admin import known_settings, settings_for


def test_an_older_server_gets_the_settings_that_it_knows() -> None:
    sent = settings_for((), "churn", replace(ServingConfig(), log_level="DEBUG"))
    assert sent["log_level"] == "DEBUG"
    assert "log_size" not in sent
    assert len(sent) == 16


def test_what_it_does_not_know_and_was_asked_for_is_refused_by_name() -> None:
    with pytest.raises(
        UsageProblem, match=r"churn runs on a server of an older version .* no setting log_size"
    ) as caught:
        settings_for((), "churn", replace(ServingConfig(), log_size=1_000_000))
    assert "stop churn" in caught.value.hint


def test_a_server_of_today_gets_all() -> None:
    assert sorted(settings_for(known_settings(), "churn", ServingConfig())) == sorted([*settable(), *TOLD])
