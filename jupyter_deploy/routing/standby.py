"""Connections that come while Envoy is away: they are taken, held, and passed on when it is back.

On Linux two sockets of one user may listen on the same port. The kernel prefers the one that is bound to a device, and
that is Envoy's: this one gets connections only while Envoy's is gone. So none is refused.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import selectors
import socket
import struct
import sys
import threading
import time
from pathlib import Path

# Linux only: elsewhere both would get a share of the connections.
STANDS_BY = sys.platform == "linux"
SO_BINDTODEVICE = 25
LOOPBACK_DEVICE = b"lo\0"
# Of Linux's: an instruction of its packet filter, "return 1".
_SO_ATTACH_REUSEPORT_CBPF = 51
_RETURN_ONE = struct.pack("HBBI", 0x06, 0, 0, 1)
_PATIENCE_SECONDS = 30.0
# In that time all that was connected has been accepted.
_ACCEPTED_SECONDS = 1.0
_POLL_SECONDS = 0.01
_DYING_SECONDS = 0.25
_PIECE = 1 << 16


def reserve(port: int, folder: Path | None = None) -> socket.socket:
    """Bind a port of loopback beside a router of the same user, without listening; 0 is any.

    The user is the owner of the router's ``folder``, if one is given. Raises OSError if another program has the port.
    """
    held = socket.socket()
    try:
        if folder is not None:
            given(held, folder)
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        # Connections that have just ended would keep a later router from the port for a minute.
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", port))
    except BaseException:
        held.close()
        raise
    return held


def given(held: socket.socket, folder: Path) -> None:
    """Give a socket to the user of a router's folder: only sockets of one user share a port."""
    if STANDS_BY and os.geteuid() == 0:
        found = folder.stat()
        os.fchown(held.fileno(), found.st_uid, found.st_gid)


class Standby:
    """Listens on a router's port, and passes what comes on to the router's Unix socket ``inner``."""

    def __init__(self, port: int, inner: str) -> None:
        self._inner = inner
        self._ahead: list[socket.socket] = []
        place = Path(inner).parent
        self._listener = reserve(port, place if place.exists() else None)
        if STANDS_BY:
            self._listener.listen(1024)
            threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def go_ahead(self) -> None:
        """Get every new connection instead of the router that listens now, and hold it: that one can end."""
        folder, self._inner = Path(self._inner).parent, ""
        if not STANDS_BY:
            return
        held = socket.socket()
        for option in (socket.SO_REUSEPORT, socket.SO_REUSEADDR):
            held.setsockopt(socket.SOL_SOCKET, option, 1)
        held.setsockopt(socket.SOL_SOCKET, SO_BINDTODEVICE, LOOPBACK_DEVICE)
        with contextlib.suppress(FileNotFoundError):
            given(held, folder)
        held.bind(self._listener.getsockname())
        held.listen(1024)
        # The kernel chooses the second of those that are bound alike: now it is this one, and the next router later.
        chosen = ctypes.create_string_buffer(_RETURN_ONE, len(_RETURN_ONE))
        program = struct.pack("HL", 1, ctypes.addressof(chosen))
        held.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_REUSEPORT_CBPF, program)
        self._ahead.append(held)
        threading.Thread(target=self._accept, args=(held,), daemon=True).start()

    def use(self, inner: str) -> None:
        """Stand by for another router, at another socket; it gets what comes once it listens."""
        self._inner = inner
        for one in (self._listener, *self._ahead):
            with contextlib.suppress(FileNotFoundError):
                given(one, Path(inner).parent)
        for one in self._ahead:
            threading.Thread(target=self._step_back, args=(one,), daemon=True).start()

    def _step_back(self, ahead: socket.socket) -> None:
        with contextlib.suppress(OSError):
            self._router().close()
            time.sleep(_ACCEPTED_SECONDS)
            ahead.shutdown(socket.SHUT_RDWR)
        if ahead in self._ahead:
            self._ahead.remove(ahead)
        ahead.close()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._pass_on, args=(client,), daemon=True).start()

    def _pass_on(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError), self._router() as router:
            # No select(): it takes no more than a thousand files, and so many clients may be held.
            ready = selectors.PollSelector()
            ready.register(client, selectors.EVENT_READ, router)
            ready.register(router, selectors.EVENT_READ, client)
            while True:
                for key, _ in ready.select():
                    piece = os.read(key.fd, _PIECE)
                    if not piece:
                        return
                    key.data.sendall(piece)

    def _router(self) -> socket.socket:
        began, before = time.monotonic(), _made(self._inner)
        while True:
            since = time.monotonic() - began
            # A router that is dying has closed its port, but maybe not yet this socket: it would lose the request.
            if before is None or _made(self._inner) != before or since > _DYING_SECONDS:
                found = socket.socket(socket.AF_UNIX)
                try:
                    found.connect(self._inner)
                    return found
                except OSError:
                    found.close()
                    if since > _PATIENCE_SECONDS:
                        raise
            time.sleep(_POLL_SECONDS)

    def close(self) -> None:
        """Give the port back."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


def _made(path: str) -> tuple[int, int] | None:
    """Return what tells a socket's file from a later one of that name; None if there is none."""
    try:
        found = Path(path or "/nowhere").stat()
    except OSError:
        return None
    return found.st_ino, found.st_ctime_ns
