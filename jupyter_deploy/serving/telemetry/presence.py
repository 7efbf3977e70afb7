"""Whether a service sends telemetry, and whether what that needs is installed."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from urllib.parse import urlsplit

from ...errors import ConfigProblem

ENDPOINT_VARIABLE = "OTEL_EXPORTER_OTLP_ENDPOINT"
# What the extra ``telemetry`` installs.
TELEMETRY_PACKAGES = ("opentelemetry-sdk", "opentelemetry-exporter-otlp-proto-http")
_MODULES = ("opentelemetry.sdk.trace", "opentelemetry.exporter.otlp.proto.http")


def check_endpoint(given: str) -> str:
    """Refuse an address that cannot be one, or that holds a password, which would be shown; empty is none.

    Raises
    ------
    ConfigProblem
        Without quoting the address.
    """
    if not given:
        return ""
    try:
        parts = urlsplit(given)
        right = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        right = False
    if not right:
        raise ConfigProblem("otlp_endpoint is no address.", hint="For example otlp_endpoint=http://127.0.0.1:4318")
    if parts.username or parts.password or parts.query:
        raise ConfigProblem(
            "otlp_endpoint holds a password or a query, and settings are shown.",
            hint="Give it as a header: --env OTEL_EXPORTER_OTLP_HEADERS=authorization=…",
        )
    return given


def endpoint_in(setting: str, environ: Mapping[str, str]) -> str:
    """Return where a server sends its telemetry: as it is set, or as OpenTelemetry's own variable says; empty: nowhere.

    The variable alone counts only where OpenTelemetry is installed: it may be meant for other programs.
    """
    found = setting or environ.get(ENDPOINT_VARIABLE, "")
    return found if setting or not found or is_telemetry_installed() else ""


def is_telemetry_installed() -> bool:
    """Whether this interpreter has what telemetry needs."""
    try:
        return all(find_spec(name) is not None for name in _MODULES)
    except ModuleNotFoundError:
        return False


def check_installed() -> None:
    """Refuse telemetry that this interpreter cannot send.

    Raises
    ------
    ConfigProblem
        With pip's command.
    """
    if not is_telemetry_installed():
        raise ConfigProblem(
            "Telemetry (otlp_endpoint) needs OpenTelemetry, which is not installed where the service runs.",
            hint=f"pip install {' '.join(TELEMETRY_PACKAGES)}",
        )
