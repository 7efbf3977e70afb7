"""The HTML that faces are made of; no other module of this package writes any.

It has no script and no address that could be one, and everything is escaped: an element takes text, and only HTML
that this module made is put in unchanged. Colours are those of the notebook's theme, light or dark, or else the
page's own. Everything is small and wraps: a card fits a cell of 320 pixels.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
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
# Inline styles cannot depend on the width; if a page drops this style, they still apply.
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
    """A badge's sign and colours; its word says the same."""

    sign: str  # for people who do not see colours
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


class Html(str):
    """HTML that was made here; any other text is escaped when it is put into an element."""

    __slots__ = ()


def esc(text: object) -> Html:
    """Escape a text for HTML, in content and in attributes; replace characters that cannot be read."""
    return Html(html.escape(readable(str(text))))


def join(parts: Iterable[str]) -> Html:
    """Join parts: HTML stays as it is, text is escaped."""
    return Html("".join(part if isinstance(part, Html) else esc(part) for part in parts))


def element(tag: str, *parts: str, **attributes: str | bool) -> Html:
    """Make an element from HTML, which stays as it is, and text, which is escaped.

    Attributes are written with ``_`` for ``-``; one that is False is left out, one that is True has no value.
    """
    written = "".join(
        f" {name.replace('_', '-')}" + ("" if value is True else f'="{esc(value)}"')
        for name, value in attributes.items()
        if value is not False
    )
    return Html(f"<{tag}{written}>" if tag == "img" else f"<{tag}{written}>{join(parts)}</{tag}>")


def bold(text: str) -> Html:
    """Draw a name."""
    return element("b", text)


def badge(state: str, *, live: bool = False) -> Html:
    """Draw a state: sign, word and colour.

    An unknown state looks like Stopped. ``live`` makes screen readers announce it: a card does, a table of many does
    not.
    """
    tone = TONES.get(state, TONES["Stopped"])
    colours = f"background:{tone.ground};color:{tone.ink}"
    style = f"{colours};border-radius:10px;padding:1px 9px;font-size:12px;white-space:nowrap"
    sign = element("span", tone.sign, aria_hidden="true")
    return element("span", sign, f" {state}", role="status" if live else False, style=style)


def badge_styles(selector: str) -> str:
    """Write the rules that give live badges, by ``data-state``, the colours of the static ones; gray by default."""
    tones = [("", TONES["Stopped"]), *((f'[data-state="{state}"]', tone) for state, tone in TONES.items())]
    return "\n".join(f"{selector}{which} {{ background: {tone.ground}; color: {tone.ink}; }}" for which, tone in tones)


def code(text: str, *, whole: bool = False) -> Html:
    """Draw a text to copy: a click selects all of it. ``whole`` keeps it in one line, if its container scrolls."""
    wrap = "normal" if whole else "anywhere"
    style = f"{_CODE};overflow-wrap:{wrap};user-select:all;-webkit-user-select:all;cursor:copy"
    return element("code", text, title="click to select, then copy", style=style)


def muted(text: str) -> Html:
    """Draw a remark."""
    return element("span", text, style=f"color:{MUTED}")


def pre(text: str, label: str) -> Html:
    """Draw lines as they are, in a block that the keyboard can scroll; screen readers say the label."""
    return element("pre", text, tabindex="0", role="region", aria_label=label, style=_PRE)


def block(*parts: str, above: int = 0) -> Html:
    """Put parts on a line of their own, ``above`` pixels below the one before."""
    return element("div", *parts, style=f"margin:{above}px 0 0" if above else False)


def line(*parts: str) -> Html:
    """Put parts side by side; they wrap if there is no room."""
    inner = (part if isinstance(part, Html) else element("span", part) for part in parts if part)
    return element("div", *inner, style=_LINE)


def note(text: str) -> Html:
    """Draw a line that stands beside a value."""
    return element("div", text, style=f"color:{MUTED};font-size:12px")


def facts(rows: Rows, copied: Sequence[str] = ()) -> Html:
    """Lay out labelled lines as a table with row headers; empty without rows.

    ``copied`` are the labels of texts that people copy.
    """
    if not rows:
        return Html()
    lines = (
        element(
            "tr",
            element("th", label, scope="row", style=_LABEL),
            element("td", code(value) if label in copied else value, style=_CELL),
            style=_ROW,
        )
        for label, value in rows
    )
    return element("table", *lines, style="margin:6px 0 0;border-collapse:collapse;border:none")


def table(header: Sequence[str], rows: Sequence[Sequence[str]], label: str) -> Html:
    """Lay out a table; ``label`` says to screen readers what it lists.

    If there is no room, the columns of a row wrap, each with its name. If the page takes no styles, the table
    scrolls, not the page.
    """
    named = f"{_COLUMN};color:{MUTED};font-weight:normal"
    head = (element("th", cell, scope="col", style=named) for cell in header)
    body = (
        element(
            "tr",
            element("th", first, scope="row", style=f"{_COLUMN};font-weight:600"),
            *(
                element("td", cell, data_column=name, style=_COLUMN)
                for name, cell in zip(header[1:], rest, strict=True)
            ),
            style=_ROW,
        )
        for first, *rest in rows
    )
    whole = element(
        "table",
        element("thead", element("tr", *head, style=_ROW)),
        element("tbody", *body),
        style="margin:2px 0;border-collapse:collapse;border:none;overflow-wrap:break-word",
    )
    style = f"{_FONT};max-width:100%;overflow-x:auto"
    outer = {"class": "jpd-table", "tabindex": "0", "role": "region", "aria-label": label, "style": style}
    return join([element("style", Html(NARROW)), element("div", whole, **outer)])


def more(summary: str, inner: str, *, opened: bool = False) -> Html:
    """Fold a part away; it opens without script."""
    told = element("summary", summary, style=f"color:{MUTED};cursor:pointer")
    return element("details", told, inner, open=opened, style="margin:6px 0 0")


def card(label: str, *parts: str, accent: str = "") -> Html:
    """Draw a card; empty parts are left out. ``label`` is for screen readers, ``accent`` colours the left edge."""
    edge = f";border-left:4px solid {accent}" if accent else ""
    return element("div", *parts, role="group", aria_label=label, style=f"{_BOX}{edge}")


def plain_block(*parts: str, status: bool = False) -> Html:
    """Draw a part without a frame; a status is announced by screen readers."""
    return element("div", *parts, role="status" if status else False, style=f"{_FONT};overflow-wrap:anywhere")


def sentence(text: str) -> Html:
    """Draw one line as a block."""
    return plain_block(text)


def unless_live(mark: str, summary: str) -> Html:
    """Wrap a summary that is visible only while the output behind it shows no live view.

    JupyterLab draws a dead view, in a notebook that was opened again, as an error; then the summary is visible and
    the error is not. A page that knows neither these classes nor ``:has`` shows both. ``mark``, a hexadecimal number,
    identifies this output.
    """
    own, child = f'.jp-OutputArea-child:has([data-jpd="{mark}"])', ".jp-OutputArea-child"
    rule = f"{own}:has(+ {child} .jpd-box),{own} + {child}:not(:has(.jpd-box)){{display:none}}"
    return join([element("style", Html(rule)), element("div", summary, data_jpd=mark)])
