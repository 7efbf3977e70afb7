"""Words and layouts of the plain faces."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

Rows = Sequence[tuple[str, str]]
NOTHING = "–"

# Characters that act instead of being read: terminal sequences and controls, direction marks (which can disguise a
# name), lone surrogates.
_SEQUENCES = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def readable(text: str) -> str:
    """Replace unreadable characters that act: terminal sequences, controls, direction marks.

    Colours are dropped; a sign shows where another control was.
    """
    return _UNSEEN.sub("\ufffd", _SEQUENCES.sub("", text.replace("\r\n", "\n")))


def human_size(size: int) -> str:
    """Write a number of bytes for people, for example ``"1.2 MB"``."""
    value = float(size)
    for unit in ("B", "kB", "MB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} GB"


def counted(number: int, noun: str) -> str:
    """Write a number with its noun: ``"1 worker"`` or ``"2 workers"``. The noun has a regular plural."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def pairs_text(values: Any) -> str:
    """Write tags or properties as ``"a=1, b=2"``."""
    return ", ".join(f"{key}={value}" for key, value in values.items())


def duration(elapsed: float, *, steady: bool = False) -> str:
    """Write a duration in one or two units, for example ``"42 seconds"`` or ``"2 hours 5 minutes"``.

    ``elapsed`` is in seconds. ``steady`` gives a text that does not change each second.
    """
    whole = int(elapsed)
    if steady and whole < 60:
        return counted(whole // 10 * 10, "second") if whole >= 10 else "under 10 seconds"
    if whole < 60:
        return counted(whole, "second")
    for unit, size, smaller, part in (
        ("minute", 60, "", 1),
        ("hour", 3600, "minute", 60),
        ("day", 86400, "hour", 3600),
    ):
        if whole < size * (24 if unit == "hour" else 60) or unit == "day":
            rest = whole % size // part if smaller else 0
            return counted(whole // size, unit) + (f" {counted(rest, smaller)}" if rest else "")
    raise AssertionError(elapsed)


def milliseconds(value: float | None) -> str:
    """Write milliseconds as ``"1.2 ms"``, ``"340 ms"`` or ``"2.50 s"``; ``"–"`` if nothing was measured."""
    from ..invoking import elapsed

    return NOTHING if value is None else elapsed(value / 1000)


def rate(value: float) -> str:
    """Write what comes in a second, for example as ``"0.0167"``, ``"12.5"`` or ``"1,234"``."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def seconds(value: float) -> str:
    """Write seconds, for example as ``"0.3 s"`` or ``"2 min 5 s"``."""
    return f"{value:.1f} s" if value < 60 else f"{int(value) // 60} min {int(value) % 60} s"


def block(title: str, rows: Rows) -> str:
    """Lay out a title and labelled lines, labels in a column of their own."""
    width = max((len(label) for label, _ in rows), default=0)
    return readable("\n".join([title, *(f"  {label:<{width}}  {value}" for label, value in rows)]))


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Lay out a table, one line per row."""
    lines = [[readable(cell).replace("\n", " ") for cell in line] for line in [header, *rows]]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def window(recent: Mapping[str, Any]) -> str:
    """Name the time of a rate or percentile: ``"last minute"`` or ``"last 12 s"``; empty if it is unknown."""
    seconds = recent.get("seconds")
    if seconds is None:
        return ""
    return "last minute" if seconds >= 59.5 else f"last {max(1, round(seconds))} s"
