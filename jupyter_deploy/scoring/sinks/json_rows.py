"""The output as JSON lines: the input's records with the prediction as one more key."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...serving import to_json
from ..asking import Outcome, Predicted
from ..journal import Journal
from ..kinds import Kind
from ..sources import Source
from .layout import Predictions


def write(
    path: Path, source: Source, kinds: Mapping[str, Kind], journal: Journal, made: Predictions, only: bool
) -> None:
    """Write all rows; one that is no record is under the key ``input``."""
    with path.open("wb") as file:
        if only:
            for outcome in journal.outcomes():
                file.write(line({made.name: _value(outcome)}))
            return
        for row, outcome in zip(source.rows(kinds), journal.outcomes(), strict=True):
            record = row.value if isinstance(row.value, dict) else {"input": row.value}
            file.write(line({**record, made.name: _value(outcome)}))


def _value(outcome: Outcome) -> Any:
    return outcome.value if isinstance(outcome, Predicted) else None


def line(value: Any) -> bytes:
    """Write a value as a line; bytes, which have no JSON form, as hexadecimal digits."""
    try:
        return to_json(value) + b"\n"
    except (TypeError, ValueError, RecursionError):
        return json.dumps(value, default=_as_text, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"


def _as_text(value: Any) -> str:
    return bytes(value).hex() if isinstance(value, (bytes, bytearray)) else str(value)
