"""A worker: loads the script, calls ``init()`` once, then ``run()`` for each request, all on its main thread."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import threading
import time

from .answers import encode
from .failures import Failure, describe
from .layout import Layout, tree_lines
from .libraries import loaded_libraries
from .messages import Answer, Kind, Request, note, pack_answers, receive, unpack_requests
from .script import EntryScript, load

INIT_FAILED = 3
GRACE_SECONDS = 5.0
RUN_FAILED = b'{"message":"An unexpected error occurred in scoring script. Check the logs for more info."}'
INTERNAL_ERROR = b'{"message":"An unexpected internal error occurred. Check the logs for more info."}'


def main(sock: socket.socket, layout: Layout) -> int:
    """Serve the front until it says stop or is gone.

    Parameters
    ----------
    sock : socket.socket
        The worker's end of the pair.
    layout : Layout
        The script and its surroundings.

    Returns
    -------
    int
        The exit code: 0, or 3 where the script cannot serve.
    """
    # Children that the script forks shall not keep the front believing that this worker lives.
    os.register_at_fork(after_in_child=sock.close)
    _end_with(sock)
    _enter(layout)
    before = dict(os.environ)
    started = time.perf_counter()
    stage = "load"
    try:
        script = load(layout)
        stage = "init"
        script.init()
    except BaseException as error:  # noqa: BLE001 - user code; also sys.exit() in a script means it cannot serve
        failure = describe(error, stage, layout.entry, layout.label)
        _log_failure(failure, "the script cannot serve")
        folder = layout.environ.get("AZUREML_MODEL_DIR")
        for line in tree_lines(folder) if folder and stage == "init" else ():
            _log(line)
        sock.sendall(note(Kind.FAILED, **failure.as_dict()))
        return INIT_FAILED
    seconds = time.perf_counter() - started
    # A script that sets variables means them for the imports behind: those must not have happened before.
    modules = loaded_libraries() if before == dict(os.environ) else []
    sock.sendall(note(Kind.READY, modules=modules, seconds=seconds))
    with _Termination() as termination:
        while (message := termination.interruptible(sock)) is not None:
            kind, payload = message
            if kind is Kind.STOP:
                break
            sock.sendall(pack_answers(_answer(script, request, layout) for request in unpack_requests(payload)))
    return 0


class _Terminated(BaseException):
    """SIGTERM came while the worker was idle."""


class _Termination:
    """SIGTERM ends a worker between requests, never in one: a whole process group may get it while it drains."""

    def __enter__(self) -> _Termination:
        self._asked = self._idle = False
        signal.signal(signal.SIGTERM, self._on_signal)
        return self

    def __exit__(self, *exception: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)

    def _on_signal(self, number: int, frame: object) -> None:
        self._asked = True
        if self._idle:
            raise _Terminated

    def interruptible(self, sock: socket.socket) -> tuple[Kind, bytes] | None:
        """Wait for a frame; None when the front is gone or SIGTERM came."""
        try:
            self._idle = True
            if self._asked:
                return None
            # Interrupted here, no byte of a request is lost.
            sock.recv(1, socket.MSG_PEEK)
        except (_Terminated, ConnectionError):
            return None
        finally:
            self._idle = False
        return receive(sock)


def _enter(layout: Layout) -> None:
    os.environ.update(layout.environ)
    os.chdir(layout.app_root)
    # A bundle never changes: no __pycache__ in it.
    sys.dont_write_bytecode = True
    sys.argv = [layout.entry]


def _answer(script: EntryScript, request: Request, layout: Layout) -> Answer:
    try:
        text = request.body.decode("utf-8")
    except UnicodeDecodeError as error:
        return Answer(request.number, 400, encode({"message": f"Input cannot be decoded as UTF-8: {error}"}))
    started = time.perf_counter()
    try:
        value = script.run(**{script.parameter: text})
    except BaseException as error:  # noqa: BLE001 - user code; sys.exit() in run() must not end the worker
        return _failed(error, request, layout, RUN_FAILED)
    elapsed = (time.perf_counter() - started) * 1000
    try:
        return Answer(request.number, 200, encode(value), elapsed)
    except TypeError as error:
        return _failed(
            TypeError(f"run() returned something that is not JSON: {error}"), request, layout, INTERNAL_ERROR
        )


def _failed(error: BaseException, request: Request, layout: Layout, body: bytes) -> Answer:
    failure = describe(error, "run", layout.entry, layout.label)
    _log_failure(failure, f"request {request.meta.get('id', request.number)} failed")
    return Answer(request.number, 500, body, meta={"failure": failure.as_dict()})


def _log(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - a worker's stderr is the service's log


def _log_failure(failure: Failure, what: str) -> None:
    _log(f"{what}:\n{failure.traceback}")


def _end_with(sock: socket.socket) -> None:
    """End this process when the front is gone, also in an ``init()`` or ``run()`` that never returns."""

    def watch() -> None:
        # MSG_PEEK leaves the frames to the main thread; an empty answer means that the other end is closed.
        with contextlib.suppress(OSError):
            while watched.recv(1, socket.MSG_PEEK):
                pause.wait(1.0)
        # The main thread sees it too, unless it is in code that does not return.
        pause.wait(GRACE_SECONDS)
        os._exit(1)

    watched, pause = sock.dup(), threading.Event()
    threading.Thread(target=watch, name="end-with-front", daemon=True).start()
