"""A log in pages, by byte offsets; a rotation loses no line."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from ..display import with_levels
from ..errors import NotFound, UsageProblem
from ..files import older_log
from ..workspace import Workspace

MOST_LINES = 5000
_MOST_BYTES = 1 << 20
_TAIL_BYTES = 4 << 20
_PIECE = 1 << 16
_REFUSED, _FAILED = 400, 500
_TIME = re.compile(r'(\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d[,.]\d{3}Z?)|\{"time":"([^"]*)"')


@dataclass(frozen=True)
class Log:
    """A log: its file, how its lines look, and what there is where there is no file."""

    name: str
    path: Path
    shown: Callable[[list[str]], list[list[str]]]  # of each line, its level and its text
    otherwise: Callable[[int], str] | None  # the last lines from elsewhere; None where that would be an error
    command: str


def of_service(workspace: Workspace, name: str) -> Log:
    """Find the log of a service, or of a failed deployment; an instance of an endpoint's deployment is a service."""
    path = workspace.services.log_file_of(name)
    # It has not been started yet, or its target keeps the log elsewhere.
    known = name in workspace.services
    elsewhere = (lambda lines: workspace.services.log_of(name, lines)) if known else None
    return Log(name, path, with_levels, elsewhere, f"jupyter model logs {name}")


def of_endpoint(workspace: Workspace, name: str) -> Log:
    """Find the log of an endpoint's router: a line for each request."""
    endpoint = workspace.endpoints[name]
    return Log(name, endpoint.access_log, _requests_shown, lambda _: "", f"jupyter model endpoint logs {endpoint.name}")


def _requests_shown(lines: list[str]) -> list[list[str]]:
    return [_request_shown(line) for line in lines]


def _request_shown(line: str) -> list[str]:
    """Write a request that the router has noted as one that people read: when, who, what, how long, its id."""
    try:
        told = json.loads(line)
        status = int(told["status"])
        words = (told["time"], told["deployment"] or "-", status, told["method"], told["path"])
        text = f"{' '.join(map(str, words))} {told['milliseconds']} ms {told['request_id'] or ''}".rstrip()
    except (ValueError, TypeError, KeyError):
        return with_levels([line])[0]
    return ["E" if status >= _FAILED or not status else "W" if status >= _REFUSED else "I", text]


def page(log: Log, offset: int, limit: int, file: str = "", before: int = -1) -> dict[str, Any]:
    """Return lines of a log.

    Parameters
    ----------
    log : Log
        Which.
    offset : int
        Where they begin; -1 for the last ones.
    limit : int
        How many lines, at most :data:`MOST_LINES`.
    file : str, optional
        The ``file`` of the page before: what was not read of it comes first, if it has been moved away since.
    before : int, optional
        Instead of ``offset``: where they end.

    Returns
    -------
    dict
        ``lines``, each with ``level``, ``time`` and ``text``; ``start`` and ``offset``, where they begin and where
        to go on; ``more``, whether there is more already; ``rotated``, whether offsets count from 0 again; ``file``.
    """
    if not 1 <= limit <= MOST_LINES or offset < -1 or before < -1:
        raise UsageProblem(
            f"A page of a log has 1 to {MOST_LINES} lines, from an offset of 0 on; -1 is the end.", hint="limit=500"
        )
    try:
        with log.path.open("rb") as opened:
            found = _page_of(log.path, opened, offset, limit, file, before)
    except FileNotFoundError:
        if log.otherwise is None:
            raise
        lines = _lines(log.otherwise(limit).encode()) if offset <= 0 else []
        found = _answer(lines, 0, len(lines), "")
    shown = log.shown(found["lines"])
    return {**found, "lines": [{"level": level, "time": _time(text), "text": text} for level, text in shown]}


def _page_of(path: Path, log: IO[bytes], offset: int, limit: int, file: str, before: int) -> dict[str, Any]:
    own, size = _id(log), os.fstat(log.fileno()).st_size
    if before >= 0 or offset < 0:
        end = size if before < 0 else min(before, size)
        start, lines = _last(log, end, limit)
        return _answer(lines, start, end if before >= 0 else start + sum(map(len, lines)), own)
    if (file and file != own) or offset > size:
        rest = _rest(path, own, offset, limit, file)
        if rest:
            return rest
        return {**_forward(log, 0, limit, own, size), "rotated": True}
    return _forward(log, offset, limit, own, size)


def _rest(path: Path, own: str, offset: int, limit: int, file: str) -> dict[str, Any] | None:
    """Return what was not read yet of the file that had the name before; None if nothing is left."""
    try:
        with older_log(path).open("rb") as older:
            size = os.fstat(older.fileno()).st_size
            # A container cannot rename: its log is copied, then emptied, and the copy is another file.
            if file and file not in {own, _id(older)}:
                return None
            found = _forward(older, offset, limit, file or own, size)
    except OSError:
        return None
    return {**found, "more": True} if found["lines"] else None


def _forward(log: IO[bytes], offset: int, limit: int, own: str, size: int) -> dict[str, Any]:
    log.seek(offset)
    data = log.read(max(0, min(_MOST_BYTES, size - offset)))
    whole = data[: data.rfind(b"\n") + 1]
    if not whole and len(data) == _MOST_BYTES:
        # A line without an end: it is shown in pieces.
        whole = data
    lines = whole.splitlines(keepends=True)[:limit] if whole else []
    end = offset + sum(map(len, lines))
    return _answer(lines, offset, end, own, more=b"\n" in data[end - offset :] or offset + len(data) < size)


def _last(log: IO[bytes], end: int, limit: int) -> tuple[int, list[bytes]]:
    """Return the last whole lines before an offset, and where they begin."""
    start = end
    data = b""
    while start and end - start < _TAIL_BYTES and data.count(b"\n") <= limit:
        start = max(0, start - _PIECE)
        log.seek(start)
        data = log.read(end - start)
    if start:
        # Its beginning is not there.
        cut = data.find(b"\n") + 1
        start, data = start + cut, data[cut:]
    data = data[: data.rfind(b"\n") + 1]
    lines = data.splitlines(keepends=True)
    kept = lines[-limit:]
    return start + sum(map(len, lines[: len(lines) - len(kept)])), kept


def _lines(text: bytes) -> list[bytes]:
    return text.splitlines(keepends=True)


def _answer(lines: list[bytes], start: int, end: int, file: str, *, more: bool = False) -> dict[str, Any]:
    texts = [line.decode("utf-8", "replace").rstrip("\r\n") for line in lines]
    return {"lines": texts, "start": start, "offset": end, "more": more, "rotated": False, "file": file}


def _time(text: str) -> str:
    found = _TIME.match(text)
    return (found[1] or found[2]) if found else ""


def _id(log: IO[bytes]) -> str:
    return str(os.fstat(log.fileno()).st_ino)


def whole(log: Log) -> Iterator[bytes]:
    """Yield a log in pieces, its older part first."""
    parts = [part for part in (older_log(log.path), log.path) if part.is_file()]
    if not parts:
        raise NotFound(f"{log.name} has no log on this machine.", hint=log.command)
    for part in parts:
        with part.open("rb") as opened:
            while piece := opened.read(_PIECE):
                yield piece
