"""Which notebook cells the lines of a script come from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple


class Origin(NamedTuple):
    """A run of lines from one place."""

    first: int  # in the script, from 1
    last: int  # included
    label: str  # the place in messages, for example "In [3]"
    line: int  # the first line's number there


def origins_of(values: Iterable[Sequence[Any]]) -> tuple[Origin, ...]:
    """Read ``[first, last, label, line]`` lists, which JSON made of origins."""
    return tuple(Origin(*value) for value in values)


def place_of(line: int, label: str, origins: Sequence[Origin]) -> tuple[str, int]:
    """Return the place and line of a script's line; code written around cells has the line that shows it.

    ``label`` names the script, for lines that come from no cell.
    """
    for origin in origins:
        if origin.first <= line <= origin.last:
            return origin.label, line - origin.first + origin.line
    return f"{label} --dry-run" if origins else label, line


def comes_from_a_cell(line: int, origins: Sequence[Origin]) -> bool:
    """Whether the user wrote a line; without origins, the user wrote all of them."""
    return not origins or any(origin.first <= line <= origin.last for origin in origins)


def relabel(text: str, file: str, label: str, origins: Sequence[Origin]) -> str:
    """Put cells and their lines into a formatted traceback: ``In [3], line 2`` for ``File "…", line 17``."""

    def place(match: re.Match[str]) -> str:
        where, line = place_of(int(match[1]), label, origins)
        return f"{where}, line {line}"

    return re.sub(rf'File "{re.escape(file)}", line (\d+)', place, text).replace(f'File "{file}"', label)
