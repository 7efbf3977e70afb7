"""A worker's part: a span for each ``run()``, within which the script's own spans are."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Link, Span, SpanContext, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from ..messages import Request
from .sending import Complaints, close_within, tracer_provider

TRACE = "trace"
_SCOPE = "jupyter_deploy.serving"
_CLOSE_SECONDS = 2.0


class Runs:
    """The spans of one worker. Those of the script go the same way, unless it has its own provider."""

    def __init__(self, endpoint: str, service: str) -> None:
        # The front says that nothing arrives: one line, however many workers there are.
        self._complaints = Complaints(endpoint, lambda _: None)
        self._provider = tracer_provider(endpoint, service, self._complaints)
        self._tracer = self._provider.get_tracer(_SCOPE)
        self._propagator = TraceContextTextMapPropagator()
        if isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider):
            trace.set_tracer_provider(self._provider)

    def _context(self, request: Request) -> Context:
        parent = request.meta.get(TRACE) if request.meta else None
        return self._propagator.extract({"traceparent": parent}) if parent else Context()

    @contextmanager
    def one(self, request: Request) -> Iterator[None]:
        """Run one request within its span; what it raises is recorded."""
        attributes = {"request.id": request.id}
        with self._tracer.start_as_current_span("run", self._context(request), attributes=attributes):
            yield

    @contextmanager
    def batch(self, requests: Sequence[Request]) -> Iterator[list[BaseException | None]]:
        """Run a batch within the span of its first request, which has links to the others.

        Each other request gets a span of the same time, with a link to that one. The list takes, in the order of the
        requests, what each of them failed with.
        """
        if not requests:
            yield []
            return
        errors: list[BaseException | None] = []
        first, *others = requests
        contexts = [self._context(request) for request in others]
        links = [Link(found) for found in map(_span_of, contexts) if found.is_valid]
        about: dict[str, Any] = {"request.id": first.id, "model.batch_size": len(requests)}
        began = time.time_ns()
        with self._tracer.start_as_current_span("run", self._context(first), attributes=about, links=links) as span:
            yield errors
            _fail(span, errors[0] if errors else None)
        ended = time.time_ns()
        for number, (request, context) in enumerate(zip(others, contexts, strict=True), 1):
            about = {"request.id": request.id, "model.batch_size": len(requests)}
            link = [Link(span.get_span_context())]
            other = self._tracer.start_span("run", context, attributes=about, links=link, start_time=began)
            _fail(other, errors[number] if len(errors) > number else None)
            other.end(ended)

    def close(self) -> None:
        """Send what waits."""
        close_within(self._complaints.patience(_CLOSE_SECONDS), self._provider.shutdown)


def _span_of(context: Context) -> SpanContext:
    return trace.get_current_span(context).get_span_context()


def _fail(span: Span, error: BaseException | None) -> None:
    if error is not None:
        span.record_exception(error)
        span.set_status(Status(StatusCode.ERROR, f"{type(error).__name__}: {error}"))
