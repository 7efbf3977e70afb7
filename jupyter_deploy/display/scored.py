"""The face of a scoring: how many rows have a prediction, where they are, and why others have none."""

from __future__ import annotations

from ..errors import in_notebook
from ..invoking import elapsed
from ..scoring import Scored
from . import markup, plain
from .face import Face


def _headline(scored: Scored) -> str:
    rows = plain.counted(scored.rows, "row")
    if scored.interrupted:
        return f"{scored.done:,} of {rows}, interrupted"
    failed = f"{scored.failed:,} failed" if scored.failed else "none failed"
    return f"{rows}, {failed}, {elapsed(scored.seconds)}: {scored.rate:,.0f} rows/s"


def _facts(scored: Scored) -> list[tuple[str, str]]:
    at_once = f"{plain.counted(scored.rows_a_request, 'row')} a request, {scored.concurrency} at once"
    facts = [
        ("input", scored.input),
        ("output", "" if scored.interrupted else scored.output),
        ("failed rows", scored.failed_file),
        ("resumed", f"behind {plain.counted(scored.resumed, 'row')} of an earlier run" if scored.resumed else ""),
        ("requests", f"{at_once}, engine {scored.engine}"),
        *(("note", note) for note in scored.notes),
    ]
    return [(label, value) for label, value in facts if value]


def _failures(scored: Scored) -> list[str]:
    shown = [f"row {one.row:,}: {one.message}" for one in scored.errors]
    more = scored.failed - len(scored.errors)
    return [*shown, f"and {more:,} more"] if more > 0 else shown


def _goes_on(scored: Scored) -> str:
    return f"What was done is kept. This goes on: {scored.again}" if scored.again else ""


def _text(scored: Scored) -> str:
    parts = [plain.block(f"Scored with {scored.service}: {_headline(scored)}", _facts(scored))]
    parts += [f"  {line}" for line in _failures(scored)]
    parts += [f"Hint: {_goes_on(scored)}"] if scored.again else []
    return plain.readable("\n".join(parts))


def _html(scored: Scored) -> str:
    title = markup.line(markup.bold(scored.service), markup.muted("scored"))
    parts = [title, markup.block(_headline(scored)), markup.facts(_facts(scored))]
    parts += [markup.block(line) for line in _failures(scored)]
    parts += [markup.note(f"Hint: {in_notebook(_goes_on(scored))}")] if scored.again else []
    return markup.card(f"scored with {scored.service}", *parts)


SCORED = Face("scored", _text, _html, Scored.as_dict)
