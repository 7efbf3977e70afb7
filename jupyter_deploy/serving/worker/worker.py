"""A worker: loads the script, calls ``init()`` once, then ``run()`` for each request, all on its main thread."""

from __future__ import annotations

import contextlib
import faulthandler
import os
import select
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..failures import Failure, describe
from ..hints import SERVE, worded
from ..layout import Layout, tree_lines
from ..libraries import ImportMark
from ..logs import MARK, capture_prints, configure, flush_lines, log
from ..memory import settle
from ..messages import INIT_FAILED, Kind, note
from ..options import WorkerOptions
from ..telemetry import endpoint_in
from .inbox import Inbox
from .inference import tensors_of
from .outbox import Outbox
from .ownheaders import names_cors
from .scoring import Scorer, finished
from .script import EntryScript, load
from .threads import left_behind

if TYPE_CHECKING:
    from ..telemetry import Runs

Template = Callable[[socket.socket, EntryScript, Layout, WorkerOptions], int]
GRACE_SECONDS = 5.0
# Makes a worker write down where it is; Windows has no such signal.
DUMP_SIGNAL = getattr(signal, "SIGUSR2", None)


def main(sock: socket.socket, template: Template) -> int:
    """Wait for START, load the script, and serve until the front stops it or is gone.

    ``template`` is called instead of serving if this process is to be copied. The exit code is 0, or 3 if the script
    cannot serve.
    """
    inbox = Inbox(sock)
    stop_watching = end_with(sock)
    values = inbox.started()
    if values is None:
        return 0
    layout, options = Layout(**values["layout"]), WorkerOptions(**values["options"])
    prepared = prepare(sock, layout, options)
    if prepared is None:
        return leave(INIT_FAILED)
    if options.copies:
        # The fork would copy what the thread holds, but not the thread.
        stop_watching()
        threads = left_behind()
        _ready(sock, prepared, threads)
        return leave(0) if threads else template(sock, prepared.script, layout, options)
    _ready(sock, prepared)
    return serve(sock, inbox, prepared.script, layout, options)


def leave(code: int) -> int:
    """Make this process end soon, whatever threads the script has left; returns ``code``."""

    def end() -> None:
        threading.Event().wait(GRACE_SECONDS)
        os._exit(code)

    flush_lines()
    threading.Thread(target=end, name="end-soon", daemon=True).start()
    return code


def ignore_hangup() -> None:
    """Survive a SIGHUP to the whole group: the front answers it with a reload."""
    number = getattr(signal, "SIGHUP", None)
    if number is not None:
        # A handler, not SIG_IGN: programs that the script starts do not inherit it.
        signal.signal(number, lambda *_: None)


@dataclass(frozen=True)
class Prepared:
    """A script whose ``init()`` has returned.

    With the libraries that it imported, how long that took in seconds, and whether it has CORS headers of its own.
    """

    script: EntryScript
    modules: list[str] = field(default_factory=list)
    seconds: float = 0.0
    cors: bool = False


def prepare(sock: socket.socket, layout: Layout, options: WorkerOptions) -> Prepared | None:
    """Load the script and call ``init()``; report a failure to the front and return None."""
    _enter(layout, options)
    Outbox(sock).open_sink(options)
    stage = "load"
    if options.debug_port:
        from . import debugging

        try:
            debugging.listen(sock, options)
        except BaseException as error:  # noqa: BLE001 - as for the script itself
            _tell_failure(sock, debugging.explained(_failure(error, stage, layout)), layout)
            return None
    before, mark = dict(os.environ), ImportMark()
    started = time.perf_counter()
    try:
        if endpoint_in(options.otlp_endpoint, os.environ):
            # The next generation finds it imported.
            from ..telemetry import Runs  # noqa: F401
        _apply_logging_file(layout)
        for notice in layout.notices:
            log.warning("%s", notice)
        script = load(layout, options)
        stage = "init"
        finished(script.init(), script.loop)
        flush_lines()
    except BaseException as error:  # noqa: BLE001 - user code; also sys.exit() in a script means it cannot serve
        _tell_failure(sock, _failure(error, stage, layout), layout)
        return None
    settle()
    # If the script sets variables, they may be meant for its later imports, which must not happen before.
    modules = mark.libraries_since() if before == dict(os.environ) else []
    return Prepared(script, modules, time.perf_counter() - started, names_cors(script.run, layout))


def _failure(error: BaseException, stage: str, layout: Layout) -> Failure:
    return describe(error, stage, layout.entry, layout.label, layout.origins, root=layout.app_root)


def _ready(sock: socket.socket, prepared: Prepared, threads: str = "") -> None:
    facts = prepared.script.facts()
    facts |= {"cors": prepared.cors, "tensors": tensors_of(prepared.script, facts["schemas"])}
    sock.sendall(note(Kind.READY, script=facts, modules=prepared.modules, seconds=prepared.seconds, threads=threads))


def copy(sock: socket.socket, script: EntryScript, layout: Layout, options: WorkerOptions) -> int:
    """Serve in a process that was forked after ``init()``; returns the exit code, 0. ``sock`` is the copy's own."""
    end_with(sock)
    _ready(sock, Prepared(script, cors=names_cors(script.run, layout)))
    return serve(sock, Inbox(sock), script, layout, options)


def serve(sock: socket.socket, inbox: Inbox, script: EntryScript, layout: Layout, options: WorkerOptions) -> int:
    """Answer requests until the front stops it or is gone; returns the exit code, 0."""
    # Children that the script forks must not hold the front's socket open, and SIGTERM must end them.
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=sock.close)
        os.register_at_fork(after_in_child=lambda: signal.signal(signal.SIGTERM, signal.SIG_DFL))
    inbox.watch_signals()

    outbox = Outbox(sock)
    outbox.open_sink(options)
    endpoint = endpoint_in(options.otlp_endpoint, os.environ)
    runs = _runs(endpoint, options.service) if endpoint else None
    scorer = Scorer(script, layout, options, inbox, outbox.send, runs)
    with contextlib.suppress(ConnectionError):
        while (requests := inbox.take()) is not None:
            scorer.serve(requests)
    if runs is not None:
        runs.close()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    return leave(0)


def _runs(endpoint: str, service: str) -> Runs:
    from ..telemetry import Runs

    return Runs(endpoint, service)


def _enter(layout: Layout, options: WorkerOptions) -> None:
    os.environ.update(layout.environ)
    os.chdir(layout.app_root)
    # No __pycache__: a bundle never changes.
    sys.dont_write_bytecode = True
    sys.argv = [layout.entry]
    capture_prints(configure(options.log_format, options.log_level, mark=MARK))
    faulthandler.enable(file=2)
    if DUMP_SIGNAL is not None:
        faulthandler.register(DUMP_SIGNAL, file=2, all_threads=True)


def _apply_logging_file(layout: Layout) -> None:
    """Apply the script's own ``logging.json``, as azureml-inference-server-http does, and say so."""
    for folder in dict.fromkeys((layout.app_root, str(Path(layout.entry).parent))):
        path = Path(folder, "logging.json")
        if path.is_file():
            import json
            import logging.config

            values: dict[str, Any] = {"disable_existing_loggers": False, **json.loads(path.read_text())}
            logging.config.dictConfig(values)
            log.info("%s is applied", path)
            return


def _tell_failure(sock: socket.socket, failure: Failure, layout: Layout) -> None:
    log.error("the script cannot serve:\n%s", failure.traceback)
    if failure.hint and not layout.of_bundle:
        # A deployment shows this in words of its own.
        log.error("Hint: %s", worded(failure.hint, SERVE))
    folder = layout.environ.get("AZUREML_MODEL_DIR")
    if folder and failure.stage == "init":
        log.error("%s", "\n".join(tree_lines(folder)))
    with contextlib.suppress(ConnectionError):
        sock.sendall(note(Kind.FAILED, **failure.as_dict()))


def end_with(sock: socket.socket) -> Callable[[], None]:
    """End this process when the front is gone, even in an ``init()`` or ``run()`` that never returns.

    ``sock`` is the socket whose other end the front holds. The result ends the watching.
    """

    def watch() -> None:
        _until_hung_up(watched, wake)
        # The main thread sees it too, unless its code does not return.
        if not over.wait(GRACE_SECONDS):
            os._exit(1)
        # A reference keeps it open: a collected socket is closed, which would look like a stop.
        waker.close()

    def stop() -> None:
        over.set()
        waker.close()
        thread.join(2.0)
        watched.close()
        wake.close()

    watched, over = sock.dup(), threading.Event()
    wake, waker = socket.socketpair()
    thread = threading.Thread(target=watch, name="end-with-front", daemon=True)
    thread.start()
    return stop


def _until_hung_up(*ends: socket.socket) -> None:
    """Wait until the other end of one of these closes, whatever is unread in them."""
    if hasattr(select, "poll"):
        poller = select.poll()
        for end in ends:
            poller.register(end, 0)
        poller.poll()
        return
    # On Windows, unread frames hide the end of the connection.
    with contextlib.suppress(OSError):
        while ends[0].recv(1, socket.MSG_PEEK) and not select.select(ends[1:], [], [], 1.0)[0]:
            pass
