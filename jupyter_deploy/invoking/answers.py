"""A service's answer as a Python value."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import orjson

from ..serving import RETURNED_NONE
from .connection import Reply

_BINARY = re.compile(
    r"(image|audio|video|font)/|application/(octet-stream|pdf|(x-)?(zip|gzip|tar|npy|npz|hdf5?)|vnd\.apache\.[\w.-]+)$"
)


class Binary(bytes):
    """An answer that is neither JSON nor text: bytes that know their content type."""

    content_type = "application/octet-stream"

    @classmethod
    def of(cls, body: bytes, content_type: str) -> Binary:
        """Mark bytes with their content type."""
        made = cls(body)
        made.content_type = content_type
        return made

    def as_dict(self) -> dict[str, str]:
        """Return plain values for JSON, with the bytes as base64."""
        return {"content_type": self.content_type, "base64": base64.b64encode(self).decode()}


@dataclass(frozen=True)
class Answer:
    """A service's answer to one request."""

    value: Any  # decoded from JSON, or text, or bytes
    status: int  # the HTTP status, from 200 to 299
    seconds: float  # from the request's first byte to the answer's last, measured here
    run_seconds: float | None  # the part of run(); None if the service does not say
    request_id: str  # as in the service's log; empty if the service gives none
    content_type: str  # what the service called its answer
    size: int  # in bytes
    returned_none: bool = False  # whether the answer is {} because run() returned nothing
    body: bytes = field(default=b"", repr=False)  # as it came

    def sentence(self) -> str:
        """Describe the request in one line, for example ``"200 OK · 3.1 ms, of which 1.2 ms in run()"``."""
        inside = "" if self.run_seconds is None else f", of which {elapsed(self.run_seconds)} in run()"
        nothing = " · run() returned None: is a return missing?" if self.returned_none else ""
        return f"{self.status} {_phrase(self.status)} · {elapsed(self.seconds)}{inside}{nothing}".replace("  ", " ")

    def as_dict(self) -> dict[str, Any]:
        """Return all fields but the body for JSON."""
        value = self.value.as_dict() if isinstance(self.value, Binary) else self.value
        fields = {name: each for name, each in vars(self).items() if name != "body"}
        return {**fields, "value": value}


def answer_of(reply: Reply) -> Answer:
    """Read a whole reply with a status from 200 to 299."""
    return Answer(
        decoded(reply.body, reply.content_type),
        reply.status,
        reply.seconds,
        reply.run_seconds,
        reply.request_id,
        reply.content_type,
        len(reply.body),
        RETURNED_NONE in reply.headers,
        reply.body,
    )


def decoded(body: bytes, content_type: str = "") -> Any:
    """Decode a body: bytes for pictures, sounds, archives and the like, otherwise JSON, text in UTF-8, or bytes.

    ``content_type`` is in lower case, without parameters.
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
        # json also takes NaN and whole numbers of any size.
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def elapsed(seconds: float) -> str:
    """Write seconds for people: ``"12 µs"``, ``"0.31 ms"``, ``"3.1 ms"``, ``"240 ms"``, ``"2.40 s"``."""
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
