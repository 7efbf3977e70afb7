"""Measurements, printed clients and answers: their numbers, their faces."""

from __future__ import annotations

import itertools
import json
import math
import random
import re
import shlex
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from jupyter_deploy.display import html, text
from jupyter_deploy.errors import UsageProblem
from jupyter_deploy.invoking import Answer, Binary, LatencyReport, Snippet, elapsed
from jupyter_deploy.invoking.answers import answer_of, decoded
from jupyter_deploy.invoking.connection import Reply
from jupyter_deploy.invoking.expectations import nothing_sent
from jupyter_deploy.invoking.invocation import Request, checked_headers
from jupyter_deploy.invoking.load import Trouble, check_load, histogram, percentile
from jupyter_deploy.invoking.payloads import JSON, Payload
from jupyter_deploy.invoking.signatures import Signature
from jupyter_deploy.invoking.snippets import curl, python

EVIL = "<script>alert(1)</script>"
URL = "http://127.0.0.1:1/score"


@pytest.mark.parametrize(
    ("count", "percent", "rank"),
    [(1, 50, 1), (1, 99, 1), (2, 50, 1), (100, 50, 50), (100, 99, 99), (101, 95, 96), (5, 99, 5)],
)
def test_percentiles_are_ranks(count: int, percent: int, rank: int) -> None:
    assert percentile([float(number) for number in range(1, count + 1)], percent) == rank


def test_a_histogram_counts_every_time_once() -> None:
    source = random.Random(5)
    for _ in range(300):
        size = source.randint(1, 60)
        times = sorted(source.choice([source.random(), 1.0, source.random() ** -2]) for _ in range(size))
        bars = histogram(times)
        assert sum(count for _, _, count in bars) == len(times)
        assert len(bars) <= 12
        assert math.isclose(bars[0][0], times[0])
        assert math.isclose(bars[-1][1], times[-1])
        for (_, end, _), (start, _, _) in itertools.pairwise(bars):
            assert math.isclose(end, start)
    assert histogram([]) == []
    assert histogram([2.0, 2.0]) == [(2.0, 2.0, 2)]


def test_a_long_tail_does_not_hide_the_rest() -> None:
    bars = histogram([*(0.001 + number / 1e6 for number in range(99)), 5.0])
    assert len([count for _, _, count in bars if count]) > 5
    assert bars[-1][1] == 5.0


REPORT = LatencyReport(
    "churn",
    10,
    2,
    0.5,
    tuple(number / 1000 for number in range(1, 8)),
    (0.0005, 0.001),
    (Trouble("500", 2, EVIL, "id-1"), Trouble("no answer", 1, "Connection refused")),
)


def test_a_report_as_data() -> None:
    data = json.loads(json.dumps(REPORT.as_dict()))
    assert (data["requests"], data["answered"], data["ok"]) == (10, 10, 7)
    assert data["errors"] == {"500": 2, "no answer": 1}
    assert data["messages"][0] == {"kind": "500", "message": EVIL, "request_id": "id-1"}
    assert data["client_ms"] == {"min": 1.0, "p50": 4.0, "p95": 7.0, "p99": 7.0, "max": 7.0}
    assert data["server_ms"]["max"] == 1.0
    assert data["requests_per_second"] == 20
    assert sum(bar["count"] for bar in data["histogram"]) == 7


def test_a_report_has_a_table_a_histogram_and_its_errors() -> None:
    lines = text(REPORT).splitlines()
    assert lines[0] == "churn: 10 requests, 2 at once, in 500 ms: 20 requests/s, 3 failed"
    assert lines[1].split() == ["min", "p50", "p95", "p99", "max"]
    assert lines[2].split() == ["client", *["1.0", "ms", "4.0", "ms", "7.0", "ms", "7.0", "ms", "7.0", "ms"]]
    assert lines[3].split()[:3] == ["in", "run()", "0.50"]
    assert sum(int(line.split()[-1]) for line in lines if "█" in line) == 7
    assert lines[-2:] == [f"  2 × 500: {EVIL} (request id-1)", "  1 × no answer: Connection refused"]


def test_a_report_in_html_is_escaped_and_its_chart_is_read_aloud() -> None:
    face = html(REPORT)
    assert EVIL not in face
    assert "&lt;script&gt;" in face
    tree = ElementTree.fromstring(face)
    svg = tree.find(".//svg")
    assert svg is not None
    assert svg.attrib["role"] == "img"
    assert "half within 4.0 ms" in svg.attrib["aria-label"]
    counts = [int((rect.findtext("title") or "").rpartition(" ")[2]) for rect in svg.iter("rect")]
    assert sum(counts) == 7
    assert all("var(--jp-" in rect.attrib["style"] for rect in svg.iter("rect"))
    assert not [rect for rect in svg.iter("rect") if "opacity" in rect.attrib["style"]]
    tailed = ElementTree.fromstring(
        html(replace(REPORT, client=(*[0.001 + number / 1e6 for number in range(99)], 5.0)))
    )
    rects = list(tailed.iter("rect"))
    assert ["opacity" in rect.attrib["style"] for rect in rects] == [False] * (len(rects) - 1) + [True]
    assert "over 1.1 ms" in [label.text for label in tailed.iter("text")]
    assert [cell.attrib["scope"] for cell in tree.iter("th")] == ["col"] * 5 + ["row"] * 2


def test_a_report_of_nothing_but_failures_or_of_nothing() -> None:
    failed = LatencyReport("s", 2, 1, 0.1, (), (), (Trouble("400", 2, "no"),))
    assert text(failed).splitlines() == [
        "s: 2 requests, 1 at once, in 100 ms: 20 requests/s, 2 failed",
        "  2 × 400: no",
    ]
    assert "<svg" not in html(failed)
    nothing = LatencyReport("s", 5, 1, 0.0, (), (), (), interrupted=True)
    assert text(nothing) == "s: 0 of 5 requests, 1 at once, in 0 µs, interrupted: 0 requests/s, none failed"
    assert nothing.as_dict()["client_ms"] == {}
    one = LatencyReport("s", 1, 1, 0.1, (0.1,), ())
    assert text(one).splitlines()[0].startswith("s: 1 request, 1 at once")
    assert ElementTree.fromstring(html(one)).find(".//rect") is not None


@pytest.mark.parametrize(("requests", "concurrency"), [(0, 1), (-1, 1), (10**7, 1), (1, 0), (1, 65)])
def test_numbers_that_cannot_be_meant(requests: int, concurrency: int) -> None:
    with pytest.raises(UsageProblem, match="cannot be sent"):
        check_load(requests, concurrency)


def made(body: bytes, kind: str = JSON, path: str = "", **headers: str) -> Request:
    return Request(URL, Payload(body, kind, path), {"Content-Type": kind, **headers})


@pytest.mark.parametrize("write", [curl, python])
@pytest.mark.parametrize("name", ["Authorization", "authorization", "X-API-Key", "Cookie"])
def test_keys_are_masked_unless_asked(write: type, name: str) -> None:
    request = made(b"[1]", **{name: "Bearer s3cret", "X-Trace": "seen"})
    hidden, shown = write(request), write(request, show_key=True)
    assert "s3cret" not in hidden
    assert "Bearer ********" in hidden
    assert "seen" in hidden
    assert "Bearer s3cret" in shown
    assert "authorization" not in write(made(b"[1]")).lower()
    assert isinstance(hidden, Snippet)


@pytest.mark.parametrize("body", [b"\x00\xff", b"a\x00b", b"[" + b"1," * 3000 + b"1]", b"a\r\nb"])
def test_what_does_not_fit_into_a_line_goes_through_a_file(body: bytes) -> None:
    for write in (curl, python):
        snippet = write(made(body))
        assert snippet.startswith(f"# The body has {len(body):,} bytes and goes into a file: add --output request.json")
        assert "request.json" in snippet.splitlines()[-1] or "Path('request.json')" in snippet
        assert "#" not in write(made(body, path="/data/x.png"))
        assert "/data/x.png" in write(made(body, path="/data/x.png"))


def test_a_snippet_is_shown_as_it_is() -> None:
    snippet = curl(made(json.dumps([EVIL]).encode()))
    assert text(snippet) == str(snippet)
    assert EVIL in snippet
    assert EVIL not in html(snippet)
    words = shlex.split(snippet)
    assert words[:3] == ["curl", "-sS", URL]
    assert words[-1] == json.dumps([EVIL])


@pytest.mark.parametrize(
    ("body", "kind", "value"),
    [
        (b"[1]", JSON, [1]),
        (b"", JSON, ""),
        (b"1e999", JSON, math.inf),
        (b'{"a": NaN}', JSON, "nan"),
        (b"words", JSON, "words"),
        ("grüße".encode(), "text/plain", "grüße"),
        (b"\xff", "text/plain", b"\xff"),
        (b"[1]", "application/octet-stream", b"[1]"),
        (b"[1]", "image/png", b"[1]"),
        (b"<svg/>", "image/svg+xml", b"<svg/>"),
        (b"%PDF", "application/pdf", b"%PDF"),
        (b"PK", "application/zip", b"PK"),
        (b"[1]", "text/csv", [1]),
        (b"<a/>", "application/xml", "<a/>"),
    ],
)
def test_answers_become_values(body: bytes, kind: str, value: object) -> None:
    found = decoded(body, kind)
    if value == "nan":
        assert math.isnan(found["a"])
        return
    assert found == value
    assert isinstance(found, Binary) == isinstance(value, bytes)


def answer(value: object, run: float | None = 0.0012) -> Answer:
    return Answer(value, 200, 0.0031, run, "id-1", JSON, 5)


def test_an_answer_tells_how_it_went() -> None:
    assert answer([1]).sentence() == "200 OK · 3.1 ms, of which 1.2 ms in run()"
    assert answer([1], None).sentence() == "200 OK · 3.1 ms"
    assert Answer(None, 299, 2.0, None, "", "", 0).sentence() == "299 · 2.00 s"
    assert text(answer([EVIL])) == f"200 OK · 3.1 ms, of which 1.2 ms in run()\n['{EVIL}']"
    assert EVIL not in html(answer([EVIL]))
    assert len(text(answer("x" * 100_000))) < 5_000
    reply = Reply(200, {"content-type": "Image/PNG; q=1", "x-ms-run-fn-exec-ms": "1.5"}, b"\x89", 0.01)
    found = answer_of(reply)
    assert (found.content_type, found.run_seconds, found.size, found.request_id) == ("image/png", 0.0015, 1, "")
    assert found.as_dict()["value"] == {"content_type": "image/png", "base64": "iQ=="}
    assert json.dumps(found.as_dict())


def test_bytes_are_named_and_pictures_shown() -> None:
    picture = Binary.of(b"\x89PNG", "image/png")
    assert picture == b"\x89PNG"
    assert text(picture) == "<4 bytes of image/png>"
    assert html(picture).startswith('<img src="data:image/png;base64,iVBORw==" alt="&lt;4 bytes of image/png&gt;"')
    assert text(picture).replace("<", "&lt;").replace(">", "&gt;") in html(answer(picture))
    strange = Binary.of(b"x", f'image/{EVIL}"')
    assert EVIL not in html(strange)
    assert "<img" not in html(strange)
    assert "<img" not in html(Binary.of(bytes(5 << 20), "image/png"))


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0 µs"),
        (0.000012, "12 µs"),
        (0.00031, "0.31 ms"),
        (0.0031, "3.1 ms"),
        (0.24, "240 ms"),
        (2.4, "2.40 s"),
        (3600, "3,600 s"),
    ],
)
def test_times_are_short(seconds: float, shown: str) -> None:
    assert elapsed(seconds) == shown


def test_what_varies_is_sanitized_in_notebooks() -> None:
    from nbval.plugin import get_sanitize_patterns

    config = Path(__file__).parents[2] / "notebooks" / "sanitize.cfg"
    patterns = get_sanitize_patterns(config.read_text())

    def sanitized(shown: str) -> str:
        for regex, replacement in patterns:
            shown = re.sub(regex, replacement, shown)
        return shown

    assert sanitized(answer([1]).sentence()) == "200 OK · TIME, of which TIME in run()"
    assert sanitized("took 1.2 s") == "took TIME"
    assert sanitized("[1, 2, 30]") == "[1, 2, 30]"
    first, second = (text(report).splitlines()[0] for report in (REPORT, replace(REPORT, seconds=0.25)))
    assert first != second
    assert sanitized(first) == sanitized(second)
    assert sanitized("The request's id is 9b3ff0a0-cc14-443b-8a76-10bda101108e.") == "The request's id is ID."


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("a b", "x"),
        ("", "x"),
        ("é", "x"),
        ("A:", "x"),
        ("A", "x\r\nB: y"),
        ("A", "x\ny"),
        ("A", "é"),
        ("A", "\u2028"),
        ("A", "\x00"),
        ("A", "\x7f"),
        ("Content-Length", "0"),
        ("transfer-encoding", "chunked"),
        ("Host", "x"),
    ],
)
def test_headers_that_cannot_be_sent(name: str, value: str) -> None:
    with pytest.raises(UsageProblem, match=re.escape(name) or "''"):
        checked_headers({name: value})


def test_headers_that_can_be_sent() -> None:
    given = {"X-Trace": "a=b c", "Accept": "", "Content-Type": "text/csv", "A": "tab\tand space"}
    assert checked_headers(given) == given


def test_an_example_that_is_not_known_is_not_made_up() -> None:
    tensors = Signature({"data": {"type": "array"}})
    problem = nothing_sent("dyn", "%invoke", None, tensors)
    assert problem is not None
    assert problem.hint == """In this form, with values for …: %invoke dyn --data '{"data": "…"}'"""
    problem = nothing_sent("dyn", "%invoke", None, Signature({"data": {}}, {"data": [[1, 2]]}))
    assert problem is not None
    assert problem.hint == """For example: %invoke dyn --data '{"data": [[1, 2]]}'"""
