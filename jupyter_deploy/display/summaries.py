"""The static summary of a live view, in two layers, without its buttons."""

from __future__ import annotations

from collections.abc import Sequence

from . import markup, plain


def summary_html(title: str, what: str, rows: plain.Rows, lines: Sequence[str] = (), after: str = "") -> markup.Html:
    """Draw a summary as a card; empty rows are left out.

    ``what`` stands behind the title, ``after`` is a last sentence. ``lines`` are those of a log or an answer.
    """
    return markup.card(
        title,
        markup.line(markup.bold(title), what),
        markup.facts([(label, value) for label, value in rows if value]),
        markup.pre("\n".join(lines), f"lines of {title}") if lines else "",
        markup.note(after) if after else "",
    )


def summary_text(title: str, rows: plain.Rows, lines: Sequence[str] = ()) -> str:
    """Write a summary as text, without a new line at its end; empty rows are left out."""
    head = plain.block(title, [(label, value) for label, value in rows if value])
    return "\n".join([head, *map(plain.readable, lines)])
