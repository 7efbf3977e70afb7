"""Faces of lists, logs, sentences, and errors that are shown as values."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..endpoints import shown_shares
from ..verbs import Listing, LogText, facts_of_all
from ..verbs import plain as plain_data
from . import markup, plain
from .card import models_of
from .face import Face

if TYPE_CHECKING:
    from ..errors import DeployError

# The page gets the end of a longer log; the plain layer has all of it.
LOG_LINES = 2000


def _models(listing: Listing) -> list[list[str]]:
    return [
        [
            model.name,
            str(model.version),
            f"{model.framework} {model.framework_version}".strip(),
            plain.human_size(model.size),
            f"{model.created.astimezone():%Y-%m-%d %H:%M}",
            plain.pairs_text(model.tags),
        ]
        for model in listing
    ]


def _environments(listing: Listing) -> list[list[str]]:
    return [
        [one.name, str(one.version), one.python, ", ".join(one.as_dict()["requirements"]), one.base_image]
        for one in listing
    ]


def _services(listing: Listing) -> list[list[str]]:
    return [[fact["name"], fact["state"], fact["scoring_uri"], fact["script"], models_of(fact)] for fact in listing]


def _scripts(listing: Listing) -> list[list[str]]:
    return [
        [script.name, plain.counted(len(script.cell.splitlines()) - 1, "line"), ", ".join(script.models)]
        for script in listing
    ]


_TABLES: dict[str, tuple[list[str], Callable[[Listing], list[list[str]]]]] = {
    "models": (["model", "version", "framework", "size", "registered", "tags"], _models),
    "environments": (["environment", "version", "python", "packages", "base image"], _environments),
    "scripts": (["script", "length", "takes from the notebook"], _scripts),
    "services": (["service", "state", "url", "script", "models"], _services),
    "endpoints": (
        ["endpoint", "state", "url", "auth", "traffic"],
        lambda listing: [
            [one["name"], one["state"], one["scoring_uri"], one["auth"], shown_shares(one["traffic"])]
            for one in listing
        ],
    ),
    "deployments": (
        ["deployment", "state", "traffic", "instances", "script", "models"],
        lambda listing: [
            [
                one["name"],
                one["state"],
                f"{one['traffic']} %",
                str(one["wanted"]),
                one["script"],
                ", ".join(one["models"]),
            ]
            for one in listing
        ],
    ),
    "leftovers": (
        ["what", "name", "size"],
        lambda listing: [[one.kind, one.name, plain.human_size(one.size)] for one in listing],
    ),
}


def cell(column: str, text: str) -> str:
    """Draw a table's cell: states are badges, addresses can be copied."""
    if not text:
        return ""
    if column == "url":
        return markup.code(text, whole=True)
    return markup.badge(text) if column == "state" else text


def _table(listing: Listing) -> tuple[list[str], list[list[str]]]:
    header, rows = _TABLES[listing.kind]
    if listing.kind == "models" and any(model.captured_by for model in listing):
        owners = (model.captured_by for model in listing)
        return [*header, "captured by"], [[*row, owner] for row, owner in zip(rows(listing), owners, strict=True)]
    return header, rows(listing)


def _text(listing: Listing) -> str:
    return plain.table(*_table(listing)) if listing else f"No {listing.kind} found."


def _html(listing: Listing) -> str:
    if not listing:
        return markup.sentence(f"No {listing.kind} found.")
    header, rows = _table(listing)
    cells = [[cell(column, text) for column, text in zip(header, row, strict=True)] for row in rows]
    return markup.table(header, cells, listing.kind)


def _log_html(log: LogText) -> str:
    lines = str(log).rstrip("\n").split("\n")
    kept = "\n".join(lines[-LOG_LINES:])
    if not kept:
        return markup.sentence("The log is empty.")
    left_out = len(lines) - LOG_LINES
    note = markup.sentence(f"… {plain.counted(left_out, 'earlier line')}") if left_out > 0 else ""
    return markup.join([note, markup.pre(kept, "service log")])


def _log_data(log: LogText) -> dict[str, Any]:
    return {"lines": str(log).rstrip("\n").split("\n")[-LOG_LINES:] if log else []}


def _error_html(error: DeployError) -> str:
    tone = markup.TONES["Failed"].ground
    return markup.card(
        error.title,
        markup.block(markup.bold(error.title), f": {error.message}"),
        markup.pre(error.details, "details") if error.details else "",
        markup.block(markup.muted("Hint:"), f" {error.notebook_hint}", above=4) if error.hint else "",
        accent=tone,
    )


def _error_data(error: DeployError) -> dict[str, Any]:
    return {"type": error.title, "message": error.message, "details": error.details, "hint": error.hint}


def _data(listing: Listing) -> dict[str, Any]:
    return {"kind": listing.kind, "asked": listing.asked, "items": plain_data(listing)}


LISTING = Face("listing", _text, _html, _data)
SERVICES = Face("listing", _text, _html, _data, lambda services: Listing("services", facts_of_all(services), {}))
MODELS = Face("listing", _text, _html, _data, lambda models: Listing("models", models.list(), {}))
ENDPOINTS = Face(
    "listing", _text, _html, _data, lambda known: Listing("endpoints", [one.as_dict() for one in known.values()], {})
)
SCRIPTS = Face(
    "listing", _text, _html, _data, lambda scripts: Listing("scripts", [scripts.get(name) for name in scripts], {})
)
ENVIRONMENTS = Face("listing", _text, _html, _data, lambda known: Listing("environments", known.values(), {}))
LOG = Face("log", lambda log: str(log).rstrip("\n") or "The log is empty.", _log_html, _log_data)
DONE = Face(
    "done",
    lambda done: plain.readable(done.sentence),
    lambda done: markup.sentence(done.sentence),
    lambda done: {"sentence": done.sentence, **done.as_dict()},
)
ERROR = Face("error", lambda error: plain.readable(error.text()), _error_html, _error_data)
