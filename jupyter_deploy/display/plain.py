"""Words and layouts of the plain faces."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

Rows = Sequence[tuple[str, str]]
NOTHING = "–"

# What would act instead of being read: terminal sequences and controls, marks that turn the direction of writing
# (a name could then look like another), halves of characters that cannot be encoded.
_SEQUENCES = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def readable(text: str) -> str:
    """Replace what cannot be read but would act: a terminal's sequences, controls, direction marks.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    str
        Colours are dropped; of other controls, a sign in their place tells that something was there.
    """
    return _UNSEEN.sub("\ufffd", _SEQUENCES.sub("", text.replace("\r\n", "\n")))


def human_size(size: int) -> str:
    """Write a number of bytes for people.

    Parameters
    ----------
    size : int
        Bytes.

    Returns
    -------
    str
        For example ``"1.2 MB"``.
    """
    value = float(size)
    for unit in ("B", "kB", "MB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} GB"


def counted(number: int, noun: str) -> str:
    """Write a number with its noun.

    Parameters
    ----------
    number : int
        How many.
    noun : str
        In the singular, with a regular plural.

    Returns
    -------
    str
        For example ``"1 worker"`` or ``"2 workers"``.
    """
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def pairs_text(values: Any) -> str:
    """Write tags or properties.

    Parameters
    ----------
    values : mapping
        Text by text.

    Returns
    -------
    str
        ``"a=1, b=2"``.
    """
    return ", ".join(f"{key}={value}" for key, value in values.items())


def duration(elapsed: float, *, steady: bool = False) -> str:
    """Write for how long something has been running.

    Parameters
    ----------
    elapsed : float
        Seconds.
    steady : bool, optional
        Write a text that does not change each second.

    Returns
    -------
    str
        In one or two units, for example ``"42 seconds"`` or ``"2 hours 5 minutes"``.
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
    """Write a measured time.

    Parameters
    ----------
    value : float or None
        Milliseconds; None where nothing was measured.

    Returns
    -------
    str
        For example ``"1.2 ms"``, ``"340 ms"``, ``"2.50 s"`` or ``"–"``.
    """
    from ..invoking import elapsed

    return NOTHING if value is None else elapsed(value / 1000)


def seconds(value: float) -> str:
    """Write how long something took.

    Parameters
    ----------
    value : float
        Seconds.

    Returns
    -------
    str
        For example ``"0.3 s"`` or ``"2 min 5 s"``.
    """
    return f"{value:.1f} s" if value < 60 else f"{int(value) // 60} min {int(value) % 60} s"


def block(title: str, rows: Rows) -> str:
    """Lay out a title and labelled lines.

    Parameters
    ----------
    title : str
        The first line.
    rows : sequence of tuple of (str, str)
        Label and text.

    Returns
    -------
    str
        Labels in a column of their own.
    """
    width = max((len(label) for label, _ in rows), default=0)
    return readable("\n".join([title, *(f"  {label:<{width}}  {value}" for label, value in rows)]))


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Lay out a table.

    Parameters
    ----------
    header : sequence of str
        The columns' names.
    rows : sequence of sequence of str
        The cells.

    Returns
    -------
    str
        One line a row.
    """
    lines = [[readable(cell).replace("\n", " ") for cell in line] for line in [header, *rows]]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def window(recent: Mapping[str, Any]) -> str:
    """Say which time a rate or a percentile is of.

    Parameters
    ----------
    recent : mapping
        What went through a service lately; ``seconds`` are looked at.

    Returns
    -------
    str
        ``"last minute"``, or for example ``"last 12 s"``; empty where it does not say.
    """
    seconds = recent.get("seconds")
    if seconds is None:
        return ""
    return "last minute" if seconds >= 59.5 else f"last {max(1, round(seconds))} s"
