"""The settings of ``jupyter model serve``: command line over environment over file, in Azure ML's words and ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from ..errors import refuse_unknown_keys
from .config import ServingConfig, read_object, with_settings

# azureml-inference-server-http's variables, which are also the keys of its configuration file.
VARIABLES = {
    "SCORING_TIMEOUT_MS": "scoring_timeout_ms",
    "WORKER_COUNT": "workers",
    "WORKER_PRELOAD": "preload",
    "AML_CORS_ORIGINS": "cors_origins",
    "SERVICE_NAME": "title",
    "SERVICE_VERSION": "version",
    "SERVICE_PATH_PREFIX": "path_prefix",
    "AZUREML_LOG_LEVEL": "log_level",
    "SERVER_VERSION_LOG_RESPONSE_ENABLED": "server_version",
}
PLACES = {
    "AZUREML_ENTRY_SCRIPT": "entry_script",
    "AZUREML_MODEL_DIR": "model_dir",
    "AML_APP_ROOT": "app_root",
    "AZUREML_SOURCE_DIRECTORY": "source_directory",
}
_OTHERS = ("WORKER_TIMEOUT", "HEALTH_PORT", "SEPERATE_HEALTH_ENDPOINT", "SERVER_PORT")
_COLLECT = "the settings collect and collect_folder say what is collected, and where"
# Settings of the cloud, or internal ones of the reference: accepted, without effect.
IGNORED = {
    "AML_APP_INSIGHTS_ENABLED": "Application Insights is a cloud service; /metrics has the numbers",
    "AML_APP_INSIGHTS_KEY": "Application Insights is a cloud service; /metrics has the numbers",
    "APP_INSIGHTS_LOG_RESPONSE_ENABLED": "Application Insights is a cloud service",
    "AML_MODEL_DC_STORAGE_ENABLED": _COLLECT,
    "AML_MDC_STORAGE_ENABLED": _COLLECT,
    "AZUREML_DEBUG_PORT": "no debugger is attached",
    "WORKSPACE_NAME": "it only labels what goes to Application Insights",
}
_PATHS = tuple(PLACES.values())


@dataclass(frozen=True)
class Settings:
    """The settings and paths that ``serve`` got."""

    config: ServingConfig
    places: dict[str, str]  # entry_script, model_dir, app_root, source_directory, if given
    notices: tuple[str, ...]  # what was given but has no effect


def gather(given: Mapping[str, Any], environ: Mapping[str, str], config_file: Path | None) -> Settings:
    """Merge the three sources and check the result.

    ``given`` comes from the command line, by our names, None for what was not given. The file is by default the one
    that ``AZUREML_CONFIG_FILE`` names; None is searched for.
    """
    path = config_file or (Path(environ["AZUREML_CONFIG_FILE"]) if environ.get("AZUREML_CONFIG_FILE") else None)
    config = ServingConfig()
    places: dict[str, str] = {}
    notices: list[str] = []
    if path is not None:
        values = read_object(path)
        names = [*VARIABLES, *PLACES, *_OTHERS, *IGNORED, *_PATHS, *(field.name for field in fields(ServingConfig))]
        refuse_unknown_keys(values, names, str(path))
        config, found, ignored = _apply(config, values, str(path))
        places |= found
        notices += ignored
    from_environ = {key: environ[key] for key in (*VARIABLES, *PLACES, *_OTHERS, *IGNORED) if environ.get(key)}
    config, found, ignored = _apply(config, from_environ, "the environment")
    places |= found
    notices += ignored
    config, found, _ = _apply(config, {key: value for key, value in given.items() if value is not None}, "command line")
    return Settings(config, {**places, **found}, tuple(notices))


def _apply(
    config: ServingConfig, values: Mapping[str, Any], where: str
) -> tuple[ServingConfig, dict[str, str], list[str]]:
    settings: dict[str, Any] = {}
    places: dict[str, str] = {}
    notices = []
    for key, value in values.items():
        if key in VARIABLES:
            config = with_settings(config, {VARIABLES[key]: _value(key, value)}, f"{where}, {key}", texts=True)
        elif key in PLACES or key in _PATHS:
            places[PLACES.get(key, key)] = str(value)
        elif key in IGNORED:
            notices.append(f"{key} is ignored: {IGNORED[key]}.")
        elif key not in _OTHERS:
            settings[key] = value
    config = with_settings(config, settings, where, texts=True)
    return _others(config, values, where), places, notices


def _value(key: str, value: Any) -> Any:
    if key == "SERVER_VERSION_LOG_RESPONSE_ENABLED":
        # The reference's rule: false unless the value is "true".
        return str(value).lower() == "true"
    if key == "AZUREML_LOG_LEVEL":
        return str(value).upper()
    return value if isinstance(value, (str, bool)) else str(value)


def _others(config: ServingConfig, values: Mapping[str, Any], where: str) -> ServingConfig:
    changes: dict[str, Any] = {}
    if values.get("WORKER_TIMEOUT") is not None:
        # gunicorn's limit: the shorter of the two applies.
        limits = {"drain_seconds": str(values["WORKER_TIMEOUT"])}
        seconds = with_settings(config, limits, f"{where}, WORKER_TIMEOUT", texts=True).drain_seconds
        changes["scoring_timeout_ms"] = min(config.scoring_timeout_ms, max(1, int(seconds * 1000)))
    if str(values.get("SEPERATE_HEALTH_ENDPOINT", "")).lower() == "true":
        changes["health_port"] = str(values.get("HEALTH_PORT") or config.health_port or 5000)
    return with_settings(config, changes, where, texts=True)
