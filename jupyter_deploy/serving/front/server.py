"""Run one service: embed the HTTP engine, turn signals into a drain, report why the first generation failed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ...files import write_atomic
from ..config import ServingConfig
from ..credentials import Credentials
from ..failures import Failure
from ..layout import Layout
from ..logfile import LogFile
from ..logs import configure, log
from ..logwriter import LogWriter, Outputs
from ..memory import keep_freed, settle
from ..messages import INIT_FAILED
from ..succession import LEFT, LEFT_FILE
from ..watcher import ENDED_FILE, ENDING, Life, replace_file
from .changes import Changes
from .collection import Collection
from .engine import Engine, configuration
from .guard import is_loopback
from .handover import Arrivals, HandOver, Inherited
from .http import HttpApplication
from .limits import Limits
from .links import ScriptFailed
from .listener import BACKLOG, listen
from .runtime import Runtime
from .served import Served
from .telemetry import Telemetry
from .tls import context_of
from .uploads import Uploads
from .watch import SECONDS, changed, state_of
from .workers import Generation

_AGAIN_SECONDS = 0.5
_ANSWER_SECONDS = 0.05
# In the state folder, for the targets.
_FAILURE = "failure.json"
_SERVED = "served"
_ACCEPTS = "accepts"
_URL = "JUPYTER_DEPLOY_URL"
FIRST = Life()
_NONE = Credentials()


class Server:
    """One front with its workers.

    ``layout`` may be the folder of a bundle that is yet to be uploaded. ``listener`` is a bound socket; by default
    ``config.host`` and ``config.port`` are bound. ``watch`` reloads when the script's files change. ``echo`` is a
    descriptor that gets the log's lines as well; ``log_file`` is the file behind standard output, if its size is
    limited. ``life`` says whether the front was started again after it died. ``inherited`` is what the server before
    it has handed over.
    """

    def __init__(
        self,
        config: ServingConfig,
        layout: Layout | Path,
        listener: socket.socket | None = None,
        *,
        watch: bool = False,
        echo: int | None = None,
        log_file: Path | None = None,
        life: Life = FIRST,
        credentials: Credentials = _NONE,
        inherited: Inherited | None = None,
    ) -> None:
        self._inherited = inherited
        self._credentials = credentials
        self._tls = context_of(config)
        self._log_file = log_file
        self.config = config
        self._first = layout
        self._listener = listener
        self._watched = watch
        self._echo = echo
        self._life = life
        self._exit_code = 0
        self._asked = 0.0
        self._tasks: set[asyncio.Task[None]] = set()

    def run(self) -> int:
        """Serve until a signal comes or the first generation fails.

        The exit code is 0, or 3 if the script cannot serve.
        """
        keep_freed()
        try:
            import uvloop
        except ImportError:
            asyncio.run(self._serve())
        else:
            # As uvloop.run() does, which warns on some versions of Python and uvloop.
            loop = uvloop.new_event_loop()
            try:
                loop.run_until_complete(self._serve())
            finally:
                loop.run_until_complete(loop.shutdown_asyncgens())
                loop.close()
        return self._exit_code

    async def _serve(self) -> None:
        loop = asyncio.get_running_loop()
        file = LogFile(self._log_file, self.config.log_size) if self._log_file else None
        writer = LogWriter(loop.call_soon, loop.call_later, self._echo, file)
        form = writer.form = configure(self.config.log_format, self.config.log_level, writer.write)
        token = Path(self.config.token_file).read_text().strip() if self.config.token_file else ""

        intake = Limits(self.config)
        collection = Collection(self.config)

        def on_settings(config: ServingConfig) -> None:
            intake.use(config)
            form.use(config.log_format)
            if file:
                file.limit = config.log_size
            logging.getLogger().setLevel(config.log_level)
            engine.config.timeout_graceful_shutdown = int(config.drain_seconds)

        def on_switch(generation: Generation) -> None:
            on_settings(generation.config)
            collection.use(generation)
            telemetry.use(generation.config)
            application.use(generation.config)
            if self._life.watcher:
                Served.write(self._run_folder, generation.layout, generation.workers, generation.config)

        if self._life.restarts:
            log.error("%s; it is started again", self._life.why)
        runtime = Runtime(self.config, Outputs(form, writer.write), on_switch, self._life)
        runtime.dispatcher.on_collected = collection.from_script
        telemetry = Telemetry(runtime)
        sockets, known_at = self._sockets()
        folder = Path(self.config.bundle_folder) if self.config.bundle_folder else None
        uploads = Uploads(folder, lambda: runtime.config.bundle_limit)
        uploads.sweep()
        loopback = is_loopback(self.config, sockets[0])
        self._changes = Changes(runtime, self._url(known_at), self._life)
        runtime.on_state = self._changes.look
        parts = (runtime, token, writer, intake, uploads, collection, telemetry)
        hand_over = HandOver(sockets, secured=self._tls is not None)
        application = HttpApplication(*parts, credentials=self._credentials, hand_over=hand_over, loopback=loopback)
        engine = self._engine(application, intake, hand_over)
        self._take_signals(runtime, engine, hand_over)
        if self.config.state_folder and not self._life.watcher:
            hand_over.leave = lambda: self._leave(runtime, engine, hand_over)
        self._background(self._first_generation(runtime, engine, uploads, sockets))
        if self.config.health_port:
            sockets.append(listen(self.config.host, self.config.health_port))
        try:
            await engine.serve(sockets=sockets)
        finally:
            await hand_over.finish()
            await self._end(runtime)
            await asyncio.to_thread(self._changes.close)
            collection.close()
            await asyncio.to_thread(telemetry.close)
            if self._exit_code == LEFT:
                self._mark(LEFT_FILE)
            log.info("stopped")
            writer.close()

    def _sockets(self) -> tuple[list[socket.socket], socket.socket]:
        """Return the sockets to accept on from the start, and the one that clients know."""
        own, inherited = self._listener or listen(self.config.host, self.config.port), self._inherited
        if inherited is None:
            self._accepts()
            return [own], own
        if self._life.restarts and Served.read(self._run_folder).bundle:
            # It has taken over already, so nobody else listens there.
            self._inherited = None
            return [own, inherited.listener], inherited.listener
        return [own], inherited.listener

    def _engine(self, application: HttpApplication, intake: Limits, hand_over: HandOver) -> Engine:
        headers, drain = [("server", "jupyter_deploy")], self.config.drain_seconds
        settings = configuration(application, intake, hand_over, headers=headers, backlog=BACKLOG, drain=drain)
        return Engine(settings, intake, self._tls)

    async def _end(self, runtime: Runtime) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._asked and time.monotonic() - self._asked >= int(runtime.config.drain_seconds):
            # The time is over: requests in flight are given up.
            runtime.abort()
        await runtime.close()

    def _url(self, listener: socket.socket) -> str:
        """Return where clients reach the service; behind a published port only its target knows."""
        scheme = "https" if self._tls else "http"
        return os.environ.get(_URL) or f"{scheme}://{self.config.host}:{listener.getsockname()[1]}/score"

    def _take_signals(self, runtime: Runtime, engine: Any, hand_over: HandOver) -> None:
        actions: dict[str, Callable[[], None]] = {
            name: lambda name=name: self._drain(runtime, engine, hand_over, name)  # type: ignore[misc]
            for name in ("SIGTERM", "SIGINT")
        }
        # Without a terminal, SIGHUP means a reload, as for gunicorn.
        if not os.isatty(sys.stdout.fileno()):
            actions["SIGHUP"] = lambda: self._background(self._load_again(runtime, "SIGHUP"))
        else:
            actions["SIGHUP"] = lambda: self._drain(runtime, engine, hand_over, "SIGHUP")
        loop = asyncio.get_running_loop()
        if self._life.watcher:
            actions[ENDING.name] = lambda: (
                None if engine.should_exit else self._drain(runtime, engine, hand_over, "SIGTERM")
            )
        for name, action in actions.items():
            number = getattr(signal, name, None)
            if number is None:
                continue
            try:
                loop.add_signal_handler(number, action)
            except NotImplementedError:
                # On Windows, the handler runs on the main thread, between two steps of the loop.
                signal.signal(number, lambda *_, action=action: loop.call_soon_threadsafe(action))

    def _background(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _drain(self, runtime: Runtime, engine: Any, hand_over: HandOver, name: str) -> None:
        if engine.should_exit:
            if time.monotonic() - self._asked < _AGAIN_SECONDS:
                # One Ctrl-C may arrive twice: from the terminal, and from the parent process.
                return
            log.info("%s again: requests in flight are given up", name)
            runtime.abort()
            return
        self._asked = time.monotonic()
        self._let_go(name)
        runtime.give_up_loading()
        log.info("%s: no new requests; finishing those in flight", name)
        if not runtime.ready:
            runtime.give_up_waiting()
        hand_over.begin()
        engine.should_exit = True

    def _leave(self, runtime: Runtime, engine: Any, hand_over: HandOver) -> None:
        if not engine.should_exit:
            self._exit_code = LEFT
            # The answer to who asks comes first.
            asyncio.get_running_loop().call_later(
                _ANSWER_SECONDS, self._drain, runtime, engine, hand_over, "another server takes over"
            )

    def _accepts(self) -> None:
        if not self._life.watcher:
            self._mark(_ACCEPTS)

    def _mark(self, name: str) -> None:
        """Make a file by which the target tells how far this server is."""
        if self.config.state_folder:
            # A full disk must not stop the service.
            with contextlib.suppress(OSError):
                (Path(self.config.state_folder) / name).touch()

    @property
    def _run_folder(self) -> Path:
        return Path(self.config.run_folder)

    def _let_go(self, name: str) -> None:
        """Tell the watcher, which would start this front again, that its end is wanted."""
        if not self._life.watcher:
            return
        try:
            replace_file(self._run_folder / ENDED_FILE, json.dumps({"by": name, "at": time.time()}))
        except OSError as error:
            # The folder is gone, or the disk is full: it ends all the same, and the watcher is told by its signal.
            log.warning("the end could not be written down: %s", error)
        if os.getppid() == self._life.watcher:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._life.watcher, ENDING)

    async def _first_generation(
        self, runtime: Runtime, engine: Engine, uploads: Uploads, sockets: list[socket.socket]
    ) -> None:
        layout = self._first
        if isinstance(layout, Path):
            log.info("waiting for bundle %s", layout.name[:12])
            layout = await uploads.arrival(layout.name)
        before = state_of(layout) if self._watched else {}
        try:
            await runtime.load(layout)
        except ScriptFailed as failed:
            self._give_up(failed.failure, runtime, engine)
            return
        except ConnectionError as error:
            if engine.should_exit:
                return
            died = Failure("load", "WorkerDied", str(error), layout.label, 0, "", str(error))
            self._give_up(died, runtime, engine)
            return
        settle(quickly=True)
        self._take_over(engine, sockets)
        if self.config.state_folder:
            with contextlib.suppress(OSError):
                (Path(self.config.state_folder) / _FAILURE).unlink(missing_ok=True)
            self._mark(_SERVED)
        if self._watched:
            log.info("watching %s; edit it and the service changes", Path(layout.entry).parent)
            await self._watch(runtime, layout, before)

    def _take_over(self, engine: Engine, sockets: list[socket.socket]) -> None:
        """Accept on the socket of the server before this one as soon as that one does no longer."""
        inherited, self._inherited = self._inherited, None
        if inherited is None or engine.should_exit:
            return

        def take_over() -> Callable[[socket.socket], None]:
            log.info("this server takes over port %d", inherited.listener.getsockname()[1])
            sockets.append(inherited.listener)
            self._accepts()
            return engine.accept(inherited.listener).adopt

        if inherited.channel is not None:
            self._arrivals = Arrivals(inherited.channel, take_over)
        else:
            take_over()

    async def _watch(self, runtime: Runtime, layout: Layout, served: dict[str, tuple[int, int]]) -> None:
        before = served
        while True:
            await asyncio.sleep(SECONDS)
            now = await asyncio.to_thread(state_of, layout)
            # An editor may still be writing: a change must look the same twice.
            if now == before and now != served:
                files = [Path(path).name for path in changed(served, now)]
                served = now
                await self._load_again(runtime, ", ".join(files[:5]))
            before = now

    async def _load_again(self, runtime: Runtime, why: str) -> None:
        log.info("%s: loading the script again", why)
        # The runtime has logged the error, and the old generation goes on.
        with contextlib.suppress(ScriptFailed, ConnectionError):
            await runtime.load()

    def _give_up(self, failure: Failure, runtime: Runtime, engine: Any) -> None:
        log.error("the service cannot start: %s", failure.summary)
        if self.config.state_folder:
            place = Path(self.config.state_folder) / _FAILURE
            try:
                write_atomic(place, json.dumps(failure.as_dict()), mode=0o600)
            except OSError as error:
                log.warning("%s cannot be written: %s", place, error.strerror)
        elif failure.hint and (isinstance(self._first, Path) or self._first.of_bundle):
            # No deployment says it: the log of a package is all that its user has.
            from ..hints import PACKAGE, worded

            log.error("Hint: %s", worded(failure.hint, PACKAGE))
        self._exit_code = INIT_FAILED
        self._changes.failed(failure.summary)
        runtime.give_up_waiting()
        engine.should_exit = True
