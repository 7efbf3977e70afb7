"""Faces of the workspace's overview."""

from __future__ import annotations

from typing import Any

from ..verbs import Overview, overview_of
from . import markup, plain
from .card import models_of
from .face import Face
from .listings import cell

_HEADER = ["service", "state", "url", "models"]
_SHOWN = 30
_STEPS = ("def run(data): … with what you trained, by its name", "serve it", "call it")


def _services(overview: Overview) -> list[list[str]]:
    return [[fact["name"], fact["state"], fact["scoring_uri"], models_of(fact)] for fact in overview.services]


def _some(names: list[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else "")


def _rows(overview: Overview) -> list[tuple[str, str]]:
    rows = [
        ("models", _some([model.id for model in overview.models])),
        ("scripts", _some(list(overview.scripts))),
        ("environments", _some([f"{one.name}:{one.version}" for one in overview.environments])),
        (
            "left over",
            f"{plain.counted(overview.leftovers, 'folder')} that no service needs" if overview.leftovers else "",
        ),
    ]
    return [(label, value) for label, value in rows if value]


def _text(overview: Overview) -> str:
    if overview.is_empty:
        width = max(map(len, overview.next_steps)) + 2
        steps = (f"  {command:<{width}}{what}" for command, what in zip(overview.next_steps, _STEPS, strict=True))
        return "\n".join(["The workspace is empty. From a trained model to a service that answers:", *steps])
    services = plain.table(_HEADER, _services(overview)) if overview.services else "No services."
    rows = [*_rows(overview), *(("tidy up", step) for step in overview.next_steps)]
    return f"{services}\n\n{plain.block('', rows).lstrip(chr(10))}"


def _html(overview: Overview) -> str:
    title = markup.line(markup.bold("Workspace"), markup.muted(overview.home))
    if overview.is_empty:
        lead = markup.block("It is empty. From a trained model to a service that answers:", above=6)
        pairs = zip(overview.next_steps, _STEPS, strict=True)
        steps = (markup.line(markup.code(command), markup.muted(what)) for command, what in pairs)
        return markup.card("workspace", title, lead, *(markup.block(step, above=4) for step in steps))
    cells = [[cell(column, text) for column, text in zip(_HEADER, row, strict=True)] for row in _services(overview)]
    tidy = [("tidy up with", step) for step in overview.next_steps]
    services = markup.table(_HEADER, cells, "services") if cells else markup.sentence("No services.")
    below = markup.facts([*_rows(overview), *tidy], ["tidy up with"])
    return markup.card("workspace", title, markup.block(services, above=6), below)


def _data(overview: Overview) -> dict[str, Any]:
    return {**overview.as_dict(), "next_steps": overview.next_steps}


OVERVIEW = Face("overview", _text, _html, _data)
WORKSPACE = Face("overview", _text, _html, _data, overview_of)
