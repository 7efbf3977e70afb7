"""Heads of requests that may take the short way, each read once: clients send the same head again and again."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import httptools

from .heads import END
from .replies import Headers, Refused, Reply, answer_headers
from .requestids import IDS, answer_ids
from .score_route import is_json

BEGINNING = b"POST /score HTTP/1.1\r\n"
# Together at most one megabyte, and only what the parser and the service's rules have admitted.
_KEPT = 256
_LONGEST = 4096
# These need more than a body and an answer, or are for the long way to refuse.
_UNFIT = frozenset(
    {b"expect", b"transfer-encoding", b"upgrade", b"content-encoding", b"origin", b"sec-fetch-site"},
)
_LINES = 64
# In the place of what each answer has of its own; no header has such a byte.
_ID, _SPENT, _LENGTH = b"\x00id", b"\x00ms", b"\x00length"


class KnownHead:
    """What a head says, and the head of the answer to it.

    Attributes
    ----------
    length : int
        Bytes of the body.
    pairs, headers : list, dict
        The request's headers; the same by name.
    name : str
        Its id in the log; empty where each request gets one.
    """

    __slots__ = ("_answer", "_ids", "headers", "length", "name", "pairs")

    def __init__(self, length: int, pairs: Headers, common: Headers, name: str) -> None:
        self.length, self.pairs, self.headers, self.name = length, pairs, dict(pairs), name
        given = [(b"x-ms-run-fn-exec-ms", _SPENT)]
        lines = [*answer_headers(Reply(200, b"", given, b"False"), common), (b"content-length", _LENGTH)]
        text = b"".join(b"%s: %s\r\n" % pair for pair in lines).replace(b"%", b"%%")
        self._ids = text.count(_ID)
        text = text.replace(_ID, b"%b").replace(_SPENT, b"%.3f").replace(_LENGTH, b"%d")
        self._answer = b"%b" + text + b"%b\r\n%b"

    def answer(self, begin: bytes, milliseconds: float, made: str, body: bytes, *, last: bool) -> bytes:
        """Write the whole answer.

        ``begin`` is its status line with the headers of every answer, ``made`` an id for where the client gave none.
        """
        end = b"connection: close\r\n" if last else b""
        return self._answer % (begin, milliseconds, *(made.encode(),) * self._ids, len(body), end, body)


class _Reader:
    """Collects what httptools finds in a head."""

    def __init__(self) -> None:
        self.url = b""
        self.pairs: Headers = []
        self.whole = False

    def on_url(self, url: bytes) -> None:
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.pairs.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        self.whole = True


class KnownHeads:
    """Decides by its head whether a request may take the short way.

    Parameters
    ----------
    admit : callable
        Takes scope and headers; raises an exception for what the service refuses.
    common : callable
        Returns the headers that answers to a request have, but for its ids.
    schema : bool
        Whether bodies must be JSON.
    limit : int
        Bytes of a body.
    """

    def __init__(
        self,
        admit: Callable[[dict[str, Any], dict[bytes, bytes]], None],
        common: Callable[[dict[bytes, bytes]], Headers],
        *,
        schema: bool,
        limit: int,
    ) -> None:
        self._admit, self._common, self._schema, self._limit = admit, common, schema, limit
        self._known: dict[bytes, KnownHead | None] = {}

    def find(self, head: bytes) -> KnownHead | None:
        """Return what a head says; None if the request must take the long way."""
        try:
            return self._known[head]
        except KeyError:
            found = self._read(head)
        own = found is not None and found.name
        # A head with an id of its own does not come again.
        if not own and len(head) <= _LONGEST:
            if len(self._known) >= _KEPT:
                self._known.clear()
            self._known[head] = found
        return found

    def _read(self, head: bytes) -> KnownHead | None:
        reader = _Reader()
        parser = httptools.HttpRequestParser(reader)
        # HttpParserUpgrade is an error, too.
        with contextlib.suppress(httptools.HttpParserError, httptools.HttpParserUpgrade):
            parser.feed_data(head + END)
            if reader.whole and reader.url == b"/score" and parser.should_keep_alive() and not parser.should_upgrade():
                return self._of(reader.pairs)
        return None

    def _of(self, pairs: Headers) -> KnownHead | None:
        headers = dict(pairs)
        length = headers.get(b"content-length", b"0")
        fits = len(headers) == len(pairs) <= _LINES and _UNFIT.isdisjoint(headers)
        if not fits or not length.isdigit() or int(length) > self._limit:
            return None
        if self._schema and not is_json(headers.get(b"content-type", b"")):
            return None
        scope = {"headers": pairs, "path": "/score", "method": "POST", "http_version": "1.1"}
        try:
            self._admit(scope, headers)
            common = self._common(headers)
        except Refused:
            return None
        if any(headers.get(name) == b"" for name in IDS):
            return None
        name, too_long = answer_ids(dict(headers), common, _ID.decode)
        if too_long:
            return None
        return KnownHead(int(length), pairs, common, "" if name == _ID.decode() else name)
