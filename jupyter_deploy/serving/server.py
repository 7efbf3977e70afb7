"""Run one service: embed the HTTP engine, turn signals into a drain, report why the first generation failed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import uvicorn

from ..files import write_atomic
from .config import ServingConfig
from .failures import Failure
from .http import HttpApplication
from .layout import Layout
from .links import ScriptFailed
from .listener import BACKLOG
from .logs import configure, log
from .runtime import Runtime
from .worker import INIT_FAILED

KEEP_ALIVE_SECONDS = 75
_AGAIN_SECONDS = 0.5


class _Engine(uvicorn.Server):
    """uvicorn, with the signals left to :class:`Server`."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Server:
    """One front with its workers.

    Parameters
    ----------
    config : ServingConfig
        The settings.
    layout : Layout
        What the first generation runs.
    listener : socket.socket, optional
        A socket that is bound already; by default ``config.host`` and ``config.port`` are bound.
    """

    def __init__(self, config: ServingConfig, layout: Layout, listener: socket.socket | None = None) -> None:
        self.config = config
        self.layout = layout
        self._listener = listener
        self._exit_code = 0
        self._asked = 0.0

    def run(self) -> int:
        """Serve until a signal comes or the first generation fails.

        Returns
        -------
        int
            The exit code: 0, or 3 where the script cannot serve.
        """
        configure()
        try:
            import uvloop
        except ImportError:
            asyncio.run(self._serve())
        else:
            # What uvloop.run() does, for versions of Python and uvloop where that one warns.
            loop = uvloop.new_event_loop()
            try:
                loop.run_until_complete(self._serve())
            finally:
                loop.run_until_complete(loop.shutdown_asyncgens())
                loop.close()
        return self._exit_code

    async def _serve(self) -> None:
        token = Path(self.config.token_file).read_text().strip() if self.config.token_file else ""
        runtime = Runtime(self.config)
        engine = _Engine(
            uvicorn.Config(
                HttpApplication(runtime, token),
                host=self.config.host,
                port=self.config.port,
                http="httptools",
                ws="none",
                lifespan="off",
                access_log=False,
                log_config=None,
                server_header=False,
                backlog=BACKLOG,
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=int(self.config.drain_seconds),
            )
        )
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._drain, runtime, engine, number)
        first = asyncio.ensure_future(self._first_generation(runtime, engine))
        try:
            await engine.serve(sockets=[self._listener] if self._listener else None)
        finally:
            first.cancel()
            await asyncio.gather(first, return_exceptions=True)
            await runtime.close()
            log.info("stopped")

    def _drain(self, runtime: Runtime, engine: Any, number: int) -> None:
        if engine.should_exit:
            if time.monotonic() - self._asked < _AGAIN_SECONDS:
                # One Ctrl-C may arrive twice: from the terminal, and from whoever started this.
                return
            log.info("%s again: requests in flight are given up", signal.Signals(number).name)
            runtime.abort()
            return
        self._asked = time.monotonic()
        log.info("%s: no new requests; finishing those in flight", signal.Signals(number).name)
        if not runtime.ready:
            runtime.dispatcher.refuse_waiting("The service is shutting down.")
        engine.should_exit = True

    async def _first_generation(self, runtime: Runtime, engine: Any) -> None:
        try:
            await runtime.load(self.layout)
        except ScriptFailed as failed:
            self._give_up(failed.failure, engine)
        except ConnectionError as error:
            self._give_up(Failure("load", "WorkerDied", str(error), self.layout.label, 0, "", str(error)), engine)

    def _give_up(self, failure: Failure, engine: Any) -> None:
        log.error("the service cannot start: %s", failure.summary)
        if self.config.failure_file:
            write_atomic(Path(self.config.failure_file), json.dumps(failure.as_dict()), mode=0o600)
        self._exit_code = INIT_FAILED
        engine.should_exit = True
