"""The widgets' static summaries: HTML without script, everything escaped, in the notebook's colours."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

_BOX = (
    "border:1px solid var(--jp-border-color2,#c8c8c8);border-radius:8px;padding:10px 14px;max-width:46em;"
    "box-sizing:border-box;font-size:13px;line-height:1.5;text-align:left"
)
_LABEL = "color:var(--jp-ui-font-color2,#666);padding:0 14px 0 0;text-align:left;vertical-align:top;white-space:nowrap"
_VALUE = "padding:0;text-align:left;overflow-wrap:anywhere"
_MONO = (
    "font-family:var(--jp-code-font-family,monospace);font-size:12px;margin:6px 0 0;padding:0;white-space:pre-wrap;"
    "overflow-wrap:anywhere;max-height:24em;overflow:auto;background:none;color:inherit"
)
COLOURS = {
    "Healthy": "#1a7f37",
    "Transitioning": "#9a6700",
    "Unhealthy": "#bc4c00",
    "Unschedulable": "#bc4c00",
    "Failed": "#cf222e",
}


def badge(state: str) -> str:
    """Write a state as a word on its colour.

    Parameters
    ----------
    state : str
        The word.

    Returns
    -------
    str
        HTML.
    """
    style = f"background:{COLOURS.get(state, '#59636e')};color:#fff;border-radius:9px;padding:1px 9px;font-size:12px"
    return f'<span style="{style}">{escape(state)}</span>'


def box(title: str, what: str, rows: Sequence[tuple[str, str]], lines: Sequence[str] = (), after: str = "") -> str:
    """Write a summary.

    Parameters
    ----------
    title : str
        A name, plain text.
    what : str
        HTML behind it.
    rows : sequence of tuple of (str, str)
        Label and value, plain text; empty values are left out.
    lines : sequence of str, optional
        Lines of a log or an answer, plain text.
    after : str, optional
        A last sentence, plain text.

    Returns
    -------
    str
        HTML.
    """
    cells = "".join(
        f'<tr style="background:none"><td style="{_LABEL}">{escape(label)}</td>'
        f'<td style="{_VALUE}">{escape(value)}</td></tr>'
        for label, value in rows
        if value
    )
    table = f'<table style="margin:4px 0 0;border-collapse:collapse;border:none">{cells}</table>' if cells else ""
    text = escape("\n".join(lines))
    log = f'<pre tabindex="0" style="{_MONO}">{text}</pre>' if lines else ""
    last = f'<div style="color:var(--jp-ui-font-color2,#666)">{escape(after)}</div>' if after else ""
    return f'<div style="{_BOX}"><div><b>{escape(title)}</b> {what}</div>{table}{log}{last}</div>'


def plain(title: str, rows: Sequence[tuple[str, str]], lines: Sequence[str] = ()) -> str:
    """Write a summary as text.

    Parameters
    ----------
    title : str
        The first line.
    rows : sequence of tuple of (str, str)
        Label and value; empty values are left out.
    lines : sequence of str, optional
        Lines of a log or an answer.

    Returns
    -------
    str
        Without a new line at its end.
    """
    kept = [(label, value) for label, value in rows if value]
    width = max((len(label) for label, _ in kept), default=0)
    return "\n".join([title, *(f"  {label:<{width}}  {value}" for label, value in kept), *lines])


def unless_live(mark: str, summary: str) -> str:
    """Wrap a summary that is only to be seen while the output behind it shows no live view.

    A view that is dead, in a notebook that was opened again, is drawn by JupyterLab as an error; then the summary is
    seen and the error is not. Where a page knows neither these classes nor ``:has``, both are seen.

    Parameters
    ----------
    mark : str
        Tells this output from others.
    summary : str
        HTML.

    Returns
    -------
    str
        HTML with a style.
    """
    own, child = f'.jp-OutputArea-child:has([data-jpd="{mark}"])', ".jp-OutputArea-child"
    return (
        f"<style>{own}:has(+ {child} .jpd-box),{own} + {child}:not(:has(.jpd-box)){{display:none}}</style>"
        f'<div data-jpd="{mark}">{summary}</div>'
    )
