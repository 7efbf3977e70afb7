"""Histograms of times, as a chart and as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..invoking import elapsed
from . import markup

_BLOCKS = 40
_WIDTH, _HEIGHT, _LEFT, _TOP = 420, 150, 34, 8
_FLOOR = _HEIGHT - 34
# From, to (seconds), how many.
Bars = Sequence[tuple[float, float, int]]


def told(count: int, half: float, most: float, slowest: float) -> str:
    """Say what a histogram shows, for those who do not see it."""
    return (
        f"Histogram of the time of {count:,} answers: half within {elapsed(half)}, "
        f"95 % within {elapsed(most)}, the slowest {elapsed(slowest)}"
    )


def lines(bars: Bars) -> list[str]:
    """Draw a histogram as lines of text; at least one bar."""
    most = max(count for _, _, count in bars)
    edges = [(*_edges(bars, low, high), count) for low, high, count in bars]
    width = max(len(high) for _, high, _ in edges)
    drawn = []
    for low, high, count in edges:
        # A bar for every request that there is: a tail of one is what people look for.
        blocks = "█" * max(round(_BLOCKS * count / most), 1 if count else 0)
        drawn.append(f"{low:>{width}} – {high:>{width}} ms  {f'{blocks} {count:,}'.lstrip()}")
    return drawn


def chart(bars: Bars, words: str) -> markup.Html:
    """Draw a histogram; ``words`` say what it shows, for screen readers."""
    element = markup.element
    step = (_WIDTH - _LEFT) / max(len(bars), 4)
    has_tail = bars[-1][1] - bars[-1][0] > 1.01 * (bars[0][1] - bars[0][0])
    right = max(_LEFT + step * len(bars), _LEFT + 100)
    texts = [
        (_LEFT, _HEIGHT - 18, "start", elapsed(bars[0][0])),
        (right, _HEIGHT - 18, "end", f"over {elapsed(bars[-1][0])}" if has_tail else elapsed(bars[-1][1])),
        (_LEFT, _HEIGHT - 4, "start", "time until the answer was there"),
        (_LEFT - 5, _TOP + 10, "end", f"{max(count for _, _, count in bars):,}"),
        (_LEFT - 5, _FLOOR, "end", "0"),
    ]
    written = (element("text", text, x=f"{x:.1f}", y=str(y), text_anchor=anchor) for x, y, anchor, text in texts)
    axis = {"x1": str(_LEFT), "y1": str(_FLOOR), "x2": str(_WIDTH), "y2": str(_FLOOR)}
    return element(
        "svg",
        element("title", words),
        element("line", **axis, style="stroke:var(--jp-border-color1,#bdbdbd)"),
        *_drawn(bars, has_tail, step),
        element("g", *written, style="fill:var(--jp-ui-font-color1,#333);font-size:11px"),
        role="img",
        aria_label=words,
        viewBox=f"0 0 {_WIDTH} {_HEIGHT}",
        width=str(_WIDTH),
        style="max-width:100%;height:auto;display:block",
    )


def _drawn(bars: Bars, has_tail: bool, step: float) -> Iterator[markup.Html]:
    most = max(count for _, _, count in bars)
    for index, (low, high, count) in enumerate(bars):
        height = max((_FLOOR - _TOP) * count / most, 1.0 if count else 0.0)
        faint = ";fill-opacity:0.55" if has_tail and index == len(bars) - 1 else ""
        label = "{} to {} ms: {:,}".format(*_edges(bars, low, high), count)
        yield markup.element(
            "rect",
            markup.element("title", label),
            x=f"{_LEFT + step * index + 1:.1f}",
            y=f"{_FLOOR - height:.1f}",
            width=f"{max(step - 2, 1):.1f}",
            height=f"{height:.1f}",
            style=f"fill:var(--jp-brand-color1,#1976d2){faint}",
        )


def _edges(bars: Bars, low: float, high: float) -> tuple[str, str]:
    """Write a bar's times in milliseconds, as exactly as it takes to tell neighbours apart."""
    step = (bars[0][1] - bars[0][0]) * 1000
    digits = 0 if step >= 5 else 1 if step >= 0.5 else 2 if step >= 0.05 else 3
    return f"{low * 1000:,.{digits}f}", f"{high * 1000:,.{digits}f}"
