"""What a worker sends to the front, whole frames, from any of its threads."""

from __future__ import annotations

import contextlib
import socket
import threading

from ..logs import flush_lines
from ..messages import collected
from ..options import WorkerOptions
from ..shims import SINK


class Outbox:
    """Sends frames one after the other.

    Parameters
    ----------
    sock : socket.socket
        The worker's end of the pair.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._lock = threading.Lock()

    def send(self, parts: list[bytes]) -> None:
        """Send a frame, after what was printed: that belongs before the access line, which the front writes then."""
        flush_lines()
        with self._lock:
            for part in parts:
                self._sock.sendall(part)

    def open_sink(self, options: WorkerOptions) -> None:
        """Send what the script's collectors are given, too."""

        def send(name: str, record: bytes) -> None:
            # Where the front is gone this process ends, too.
            with contextlib.suppress(ConnectionError), self._lock:
                self._sock.sendall(collected(name, record))

        SINK.open(send, options.sampling_rate, options.collected_size)
