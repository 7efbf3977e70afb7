"""How a container's server takes the port of the one before it, and what that one leaves: the network of both.

Containers that share a network share its ports. The first one's is published, and ends with its container; so when its
server gives way to the next one, it stays as a process that only waits.
"""

from __future__ import annotations

import errno
import os
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from .front import Inherited

# In the state folder: the server has given way, and its container only holds the network.
LEFT_FILE = "left"
# The exit code of a server that has given way.
LEFT = 75
_LOOK_SECONDS = 0.2
# No process that is started meanwhile gets what is received.
_PRIVATE = getattr(socket, "MSG_CMSG_CLOEXEC", 0)


def has_left(state_folder: str) -> bool:
    """Whether the server of this container has given way to another one."""
    return bool(state_folder) and (Path(state_folder) / LEFT_FILE).exists()


def hold() -> NoReturn:
    """Become a process that waits for its end, and holds nothing else."""
    os.execv(sys.executable, [sys.executable, "-I", "-S", "-c", "import signal; signal.pause()"])  # noqa: S606 - no shell


def bound_or_handed_over(host: str, port: int, name: str) -> tuple[socket.socket, Inherited | None]:
    """Bind the port, or wait until the server that has it hands it over.

    Returns the server's own listening socket, and what it takes over, if anything. ``name`` is of a Unix socket that
    has no file (Linux): all containers with the same network can connect to it. After a restart of the container the
    port is free, and no server connects.
    """
    from .front import Inherited, listen

    with socket.socket(socket.AF_UNIX) as waiting:
        waiting.bind(f"\0{name}")
        waiting.listen(1)
        waiting.settimeout(_LOOK_SECONDS)
        while True:
            try:
                return listen(host, port), None
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise
            try:
                channel, _ = waiting.accept()
            except TimeoutError:
                continue
            _, descriptors, _, _ = socket.recv_fds(channel, 1, 1, _PRIVATE)
            if descriptors:
                return listen("127.0.0.1", 0), Inherited(socket.socket(fileno=descriptors[0]), channel)
            channel.close()
