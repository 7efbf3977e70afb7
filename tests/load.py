"""Clients that go on asking while a service changes, and that forgive nothing."""

from __future__ import annotations

import http.client
import ssl
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

# Between two requests of a client, so that there is a processor left for what changes.
_PAUSE = 0.005


class Load:
    """Clients on connections that they keep, and clients with a new connection for each request.

    A kept connection that is closed, a refused connection and any status but 200 are failures, except that a server
    with TLS may say that an answer is its last one (``Connection: close``).
    """

    def __init__(
        self,
        url: str,
        body: bytes = b'"x"',
        *,
        kept: int = 8,
        new: int = 2,
        pauses: tuple[float, ...] = (),
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._address, self._body, self._tls = urlsplit(url), body, tls
        self.answers: list[bytes] = []
        self.failed: list[str] = []
        self.served = {"kept": 0, "new": 0, "pausing": 0}
        self._ended = threading.Event()
        clients: list[tuple[Callable[..., None], tuple[Any, ...]]] = [(self._keep, ("kept", _PAUSE))] * kept
        clients += [(self._renew, ())] * new + [(self._keep, ("pausing", seconds)) for seconds in pauses]
        self._threads = [threading.Thread(target=client, args=given) for client, given in clients]

    def _connection(self) -> http.client.HTTPConnection:
        host, port = self._address.hostname or "", self._address.port
        if self._tls:
            return http.client.HTTPSConnection(host, port, timeout=30, context=self._tls)
        return http.client.HTTPConnection(host, port, timeout=30)

    def _ask(self, connection: http.client.HTTPConnection, kind: str) -> bool:
        """Send one request; true if the server says that the connection ends."""
        connection.request("POST", self._address.path, self._body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            self.failed.append(f"{kind}: {answer.status} {body!r}")
        self.answers.append(body)
        self.served[kind] += 1
        return answer.getheader("connection") == "close"

    def _keep(self, kind: str, seconds: float) -> None:
        connection = self._connection()
        try:
            connection.connect()
            # Without this, a lost connection would be opened again in silence.
            connection.auto_open = 0
            while not self._ended.wait(seconds):
                if self._ask(connection, kind):
                    if not self._tls:
                        self.failed.append(f"{kind}: the connection ends")
                    connection.close()
                    connection.connect()
        except (OSError, http.client.HTTPException) as error:
            self.failed.append(f"{kind}: {error!r}")
        finally:
            connection.close()

    def _renew(self) -> None:
        while not self._ended.wait(_PAUSE):
            connection = self._connection()
            try:
                self._ask(connection, "new")
            except (OSError, http.client.HTTPException) as error:
                self.failed.append(f"new: {error!r}")
            finally:
                connection.close()

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join(40)
        if error is None:
            assert not self.failed, self.failed[:5]
            assert all(self.served[name] for name in ("kept", "new"))
