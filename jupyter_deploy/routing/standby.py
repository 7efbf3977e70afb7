"""Connections that come while Envoy is away: they are taken, held, and passed on when it is back.

On Linux two sockets of one user may listen on the same port. The kernel prefers the one that is bound to a device, and
that is Envoy's: this one gets connections only while Envoy's is gone. So none is refused.
"""

from __future__ import annotations

import contextlib
import select
import socket
import sys
import threading
import time

# Linux only: elsewhere both would get a share of the connections.
STANDS_BY = sys.platform == "linux"
SO_BINDTODEVICE = 25
LOOPBACK_DEVICE = b"lo\0"
_PATIENCE_SECONDS = 30.0
_POLL_SECONDS = 0.01
_PIECE = 1 << 16


def reserve(port: int) -> socket.socket:
    """Bind a port of loopback beside a router of the same user, without listening; 0 is any.

    Raises OSError if another program has it.
    """
    held = socket.socket()
    try:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        # Connections that have just ended would keep a later router from the port for a minute.
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", port))
    except BaseException:
        held.close()
        raise
    return held


class Standby:
    """Listens on a router's port, and passes what comes on to the router's Unix socket ``inner``."""

    def __init__(self, port: int, inner: str) -> None:
        self._inner = inner
        self._listener = reserve(port)
        if STANDS_BY:
            self._listener.listen(1024)
            threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._pass_on, args=(client,), daemon=True).start()

    def _pass_on(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError), self._router() as router:
            ends = {client: router, router: client}
            while True:
                for one in select.select(list(ends), [], [])[0]:
                    piece = one.recv(_PIECE)
                    if not piece:
                        return
                    ends[one].sendall(piece)

    def _router(self) -> socket.socket:
        until = time.monotonic() + _PATIENCE_SECONDS
        while True:
            found = socket.socket(socket.AF_UNIX)
            try:
                found.connect(self._inner)
                return found
            except OSError:
                found.close()
                if time.monotonic() > until:
                    raise
            time.sleep(_POLL_SECONDS)

    def close(self) -> None:
        """Give the port back."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
