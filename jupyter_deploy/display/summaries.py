"""What stays of a live view: a summary in two layers, without its buttons."""

from __future__ import annotations

from collections.abc import Sequence

from . import markup, plain


def summary_html(title: str, what: str, rows: plain.Rows, lines: Sequence[str] = (), after: str = "") -> markup.Html:
    """Draw a summary.

    Parameters
    ----------
    title : str
        A name.
    what : str
        HTML or text behind it.
    rows : sequence of tuple of (str, str)
        Label and text; empty ones are left out.
    lines : sequence of str, optional
        Lines of a log or an answer.
    after : str, optional
        A last sentence.

    Returns
    -------
    Html
        A card.
    """
    return markup.card(
        title,
        markup.line(markup.bold(title), what),
        markup.facts([(label, value) for label, value in rows if value]),
        markup.pre("\n".join(lines), f"lines of {title}") if lines else "",
        markup.note(after) if after else "",
    )


def summary_text(title: str, rows: plain.Rows, lines: Sequence[str] = ()) -> str:
    """Write a summary as text.

    Parameters
    ----------
    title : str
        The first line.
    rows : sequence of tuple of (str, str)
        Label and text; empty ones are left out.
    lines : sequence of str, optional
        Lines of a log or an answer.

    Returns
    -------
    str
        Without a new line at its end.
    """
    head = plain.block(title, [(label, value) for label, value in rows if value])
    return "\n".join([head, *map(plain.readable, lines)])
