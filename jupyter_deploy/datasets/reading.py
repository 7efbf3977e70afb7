"""From files of text to a table of texts."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import ConfigProblem

HEADERS = ("all", "none", "first", "same")


@dataclass(frozen=True)
class Reading:
    """How a table is read from files.

    Parameters
    ----------
    separator : str
        Between two columns. A line's end makes each line a row of one column, whatever is in it.
    header : str
        Which files start with the columns' names: ``"all"``, ``"none"``, ``"first"``, or ``"same"`` (all files, and
        they are the same).
    encoding : str
        Of the files.
    quoted_lines : bool
        Whether a value in quotes may go over several lines.
    """

    separator: str = ","
    header: str = "same"
    encoding: str = "utf-8"
    quoted_lines: bool = False


@dataclass(frozen=True)
class Table:
    """Rows of texts, all as long as there are columns; an empty cell is an empty text."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def is_text(self, column: int) -> bool:
        """Whether a column holds anything but numbers, truth values and empty cells."""
        return any(not _is_number(row[column]) for row in self.rows) or not self.rows


def read_table(files: Sequence[Path], reading: Reading) -> Table:
    """Read files one after the other.

    Raises
    ------
    ConfigProblem
        Naming the file, where one cannot be read, is not in that encoding, or its rows differ in length.
    """
    columns: tuple[str, ...] = ()
    rows: list[tuple[str, ...]] = []
    for number, path in enumerate(files):
        lines = _lines(path, reading)
        headed = reading.header in {"all", "same"} or (reading.header == "first" and number == 0)
        names = next(lines, ()) if headed else ()
        if names and not columns:
            columns = names
        elif names and reading.header == "same" and names != columns:
            raise ConfigProblem(f"{path} has other columns than {files[0]}.", hint="Read them one by one.")
        found = list(lines)
        columns = columns or tuple(f"Column{index}" for index in range(1, max(map(len, found), default=0) + 1))
        for row in found:
            if len(row) > len(columns):
                shown = reading.separator.join(row)[:60]
                raise ConfigProblem(
                    f"{path}: a row has {len(row)} values for {len(columns)} columns: {shown}",
                    hint=r"For one text in each line, give separator='\n'.",
                )
            rows.append(row + ("",) * (len(columns) - len(row)))
    return Table(columns, tuple(rows))


def _lines(path: Path, reading: Reading) -> Iterator[tuple[str, ...]]:
    try:
        text = path.read_text(encoding=reading.encoding.replace("utf8", "utf-8"))
    except (OSError, UnicodeDecodeError, LookupError) as error:
        reason = error.strerror if isinstance(error, OSError) else f"it is not {reading.encoding}"
        raise ConfigProblem(f"{path} cannot be read: {reason}.", hint="Data sets are files of text.") from None
    text = text.removeprefix("\ufeff")
    if reading.separator in {"\n", "\r\n"}:
        # Not splitlines(): a text may hold other characters that end a line there, U+2028 for one.
        lines = text.replace("\r\n", "\n").split("\n")
        yield from ((_unquoted(line),) for line in lines if line.strip())
        return
    stream = io.StringIO(text, newline="")
    for row in csv.reader(stream, delimiter=reading.separator, strict=False):
        if row:
            yield tuple(row)


def _unquoted(line: str) -> str:
    """Read a text that was written as a column of a table: in quotes, those in it doubled. A text in JSON stays."""
    if not (line.startswith('"') and line.endswith('"')) or '""' not in line:
        return line
    try:
        json.loads(line)
        return line
    except ValueError:
        pass
    try:
        fields = next(csv.reader([line], strict=True))
    except csv.Error:
        return line
    return fields[0] if len(fields) == 1 else line


def _is_number(text: str) -> bool:
    if text == "" or text.lower() in {"true", "false"}:
        return True
    try:
        float(text)
    except ValueError:
        return False
    return True
