"""The settings of ``serve``: which source wins, Azure ML's names, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from jupyter_deploy.deploying.specifying import with_given
from jupyter_deploy.errors import ConfigProblem, UsageProblem
from jupyter_deploy.serving import gather


def test_the_command_line_wins_over_the_environment_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "c.json"
    file.write_text(json.dumps({"WORKER_COUNT": 2, "SERVICE_NAME": "file", "queue_limit": 7, "SERVICE_VERSION": "3"}))
    environ = {"WORKER_COUNT": "3", "SERVICE_NAME": "environment", "AZUREML_CONFIG_FILE": str(file)}
    config = gather({"workers": 4, "title": None}, environ, None).config
    assert (config.workers, config.title, config.queue_limit, config.version) == (4, "environment", 7, "3")


@pytest.mark.parametrize(
    ("environ", "setting", "value"),
    [
        ({"SCORING_TIMEOUT_MS": "250"}, "scoring_timeout_ms", 250),
        ({"WORKER_TIMEOUT": "2"}, "scoring_timeout_ms", 2000),
        ({"WORKER_TIMEOUT": "9", "SCORING_TIMEOUT_MS": "250"}, "scoring_timeout_ms", 250),
        ({"WORKER_PRELOAD": "true"}, "preload", True),
        ({"AML_CORS_ORIGINS": "https://a.example"}, "cors_origins", "https://a.example"),
        ({"SERVICE_PATH_PREFIX": "v1"}, "path_prefix", "v1"),
        ({"AZUREML_LOG_LEVEL": "debug"}, "log_level", "DEBUG"),
        ({"SERVER_VERSION_LOG_RESPONSE_ENABLED": "true"}, "server_version", True),
        ({"SERVER_VERSION_LOG_RESPONSE_ENABLED": "no"}, "server_version", False),
        ({"SEPERATE_HEALTH_ENDPOINT": "true"}, "health_port", 5000),
        ({"SEPERATE_HEALTH_ENDPOINT": "true", "HEALTH_PORT": "5055"}, "health_port", 5055),
        ({"HEALTH_PORT": "5055"}, "health_port", 0),
        ({"UNRELATED": "x"}, "workers", 1),
    ],
)
def test_azure_mls_variables_are_honoured(environ: dict[str, str], setting: str, value: Any) -> None:
    assert getattr(gather({}, environ, None).config, setting) == value


def test_what_belongs_to_the_cloud_is_said_to_be_ignored() -> None:
    (notice,) = gather({}, {"AML_APP_INSIGHTS_ENABLED": "true"}, None).notices
    assert notice.startswith("AML_APP_INSIGHTS_ENABLED is ignored")


def test_places_come_from_all_sources(tmp_path: Path) -> None:
    environ = {"AZUREML_ENTRY_SCRIPT": "a.py", "AZUREML_MODEL_DIR": "m", "AML_APP_ROOT": "/r"}
    places = gather({"entry_script": "b.py", "model_dir": None}, environ, None).places
    assert places == {"entry_script": "b.py", "model_dir": "m", "app_root": "/r"}


@pytest.mark.parametrize(
    ("values", "message", "hint"),
    [
        ({"WORKER_CONT": 2}, "unknown key 'WORKER_CONT'", "WORKER_COUNT"),
        ({"scoring_timeout": 2}, "unknown key 'scoring_timeout'", "scoring_timeout_ms"),
        ({"WORKER_COUNT": "two"}, "WORKER_COUNT: workers must be a number, not 'two'", ""),
        ({"WORKER_COUNT": 0}, "workers must be at least 1", ""),
        ({"log_format": "xml"}, "log_format cannot be 'xml'", "text, json"),
        ({"WORKER_PRELOAD": "maybe"}, "preload must be true or false", ""),
    ],
)
def test_bad_files_are_refused(tmp_path: Path, values: dict[str, Any], message: str, hint: str) -> None:
    (tmp_path / "c.json").write_text(json.dumps(values))
    with pytest.raises(ConfigProblem, match=message) as caught:
        gather({}, {}, tmp_path / "c.json")
    assert hint in caught.value.hint


def test_a_bad_variable_is_named() -> None:
    with pytest.raises(ConfigProblem, match="the environment, SCORING_TIMEOUT_MS: scoring_timeout_ms must be a number"):
        gather({}, {"SCORING_TIMEOUT_MS": "soon"}, None)


def test_a_services_settings_are_put_over_those_it_has() -> None:
    assert with_given({"max_batch": 8}, {"queue_limit": "5"}) == {"max_batch": 8, "queue_limit": 5}
    assert with_given({"max_batch": 8, "queue_limit": 5}, {"max_batch": "", "queue_limit": None}) == {}
    assert with_given({}, {"max_batch": "0"}) == {}
    assert with_given({}, {"strict_json": "true"}) == {"strict_json": True}


@pytest.mark.parametrize(("key", "hint"), [("workers", "Use --workers"), ("token_file", "The target chooses it")])
def test_what_is_not_a_services_setting_is_refused(key: str, hint: str) -> None:
    with pytest.raises(UsageProblem, match=f"{key} is not a setting") as caught:
        with_given({}, {key: "1"})
    assert hint in caught.value.hint


def test_an_unknown_setting_names_the_nearest() -> None:
    with pytest.raises(ConfigProblem, match="unknown key 'max_bach'") as caught:
        with_given({}, {"max_bach": "3"})
    assert "max_batch" in caught.value.hint
