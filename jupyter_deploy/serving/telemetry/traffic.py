"""The front's part: a span for each request, and the numbers that metrics are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.metrics import CallbackOptions, Observation
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricExportResult, MetricsData, PeriodicExportingMetricReader
from opentelemetry.trace import Span, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from .sending import Complaints, close_within, export_seconds, resource_of, signal_url, tracer_provider

_INTERVAL_MS = 5000
_SCOPE = "jupyter_deploy.serving"
_NUMBERS = ("waiting", "in_flight")
_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0]


class _Metrics(OTLPMetricExporter):
    complaints: Complaints

    def export(
        self, metrics_data: MetricsData, timeout_millis: float | None = 10_000, **more: Any
    ) -> MetricExportResult:
        export = partial(super().export, metrics_data, timeout_millis, **more)
        good, bad = MetricExportResult.SUCCESS, MetricExportResult.FAILURE
        return self.complaints.heard("metrics", export, good, bad)


class Traffic:
    """Spans and metrics of the requests to one service.

    Parameters
    ----------
    endpoint, service : str
        Where they go; the service's name.
    counts : callable
        Returns the answered requests by status.
    gauges : callable
        Returns the present values by name, as :meth:`.Runtime.gauges` does.
    say : callable
        Is told, at most once a minute and in another thread, that they do not arrive.
    """

    def __init__(
        self,
        endpoint: str,
        service: str,
        counts: Callable[[], Mapping[int, int]],
        gauges: Callable[[], Mapping[str, float]],
        say: Callable[[str], None],
    ) -> None:
        self.endpoint = endpoint
        self._counts, self._gauges = counts, gauges
        self._complaints = complaints = Complaints(endpoint, say)
        self._traces = tracer_provider(endpoint, service, complaints)
        self._tracer = self._traces.get_tracer(_SCOPE)
        self._context = TraceContextTextMapPropagator()
        exporter = _Metrics(endpoint=signal_url(endpoint, "metrics"), timeout=export_seconds())
        exporter.complaints = complaints
        reader = PeriodicExportingMetricReader(exporter, export_interval_millis=_INTERVAL_MS)
        self._metrics = MeterProvider([reader], resource_of(service), shutdown_on_exit=False)
        meter = self._metrics.get_meter(_SCOPE)
        bounds = {"explicit_bucket_boundaries_advisory": _SECONDS}
        self._duration = meter.create_histogram(
            "http.server.request.duration", "s", "From the request's head until its answer.", **bounds
        )
        self._queued = meter.create_histogram(
            "model.queue.duration", "s", "From the request's last byte until a worker got it.", **bounds
        )
        meter.create_observable_counter("model.requests", [self._observe_requests], "{request}", "Answered requests.")
        for name in _NUMBERS:
            about = "Requests that wait for a worker." if name == "waiting" else "Requests that a worker holds."
            meter.create_observable_gauge(f"model.requests.{name}", [self._observer(name)], "{request}", about)

    def _observe_requests(self, _: CallbackOptions) -> Iterable[Observation]:
        for status, count in list(self._counts().items()):
            yield Observation(count, {"http.response.status_code": status})

    def _observer(self, name: str) -> Callable[[CallbackOptions], Iterable[Observation]]:
        def observe(_: CallbackOptions) -> Iterable[Observation]:
            try:
                return [Observation(self._gauges()[name])]
            except RuntimeError:
                # The loop changed what was being counted; the next look is seconds away.
                return []

        return observe

    def begin(self, scope: dict[str, Any], headers: Mapping[bytes, bytes]) -> Span:
        """Begin a request's span, and put into its scope what the worker's span belongs to."""
        carrier = {
            name: headers[name.encode()].decode("latin-1")
            for name in ("traceparent", "tracestate")
            if name.encode() in headers
        }
        method, path = scope["method"], scope["path"]
        attributes = {
            "http.request.method": method,
            "url.path": path,
            "url.scheme": scope["scheme"],
            "http.route": path,
            "network.protocol.version": scope["http_version"],
        }
        context = self._context.extract(carrier) if carrier else None
        span = self._tracer.start_span(f"{method} {path}", context, SpanKind.SERVER, attributes)
        known = span.get_span_context()
        scope["traceparent"] = f"00-{known.trace_id:032x}-{known.span_id:016x}-{int(known.trace_flags):02x}"
        return span

    def end(self, span: Span, status: int, seconds: float, queued: float, about: Mapping[str, Any]) -> None:
        """End a request's span and count it.

        ``queued`` is how long it waited, negative where it never did. ``about`` says which version answered.
        """
        span.set_attributes({"http.response.status_code": status, **about})
        if status >= 500:
            span.set_status(Status(StatusCode.ERROR))
        span.end()
        self._duration.record(seconds, {"http.response.status_code": status})
        if queued >= 0:
            self._queued.record(queued)

    def left(self, span: Span) -> None:
        """End the span of a request whose client has left."""
        span.set_attribute("error.type", "client_gone")
        span.set_status(Status(StatusCode.ERROR, "the client left before its answer"))
        span.end()

    def close(self, seconds: float) -> None:
        """Send what waits, within so many seconds."""
        close_within(self._complaints.patience(seconds), self._traces.shutdown, self._metrics.shutdown)
