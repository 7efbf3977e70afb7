"""What the routes hand to the HTTP edge."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from .links import Job, Stream

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]


@dataclass(slots=True)
class Reply:
    """An answer.

    Parameters
    ----------
    status : int
        The HTTP status.
    body : bytes
        Empty where it is streamed.
    headers : list of tuple of (bytes, bytes)
        Lower-case names.
    failed : bytes
        ``x-ms-run-function-failed``; empty for none.
    stream : Stream, optional
        The parts of the body.
    job : Job, optional
        What the parts are for.
    """

    status: int
    body: bytes
    headers: Headers = field(default_factory=list)
    failed: bytes = b""
    stream: Stream | None = None
    job: Job | None = None


class Refused(Exception):
    """A request that is answered without the script.

    Parameters
    ----------
    status : int
        The HTTP status.
    message : str
        Why.
    headers : list of tuple of (bytes, bytes), optional
        Beside the usual ones.
    """

    def __init__(self, status: int, message: str, headers: Headers | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.headers = status, message, headers or []


class ClientGone(Exception):
    """The client closed its connection before its request was complete or answered."""


def too_large(limit: int) -> Refused:
    """Make the refusal of a body that is too large.

    Parameters
    ----------
    limit : int
        Bytes that are accepted.

    Returns
    -------
    Refused
        To be raised.
    """
    # What still comes is not read: the connection ends with this answer.
    return Refused(413, f"The body is larger than {limit} bytes.", [(b"connection", b"close")])


async def until_gone(receive: Receive) -> None:
    """Wait until the client closes its connection.

    Parameters
    ----------
    receive : callable
        ASGI's.
    """
    while (await receive())["type"] != "http.disconnect":
        pass
