"""Ids of requests: those that clients send, those that are made for the others, and how a log shows them."""

from __future__ import annotations

import os
from collections.abc import Callable

_AT_ONCE = 256
_VARIANT = "89ab"
_LIMIT = 100
IDS = (b"x-request-id", b"x-ms-request-id", b"x-ms-client-request-id")


class RequestIds:
    """Makes random UUIDs (version 4, RFC 9562), many from one call to the system's random source."""

    def __init__(self) -> None:
        self._made: list[str] = []

    def next(self) -> str:
        """Make an id of 36 characters."""
        if not self._made:
            digits = os.urandom(16 * _AT_ONCE).hex()
            self._made = [_uuid(digits[at : at + 32]) for at in range(0, len(digits), 32)]
        return self._made.pop()


def _uuid(digits: str) -> str:
    variant = _VARIANT[int(digits[16], 16) & 3]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"


def answer_ids(
    headers: dict[bytes, bytes], answer: list[tuple[bytes, bytes]], new: Callable[[], str]
) -> tuple[str, str]:
    """Apply azureml-inference-server-http's rules for its three id headers.

    Ids that are too long are removed from ``headers``; the answer's ids are put into ``answer``. Returns the id for
    the log, and the header whose id is too long, empty for none.
    """
    plain, own, client = map(headers.get, IDS)
    if plain is None and own is None and client is None:
        name = new()
        plain = name.encode()
        answer += [(b"x-request-id", plain), (b"x-ms-request-id", plain)]
        return name, ""
    too_long = [key for key in IDS if len(headers.get(key, b"")) > _LIMIT]
    for key in too_long:
        headers.pop(key)
    plain, own, client = map(headers.get, IDS)
    plain = plain or new().encode()
    answer += [(b"x-request-id", plain), (b"x-ms-request-id", own or client or plain)]
    if client or own:
        answer.append((b"x-ms-client-request-id", client or own or b""))
    return in_log((own or client or plain).decode("latin-1")), too_long[0].decode() if too_long else ""


def in_log(name: str) -> str:
    r"""Write a client's id as one word of one line: other characters than printable ASCII become ``\x..``."""
    if name.isascii() and name.isprintable() and " " not in name:
        return name
    return "".join(sign if "!" <= sign <= "~" else f"\\x{ord(sign):02x}" for sign in name)
