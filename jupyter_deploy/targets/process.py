"""Services as plain processes of this machine, on the interpreter that deployed them."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from ..errors import PortBusy, ServiceDown, StartFailed, TargetProblem
from ..files import write_atomic
from ..services import Health, Launch
from ..serving.config import FIXED, ServingConfig, with_settings
from ..serving.failures import Failure
from ..serving.listener import listen
from .admin import TOKEN_FILE, Admin
from .pids import birth, lives, owner_of_port

HOST = "127.0.0.1"
_CONFIG = "config.json"
_FAILURE = "failure.json"
_DRAIN_SECONDS = 30.0
_POLL_SECONDS = 0.01


class ProcessTarget:
    """Starts servers that outlive the process that started them, and finds them again by pid and start."""

    def start(self, launch: Launch, commit: Callable[[dict[str, Any]], None]) -> None:
        """Start a server; does not wait until it is ready.

        Parameters
        ----------
        launch : Launch
            What and where.
        commit : callable
            Called with the handle (``pid``, ``born``, ``port``) while the server waits: it only goes on once this
            has returned, so that no server runs which nobody wrote down.

        Raises
        ------
        PortBusy
            Naming who listens there.
        StartFailed
            If the process does not come up at all.
        """
        with _bind(launch) as listener:
            port = listener.getsockname()[1]
            self._write_files(launch, port)
            self._spawn(launch, listener, lambda pid: commit({"pid": pid, "born": birth(pid), "port": port}))

    @staticmethod
    def _write_files(launch: Launch, port: int) -> None:
        launch.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        launch.log.parent.mkdir(parents=True, exist_ok=True)
        (launch.folder / _FAILURE).unlink(missing_ok=True)
        token = launch.folder / TOKEN_FILE
        write_atomic(token, secrets.token_urlsafe(32), mode=0o600)
        config = replace(
            _settings(launch),
            name=launch.name,
            host=HOST,
            port=port,
            workers=launch.workers,
            token_file=str(token),
            failure_file=str(launch.folder / _FAILURE),
        )
        write_atomic(launch.folder / _CONFIG, config.dumps(), mode=0o600)

    @staticmethod
    def _spawn(launch: Launch, listener: socket.socket, commit: Callable[[int], None]) -> None:
        ours, theirs = socket.socketpair()
        command = [sys.executable, "-u", "-m", "jupyter_deploy.serving", str(launch.bundle)]
        command += ["--config", str(launch.folder / _CONFIG)]
        command += ["--listener", str(listener.fileno()), "--detach", str(theirs.fileno())]
        environ = {key: value for key, value in os.environ.items() if not _belongs_to_the_kernel(key, value)}
        with ours, launch.log.open("ab") as log:
            with theirs:
                # The process named here forks and ends at once, so this one has no child left to reap.
                starter = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd=launch.folder,
                    env=environ,
                    pass_fds=[listener.fileno(), theirs.fileno()],
                )
            pid = ours.recv(32)
            starter.wait()
            if not pid:
                raise StartFailed(f"The server process of {launch.name} did not start.", hint=f"Look at {launch.log}.")
            commit(int(pid))
            ours.sendall(b"1")

    def reload(self, launch: Launch, handle: dict[str, Any]) -> tuple[int, tuple[str, ...]]:
        """Swap bundle and settings of a running server.

        Parameters
        ----------
        launch : Launch
            What to serve now, and how.
        handle : dict
            From :meth:`start`.

        Returns
        -------
        tuple of (int, tuple of str)
            The new generation, and the digests of the bundles that workers still use.
        """
        settings = {key: value for key, value in asdict(_settings(launch)).items() if key not in FIXED}
        admin = Admin(self.url(handle), launch.folder)
        generation, roots = admin.reload(str(launch.bundle), launch.workers, settings)
        return generation, tuple(sorted({Path(root).parent.name for root in roots}))

    def probe(self, folder: Path, handle: dict[str, Any]) -> Health:
        """Find out how a service is.

        Parameters
        ----------
        folder : pathlib.Path
            The service's own folder.
        handle : dict
            From :meth:`start`.

        Returns
        -------
        Health
            Failed where the process is gone, Unhealthy where it does not answer.
        """
        silent = ""
        if handle and lives(handle["pid"], handle["born"]):
            try:
                return Admin(self.url(handle), folder).health()
            except ServiceDown as error:
                silent = error.message if lives(handle["pid"], handle["born"]) else ""
        failure = None
        with contextlib.suppress(OSError, ValueError):
            failure = json.loads((folder / _FAILURE).read_text())
        if failure:
            return Health("Failed", Failure(**failure).summary, failure=failure)
        if silent:
            return Health("Unhealthy", silent)
        return Health("Failed", f"the server process (pid {handle.get('pid', 'unknown')}) is gone")

    def failure(self, folder: Path, handle: dict[str, Any], request_id: str) -> dict[str, Any] | None:
        """Look up why the script failed on a request.

        Parameters
        ----------
        folder : pathlib.Path
            The service's own folder.
        handle : dict
            From :meth:`start`.
        request_id : str
            The ``x-ms-request-id`` of the answer.

        Returns
        -------
        dict or None
            A :class:`jupyter_deploy.serving.failures.Failure` as plain values; None where it is not kept.
        """
        try:
            found: dict[str, Any] | None = Admin(self.url(handle), folder).state(request_id)["asked"]
        except ServiceDown:
            return None
        return found

    def stop(self, handle: dict[str, Any], patience: float = _DRAIN_SECONDS + 10) -> None:
        """Let a server finish what it holds, then end it; after its time for that, kill it.

        Parameters
        ----------
        handle : dict
            From :meth:`start`.
        patience : float, optional
            Seconds until it is killed.

        Raises
        ------
        TargetProblem
            If it belongs to another user.
        """
        pid, born = handle.get("pid", 0), handle.get("born", "")
        for number, seconds in ((signal.SIGTERM, patience), (signal.SIGKILL, 5.0)):
            if not lives(pid, born):
                return
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                return
            except PermissionError as error:
                raise TargetProblem(f"Process {pid} belongs to another user.", hint="Ask them to stop it.") from error
            until = time.monotonic() + seconds
            # Not psutil's wait(): a zombie whose new parent is slow to reap it has ended for us.
            while lives(pid, born) and time.monotonic() < until:
                time.sleep(_POLL_SECONDS)

    def url(self, handle: dict[str, Any]) -> str:
        """Return the server's address.

        Parameters
        ----------
        handle : dict
            From :meth:`start`.

        Returns
        -------
        str
            Up to the port.
        """
        return f"http://{HOST}:{handle.get('port', 0)}"


def _settings(launch: Launch) -> ServingConfig:
    """All settings of a service: its own over this target's defaults."""
    defaults = ServingConfig(title=launch.name, drain_seconds=_DRAIN_SECONDS)
    return with_settings(defaults, launch.settings, f"settings of {launch.name}")


def _bind(launch: Launch) -> socket.socket:
    try:
        return listen(HOST, launch.port)
    except OSError as error:
        if not launch.port_is_given:
            # The port it had before is taken now; nobody asked for that one.
            return listen(HOST, 0)
        if error.errno == errno.EADDRINUSE:
            owner = owner_of_port(launch.port) or "another program"
            raise PortBusy(
                f"Port {launch.port} is in use by {owner}.", hint="Give another port, or none: a free one is chosen."
            ) from error
        raise PortBusy(
            f"Port {launch.port} cannot be used: {error.strerror}.", hint="Ports below 1024 need rights; try 5001."
        ) from error


def _belongs_to_the_kernel(key: str, value: str) -> bool:
    """Tell the kernel's own variables: its plot backend and its connection mean nothing to a service."""
    return key.startswith(("JPY_", "IPYTHON", "PYDEVD_")) or (key == "MPLBACKEND" and value.startswith("module://"))
