"""What sends spans and metrics, in batches, from threads of its own."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

_DELAY_MS = 1000
_EXPORT_SECONDS = 3.0
_TIMEOUT_VARIABLE = "OTEL_EXPORTER_OTLP_TIMEOUT"
_QUEUE = 8192
_LINE_SECONDS = 60.0
_SHORT_SECONDS = 0.2
# They log each failure, with a traceback; here it is one line a minute.
_LOUD = ("opentelemetry.exporter.otlp.proto.http", "opentelemetry.sdk._shared_internal", "opentelemetry.sdk.metrics")

Result = TypeVar("Result")


class Complaints:
    """Says at most once a minute that telemetry does not arrive."""

    def __init__(self, endpoint: str, say: Callable[[str], None]) -> None:
        self._endpoint = endpoint
        self._say = say
        self._next = 0.0
        self.failing = False
        self._lock = threading.Lock()

    def patience(self, seconds: float) -> float:
        """Return how long to wait at the end: where the last try failed, the next one would as well."""
        return min(seconds, _SHORT_SECONDS) if self.failing else seconds

    def add(self, what: str) -> None:
        """Note that spans or metrics were lost."""
        self.failing = True
        with self._lock:
            now = time.monotonic()
            if now < self._next:
                return
            self._next = now + _LINE_SECONDS
        self._say(f"{what} could not be sent to {self._endpoint}: they are dropped")

    def heard(self, what: str, export: Callable[[], Result], good: Result, bad: Result) -> Result:
        """Send spans or metrics, and note whether they arrive."""
        try:
            result = export()
        except OSError:
            result = bad
        if result is good:
            self.failing = False
        else:
            self.add(what)
        return result


class _Spans(SpanExporter):
    def __init__(self, inner: SpanExporter, complaints: Complaints) -> None:
        self._inner = inner
        self._complaints = complaints

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        good, bad = SpanExportResult.SUCCESS, SpanExportResult.FAILURE
        return self._complaints.heard("spans", lambda: self._inner.export(spans), good, bad)

    def shutdown(self) -> None:
        self._inner.shutdown()

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        return True


def resource_of(service: str) -> Resource:
    """Describe a service, beside what OpenTelemetry's own variables say."""
    return Resource.create({"service.name": service})


def export_seconds() -> float | None:
    """Return how long one batch may take, retries included; None for what OpenTelemetry's own variable says."""
    return None if os.environ.get(_TIMEOUT_VARIABLE) else _EXPORT_SECONDS


def signal_url(endpoint: str, signal: str) -> str:
    """Return where one signal goes, as the protocol says."""
    return f"{endpoint.rstrip('/')}/v1/{signal}"


def quieten() -> None:
    """Keep the exporters' own lines out of the log."""
    for name in _LOUD:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


def tracer_provider(endpoint: str, service: str, complaints: Complaints) -> TracerProvider:
    """Make what spans go through."""
    quieten()
    exporter = OTLPSpanExporter(endpoint=signal_url(endpoint, "traces"), timeout=export_seconds())
    provider = TracerProvider(resource=resource_of(service), shutdown_on_exit=False)
    processor = BatchSpanProcessor(_Spans(exporter, complaints), max_queue_size=_QUEUE, schedule_delay_millis=_DELAY_MS)
    provider.add_span_processor(processor)
    return provider


def close_within(seconds: float, *shutdowns: Callable[[], Any]) -> None:
    """Send what waits, and end; what is not sent within that time is lost."""
    threads = [threading.Thread(target=shutdown, daemon=True) for shutdown in shutdowns]
    for thread in threads:
        thread.start()
    until = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
