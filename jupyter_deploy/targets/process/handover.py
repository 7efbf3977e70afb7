"""Get the listening socket of a server that runs, so that the next one takes its place without a gap."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ...services import Certificate, Server
from ..admin import Admin

_SECONDS = 5.0
_SHORT = Path("/tmp")  # noqa: S108 - a folder of its own is made in it, for its owner only
# Of the address of a socket; macOS has 104 bytes, Linux 108.
_LONGEST = 100
# No program that another thread starts meanwhile gets what is received.
_PRIVATE = getattr(socket, "MSG_CMSG_CLOEXEC", 0)


@contextlib.contextmanager
def handed_over(admin: Admin, server: Server, certificate: Certificate | None) -> Iterator[tuple[socket.socket, ...]]:
    """Ask a server for its listening socket; yields it, and the line on which its connections will come.

    Yields nothing if the server does not hand it over: one of an older package, or one that does not answer.
    ``certificate`` is the next server's: connections can only move where neither server has one.
    """
    moves = certificate is None and server.certificate is None
    with contextlib.ExitStack() as opened:
        sockets: tuple[socket.socket, ...] = ()
        # No folder, no socket, a full table of descriptors: the service changes in the other way.
        with contextlib.suppress(OSError):
            sockets = _received(opened, admin, server.port, moves)
        yield sockets


def _received(opened: contextlib.ExitStack, admin: Admin, port: int, moves: bool) -> tuple[socket.socket, ...]:
    if not hasattr(socket, "recv_fds"):
        return ()
    # Another process, in another folder, connects to it.
    folder = Path(tempfile.mkdtemp(prefix="jd-")).absolute()
    try:
        if len(os.fsencode(folder / "s")) > _LONGEST:
            folder.rmdir()
            folder = Path(tempfile.mkdtemp(prefix="jd-", dir=_SHORT))
        with socket.socket(socket.AF_UNIX) as waiting:
            waiting.settimeout(_SECONDS)
            waiting.bind(str(folder / "s"))
            waiting.listen(1)
            if not admin.hand_over(str(folder / "s"), port, connections=moves):
                return ()
            channel = opened.enter_context(waiting.accept()[0])
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    channel.settimeout(_SECONDS)
    _, descriptors, _, _ = socket.recv_fds(channel, 1, 1, _PRIVATE)
    for descriptor in descriptors:
        os.set_inheritable(descriptor, False)
    listeners = [opened.enter_context(socket.socket(fileno=descriptor)) for descriptor in descriptors]
    if [one.getsockname()[1] for one in listeners] != [port]:
        return ()
    channel.settimeout(None)
    return (*listeners, channel)
