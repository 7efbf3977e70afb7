"""Where a script's collectors write: nowhere, until a worker opens the sink."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Sequence
from typing import Any

from ..answers import to_json
from ..collection import LONGEST_NAME, is_sampled
from ..logs import CURRENT, log

_OUTSIDE = "model data is not collected: this script does not run in a service"
_OFF = "model data is not collected: the service's setting collect is off; collect=script turns it on"


class Sink:
    """Takes what collectors are given, for the request that runs now."""

    def __init__(self) -> None:
        self._send: Callable[[str, bytes], None] | None = None
        self._rate, self._limit = 0.0, 0
        self._told = False
        self._cut: set[str] = set()
        # The request for which a script chose an id of its own, and that id.
        self._chosen = ("", "")

    def open(self, send: Callable[[str, bytes], None], rate: float, limit: int) -> None:
        """Pass records on, for a share of all requests, each of at most so many bytes."""
        self._send, self._rate, self._limit = send, rate, limit

    def correlate(self, chosen: str) -> str:
        """Return the id that joins what is collected for one request: the script's, else the request's, else a new one.

        An id that the script chooses holds for what it collects next for the same request.
        """
        if chosen:
            self._chosen = (CURRENT.id, chosen)
            return chosen
        if CURRENT.id:
            return self._chosen[1] if self._chosen[0] == CURRENT.id else CURRENT.id
        return str(uuid.uuid4())

    def put(self, collection: str, correlation: str, columns: Sequence[str], rows: list[list[Any]], **more: str) -> str:
        """Write rows of a collection; returns why nothing was written, or an empty text.

        Raises
        ------
        TypeError
            For values that have no JSON form.
        """
        if self._send is None or not self._rate:
            return self._tell(_OUTSIDE if self._send is None else _OFF)
        request = CURRENT.id
        if not is_sampled(request or correlation, self._rate):
            return "the request is not in the sample"
        record: dict[str, Any] = {"time": time.time(), "request": request, "correlation": correlation, **more}
        body = to_json({**record, "columns": list(columns), "rows": rows})
        if len(body) > self._limit:
            kept = len(rows) * self._limit // len(body)
            body = to_json({**record, "columns": list(columns), "rows": rows[:kept], "rows_size": len(rows)})
            if collection not in self._cut:
                self._cut.add(collection)
                log.warning(
                    "%s: %d of %d rows are kept; the setting collect_body_size, now %d, is for more",
                    *(collection, kept, len(rows), self._limit),
                )
        self._send(collection, body)
        return ""

    def _tell(self, why: str) -> str:
        if not self._told:
            self._told = True
            log.warning("%s", why)
        return why


SINK = Sink()


def check_name(name: object) -> str:
    """Refuse what cannot name a collection.

    Raises
    ------
    ValueError
        For anything but a text of 1 to 100 characters.
    """
    if not isinstance(name, str) or not 0 < len(name) <= LONGEST_NAME or "\0" in name:
        raise ValueError(f"a collection's name is a text of 1 to {LONGEST_NAME} characters, not {name!r}")
    return name


def table_of(data: Any, names: Sequence[str] | None = None) -> tuple[list[str], list[list[Any]]]:
    """Make columns and rows of a frame, an array, a list of rows, or one row.

    Raises
    ------
    TypeError
        For anything else.
    """
    if hasattr(data, "itertuples") and hasattr(data, "columns"):
        return [str(name) for name in data.columns], [list(row) for row in data.itertuples(index=False, name=None)]
    rows = data.tolist() if hasattr(data, "tolist") else data
    if not isinstance(rows, (list, tuple)):
        raise TypeError(f"{type(data).__name__} cannot be collected: give a DataFrame, an array or a list")
    rows = list(rows)
    if not all(isinstance(row, (list, tuple)) for row in rows):
        # One after the other where they have one name, as predictions are; otherwise the values of one row.
        rows = [[value] for value in rows] if names is not None and len(names) == 1 else [rows]
    width = max((len(row) for row in rows), default=0)
    columns = [str(name) for name in names or ()]
    columns = columns if len(columns) == width else [str(number) for number in range(width)]
    return columns, [list(row) for row in rows]
