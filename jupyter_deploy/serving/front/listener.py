"""The listening socket: bound by the process that knows the port, inherited by the front."""

from __future__ import annotations

import socket
import sys

BACKLOG = 2048


def listen(host: str, port: int) -> socket.socket:
    """Bind a listening socket, so that a second bind of the port fails.

    A host with a colon is IPv6; port 0 is any free one. Raises OSError if the port is taken or not allowed.
    """
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        if sys.platform != "win32":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except BaseException:
        listener.close()
        raise
    return listener
