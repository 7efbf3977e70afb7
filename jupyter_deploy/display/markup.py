"""The HTML that faces are made of: no script, no address that could be one, everything escaped.

Colours are the notebook theme's, so that cards are at home in a light page and in a dark one; where there is no such
theme, the page's own. All is small and wraps: a card fits a cell of 320 pixels.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import NamedTuple

from .plain import Rows, readable

BORDER = "var(--jp-border-color2,rgba(128,128,128,.4))"
MUTED = "var(--jp-content-font-color2,inherit)"
_TEXT = "var(--jp-content-font-color1,inherit)"
SHADE = "var(--jp-layout-color2,rgba(128,128,128,.15))"
_CODE_FONT = "var(--jp-code-font-family,monospace)"
_FONT = f"font-family:var(--jp-content-font-family,system-ui,sans-serif);font-size:13px;line-height:1.5;color:{_TEXT}"
_BOX = (
    f"{_FONT};display:inline-block;box-sizing:border-box;max-width:min(100%,760px);padding:10px 14px;margin:2px 0;"
    f"border:1px solid {BORDER};border-radius:6px;text-align:left;overflow-wrap:anywhere"
)
_CODE = (
    f"font-family:{_CODE_FONT};font-size:12px;color:{_TEXT};background:{SHADE};padding:1px 6px;border-radius:4px;"
    "white-space:pre-wrap"
)
_PRE = (
    f"font-family:{_CODE_FONT};font-size:12px;line-height:1.45;color:{_TEXT};background:rgba(128,128,128,.1);"
    "padding:8px 10px;margin:4px 0 0;border-radius:4px;white-space:pre-wrap;overflow-wrap:anywhere;max-height:24em;"
    "overflow:auto"
)
_LINE = "display:flex;flex-wrap:wrap;align-items:baseline;gap:2px 10px"
_ROW = "background:none"
_CELL = "padding:1px 0;text-align:left;vertical-align:top;border:none;white-space:normal;max-width:none"
_LABEL = f"{_CELL};padding-right:14px;font-weight:normal;white-space:nowrap;color:{MUTED}"
# Styles of the elements themselves know no width; where a page drops this one, they do.
NARROW = (
    ".jpd-table{container-type:inline-size}"
    "@container (max-width:520px){.jpd-table table,.jpd-table tbody{display:block}.jpd-table thead{display:none}"
    ".jpd-table tr{display:flex;flex-wrap:wrap;gap:0 16px;border-bottom:1px solid var(--jp-border-color2,#d4d4d4)}"
    ".jpd-table th,.jpd-table td{border:none!important;max-width:100%;box-sizing:border-box;overflow-wrap:anywhere}"
    ".jpd-table th{flex-basis:100%}"
    ".jpd-table td:empty{display:none}"
    ".jpd-table td::before{content:attr(data-column)' ';opacity:.65;font-size:11px}}"
)
_COLUMN = f"padding:3px 16px 3px 0;text-align:left;vertical-align:top;border:none;border-bottom:1px solid {BORDER}"


class Tone(NamedTuple):
    """A badge's sign and colours; its word says the same.

    Parameters
    ----------
    sign : str
        For those who do not see colours.
    ground, ink : str
        Colours that do in a light page and in a dark one.
    """

    sign: str
    ground: str
    ink: str = "#ffffff"


TONES = {
    "Healthy": Tone("●", "#1a7f37"),
    "Transitioning": Tone("◐", "#8a5d00"),
    "Unhealthy": Tone("▲", "#bc4c00"),
    "Unschedulable": Tone("▲", "#bc4c00"),
    "Failed": Tone("✕", "#cf222e"),
    "Stopped": Tone("■", "#67707a"),
}


def esc(text: object) -> str:
    """Escape a text for HTML, in content and in attributes.

    Parameters
    ----------
    text : object
        Anything with a text.

    Returns
    -------
    str
        Without markup and without what could not be read.
    """
    return html.escape(readable(str(text)))


def badge(state: str, *, live: bool = False) -> str:
    """Draw a state: sign, word and colour.

    Parameters
    ----------
    state : str
        One of :data:`jupyter_deploy.services.records.STATES`; any other looks like Stopped.
    live : bool, optional
        Whether screen readers should announce it: a card does, a table of many does not.

    Returns
    -------
    str
        A fragment.
    """
    tone = TONES.get(state, TONES["Stopped"])
    colours = f"background:{tone.ground};color:{tone.ink}"
    style = f"{colours};border-radius:10px;padding:1px 9px;font-size:12px;white-space:nowrap"
    role = ' role="status"' if live else ""
    return f'<span{role} style="{style}"><span aria-hidden="true">{tone.sign}</span> {esc(state)}</span>'


def code(text: str, *, whole: bool = False) -> str:
    """Draw something to copy: a click selects all of it.

    Parameters
    ----------
    text : str
        A command or address.
    whole : bool, optional
        Keep it in one line, where what is around it scrolls.

    Returns
    -------
    str
        A fragment.
    """
    wrap = "normal" if whole else "anywhere"
    style = f"{_CODE};overflow-wrap:{wrap};user-select:all;-webkit-user-select:all;cursor:copy"
    return f'<code title="click to select, then copy" style="{style}">{esc(text)}</code>'


def muted(text: str) -> str:
    """Draw a remark.

    Parameters
    ----------
    text : str
        The remark.

    Returns
    -------
    str
        A fragment.
    """
    return f'<span style="color:{MUTED}">{esc(text)}</span>'


def pre(text: str, label: str) -> str:
    """Draw lines as they are.

    Parameters
    ----------
    text : str
        The lines.
    label : str
        What they are, for screen readers.

    Returns
    -------
    str
        A block that the keyboard can scroll.
    """
    return f'<pre tabindex="0" role="region" aria-label="{esc(label)}" style="{_PRE}">{esc(text)}</pre>'


def line(*parts: str) -> str:
    """Put fragments side by side; they wrap where there is no room.

    Parameters
    ----------
    *parts : str
        Fragments; empty ones are left out.

    Returns
    -------
    str
        A block.
    """
    inner = "".join(f"<span>{part}</span>" if not part.startswith("<") else part for part in parts if part)
    return f'<div style="{_LINE}">{inner}</div>'


def facts(rows: Rows, copied: Sequence[str] = ()) -> str:
    """Lay out labelled lines.

    Parameters
    ----------
    rows : sequence of tuple of (str, str)
        Label and text.
    copied : sequence of str, optional
        Labels of what people copy.

    Returns
    -------
    str
        A table whose labels are headers of their rows; empty without rows.
    """
    if not rows:
        return ""
    lines = "".join(
        f'<tr style="{_ROW}"><th scope="row" style="{_LABEL}">{esc(label)}</th>'
        f'<td style="{_CELL}">{code(value) if label in copied else esc(value)}</td></tr>'
        for label, value in rows
    )
    return f'<table style="margin:6px 0 0;border-collapse:collapse;border:none">{lines}</table>'


def table(header: Sequence[str], rows: Sequence[Sequence[str]], label: str) -> str:
    """Lay out a table.

    Parameters
    ----------
    header : sequence of str
        The columns' names.
    rows : sequence of sequence of str
        The cells, each a fragment that is escaped already.
    label : str
        What it lists, for screen readers.

    Returns
    -------
    str
        Where there is no room beside each other, the columns of a row wrap, each with its name; where a page takes no
        styles, it scrolls by itself and not the page.
    """
    head = "".join(
        f'<th scope="col" style="{_COLUMN};color:{MUTED};font-weight:normal">{esc(cell)}</th>' for cell in header
    )
    body = "".join(
        f'<tr style="{_ROW}"><th scope="row" style="{_COLUMN};font-weight:600">{first}</th>'
        + "".join(
            f'<td data-column="{esc(name)}" style="{_COLUMN}">{cell}</td>'
            for name, cell in zip(header[1:], rest, strict=True)
        )
        + "</tr>"
        for first, *rest in rows
    )
    return (
        f"<style>{NARROW}</style>"
        f'<div class="jpd-table" tabindex="0" role="region" aria-label="{esc(label)}" style="{_FONT};max-width:100%;'
        f'overflow-x:auto"><table style="margin:2px 0;border-collapse:collapse;border:none;overflow-wrap:break-word">'
        f'<thead><tr style="{_ROW}">{head}</tr></thead><tbody>{body}</tbody></table></div>'
    )


def more(summary: str, inner: str, *, opened: bool = False) -> str:
    """Fold a part away.

    Parameters
    ----------
    summary : str
        What is folded.
    inner : str
        A fragment.
    opened : bool, optional
        Whether it is open at first.

    Returns
    -------
    str
        A part that opens without script.
    """
    style = f"color:{MUTED};cursor:pointer"
    attribute = " open" if opened else ""
    return (
        f'<details{attribute} style="margin:6px 0 0"><summary style="{style}">{esc(summary)}</summary>{inner}</details>'
    )


def card(label: str, *parts: str, accent: str = "") -> str:
    """Draw a card.

    Parameters
    ----------
    label : str
        What it shows, for screen readers.
    *parts : str
        Fragments; empty ones are left out.
    accent : str, optional
        The colour of its left edge.

    Returns
    -------
    str
        The card.
    """
    edge = f";border-left:4px solid {accent}" if accent else ""
    return f'<div role="group" aria-label="{esc(label)}" style="{_BOX}{edge}">{"".join(parts)}</div>'


def plain_block(inner: str, *, status: bool = False) -> str:
    """Draw a part without a frame.

    Parameters
    ----------
    inner : str
        A fragment.
    status : bool, optional
        Whether it tells how something is.

    Returns
    -------
    str
        A block.
    """
    role = ' role="status"' if status else ""
    return f'<div{role} style="{_FONT};overflow-wrap:anywhere">{inner}</div>'


def sentence(text: str) -> str:
    """Draw one line.

    Parameters
    ----------
    text : str
        The line.

    Returns
    -------
    str
        A block.
    """
    return plain_block(esc(text))
