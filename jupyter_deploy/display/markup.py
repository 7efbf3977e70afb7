"""HTML faces: no script, everything escaped, colours from the notebook's theme."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import Any

from ..client import Service
from ..environments.environment import Environment
from ..models import Model
from ..packages import Package
from ..scripts import Script
from ..services import Stats
from ..verbs.verb import Done, Listing
from .invocations import answer_html, binary_html, report_html, snippet_html
from .plain import (
    environment_rows,
    facts_of,
    listing_table,
    model_rows,
    package_rows,
    script_sentences,
    service_rows,
    stats_rows,
)  # fmt: skip

_CARD = (
    "border:1px solid var(--jp-border-color2,#c8c8c8);border-radius:6px;padding:8px 12px;display:inline-block;"
    "max-width:100%;font-size:13px;line-height:1.5;text-align:left"
)
_MUTED = "color:var(--jp-ui-font-color2,#666);padding:0 14px 0 0;vertical-align:top;text-align:left;white-space:nowrap"
_CELL = "padding:0;text-align:left;overflow-wrap:anywhere"
_HEAD = "text-align:left;padding:2px 14px 2px 0;border-bottom:1px solid var(--jp-border-color2,#c8c8c8)"
_COLOURS = {
    "Healthy": "#1a7f37",
    "Transitioning": "#9a6700",
    "Unhealthy": "#bc4c00",
    "Unschedulable": "#bc4c00",
    "Failed": "#cf222e",
    "Stopped": "#6e7781",
}


def _badge(state: str) -> str:
    # The word says it as well as the colour.
    colour = _COLOURS.get(state, "#6e7781")
    return (
        f'<span style="background:{colour};color:#fff;border-radius:9px;padding:1px 9px;font-size:12px">'
        f"{escape(state)}</span>"
    )


def _value(label: str, value: str) -> str:
    if label == "url":
        return f'<a href="{escape(value)}">{escape(value)}</a>'
    return f"<code>{escape(value)}</code>" if label == "load it with" else escape(value)


def _card(title: str, rows: Sequence[tuple[str, str]]) -> str:
    lines = "".join(
        f'<tr style="background:none"><td style="{_MUTED}">{escape(label)}</td>'
        f'<td style="{_CELL}">{_value(label, value)}</td></tr>'
        for label, value in rows
    )
    table = f'<table style="margin:4px 0 0;border-collapse:collapse">{lines}</table>' if rows else ""
    return f'<div style="{_CARD}"><div>{title}</div>{table}</div>'


def _model(model: Model) -> str:
    return _card(f"<b>{escape(model.name)}</b> version {model.version}", model_rows(model))


def _script(script: Script) -> str:
    lines = "".join(f"<div>{escape(line)}</div>" for line in script_sentences(script))
    return f'<div style="{_CARD}"><div><b>{escape(script.name)}</b> script checked</div>{lines}</div>'


def _service(service: Service) -> str:
    facts = facts_of(service)
    if facts is None:
        return _card(f"<b>{escape(service.name)}</b> {_badge('deleted')}", [])
    return _card(f"<b>{escape(service.name)}</b> {_badge(facts['state'])}", service_rows(service, facts))


def _listing(listing: Listing) -> str:
    if not listing:
        return f"<div>No {escape(listing.kind)} found.</div>"
    header, rows = listing_table(listing)
    head = "".join(f'<th scope="col" style="{_HEAD}">{escape(cell)}</th>' for cell in header)
    body = "".join(
        "<tr>"
        + "".join(f'<td style="text-align:left;padding:2px 14px 2px 0">{escape(cell)}</td>' for cell in row)
        + "</tr>"
        for row in rows
    )
    return f'<table style="border-collapse:collapse"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def _log(log: str) -> str:
    style = "max-height:24em;overflow:auto;font-size:12px;margin:0;white-space:pre-wrap"
    return f'<pre tabindex="0" aria-label="service log" style="{style}">{escape(str(log)) or "The log is empty."}</pre>'


def _done(done: Done) -> str:
    return f"<div>{escape(done.sentence)}</div>"


def _stats(stats: Stats) -> str:
    return _card("Uses now", stats_rows(stats))


def _environment(environment: Environment) -> str:
    version = f"version {environment.version}" if environment.version else "not registered"
    title = f"environment <b>{escape(environment.name)}</b> {version}"
    return _card(title, environment_rows(environment))


def _package(package: Package) -> str:
    return _card(f"package of <b>{escape(package.name)}</b>", package_rows(package))


FACES: dict[str, Callable[[Any], str]] = {
    "Model": _model,
    "Script": _script,
    "Service": _service,
    "Listing": _listing,
    "LogText": _log,
    "Done": _done,
    "Stats": _stats,
    "Environment": _environment,
    "Package": _package,
    "Answer": answer_html,
    "Binary": binary_html,
    "LatencyReport": report_html,
    "Snippet": snippet_html,
}
