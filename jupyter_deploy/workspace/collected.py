"""What a service collected, read back: its requests with their answers, and the rows of its script's collectors."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import NotFound, UsageProblem, nearest
from ..invoking import Binary, decoded
from ..serving.collection import REQUESTS, body_of, names, newest

if TYPE_CHECKING:
    import pandas as pd

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_AGO = re.compile(r"(\d+(?:\.\d+)?)\s*([smhd])")
_SHORT = 8
_COLUMNS = (
    "time", "id", "status", "seconds", "run_seconds", "input", "output", "error", "script", "models", "bundle",
    "generation", "cut",
)  # fmt: skip


@dataclass(frozen=True)
class CollectedRequest:
    """One request with its answer, as a service collected it.

    Parameters
    ----------
    input, output : object
        Decoded as answers are: from JSON, as text, or as bytes; what is cut is text or bytes. The output of a stream is
        not collected.
    seconds, run_seconds : float, float or None
        From the request's head to the answer's end in the server; how long ``run()`` took.
    error : str
        The exception of the script, and its line; empty where it raised none.
    bundle : str
        The digest of the script and its models, as it is in ``Service.record.bundle``.
    cut : tuple of str
        ``"input"`` and ``"output"`` where only the beginning was kept.
    body : bytes or None
        The input as it was sent; None where it was not kept whole.
    path : str
        The route: ``/score``, or one of the Open Inference Protocol.
    """

    id: str
    time: datetime
    status: int
    seconds: float
    run_seconds: float | None
    input: Any = field(hash=False, repr=False)
    output: Any = field(hash=False, repr=False)
    error: str
    script: str
    models: tuple[str, ...]
    bundle: str
    generation: int
    cut: tuple[str, ...] = ()
    body: bytes | None = field(default=None, repr=False)
    content_type: str = "application/json"
    method: str = "POST"
    query: str = field(default="", repr=False)
    path: str = "/score"

    @property
    def short_id(self) -> str:
        """What the log shows of the id."""
        return self.id[:_SHORT]

    @property
    def failed(self) -> bool:
        """Whether the client got an error, or an answer without its end."""
        return self.status >= 400 or bool(self.error)

    def facts(self) -> dict[str, Any]:
        """Return what may be shown freely: all but the input and the output."""
        return {
            "time": self.time.isoformat(timespec="milliseconds"),
            "id": self.id,
            "status": self.status,
            "seconds": self.seconds,
            "run_seconds": self.run_seconds,
            "error": self.error.partition(":")[0],
            "script": self.script,
            "models": list(self.models),
            "bundle": self.bundle,
            "generation": self.generation,
        }

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON, with input and output."""
        both = {key: _plain(getattr(self, key)) for key in ("input", "output")}
        return {**self.facts(), "error": self.error, **both, "cut": list(self.cut)}


@dataclass(frozen=True)
class Collected(Sequence[CollectedRequest]):
    """Requests that a service collected, oldest first.

    Parameters
    ----------
    collects : str
        The service's setting ``collect``; empty for a service that was deleted.
    shows_bodies : bool
        Whether faces and plain data have inputs and outputs, which may be personal.
    """

    service: str
    requests: tuple[CollectedRequest, ...]
    collects: str = ""
    shows_bodies: bool = False

    def __len__(self) -> int:
        return len(self.requests)

    def __getitem__(self, index: Any) -> Any:
        return self.requests[index]

    def __iter__(self) -> Iterator[CollectedRequest]:
        return iter(self.requests)

    def table(self) -> Any:
        """Return a DataFrame or, where pandas is not installed, the list of requests."""
        return self.frame() if find_spec("pandas") else list(self)

    def frame(self) -> pd.DataFrame:
        """Return a DataFrame, one row a request."""
        import pandas as pd

        rows = [[getattr(one, name) for name in _COLUMNS] for one in self]
        return pd.DataFrame(rows, columns=list(_COLUMNS))

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        rows = [one.as_dict() if self.shows_bodies else one.facts() for one in self]
        return {"service": self.service, "collect": self.collects, "requests": rows}


@dataclass(frozen=True)
class CollectedRows:
    """Rows that a script gave to its collectors, oldest first: one mapping a row.

    ``time``, ``request`` and ``correlation`` come first; a joined collection's columns begin with its name, as do those
    that have one of these names. ``cut`` tells of how many rows a row is, where not all were kept.
    """

    service: str
    collections: tuple[str, ...]
    rows: tuple[Mapping[str, Any], ...] = field(repr=False)
    shows_bodies: bool = False

    def __len__(self) -> int:
        return len(self.rows)

    def table(self) -> Any:
        """Return a DataFrame or, where pandas is not installed, the list of rows."""
        return self.frame() if find_spec("pandas") else list(self.rows)

    def frame(self) -> pd.DataFrame:
        """Return a DataFrame."""
        import pandas as pd

        return pd.DataFrame(list(self.rows))

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        hidden = () if self.shows_bodies else ("time", "request", "correlation", "model")
        rows = [{key: _plain(row[key]) for key in row if not hidden or key in hidden} for row in self.rows]
        return {"service": self.service, "collections": list(self.collections), "rows": rows}


class CollectedData:
    """The collections of one service, on disk.

    Parameters
    ----------
    service : str
        Its name, for messages.
    folder : pathlib.Path
        Where they are.
    collects : str
        The service's setting; empty where there is no service any more.
    """

    def __init__(self, service: str, folder: Path, collects: str) -> None:
        self.service, self.folder, self._collects = service, folder, collects

    def names(self) -> list[str]:
        """List the collections; ``requests`` is the service's own."""
        return names(self.folder)

    def requests(
        self, since: datetime | timedelta | str | None = None, *, failed: bool = False, limit: int | None = None
    ) -> Collected:
        """Return the newest requests: since a moment (or ``"15m"``), those that failed, so many."""
        begin = moment_of(since)
        found = (_request(record) for record in newest(self.folder, REQUESTS))
        kept = (one for one in found if (begin is None or one.time >= begin) and (one.failed or not failed))
        requests = sorted(islice(kept, _checked(limit)), key=lambda one: one.time)
        return Collected(self.service, tuple(requests), self._collects)

    def rows(
        self, *collections: str, since: datetime | timedelta | str | None = None, limit: int | None = None
    ) -> CollectedRows:
        """Return the newest rows of one collection, or of several joined by the request that they were collected for.

        Raises
        ------
        NotFound
            For a collection that there is nothing of, with those that there are.
        """
        begin = moment_of(since)
        tables = [sorted(self._rows(name, begin), key=lambda row: row["time"]) for name in collections]
        rows = tables[0] if len(tables) == 1 else _joined(dict(zip(collections, tables, strict=True)))
        rows = sorted(rows, key=lambda row: row["time"])
        most = _checked(limit)
        return CollectedRows(self.service, collections, tuple(rows if most is None else rows[-most:] if most else ()))

    def _rows(self, collection: str, begin: datetime | None) -> Iterator[dict[str, Any]]:
        known = self.names()
        if collection not in known:
            close = nearest(collection, known)
            there = f"There are: {', '.join(known)}." if known else _HOW.format(self.service, "script")
            raise NotFound(
                f"{self.service} has collected nothing of {collection!r}.",
                hint=f"Did you mean {close!r}?" if close else there,
            )
        for record in newest(self.folder, collection):
            when = datetime.fromtimestamp(record["time"]).astimezone()
            if begin is None or when >= begin:
                own = {"time": when, "request": record["request"], "correlation": record["correlation"]}
                own |= {"model": record["model"]} if "model" in record else {}
                if "rows_size" in record:
                    own["cut"] = f"{len(record['rows'])} of {record['rows_size']} rows"
                columns = _apart(record["columns"], collection)
                for values in record["rows"]:
                    yield {**own, **dict(zip(columns, values, strict=False))}

    def request(self, wanted: str) -> CollectedRequest:
        """Return a request by its id, or by the beginning of one that no other has.

        Raises
        ------
        NotFound
            With the nearest id.
        UsageProblem
            For a beginning that several have.
        """
        found: dict[str, CollectedRequest] = {}
        ids: list[str] = []
        for record in newest(self.folder, REQUESTS):
            if record["id"] == wanted:
                return _request(record)
            ids.append(record["id"])
            if wanted and record["id"].startswith(wanted):
                found.setdefault(record["id"], _request(record))
        if len(found) > 1:
            some = ", ".join(islice(found, 3))
            raise UsageProblem(f"{len(found)} requests begin with {wanted!r}.", hint=f"Give more of one: {some}…")
        if not found:
            raise NotFound(f"{self.service} has collected no request {wanted!r}.", hint=self._instead(wanted, ids))
        return next(iter(found.values()))

    def _instead(self, wanted: str, ids: list[str]) -> str:
        if not ids:
            return _HOW.format(self.service, "requests")
        close = nearest(wanted, [name[: max(_SHORT, len(wanted))] for name in ids[:1000]])
        return f"Did you mean {close!r}?" if close else f"jupyter model collected {self.service} lists them"

    def ids(self, limit: int = 100) -> list[str]:
        """List the newest requests' ids."""
        return [record["id"] for record in islice(newest(self.folder, REQUESTS), limit)]

    def clear(self) -> int:
        """Remove all that was collected so far; returns how many bytes that was."""
        size = 0
        for path in self.folder.glob("*") if self.folder.is_dir() else ():
            size += path.stat().st_size
            path.unlink()
        return size


# What each row tells of itself.
_OWN = frozenset({"time", "request", "correlation", "model", "cut"})
_HOW = "jupyter model deploy {} --set collect={} collects from then on"


def moment_of(given: datetime | timedelta | str | None) -> datetime | None:
    """Read a moment: a time, how long ago it was, or a text for either (``"15m"``, ``"2026-11-29 10:00"``).

    Raises
    ------
    UsageProblem
        For a text that is neither.
    """
    if given is None:
        return None
    if isinstance(given, timedelta):
        return datetime.now().astimezone() - given
    if isinstance(given, datetime):
        # pandas has a time of its own.
        return getattr(given, "to_pydatetime", lambda: given)().astimezone()
    ago = _AGO.fullmatch(given.strip())
    if ago:
        return datetime.now().astimezone() - timedelta(**{_UNITS[ago[2]]: float(ago[1])})
    try:
        return datetime.fromisoformat(given.strip()).astimezone()
    except ValueError:
        raise UsageProblem(f"{given!r} is no moment.", hint="For example 15m, 2h, 1d, or 2026-11-29T10:00.") from None


def _checked(limit: int | None) -> int | None:
    if limit is not None and limit < 0:
        raise UsageProblem(f"The limit must not be negative, but is {limit}.", hint="-n 20 shows the newest 20.")
    return limit


def _request(record: Mapping[str, Any]) -> CollectedRequest:
    cut = tuple(key for key in ("input", "output") if f"{key}_size" in record)
    run = record.get("run_us", -1)
    body = None if "input" in cut else body_of(record, "input")
    return CollectedRequest(
        id=record["id"],
        time=datetime.fromtimestamp(record["time"]).astimezone(),
        status=record["status"],
        seconds=record["us"] / 1e6,
        run_seconds=run / 1e6 if run >= 0 else None,
        input=_value(record, "input", record.get("type", "")),
        output=_value(record, "output", record.get("output_type", "")),
        error=record.get("error", ""),
        script=record.get("script", ""),
        models=tuple(record.get("models", ())),
        bundle=record.get("bundle", ""),
        generation=record.get("generation", 0),
        cut=cut,
        body=body,
        content_type=record.get("type", "application/json"),
        method=record.get("method", "POST"),
        query=record.get("query", ""),
        path=record.get("path", "/score"),
    )


def _value(record: Mapping[str, Any], key: str, content_type: str) -> Any:
    body = body_of(record, key)
    if body is None:
        return None
    if f"{key}_size" in record:
        return record[key] if isinstance(record[key], str) else body
    return decoded(body, content_type.partition(";")[0].strip().lower())


def _apart(columns: Sequence[str], collection: str) -> list[str]:
    """Give columns other names that are this package's own, or are there twice: no value takes another's place."""
    found: list[str] = []
    for column in columns:
        name = f"{collection}.{column}" if column in _OWN else column
        found.append(name if name not in found else f"{name}.{sum(one == column for one in columns[: len(found)])}")
    return found


def _joined(tables: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """Put rows side by side that were collected for the same request, in their order."""
    found: dict[tuple[str, int], dict[str, Any]] = {}
    for name, rows in tables.items():
        seen: dict[str, int] = {}
        for row in rows:
            number = seen[row["correlation"]] = seen.get(row["correlation"], -1) + 1
            own = {key: row[key] for key in ("time", "request", "correlation")}
            joined = found.setdefault((row["correlation"], number), own)
            joined |= {f"{name}.{key}": value for key, value in row.items() if key not in own}
    return list(found.values())


def _plain(value: Any) -> Any:
    if isinstance(value, Binary):
        return value.as_dict()
    if isinstance(value, bytes):
        return Binary(value).as_dict()
    return value.isoformat() if isinstance(value, datetime) else value


def shown(collected: Any, *, bodies: bool) -> Any:
    """Return the same data for a face that has inputs and outputs, or has not."""
    return replace(collected, shows_bodies=bodies)
