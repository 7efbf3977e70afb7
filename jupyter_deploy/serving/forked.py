"""What a front knows of a fork-server that it was given instead of starting one."""

from __future__ import annotations

import socket
from dataclasses import dataclass


@dataclass(frozen=True)
class ForkServer:
    """A process that workers are forked from, and that was itself forked from the front."""

    pid: int
    sock: socket.socket  # the front's end of the line to it
    output: int  # of the pipe for what it writes
    libraries: tuple[int, ...]  # what was installed when it imported libraries
