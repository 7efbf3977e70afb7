"""Unusual request heads, and answers that are given before the application sees a request."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterable
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from ..answers import encode
from .requestids import answer_ids

Headers = list[tuple[bytes, bytes]]
END = b"\r\n\r\n"
_COMMA = re.compile(rb"\s*,\s*")


def new_parser(protocol: Any) -> Any:
    """Make a parser for the next request, as uvicorn does.

    It allows bytes behind a request that closes the connection.
    """
    parser = httptools.HttpRequestParser(protocol)
    with contextlib.suppress(AttributeError):
        # Before httptools 0.6.3 there is nothing to allow.
        parser.set_dangerous_leniencies(lenient_data_after_close=True)
    return parser


def end_of_part(data: bytes, at: int, before: bytes) -> int:
    """Find how far a parser may read without going beyond a head, or a chunked body.

    That is behind the next empty line, with which both end, or the end of the data. ``before`` has the last three
    bytes that it has read.
    """
    seam = (before + data[at : at + 3]).find(END)
    if seam >= 0:
        return at + seam + len(END) - len(before)
    found = data.find(END, at)
    return len(data) if found < 0 else found + len(END)


def without_upgrade(parser: Any, url: bytes, headers: Headers) -> bytes:
    """Rewrite a head without its ``Upgrade``: a server may ignore that (RFC 9110, section 7.8)."""
    lines = [b"%s %s HTTP/%s" % (parser.get_method(), url, parser.get_http_version().encode())]
    for name, value in headers:
        if name == b"connection":
            kept = [token for token in _COMMA.split(value.strip()) if token.lower() not in {b"upgrade", b""}]
            lines += [b"connection: " + b", ".join(kept)] if kept else []
        elif name != b"upgrade":
            lines.append(b"%s: %s" % (name, value))
    return b"\r\n".join(lines) + END


def origin_form(url: bytes, headers: Headers) -> bytes:
    """Return path and query of ``GET http://host/path``, and set ``Host`` in ``headers`` (RFC 9112, section 3.2.2)."""
    target = httptools.parse_url(url)
    if target.host is None:
        return url
    rest = url.partition(b"://")[2]
    found = re.search(rb"[/?#]", rest)
    end = found.start() if found else len(rest)
    headers[:] = [(b"host", rest[:end].rpartition(b"@")[2]), *(pair for pair in headers if pair[0] != b"host")]
    return rest[end:] if rest[end:].startswith(b"/") else b"/" + rest[end:]


def refusal(
    status: int, message: str, request: Iterable[tuple[bytes, bytes]], default: Headers, new: Callable[[], str]
) -> bytes:
    """Write an answer that closes the connection.

    ``request`` has the request's headers, as far as they are known; ``default`` those of every answer; ``new`` makes
    an id.
    """
    body = encode({"message": message})
    headers: Headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    headers += [(b"connection", b"close")] + ([(b"retry-after", b"1")] if status == 503 else [])
    answer_ids(dict(request), headers, new)
    lines = [b"%s: %s\r\n" % pair for pair in (*default, *headers)]
    return b"".join([STATUS_LINE[status], *lines, b"\r\n", body])
