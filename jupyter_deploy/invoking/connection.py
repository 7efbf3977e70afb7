"""One kept-alive HTTP connection to a service: a request is sent once, and its time is measured."""

from __future__ import annotations

import contextlib
import http.client
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

from ..services import Certificate

_PIECE = 1 << 18
_SAFE = "/?&=%:@!$'()*+,;~#[]-._"


class NoAnswer(Exception):
    """There was no connection, or it broke before an answer began."""


class TooSlow(Exception):
    """The answer did not arrive in time."""


class TooLarge(Exception):
    """The answer is larger than the limit; ``size`` is in bytes, as far as it is known."""

    def __init__(self, size: int) -> None:
        super().__init__(f"{size} bytes")
        self.size = size


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    headers: Mapping[str, str] = field(hash=False)  # lower-case names
    body: bytes = field(repr=False)
    seconds: float  # from the request's first byte to the answer's last
    whole: bool = True  # whether the answer came to its end

    @property
    def content_type(self) -> str:
        """The content type without parameters; empty if the service does not say."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def request_id(self) -> str:
        """The request's id, as in the service's log."""
        return self.headers.get("x-ms-request-id", "")

    @property
    def run_seconds(self) -> float | None:
        """How long ``run()`` took; None if it was not called or the service does not say."""
        try:
            return float(self.headers["x-ms-run-fn-exec-ms"]) / 1000
        except (KeyError, ValueError):
            return None


class Connection:
    """A connection that opens on first use and lasts as long as the service keeps it.

    ``timeout`` is in seconds, from a request's first byte to its answer's last; None waits forever. Of an ``https``
    address, ``certificate`` is the one that is trusted.
    """

    def __init__(self, url: str, timeout: float | None = None, certificate: Certificate | None = None) -> None:
        parts = urlsplit(url)
        self._path = quote(parts.path + (f"?{parts.query}" if parts.query else ""), safe=_SAFE) or "/"
        # A proxy in the user's environment must not stand between a notebook and its services.
        self._connection: http.client.HTTPConnection
        if certificate is not None:
            self._connection = certificate.connection(parts.hostname or "", parts.port, timeout)
        else:
            kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
            self._connection = kind(parts.hostname or "", parts.port, timeout=timeout)
        self._timeout = timeout
        self._socket: socket.socket | None = None

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close it; the next request opens it again."""
        self._connection.close()

    def abort(self) -> None:
        """Cut the connection, from any thread: a thread that waits for an answer gets :class:`NoAnswer`."""
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def post(self, body: bytes, headers: Mapping[str, str], limit: int | None = None, keep: int | None = None) -> Reply:
        """Send a request to the scoring address; the reply may have any status.

        An answer of more than ``limit`` bytes raises :class:`TooLarge`; ``keep`` bytes of it are kept. The connection
        is closed after an error.
        """
        return self._ask("POST", self._path, body, headers, limit, keep)

    def get(self, path: str, headers: Mapping[str, str]) -> Reply:
        """Get another route of the same server, from the root; the reply may have any status."""
        return self._ask("GET", path, None, headers, None, None)

    def _ask(
        self,
        method: str,
        path: str,
        body: bytes | None,
        headers: Mapping[str, str],
        limit: int | None,
        keep: int | None,
    ) -> Reply:
        started = time.perf_counter()
        end = None if self._timeout is None else started + self._timeout
        try:
            return self._exchange(method, path, body, headers, limit, keep, started, end)
        except TimeoutError as error:
            self._connection.close()
            raise TooSlow(f"{self._timeout:g} s") from error
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise NoAnswer(_reason(error)) from error
        except BaseException:
            self._connection.close()
            raise

    def _exchange(
        self,
        method: str,
        path: str,
        body: bytes | None,
        headers: Mapping[str, str],
        limit: int | None,
        keep: int | None,
        started: float,
        end: float | None,
    ) -> Reply:
        connection = self._connection
        if connection.sock is None:
            connection.connect()
        self._socket = connection.sock
        self._hurry(end)
        # A server may refuse a large body before reading all of it: then its answer is there already.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.request(method, path, body, dict(headers))
        response = connection.getresponse()
        told = {name.lower(): value for name, value in response.getheaders()}
        expected = response.length or 0
        content, size, whole = bytearray(), 0, True
        try:
            while not (limit is not None and max(size, expected) > limit):
                self._hurry(end)
                piece = response.read1(_PIECE)
                if not piece:
                    break
                size += len(piece)
                content += piece if keep is None else piece[: max(0, keep - len(content))]
            else:
                raise TooLarge(max(size, expected))
            whole = not response.length
        except (ConnectionError, http.client.HTTPException):
            whole = False
        # An unread end would keep the connection busy, so the next request could not be sent.
        response.close()
        if not whole:
            connection.close()
        return Reply(response.status, told, bytes(content), time.perf_counter() - started, whole)

    def _hurry(self, end: float | None) -> None:
        if end is not None and self._socket is not None:
            left = end - time.perf_counter()
            if left <= 0:
                raise TimeoutError
            self._socket.settimeout(left)


def _reason(error: Exception) -> str:
    text = getattr(error, "strerror", None) or str(error)
    return text or type(error).__name__
