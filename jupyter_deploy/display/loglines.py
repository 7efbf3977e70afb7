"""The lines of a service's log, and the level of each, found in the formats of its server."""

from __future__ import annotations

import re

LINE_LIMIT = 2000
# The formats of serving/logs: text, and JSON with the level after the time.
_TEXT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} ([DIWEC]) \[")
_JSON = re.compile(r'\{"time":"[^"]*","level":"([DIWEC])[A-Z]*"')
_PARTS = re.compile(r"\d{4}-\d\d-\d\d (\d\d:\d\d:\d\d),\d{3} [DIWEC] \[\d+\] \S+ (\S+) - ")
_COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def level_of(line: str, before: str = "I") -> str:
    """Find a line's level: ``"D"``, ``"I"``, ``"W"``, ``"E"`` or ``"C"``; a line without one continues ``before``."""
    found = _TEXT.match(line) or _JSON.match(line)
    return found[1] if found else before


def with_levels(lines: list[str], before: str = "I") -> list[list[str]]:
    """Pair lines with their levels for a front end; colours are taken out, long lines cut."""
    found = []
    for line in lines:
        before = level_of(line, before)
        found.append([before, shortened(_COLOURS.sub("", line) if "\x1b" in line else line)])
    return found


def brief(line: str) -> str:
    """Shorten a line of our server to time, logger and message; other lines stay as they are."""
    found = _PARTS.match(line)
    return f"{found[1]} {found[2]} - {line[found.end() :]}" if found else line


def shortened(line: str) -> str:
    """Cut a long line, and say how long it was."""
    return line if len(line) <= LINE_LIMIT else f"{line[:LINE_LIMIT]} … ({len(line):,} characters)"
