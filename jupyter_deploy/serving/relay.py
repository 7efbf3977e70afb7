"""``python -m jupyter_deploy.serving.relay PORT SOCKET``: pass connections to a port on to a Unix socket.

It runs in a container of its own, whose port is published: that of a running container cannot be published later.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import socket
import socketserver
import sys
import time

# In a server's state folder: where a debugger attaches to one in a container.
DEBUGGER_SOCKET = "debugger.sock"
# What it prints once it listens.
LISTENS = "listens"
_PIECE = 1 << 16
_PATIENCE_SECONDS = 10.0
_AGAIN_SECONDS = 0.05


class Relay(socketserver.ThreadingTCPServer):
    """Listens on a port of all of a container's addresses; it is published on loopback only."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, port: int, place: str) -> None:
        self.place = place
        super().__init__(("0.0.0.0", port), _Handler)  # noqa: S104


class _Handler(socketserver.BaseRequestHandler):
    server: Relay

    def handle(self) -> None:
        with contextlib.suppress(OSError), _opened(self.server.place) as inner:
            ready = selectors.DefaultSelector()
            ready.register(self.request, selectors.EVENT_READ, inner)
            ready.register(inner, selectors.EVENT_READ, self.request)
            with ready:
                while True:
                    for key, _ in ready.select():
                        piece = os.read(key.fd, _PIECE)
                        if not piece:
                            return
                        key.data.sendall(piece)


def _opened(place: str) -> socket.socket:
    """Connect to a server that may just be starting."""
    until = time.monotonic() + _PATIENCE_SECONDS
    while True:
        found = socket.socket(socket.AF_UNIX)
        try:
            found.connect(place)
        except OSError:
            found.close()
            if time.monotonic() > until:
                raise
        else:
            return found
        time.sleep(_AGAIN_SECONDS)


if __name__ == "__main__":
    with Relay(int(sys.argv[1]), sys.argv[2]) as relay:
        sys.stdout.write(f"{LISTENS}\n")
        sys.stdout.flush()
        relay.serve_forever()
