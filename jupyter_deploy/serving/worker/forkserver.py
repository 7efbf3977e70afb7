"""The warm process that workers are forked from.

It runs no user code. It imports the libraries that a generation is known to need, and between forks those that the
previous generation had loaded, so the next one pays only for its own script. It has one thread and ends when the
front is gone. A generation with preload has a second such process: a worker that has run ``init()`` and is copied
instead of serving.
"""

from __future__ import annotations

import collections
import contextlib
import importlib
import logging
import os
import select
import signal
import socket
import sys
import time
import warnings
from collections.abc import Callable
from functools import partial
from itertools import chain
from typing import Any

import orjson

from ..layout import Layout
from ..libraries import is_library, use_once
from ..logs import log
from ..memory import settle
from ..messages import FrameBuffer, Kind, Payload, note
from ..options import WorkerOptions
from . import worker
from .script import EntryScript

Child = Callable[[], int]


def fork_workers(descriptor: int) -> int:
    """Fork workers on demand until the control socket closes; returns the exit code, in a forked child the worker's."""
    # The front ends this process; Ctrl-C in its terminal and a supervisor's SIGTERM reach the whole group.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    worker.ignore_hangup()
    sys.path[:] = [entry for entry in sys.path if entry not in {"", os.getcwd()}]  # noqa: PTH109
    # The front formats these lines as records.
    logging.basicConfig(format="%(message)s")
    with socket.socket(fileno=descriptor) as control:
        control.set_inheritable(False)
        child = _ForkServer(control, _new_worker).serve()
    # A child leaves the loop first, so the worker runs on a clean stack and ends like any other process.
    return child() if child is not None else 0


def _new_worker(sock: socket.socket) -> int:
    return worker.main(sock, _template)


def _template(sock: socket.socket, script: EntryScript, layout: Layout, options: WorkerOptions) -> int:
    def child(copied: socket.socket) -> int:
        return worker.copy(copied, script, layout, options)

    # The front ends this process too; init() may have replaced the handler.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with sock:
        forked = _ForkServer(sock, child).serve()
    return forked() if forked is not None else worker.leave(0)


class _ForkServer:
    def __init__(self, control: socket.socket, child: Callable[[socket.socket], int]) -> None:
        self._control = control
        self._child = child
        self._buffer = FrameBuffer()
        self._descriptors: collections.deque[int] = collections.deque()
        self._modules: collections.deque[str] = collections.deque()
        self._wake, self._waker = os.pipe()
        self._pending: collections.deque[tuple[Kind, Payload]] = collections.deque()
        self._spares: collections.deque[tuple[int, int]] = collections.deque()
        self._children: set[int] = set()
        self._gone = False

    def serve(self) -> Child | None:
        os.set_blocking(self._wake, False)
        os.set_blocking(self._waker, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._waker, warn_on_full_buffer=False)
        while True:
            watched: list[socket.socket | int] = [self._control, self._wake]
            ready, _, _ = select.select(watched, [], [], 0 if self._modules or self._spares else None)
            if self._wake in ready:
                os.read(self._wake, 512)
                self._reap()
            if self._gone or (self._control in ready and not self._receive()):
                self._end_children()
                return None
            while self._pending:
                child = self._handle(*self._pending.popleft())
                if child is not None:
                    return child
            if self._modules:
                self._preload(self._modules.popleft())
            elif self._spares:
                child = self._fork(self._spares.popleft(), spare=True)
                if child is not None:
                    return child

    def _receive(self) -> bool:
        try:
            data, descriptors, _, _ = socket.recv_fds(self._control, 1 << 16, 16)
        except ConnectionResetError:
            # A front that was killed with a note unread; the workers still have to be ended.
            return False
        for received in descriptors:
            os.set_inheritable(received, False)
        self._descriptors.extend(descriptors)
        self._pending.extend(self._buffer.feed(data))
        return bool(data)

    def _handle(self, kind: Kind, payload: Payload) -> Child | None:
        values: dict[str, Any] = orjson.loads(payload)
        if kind is Kind.PRELOAD:
            self._modules = collections.deque(values["modules"])
            return None
        if kind is not Kind.FORK:
            return None
        ends = self._descriptors.popleft(), self._descriptors.popleft()
        if values["spare"]:
            self._spares.append(ends)
            return None
        for name in values["modules"]:
            self._preload(name)
        return self._fork(ends, spare=False)

    def _fork(self, ends: tuple[int, int], *, spare: bool) -> Child | None:
        use_once()
        settle(quickly=True)
        with warnings.catch_warnings():
            # Libraries such as OpenBLAS start threads on import and know how to fork; this process starts none.
            warnings.simplefilter("ignore", DeprecationWarning)
            pid = os.fork()
        if pid:
            self._children.add(pid)
            for end in ends:
                os.close(end)
            self._tell(Kind.FORKED, pid=pid, spare=spare)
            return None
        self._become_child(ends[1])
        return partial(self._child, socket.socket(fileno=ends[0]))

    def _become_child(self, output: int) -> None:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        for number in (1, 2):
            os.dup2(output, number)
        for descriptor in (output, self._wake, self._waker, *self._descriptors, *chain(*self._spares)):
            os.close(descriptor)
        random = sys.modules.get("numpy.random")
        if random is not None:
            # Python reseeds its own generator after a fork; numpy's global one would repeat in every worker.
            random.seed()

    def _preload(self, name: str) -> None:
        if name in sys.modules or not is_library(name):
            return
        try:
            importlib.import_module(name)
        except BaseException as error:  # noqa: BLE001 - a library's import may raise anything; the script meets it too
            log.warning("fork-server: %s not preloaded: %r", name, error)

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            self._children.discard(pid)
            self._tell(Kind.EXITED, pid=pid, status=status)

    def _tell(self, kind: Kind, **values: Any) -> None:
        try:
            self._control.sendall(note(kind, **values))
        except ConnectionError:
            self._gone = True

    def _end_children(self) -> None:
        """Kill the workers that outlive the front: native code that holds the interpreter's lock cannot end itself."""
        until = time.monotonic() + worker.GRACE_SECONDS + 1.0
        while self._children and (left := until - time.monotonic()) > 0:
            if select.select([self._wake], [], [], left)[0]:
                os.read(self._wake, 512)
                self._reap()
        for pid in self._children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(fork_workers(int(sys.argv[1])))
