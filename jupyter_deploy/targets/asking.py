"""Plain HTTP to a server's own routes.

Without requests: it closes its connections in finalizers, where a Ctrl-C is swallowed, and waiting for a service asks
all the time. It also takes a tenth of a second to import, which a notebook's first card would wait for.
"""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from ..bundles import Reader
    from ..services import Certificate

Silent = (HTTPException, OSError)
_PIECE = 1 << 18
# A server closes a connection that is idle for 75 s.
_IDLE_SECONDS = 30.0
_Key = tuple[str, int | None, str]


class Connections:
    """Connections that stay open between questions, for those who ask the same servers all the time.

    Any number of threads use them. What is not used for half a minute is closed.
    """

    def __init__(self) -> None:
        # Both ends of a deque are safe to use from several threads.
        self._idle: deque[tuple[_Key, HTTPConnection, float]] = deque()
        self._closed = False

    @contextlib.contextmanager
    def used(self) -> Iterator[None]:
        """Use them for what this thread asks meanwhile."""
        token = _KEPT.set(self)
        try:
            yield
        finally:
            _KEPT.reset(token)

    def take(self, key: _Key) -> HTTPConnection | None:
        """Return a connection to a server, if one is open and idle."""
        found = None
        for _ in range(len(self._idle)):
            try:
                one = self._idle.popleft()
            except IndexError:
                break
            if found is None and one[0] == key:
                found = one[1]
            elif one[2] < time.monotonic() - _IDLE_SECONDS:
                one[1].close()
            else:
                self._idle.append(one)
        return found

    def keep(self, key: _Key, connection: HTTPConnection) -> None:
        """Keep a connection whose answer was read."""
        self._idle.append((key, connection, time.monotonic()))
        if self._closed:
            self.close()

    def close(self) -> None:
        """Close them all; those in use close when they are given back."""
        self._closed = True
        while self._idle:
            with contextlib.suppress(IndexError):
                self._idle.popleft()[1].close()


_KEPT: ContextVar[Connections | None] = ContextVar("jupyter_deploy_connections", default=None)


def ask(
    method: str,
    url: str,
    timeout: float | None,
    headers: Mapping[str, str],
    body: bytes | Reader | None = None,
    certificate: Certificate | None = None,
) -> tuple[int, bytes]:
    """Send one request past any proxy, on a connection of its own unless some are kept; returns status and body.

    ``timeout`` is in seconds for each step, None for no limit. A body that is a reader needs a ``Content-Length``.
    Of an ``https`` address, ``certificate`` is the one that is trusted.
    The errors in :data:`Silent` mean that there is no answer.
    """
    address = urlsplit(url)
    assert address.hostname
    path = (address.path or "/") + (f"?{address.query}" if address.query else "")
    kept = _KEPT.get() if method == "GET" else None
    key = (address.hostname, address.port, certificate.file if certificate else "")
    old = kept.take(key) if kept else None
    if kept and old:
        if old.sock:
            old.sock.settimeout(timeout)
        # It may have been closed meanwhile; then a new one is tried.
        with contextlib.suppress(ConnectionError):
            return _answer_on(old, method, path, headers, body, kept, key)
    connection = (
        certificate.connection(address.hostname, address.port, timeout, _PIECE)
        if certificate
        else HTTPConnection(address.hostname, address.port, timeout=timeout, blocksize=_PIECE)
    )
    return _answer_on(connection, method, path, headers, body, kept, key)


def _answer_on(
    connection: HTTPConnection,
    method: str,
    path: str,
    headers: Mapping[str, str],
    body: bytes | Reader | None,
    kept: Connections | None,
    key: _Key,
) -> tuple[int, bytes]:
    stays = False
    try:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            # A server that refuses to read the whole body has answered why.
            connection.request(method, path, body, dict(headers))
        response = connection.getresponse()
        status, answer = response.status, response.read()
        stays = kept is not None and not response.will_close
        return status, answer
    finally:
        if kept and stays:
            kept.keep(key, connection)
        else:
            connection.close()
