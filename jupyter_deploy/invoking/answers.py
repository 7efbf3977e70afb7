"""What a service answered, as a Python value."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import orjson

from ..serving import RETURNED_NONE
from .connection import Reply

_BINARY = re.compile(
    r"(image|audio|video|font)/|application/(octet-stream|pdf|(x-)?(zip|gzip|tar|npy|npz|hdf5?)|vnd\.apache\.[\w.-]+)$"
)


class Binary(bytes):
    """An answer that is neither JSON nor text: ordinary bytes, which know what they are."""

    content_type = "application/octet-stream"

    @classmethod
    def of(cls, body: bytes, content_type: str) -> Binary:
        """Mark bytes.

        Parameters
        ----------
        body : bytes
            The answer.
        content_type : str
            What it is.

        Returns
        -------
        Binary
            The same bytes.
        """
        made = cls(body)
        made.content_type = content_type
        return made

    def as_dict(self) -> dict[str, str]:
        """Return plain values for JSON.

        Returns
        -------
        dict
            The bytes as base64.
        """
        return {"content_type": self.content_type, "base64": base64.b64encode(self).decode()}


@dataclass(frozen=True)
class Answer:
    """A service's answer to one request.

    Parameters
    ----------
    value : object
        Decoded: from JSON, as text, or as bytes.
    status : int
        The HTTP status, from 200 to 299.
    seconds : float
        From the request's first byte to the answer's last, seen from here.
    run_seconds : float or None
        How long ``run()`` took of it; None where the service does not say.
    request_id : str
        As the service's log has it; empty where the service gives none.
    content_type : str
        What the service called its answer.
    size : int
        Bytes of the answer.
    returned_none : bool
        Whether the answer is ``{}`` because ``run()`` returned nothing.
    """

    value: Any
    status: int
    seconds: float
    run_seconds: float | None
    request_id: str
    content_type: str
    size: int
    returned_none: bool = False

    def sentence(self) -> str:
        """Tell how it went in one line.

        Returns
        -------
        str
            For example ``"200 OK · 3.1 ms, of which 1.2 ms in run()"``.
        """
        inside = "" if self.run_seconds is None else f", of which {elapsed(self.run_seconds)} in run()"
        nothing = " · run() returned None: is a return missing?" if self.returned_none else ""
        return f"{self.status} {_phrase(self.status)} · {elapsed(self.seconds)}{inside}{nothing}".replace("  ", " ")

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON.

        Returns
        -------
        dict
            All fields.
        """
        value = self.value.as_dict() if isinstance(self.value, Binary) else self.value
        return {**vars(self), "value": value}


def answer_of(reply: Reply) -> Answer:
    """Read a reply.

    Parameters
    ----------
    reply : Reply
        Whole, with a status from 200 to 299.

    Returns
    -------
    Answer
        With the decoded value.
    """
    return Answer(
        decoded(reply.body, reply.content_type),
        reply.status,
        reply.seconds,
        reply.run_seconds,
        reply.request_id,
        reply.content_type,
        len(reply.body),
        RETURNED_NONE in reply.headers,
    )


def decoded(body: bytes, content_type: str = "") -> Any:
    """Turn a body into a Python value.

    Parameters
    ----------
    body : bytes
        As it came.
    content_type : str, optional
        Without parameters, in lower case.

    Returns
    -------
    object
        Bytes for pictures, sounds, archives and the like; else what it is as JSON; else text, where it is UTF-8.
    """
    if _BINARY.match(content_type):
        return Binary.of(body, content_type)
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        try:
            text = body.decode()
        except UnicodeDecodeError:
            return Binary.of(body, content_type or "application/octet-stream")
    try:
        # It also takes NaN and whole numbers of any size.
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def elapsed(seconds: float) -> str:
    """Write a time for people.

    Parameters
    ----------
    seconds : float
        A time.

    Returns
    -------
    str
        For example ``"12 µs"``, ``"0.31 ms"``, ``"3.1 ms"``, ``"240 ms"``, ``"2.40 s"``.
    """
    if seconds >= 1:
        return f"{seconds:,.2f} s" if seconds < 100 else f"{seconds:,.0f} s"
    if seconds < 1e-4:
        return f"{seconds * 1e6:.0f} µs"
    milliseconds = seconds * 1000
    digits = 2 if milliseconds < 1 else 1 if milliseconds < 100 else 0
    return f"{milliseconds:.{digits}f} ms"


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
