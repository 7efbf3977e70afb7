"""TLS: the context of a server, and what a client gets that speaks plain HTTP to it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl

from ...errors import ConfigProblem
from ..config import ServingConfig

# The first byte of a handshake (RFC 8446, section 5.1).
_HANDSHAKE = b"\x16"
_MESSAGE = b'{"message":"This service speaks HTTPS only: its address begins with https://."}'
_REFUSAL = (
    b"HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: %d\r\n\r\n%s"
    % (len(_MESSAGE), _MESSAGE)
)
_MOST = 1 << 16


def context_of(config: ServingConfig) -> ssl.SSLContext | None:
    """Make the context of a server; None where it speaks plain HTTP.

    Raises
    ------
    ConfigProblem
        If the certificate cannot be used: such a server must not start.
    """
    if not config.tls_certificate:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(config.tls_certificate, config.tls_key)
    except (OSError, ValueError) as error:
        why = getattr(error, "reason", "") or getattr(error, "strerror", "") or type(error).__name__
        raise ConfigProblem(
            f"The certificate {config.tls_certificate} cannot be used: {why}.", hint="Deploy the service again."
        ) from None
    return context


async def speaks_tls(connection: socket.socket, seconds: float) -> bool:
    """Look at the first byte of a connection without taking it; a client of plain HTTP is told, and false returned."""
    loop = asyncio.get_running_loop()
    readable: asyncio.Future[None] = loop.create_future()

    def ready() -> None:
        if not readable.done():
            readable.set_result(None)

    loop.add_reader(connection.fileno(), ready)
    try:
        await asyncio.wait_for(readable, seconds)
    finally:
        loop.remove_reader(connection.fileno())
    first = connection.recv(1, socket.MSG_PEEK)
    if first == _HANDSHAKE:
        return True
    with contextlib.suppress(OSError):
        if first:
            # What is left unread resets the connection, and the answer is lost.
            connection.recv(_MOST)
            connection.send(_REFUSAL)
            connection.shutdown(socket.SHUT_WR)
    return False
