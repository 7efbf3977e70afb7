"""Spans and metrics, as a receiver that reads OpenTelemetry's own protobufs gets them."""

from __future__ import annotations

import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip(
    "opentelemetry.sdk.trace", reason="NOT TESTED: OpenTelemetry is not installed (the extra telemetry)"
)

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import TracerProvider

from jupyter_deploy.errors import ConfigProblem, EnvironmentProblem, InvokeProblem
from jupyter_deploy.serving import ServingConfig, with_settings
from jupyter_deploy.workspace import Workspace
from tests.faults.harness import Clients, Held, served, until
from tests.receiver import Receiver, receiving

SERVER, ERROR = 2, 2
SCRIPT = """
from opentelemetry import trace

tracer = trace.get_tracer("script")

def run(data):
    with tracer.start_as_current_span("own"):
        if "bad" in data:
            raise ValueError("this one is no good")
    return data
"""
BATCHING = """
def run(data):
    return data

def run_batch(items):
    if "hold" in items:
        print("begun", "hold")
        hold()
    return [ValueError("no") if item == "b" else item for item in items]
"""


@dataclass(frozen=True)
class Sent:
    """One span that was sent."""

    service: str
    span: Any

    @property
    def attributes(self) -> dict[str, Any]:
        found = {}
        for pair in self.span.attributes:
            kind = pair.value.WhichOneof("value")
            found[pair.key] = getattr(pair.value, kind)
        return found


def spans_of(receiver: Receiver) -> Iterator[Sent]:
    for one in receiver.received:
        if one.path == "/v1/traces":
            request = ExportTraceServiceRequest.FromString(one.body)
            for resource in request.resource_spans:
                named = {pair.key: pair.value.string_value for pair in resource.resource.attributes}
                for scope in resource.scope_spans:
                    for span in scope.spans:
                        yield Sent(named["service.name"], span)


def points_of(receiver: Receiver) -> dict[str, list[Any]]:
    """The last points of each metric."""
    found: dict[str, list[Any]] = {}
    for one in receiver.received:
        if one.path == "/v1/metrics":
            for resource in ExportMetricsServiceRequest.FromString(one.body).resource_metrics:
                for scope in resource.scope_metrics:
                    for metric in scope.metrics:
                        found[metric.name] = list(getattr(metric, metric.WhichOneof("data")).data_points)
    return found


def test_a_trace_leads_from_the_client_to_the_scripts_own_spans(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "score.py").write_text(SCRIPT)
    tracer = TracerProvider(shutdown_on_exit=False).get_tracer("client")
    with receiving() as receiver:
        settings = {"otlp_endpoint": receiver.url}
        service = workspace.deploy("traced", script=tmp_path / "score.py", settings=settings)
        with tracer.start_as_current_span("client") as client:
            assert service.invoke("good") == "good"
        with tracer.start_as_current_span("client") as failing, pytest.raises(InvokeProblem):
            service.invoke("bad")
        service.invoke("alone")
        service.delete()
        spans, points = list(spans_of(receiver)), points_of(receiver)
    assert {sent.service for sent in spans} == {"traced"}
    for span, status in ((client, 200), (failing, 500)):
        context = span.get_span_context()
        trace = [sent for sent in spans if sent.span.trace_id == context.trace_id.to_bytes(16, "big")]
        of = {sent.span.name: sent for sent in trace}
        assert set(of) == {"POST /score", "run", "own"}
        server, run, own = of["POST /score"], of["run"], of["own"]
        assert server.span.parent_span_id == context.span_id.to_bytes(8, "big")
        assert run.span.parent_span_id == server.span.span_id
        assert own.span.parent_span_id == run.span.span_id
        assert server.span.kind == SERVER
        assert server.attributes["http.request.method"] == "POST"
        assert server.attributes["http.response.status_code"] == status
        assert server.attributes["service.generation"] == 1
        assert server.attributes["request.id"] == run.attributes["request.id"]
        assert all((sent.span.status.code == ERROR) is (status == 500) for sent in trace)
        assert [event.name for event in run.span.events] == (["exception"] if status == 500 else [])
    assert len({sent.span.trace_id for sent in spans}) == 3
    counts = {point.attributes[0].value.int_value: point.as_int for point in points["model.requests"]}
    assert counts == {200: 2, 500: 1}
    assert sum(point.count for point in points["http.server.request.duration"]) == 3
    assert sum(point.count for point in points["model.queue.duration"]) == 3
    assert points["model.requests.waiting"][0].as_int == 0


def test_each_request_of_a_batch_has_its_span_and_links_lead_to_the_others(tmp_path: Path, home: Path) -> None:
    held = Held(tmp_path)
    with receiving() as receiver:
        # As OpenTelemetry's own variables say.
        environ = {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url}
        environ["OTEL_EXPORTER_OTLP_HEADERS"] = "authorization=Bearer%20sec-ret"
        with served(tmp_path, held.code + BATCHING, environ=environ) as server:
            clients = Clients(server)
            clients.send_in_order("hold", "a", "b", "c")
            held.release()
            clients.wait()
            assert "sec-ret" not in server.stop()
        assert {one.headers["authorization"] for one in receiver.received} == {"Bearer sec-ret"}
        spans = list(spans_of(receiver))
    requests = {sent.span.span_id: sent for sent in spans if sent.span.name == "POST /score"}
    runs = [sent for sent in spans if sent.span.name == "run"]
    assert len(requests) == 4
    assert {run.span.parent_span_id for run in runs} == set(requests)
    assert all(run.span.trace_id == requests[run.span.parent_span_id].span.trace_id for run in runs)
    together = [run for run in runs if run.attributes["model.batch_size"] == 3]
    (first,) = [run for run in together if len(run.span.links) == 2]
    others = [run for run in together if run is not first]
    assert {link.span_id for link in first.span.links} == {run.span.parent_span_id for run in others}
    assert [[link.span_id for link in run.span.links] for run in others] == [[first.span.span_id]] * 2
    failed = [run for run in runs if run.span.status.code == ERROR]
    assert [requests[run.span.parent_span_id].attributes["http.response.status_code"] for run in failed] == [500]


def test_a_receiver_that_is_down_costs_one_line(tmp_path: Path, home: Path) -> None:
    with socket.socket() as taken:
        # It accepts no connection as long as it does not listen.
        taken.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{taken.getsockname()[1]}"
        environ = {"OTEL_EXPORTER_OTLP_TIMEOUT": "1"}
        with served(tmp_path, SCRIPT, otlp_endpoint=endpoint, environ=environ) as server:
            for number in range(20):
                server.ask(str(number))
            until(lambda: server.lines_with("could not be sent"))
            server.ask("more")
            started = time.monotonic()
            server.stop()
            assert time.monotonic() - started < 8
            (line,) = server.lines_with("could not be sent")
            assert endpoint in line
            assert not server.lines_with("Traceback")


def test_without_an_endpoint_nothing_of_it_is_imported(tmp_path: Path, home: Path) -> None:
    script = "import sys\n\ndef run(data):\n    return [name for name in sys.modules if 'opentelemetry' in name]\n"
    with served(tmp_path, script) as server:
        assert server.ask() == []


@pytest.mark.parametrize("given", ["127.0.0.1:4318", "http://", "http://me:secret@host/", "http://host/?key=secret"])
def test_an_address_that_cannot_be_one_or_would_show_a_password_is_refused(given: str) -> None:
    with pytest.raises(ConfigProblem) as refused:
        with_settings(ServingConfig(), {"otlp_endpoint": given}, "settings")
    assert "secret" not in refused.value.text()


def test_telemetry_without_its_packages_is_refused(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "score.py").write_text("def run(data):\n    return data\n")
    asked: dict[str, Any] = {"script": tmp_path / "score.py", "settings": {"otlp_endpoint": "http://127.0.0.1:4318"}}
    with pytest.raises(EnvironmentProblem, match="opentelemetry-sdk and opentelemetry-exporter") as refused:
        workspace.deploy("traced", environment="inferred", **asked)
    assert "--environment inferred+opentelemetry-sdk,opentelemetry-exporter-otlp-proto-http" in refused.value.hint
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(EnvironmentProblem, match="not installed here") as refused:
        workspace.deploy("traced", **asked)
    assert refused.value.hint == "pip install 'jupyter-model-deploy[telemetry]'"
    assert not workspace.services
