"""``python -m jupyter_deploy.serving.warm LISTENER MODULES``: a process that has imported what a server needs.

It forks servers on request, which then need no time for imports. It runs no user code, opens no bundle, and knows no
service: what a server reads, it reads after it was forked. It listens on a Unix socket while there are connections to
it, and ends a few seconds after the last one.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import logging
import os
import select
import signal
import socket
import sys
from collections.abc import Callable, Iterable
from functools import partial

from .forking import fork
from .libraries import is_library, stamp, use_once
from .memory import settle

READY = b"ready"
STALE = b"stale"
_REQUEST = 1 << 16
_DESCRIPTORS = 8
# A supervisor that died is back by then.
_ALONE_SECONDS = 2.0
# What a server imports only once it runs.
_OF_SERVERS = ("uvloop", "uvicorn.protocols.http.httptools_impl", "orjson", "prometheus_client")
_OWN = ("front", "worker.forkserver", "config", "credentials", "layout", "logs", "telemetry", "__main__")
Child = Callable[[], int]


def main(descriptor: int, modules: Iterable[str]) -> int:
    """Import, then fork servers until no process is connected; in a forked child, the exit code is the server's."""
    # Who started it has no child left to reap.
    if os.fork():
        return 0
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.path[:] = [entry for entry in sys.path if entry not in {"", os.getcwd()}]  # noqa: PTH109
    installed = stamp()
    _import(modules)
    use_once()
    settle()
    with socket.socket(fileno=descriptor) as listener:
        child = _Warm(listener, installed).serve()
    return child() if child is not None else 0


def _import(modules: Iterable[str]) -> None:
    from .front import Server

    # A server that lacks one of these says so itself.
    for name in (Server.__module__, *_OF_SERVERS, *(f"{__package__}.{own}" for own in _OWN)):
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    for name in modules:
        if is_library(name):
            try:
                importlib.import_module(name)
            except BaseException as error:  # noqa: BLE001 - a library may raise anything; the script meets it too
                logging.getLogger(__name__).warning("%s is not imported ahead: %r", name, error)


class _Warm:
    def __init__(self, listener: socket.socket, installed: tuple[int, ...]) -> None:
        self._listener = listener
        self._installed = installed
        self._connections: list[socket.socket] = []

    def serve(self) -> Child | None:
        # The children are not waited for: their watchers look after them.
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        while True:
            watched = [self._listener, *self._connections]
            ready, _, _ = select.select(watched, [], [], None if self._connections else _ALONE_SECONDS)
            if not ready:
                return None
            for one in ready:
                if one is self._listener:
                    self._connections.append(one.accept()[0])
                elif (child := self._asked(one)) is not None:
                    return child

    def _asked(self, connection: socket.socket) -> Child | None:
        try:
            request, descriptors, _, _ = socket.recv_fds(connection, _REQUEST, _DESCRIPTORS)
        except OSError:
            request, descriptors = b"", []
        if not request:
            self._connections.remove(connection)
            connection.close()
            return None
        current = stamp() == self._installed
        if current and not fork():
            return self._server(json.loads(request), descriptors)
        for one in descriptors:
            os.close(one)
        with contextlib.suppress(OSError):
            connection.send(READY if current else STALE)
        return None

    def _server(self, request: dict[str, list[str]], descriptors: list[int]) -> Child:
        """Become the process that a target would have started by a command."""
        for known in (self._listener, *self._connections):
            known.close()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        folder, log, *passed = descriptors
        os.fchdir(folder)
        for number in (1, 2):
            os.dup2(log, number)
        for one in (folder, log):
            os.close(one)
        arguments = list(request["arguments"])
        for option, one in zip(request["options"], passed, strict=True):
            arguments += [option, str(one)]
        from .__main__ import main as serve

        return partial(serve, arguments, self._installed)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), json.loads(sys.argv[2])))
