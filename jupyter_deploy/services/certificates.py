"""Certificates of servers, and connections that trust exactly one of them."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass
from functools import lru_cache
from http.client import HTTPConnection
from pathlib import Path

_END = "-----END CERTIFICATE-----"


@dataclass(frozen=True)
class Certificate:
    """A server's certificate, in a file that never changes."""

    file: str  # absolute; PEM, the server's own certificate first
    name: str  # a host that it is for

    @property
    def key_file(self) -> str:
        """The file of its private key, for its owner only."""
        return str(Path(self.file).with_suffix(".key"))

    def connection(self, host: str, port: int | None, timeout: float | None, blocksize: int = 8192) -> PinnedConnection:
        """Make a connection that is refused if the server has another certificate, or an expired one."""
        return PinnedConnection(self, host, port, timeout, blocksize)


class PinnedConnection(HTTPConnection):
    """HTTPS to a server whose certificate is known. No other certificate is trusted, no authority's either."""

    default_port = 443

    def __init__(
        self, certificate: Certificate, host: str, port: int | None, timeout: float | None, blocksize: int
    ) -> None:
        super().__init__(host, port, timeout=timeout, blocksize=blocksize)
        self._certificate = certificate

    def connect(self) -> None:
        """Connect, and check the server's certificate (http.client's hook)."""
        super().connect()
        # The address is this machine's or a target's own; what the certificate is for may be the name of a router.
        name = self._certificate.name
        try:
            self.sock: socket.socket = _context(self._certificate.file).wrap_socket(self.sock, server_hostname=name)
        except BaseException:
            self.close()
            raise


@lru_cache(maxsize=32)
def _context(file: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    own = Path(file).read_text().partition(_END)[0] + _END
    context.load_verify_locations(cadata=own)
    # The certificate itself is the trust: its issuer need not be known.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context
