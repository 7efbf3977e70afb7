"""What the routes return to the HTTP edge."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from .links import Job, Stream

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]
JSON = b"application/json"


@dataclass(slots=True)
class Reply:
    """An answer."""

    status: int
    body: bytes  # empty if it is streamed
    headers: Headers = field(default_factory=list)  # lower-case names
    failed: bytes = b""  # x-ms-run-function-failed; empty for none
    stream: Stream | None = None  # the parts of the body
    job: Job | None = None  # the request that the parts answer


class Refused(Exception):
    """A request that is answered without the script.

    Its headers are sent besides those of every answer.
    """

    def __init__(self, status: int, message: str, headers: Headers | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.headers = status, message, headers or []


class ClientGone(Exception):
    """The client closed its connection before its request was complete or answered."""


_NOTHING: frozenset[bytes] = frozenset()
# RFC 9110: neither has a body; one would be read as the beginning of the next answer.
WITHOUT_BODY = frozenset({204, 304})


def answer_headers(reply: Reply, common: Headers) -> Headers:
    """Put together an answer's headers, but for its length; ``common`` are those of the request's every answer."""
    headers: Headers = [*reply.headers]
    given = {key for key, _ in headers} if headers else _NOTHING
    # The script's own CORS headers win: browsers refuse an answer with two allowed origins.
    own = len(headers) > 1
    headers += [pair for pair in common if pair[0] not in given or pair[0] == b"vary"] if own else common
    if reply.failed and b"x-ms-run-function-failed" not in given:
        headers.append((b"x-ms-run-function-failed", reply.failed))
    if reply.status not in WITHOUT_BODY and b"content-type" not in given:
        headers.append((b"content-type", JSON))
    return headers


def too_large(limit: int) -> Refused:
    """Make the refusal of a body of more than ``limit`` bytes."""
    # The rest of the body is not read: the connection ends with this answer.
    return Refused(413, f"The body is larger than {limit} bytes.", [(b"connection", b"close")])


async def until_gone(receive: Receive) -> None:
    """Wait until the client closes its connection."""
    while (await receive())["type"] != "http.disconnect":
        pass
