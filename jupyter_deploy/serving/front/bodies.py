"""Request bodies: read whole, within a limit, and decompressed."""

from __future__ import annotations

import zlib

from .replies import ClientGone, Receive, Refused, too_large

_ENCODINGS = {b"gzip": 31, b"x-gzip": 31, b"deflate": 15}
# Bytes per read, growing from the first to the last: data of the next member is read again.
_STEPS = (1 << 10, 1 << 18)
_KNOWN = [(b"accept-encoding", b"gzip, deflate")]


async def read_body(receive: Receive, headers: dict[bytes, bytes], limit: int) -> bytes:
    """Read a whole request body: one that was cut short is never scored.

    A body over the limit is refused before it is read, if its length is known. Raises :class:`ClientGone` if the
    connection closes before its end.
    """
    length = headers.get(b"content-length", b"")
    if length.isdigit() and int(length) > limit:
        raise too_large(limit)
    if not length and headers.get(b"transfer-encoding", b"chunked").lower() != b"chunked":
        raise Refused(501, "Of transfer encodings, this server reads chunked alone.", [(b"connection", b"close")])
    message = await receive()
    if message["type"] != "http.disconnect" and not message.get("more_body"):
        body: bytes = message.get("body", b"")
        if len(body) <= limit:
            return body
    parts: list[bytes] = []
    size = 0
    while True:
        if message["type"] == "http.disconnect":
            raise ClientGone
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > limit:
            raise too_large(limit)
        if not message.get("more_body"):
            return b"".join(parts)
        message = await receive()


def decoded(body: bytes, encoding: bytes, limit: int) -> bytes:
    """Undo a ``Content-Encoding`` of ``gzip`` or ``deflate``, or several, the last first.

    Other encodings, invalid data, and a result of more than ``limit`` bytes are refused.
    """
    names = [name.strip().lower() for name in encoding.split(b",")]
    for name in reversed(names):
        if name in {b"", b"identity"}:
            continue
        if name not in _ENCODINGS:
            shown = name.decode("latin-1")[:100]
            raise Refused(
                415, f"Content-Encoding {shown!r} is not read: send the body as gzip, deflate or as it is.", _KNOWN
            )
        body = _inflated(body, name, limit)
    return body


def _inflated(body: bytes, name: bytes, limit: int) -> bytes:
    bits = _ENCODINGS[name]
    if name == b"deflate" and not _has_head(body):
        # Some clients send bare deflate data; RFC 9110 requires the zlib format.
        bits = -15
    parts: list[bytes] = []
    room, at, step = limit, 0, _STEPS[0]
    reader = zlib.decompressobj(bits)
    try:
        while at < len(body) and not (reader.eof and not body[at:].strip(b"\0")):
            if reader.eof:
                # Gzip data may consist of several members.
                if bits < 16:
                    raise zlib.error("there is more behind its end")
                reader, step = zlib.decompressobj(bits), _STEPS[0]
            piece = body[at : at + step]
            parts.append(reader.decompress(piece, room + 1))
            room -= len(parts[-1])
            if room < 0:
                raise too_large(limit)
            at += len(piece) - len(reader.unused_data) - len(reader.unconsumed_tail)
            step = min(step * 2, _STEPS[1])
        if not reader.eof:
            raise zlib.error("it ends too early")
    except zlib.error as error:
        raise Refused(400, f"The body is not {name.decode()} data: {error}.") from None
    return b"".join(parts)


def _has_head(body: bytes) -> bool:
    return len(body) >= 2 and body[0] & 15 == 8 and int.from_bytes(body[:2], "big") % 31 == 0
