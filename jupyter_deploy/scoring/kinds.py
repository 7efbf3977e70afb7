"""What a column holds: found by reading all of it, so that a text such as 00123 never becomes a number."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

from ..serving import decode

# As programs write numbers: no leading zeros, and an exponent only with its sign, since 12e4 is rather an identifier.
_INTEGER = re.compile(r"0|-?[1-9]\d*", re.ASCII)
_NUMBER = re.compile(r"(0|-?[1-9]\d*)|-?(?:(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:[eE][+-]\d+)?", re.ASCII)
_WHOLE = re.compile(r"[+-]?\d+", re.ASCII)
_INFINITE = frozenset({"inf", "-inf", "Infinity", "-Infinity"})
_TRUTH = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_BITS = {"1": True, "0": False}
# How programs write that a value is missing, in a column that holds no texts.
_ABSENT = frozenset({"NaN", "nan", "NA", "N/A", "<NA>", "null", "NULL", "None"})
_INT64 = 1 << 63


class Kind(StrEnum):
    """The kind of a column."""

    EMPTY = "empty"
    BOOLEAN = "boolean"
    INTEGER = "integer"
    NUMBER = "number"
    TEXT = "text"
    JSON = "json"


class Misread(ValueError):
    """A cell is not of its column's kind."""


class Column:
    """Finds a column's kind, cell by cell."""

    def __init__(self) -> None:
        self._kind = Kind.EMPTY
        self._absent = False
        self._wide = False  # whether a whole number is beyond 64 bits

    @property
    def kind(self) -> Kind:
        """What holds all cells until now."""
        return Kind.TEXT if self._kind is Kind.EMPTY and self._absent else self._kind

    @property
    def wide(self) -> bool:
        """Whether it has whole numbers that a table's column of numbers does not hold."""
        return self._wide and self._kind in {Kind.INTEGER, Kind.NUMBER}

    def take_text(self, cell: str) -> None:
        """Take a cell of a file that holds only texts."""
        if not cell or self._kind is Kind.TEXT:
            return
        found = _NUMBER.fullmatch(cell)
        if found and found.lastindex:
            if self._kind not in {Kind.INTEGER, Kind.NUMBER}:
                self._add(Kind.INTEGER)
            # Longer texts of digits are rare, and int() of a very long one is refused.
            self._wide = self._wide or (len(cell) > 15 and _is_wide(cell))
        elif found or cell in _INFINITE:
            if self._kind is not Kind.NUMBER:
                self._add(Kind.NUMBER)
        elif cell in _TRUTH:
            self._add(Kind.BOOLEAN)
        elif cell in _ABSENT:
            self._absent = True
        else:
            self._kind = Kind.TEXT

    def take(self, value: Any) -> None:
        """Take a value of a file, or an answer, that has types."""
        if value is None:
            return
        if isinstance(value, bool):
            self._add(Kind.BOOLEAN, Kind.JSON)
        elif isinstance(value, int):
            self._add(Kind.INTEGER, Kind.JSON)
            self._wide = self._wide or not -_INT64 <= value < _INT64
        elif isinstance(value, float):
            self._add(Kind.NUMBER, Kind.JSON)
        elif isinstance(value, str):
            self._add(Kind.TEXT, Kind.JSON)
        else:
            self._kind = Kind.JSON

    def _add(self, kind: Kind, otherwise: Kind = Kind.TEXT) -> None:
        both = {self._kind, kind}
        if self._kind in (Kind.EMPTY, kind):
            self._kind = kind
        elif both == {Kind.INTEGER, Kind.NUMBER}:
            self._kind = Kind.NUMBER
        else:
            self._kind = otherwise


def _is_wide(digits: str) -> bool:
    return len(digits) > 20 or not -_INT64 <= int(digits) < _INT64


def kind_of_schema(schema: Mapping[str, Any]) -> Kind | None:
    """Read the kind from a column's part of a schema; None where it says nothing."""
    said = schema.get("type")
    names = said if isinstance(said, list) else [said]
    known = {
        "string": Kind.TEXT,
        "integer": Kind.INTEGER,
        "number": Kind.NUMBER,
        "boolean": Kind.BOOLEAN,
        "array": Kind.JSON,
        "object": Kind.JSON,
    }
    return next((known[name] for name in names if name in known), None)


def kept_as(wanted: Kind | None, found: Kind) -> Kind:
    """Choose the kind that a column is written in: the wanted one where it holds all that was found."""
    if wanted is None or wanted is found:
        return found
    if wanted is Kind.TEXT or found is Kind.EMPTY or (wanted is Kind.NUMBER and found is Kind.INTEGER):
        return wanted
    return found


def _text(cell: str) -> str | None:
    # A file of texts has no other way to say that a value is missing.
    return cell or None


def _integer(cell: str) -> int | float | None:
    if not cell or cell in _ABSENT:
        return None
    if _WHOLE.fullmatch(cell):
        return _whole(cell)
    try:
        value = _float(cell)
    except ValueError:
        value = math.nan
    # pandas writes a column of whole numbers with a missing one as 5.0.
    if value.is_integer() and abs(value) < 1 << 53:
        return int(value)
    raise Misread(f"{cell[:80]!r} is not a whole number")


def _whole(cell: str) -> int:
    try:
        return int(cell)
    except ValueError:
        raise Misread(f"a whole number of {len(cell):,} digits") from None


def _float(cell: str) -> float:
    # Python also takes 1_000 and digits of other scripts.
    if "_" in cell or not cell.isascii():
        raise ValueError(cell)
    return float(cell)


def _number(cell: str) -> int | float | bool | None:
    if not cell or cell in _ABSENT:
        return None
    if "." not in cell and _INTEGER.fullmatch(cell):
        # As it is written: a float may have fewer digits.
        return _whole(cell)
    if cell in _TRUTH:
        return _TRUTH[cell]
    try:
        value = _float(cell)
    except ValueError:
        raise Misread(f"{cell[:80]!r} is not a number") from None
    if not math.isfinite(value):
        raise Misread(f"{cell[:80]!r} has no form in JSON")
    return value


def _boolean(cell: str) -> bool | None:
    if not cell or cell in _ABSENT:
        return None
    found = _TRUTH.get(cell, _BITS.get(cell))
    if found is None:
        raise Misread(f"{cell[:80]!r} is neither true nor false")
    return found


def _json(cell: str) -> Any:
    try:
        return decode(cell.encode()) if cell else None
    except (ValueError, RecursionError) as error:
        raise Misread(f"{cell[:80]!r} is not JSON: {error}") from None


_READERS: Mapping[Kind, Callable[[str], Any]] = {
    Kind.EMPTY: _number,
    Kind.BOOLEAN: _boolean,
    Kind.INTEGER: _integer,
    Kind.NUMBER: _number,
    Kind.TEXT: _text,
    Kind.JSON: _json,
}


def reader(kind: Kind) -> Callable[[str], Any]:
    """Return the function that reads a cell of a kind; it raises :class:`Misread`."""
    return _READERS[kind]


def json_text(value: Any) -> str:
    """Write a value as JSON for a cell."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
