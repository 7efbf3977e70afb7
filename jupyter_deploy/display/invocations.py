"""Faces of what an invocation returns: answers, measurements, programs."""

from __future__ import annotations

import base64
from pprint import pformat
from typing import Any

from ..invoking import Answer, Binary, LatencyReport, Snippet, elapsed, summary
from . import histograms, markup, plain
from .face import Face

_SHOWN = ("image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp", "image/svg+xml")
_LARGEST_SHOWN = 4 << 20
_LONGEST = 4_000
_BORDER = "1px solid var(--jp-border-color2,#c8c8c8)"
_NUMBER = "text-align:right;padding:2px 0 2px 14px;font-variant-numeric:tabular-nums"


def answer_text(answer: Answer) -> str:
    """Show how a request went, and its value on a line of its own; a long value is cut."""
    return plain.readable(f"{answer.sentence()}\n{_value_text(answer.value)}")


def answer_html(answer: Answer) -> str:
    """Show how a request went, and its value; pictures are shown."""
    value = answer.value
    shown = binary_html(value) if isinstance(value, Binary) else markup.pre(_value_text(value), "answer")
    return markup.block(markup.note(answer.sentence()), shown)


def _value_text(value: Any) -> str:
    if isinstance(value, Binary):
        return binary_text(value)
    text = pformat(value, width=110, compact=True, sort_dicts=False)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} … {len(text) - _LONGEST:,} more characters"


def binary_text(value: Binary) -> str:
    """Describe bytes by type and size."""
    return plain.readable(f"<{len(value):,} bytes of {value.content_type}>")


def binary_html(value: Binary) -> str:
    """Show a picture, or describe bytes by type and size."""
    text = binary_text(value)
    if value.content_type not in _SHOWN or len(value) > _LARGEST_SHOWN:
        return markup.block(text)
    address = f"data:{value.content_type};base64,{base64.b64encode(value).decode()}"
    return markup.element("img", src=address, alt=text, title=text, style="max-width:100%")


def snippet_text(snippet: Snippet) -> str:
    """Show program text as it is."""
    return str(snippet)


def snippet_html(snippet: Snippet) -> str:
    """Show program text as it is."""
    return markup.pre(str(snippet), "client program")


def _headline(report: LatencyReport) -> str:
    ended = f"{report.answered:,} of {report.asked:,}" if report.answered < report.asked else f"{report.asked:,}"
    noun = "request" if report.asked == 1 else "requests"
    failed = f"{report.failed:,} failed" if report.failed else "none failed"
    cut = ", interrupted" if report.interrupted else ""
    return (
        f"{ended} {noun}, {report.concurrency} at once, in {elapsed(report.seconds)}{cut}: "
        f"{report.rate:,.0f} requests/s, {failed}"
    )


def _rows(report: LatencyReport) -> tuple[list[str], list[list[str]]]:
    found = [("client", summary(report.client)), ("in run()", summary(report.server))]
    header = list(found[0][1])
    return header, [[name, *map(elapsed, times.values())] for name, times in found if times]


def _troubles(report: LatencyReport) -> list[str]:
    lines = []
    for one in report.troubles:
        named = f" (request {one.request_id})" if one.request_id else ""
        lines.append(f"{one.count:,} × {one.kind}: {one.message}{named}")
    return lines


def report_text(report: LatencyReport) -> str:
    """Show a load test: a line, a table, a histogram, the errors."""
    lines = [f"{report.service}: {_headline(report)}"]
    header, rows = _rows(report)
    if rows:
        lines.append("  " + "".join([" " * 8, *(f"{name:>10}" for name in header)]))
        lines += ["  " + "".join([f"{row[0]:<8}", *(f"{cell:>10}" for cell in row[1:])]) for row in rows]
        lines += [f"  {line}" for line in histograms.lines(report.bars())]
    return plain.readable("\n".join([*lines, *(f"  {line}" for line in _troubles(report))]))


def report_html(report: LatencyReport) -> str:
    """Show a load test: a line, a table, a chart, the errors."""
    header, rows = _rows(report)
    parts = [markup.block(markup.bold(report.service), f" {_headline(report)}")]
    if rows:
        parts += [_table(header, rows), _chart(report)]
    parts += [markup.block(line) for line in _troubles(report)]
    return markup.card(f"what requests to {report.service} took", *parts)


def _table(header: list[str], rows: list[list[str]]) -> markup.Html:
    element = markup.element
    ruled = f"border-bottom:{_BORDER}"
    head = (element("th", name, scope="col", style=f"{_NUMBER};{ruled}") for name in header)
    body = (
        element(
            "tr",
            element("th", row[0], scope="row", style="text-align:left;font-weight:normal"),
            *(element("td", cell, style=_NUMBER) for cell in row[1:]),
            style="background:none",
        )
        for row in rows
    )
    return element(
        "table",
        element("thead", element("tr", element("td", style=ruled), *head, style="background:none")),
        element("tbody", *body),
        style="border-collapse:collapse;margin:4px 0;color:inherit;font-size:inherit",
    )


def _chart(report: LatencyReport) -> markup.Html:
    middle = summary(report.client)
    words = histograms.told(len(report.client), middle["p50"], middle["p95"], middle["max"])
    return histograms.chart(report.bars(), words)


ANSWER = Face("answer", answer_text, answer_html, lambda answer: answer.as_dict())
BINARY = Face(
    "binary", binary_text, binary_html, lambda value: {"content_type": value.content_type, "size": len(value)}
)
REPORT = Face("latency", report_text, report_html, lambda report: report.as_dict())
SNIPPET = Face("snippet", snippet_text, snippet_html, lambda snippet: {"program": str(snippet)})
