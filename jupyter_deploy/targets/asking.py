"""Plain HTTP to a server's own routes.

Without requests: it closes its connections in finalizers, where a Ctrl-C is swallowed, and waiting for a service asks
all the time. It also takes a tenth of a second to import, which a notebook's first card would wait for.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from ..bundles import Reader
    from ..services import Certificate

Silent = (HTTPException, OSError)
_PIECE = 1 << 18


def ask(
    method: str,
    url: str,
    timeout: float | None,
    headers: Mapping[str, str],
    body: bytes | Reader | None = None,
    certificate: Certificate | None = None,
) -> tuple[int, bytes]:
    """Send one request on a connection of its own, past any proxy; returns status and body.

    ``timeout`` is in seconds for each step, None for no limit. A body that is a reader needs a ``Content-Length``.
    Of an ``https`` address, ``certificate`` is the one that is trusted.
    The errors in :data:`Silent` mean that there is no answer.
    """
    address = urlsplit(url)
    assert address.hostname
    connection = (
        certificate.connection(address.hostname, address.port, timeout, _PIECE)
        if certificate
        else HTTPConnection(address.hostname, address.port, timeout=timeout, blocksize=_PIECE)
    )
    try:
        path = (address.path or "/") + (f"?{address.query}" if address.query else "")
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            # A server that refuses to read the whole body has answered why.
            connection.request(method, path, body, dict(headers))
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()
