"""Telemetry of the front, on or off with the settings."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..config import ServingConfig
from ..logs import log
from ..telemetry import ENDPOINT_VARIABLE, endpoint_in
from .replies import Reply
from .runtime import Runtime
from .threadlog import warn_from_threads

if TYPE_CHECKING:
    from opentelemetry.trace import Span

    from ..telemetry import Traffic

_CLOSE_SECONDS = 3.0


class Telemetry:
    """Sends what the front knows of requests, if a generation's settings ask for it; OpenTelemetry is imported then."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._loop = asyncio.get_running_loop()
        # Looked at for each request.
        self.traffic: Traffic | None = None
        if os.environ.get(ENDPOINT_VARIABLE) and not endpoint_in("", os.environ):
            log.warning("%s has no effect: OpenTelemetry is not installed here", ENDPOINT_VARIABLE)

    def use(self, config: ServingConfig) -> None:
        """Send as the settings say from now on."""
        endpoint, before = endpoint_in(config.otlp_endpoint, os.environ), self.traffic
        if endpoint == (before.endpoint if before else ""):
            return
        self.traffic = None
        if before is not None:
            self._loop.run_in_executor(None, before.close, _CLOSE_SECONDS)
        if endpoint:
            from ..telemetry import Traffic

            runtime = self._runtime
            requests, gauges = runtime.metrics.requests, runtime.gauges
            self.traffic = Traffic(endpoint, config.name, lambda: requests, gauges, warn_from_threads(self._loop))
            log.info("spans and metrics go to %s", endpoint)

    def end(self, span: Span, name: str, reply: Reply, seconds: float) -> None:
        """End a request's span and count it."""
        if self.traffic is None:
            span.end()
            return
        job, queued = reply.job, -1.0
        about: dict[str, Any] = {"request.id": name}
        current = self._runtime.current
        if job is not None and job.link is not None:
            queued = job.begun - job.since
            about["service.generation"] = job.link.generation
            about["service.version"] = Path(job.link.bundle).name[:12]
        elif current is not None:
            about["service.generation"] = current.number
        self.traffic.end(span, reply.status, seconds, queued, about)

    def begin(self, scope: dict[str, Any], headers: Mapping[bytes, bytes]) -> Span | None:
        """Begin a request's span; None where none is sent."""
        return self.traffic.begin(scope, headers) if self.traffic else None

    def left(self, span: Span | None) -> None:
        """End the span of a request whose client has left."""
        if span is not None and self.traffic is not None:
            self.traffic.left(span)

    def close(self) -> None:
        """Send what waits, in another thread than the loop's."""
        if self.traffic is not None:
            self.traffic.close(_CLOSE_SECONDS)
