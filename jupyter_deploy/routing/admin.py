"""Envoy's admin interface, on a Unix socket that only its owner can open."""

from __future__ import annotations

import http.client
import json
import socket
import time
from pathlib import Path
from typing import Any

from ..errors import ServiceDown
from .configuration import PREFIX

_SECONDS = 5.0
_POLL_SECONDS = 0.005
_IDLE_SECONDS = 0.5


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(_SECONDS)
        self.sock.connect(str(self._path))


def asked_over(path: Path, method: str, target: str) -> bytes:
    """Ask a router over its Unix socket.

    Raises
    ------
    ServiceDown
        If it does not answer.
    """
    connection = _UnixConnection(path)
    try:
        connection.request(method, target)
        return connection.getresponse().read()
    except (OSError, http.client.HTTPException) as error:
        raise ServiceDown(
            f"The router does not answer: {error}.", hint="It is started again by itself; try once more."
        ) from error
    finally:
        connection.close()


class EnvoyAdmin:
    """Asks a running Envoy; every method raises ServiceDown where it does not answer."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def _ask(self, method: str, target: str) -> bytes:
        return asked_over(self._path, method, target)

    def stats(self, pattern: str) -> dict[str, str]:
        """Return the counters, gauges and texts whose names match a regular expression."""
        lines = self._ask("GET", f"/stats?filter={pattern}").decode().splitlines()
        return {name: value.strip('"') for name, _, value in (line.partition(": ") for line in lines)}

    def histograms(self, pattern: str) -> dict[str, dict[float, float]]:
        """Return the quantiles (in percent) of histograms, each over the router's life; NaN-free, so maybe empty."""
        found: Any = json.loads(self._ask("GET", f"/stats?format=json&type=Histograms&filter={pattern}"))
        shown: dict[str, dict[float, float]] = {}
        for item in found.get("stats", ()):
            histograms = item.get("histograms", {})
            quantiles = histograms.get("supported_quantiles", ())
            for one in histograms.get("computed_quantiles", ()):
                pairs = zip(quantiles, (value["cumulative"] for value in one["values"]), strict=True)
                shown[one["name"]] = {quantile: value for quantile, value in pairs if value is not None}
        return shown

    def ready(self) -> bool:
        """Whether it has its configuration and serves."""
        return self._ask("GET", "/ready").strip() == b"LIVE"

    def drain(self) -> None:
        """Have it close its listeners, and ask clients to close their connections."""
        self._ask("POST", "/drain_listeners?graceful")

    def leave(self, seconds: float) -> None:
        """Have it close each connection with its next answer; returns when it has no request any more."""
        self._ask("POST", "/healthcheck/fail")
        # Those that nothing uses are not waited for.
        self.wait_for_none("downstream_cx_active", min(seconds, _IDLE_SECONDS))
        self.wait_for_none("downstream_rq_active", seconds)

    def wait_for_none(self, what: str, seconds: float) -> None:
        """Wait until a gauge of what clients have here is 0, but not longer."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and int(self.stats(what).get(f"http.{PREFIX}.{what}", 0)):
            time.sleep(_POLL_SECONDS)

    def reopen_logs(self) -> None:
        """Have it open its log files again, after they were renamed."""
        self._ask("POST", "/reopen_logs")
