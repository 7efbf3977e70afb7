"""Where the lines of a script come from that was put together of several notebook cells."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple


class Origin(NamedTuple):
    """A run of lines.

    Parameters
    ----------
    first, last : int
        In the script, from 1, both included.
    label : str
        What people call the place that they come from, for example ``"In [3]"``.
    line : int
        The first one's number there.
    """

    first: int
    last: int
    label: str
    line: int


def origins_of(values: Iterable[Sequence[Any]]) -> tuple[Origin, ...]:
    """Read what JSON made lists of.

    Parameters
    ----------
    values : iterable of sequence
        ``[first, last, label, line]`` each.

    Returns
    -------
    tuple of Origin
        The same.
    """
    return tuple(Origin(*value) for value in values)


def place_of(line: int, label: str, origins: Sequence[Origin]) -> tuple[str, int]:
    """Tell where a line of a script comes from.

    Parameters
    ----------
    line : int
        In the script.
    label : str
        What the script is called, for lines that come from nowhere.
    origins : iterable of Origin
        Of the script.

    Returns
    -------
    tuple of (str, int)
        The place and the line there; of a line that was written around cells, what shows it.
    """
    for origin in origins:
        if origin.first <= line <= origin.last:
            return origin.label, line - origin.first + origin.line
    return f"{label} --dry-run" if origins else label, line


def comes_from_a_cell(line: int, origins: Sequence[Origin]) -> bool:
    """Tell whether the user wrote a line.

    Parameters
    ----------
    line : int
        In the script.
    origins : sequence of Origin
        Of the script; without any, all of it is the user's.

    Returns
    -------
    bool
        False for what was written around cells.
    """
    return not origins or any(origin.first <= line <= origin.last for origin in origins)


def relabel(text: str, file: str, label: str, origins: Sequence[Origin]) -> str:
    """Put the places that people know into a traceback.

    Parameters
    ----------
    text : str
        As Python formats it.
    file : str
        The script's path.
    label : str
        What the script is called.
    origins : sequence of Origin
        Of the script.

    Returns
    -------
    str
        With ``In [3], line 2`` for ``File "…", line 17``.
    """

    def place(match: re.Match[str]) -> str:
        where, line = place_of(int(match[1]), label, origins)
        return f"{where}, line {line}"

    return re.sub(rf'File "{re.escape(file)}", line (\d+)', place, text).replace(f'File "{file}"', label)
